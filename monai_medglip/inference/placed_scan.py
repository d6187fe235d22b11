# SPDX-License-Identifier: Apache-2.0
"""A scan on the network's canvas, and the way back from canvas to scan for boxes and masks; no network is called."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from monai.data.meta_tensor import MetaTensor
from numpy.typing import NDArray
from torch import Tensor

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry import display_order, index_map, map_boxes
from monai_medglip.imaging import KNOWN_MODALITIES, Modality, Scan
from monai_medglip.inference.box_of_mask import box_of_mask
from monai_medglip.transforms import BoxesToFramed, Canvas, NormalizeIntensity, RecordFramed, VolumeGrid
from monai_medglip.transforms.affine_sampling import sample_affine
from monai_medglip.transforms.intensity import Limits

__all__ = ["PlacedScan"]

_VOXELS_AT_ONCE = 2**22


@dataclass(frozen=True)
class PlacedScan:
    """A scan as the network sees it, and where that lies.

    Attributes:
        scan: the image as read.
        pixels: ``(3, x, y[, z])`` float32 in [-1, 1], on the canvas.
        affine: ``(4, 4)`` voxel centers of the canvas to the scan's world.
        valid_region: ``(2D,)`` canvas edges of the image content.
        whole_image: ``(2D,)`` canvas edges of the whole image.
        modality: the scan's modality, or the predicted one where the scan does not tell.
        modality_predicted: whether it was predicted.
        limits: the values of a volume that became -1 and 1, so that a part of it is scaled as the whole.
    """

    scan: Scan
    pixels: Tensor
    affine: NDArray[np.float64]
    valid_region: Tensor
    whole_image: Tensor
    modality: Modality
    modality_predicted: bool = False
    limits: Limits = ()

    @property
    def spacing(self) -> float:
        """Spacing of the working grid of a volume, the same along all axes [mm where the volume's is]."""
        return float(np.linalg.norm(self.affine[:3, 0]))

    @classmethod
    def on_canvas(cls, scan: Scan, canvas: Sequence[int]) -> PlacedScan:
        """Normalize a scan and show all of it: an image letterboxed as displayed, a volume on its working grid.

        Args:
            scan: the image.
            canvas: size (x, y) of the canvas; for volumes (x, y, z), whose number of voxels the working grid may have.

        Returns:
            The scan with the network's input.

        Raises:
            ImageReadError: when image and canvas have different numbers of axes.
        """
        if scan.spatial_dims != len(canvas):
            raise ImageReadError(_wrong_axes(scan, len(canvas)))
        return cls._letterboxed(scan, canvas) if scan.spatial_dims == 2 else cls._on_working_grid(scan, canvas)

    @classmethod
    def _letterboxed(cls, scan: Scan, canvas: Sequence[int]) -> PlacedScan:
        order = display_order(scan.frame)
        tensor = _stored(order.apply(scan.array))
        affine = torch.tensor(order.affine(scan.frame))
        item = RecordFramed("image")({"image": MetaTensor(tensor, affine=affine)})
        item["image"] = Canvas(canvas)(NormalizeIntensity()(item["image"], scan.modality))
        item = BoxesToFramed()(item)
        canvas_affine = np.asarray(item["image"].affine, dtype=np.float64)
        region, whole = item["valid_region"], item["whole_image"]
        return cls(scan, item["image"].as_tensor(), canvas_affine, region, whole, scan.modality)

    @classmethod
    def _on_working_grid(cls, scan: Scan, canvas: Sequence[int]) -> PlacedScan:
        stored = _stored(scan.array)
        limits = NormalizeIntensity().limits(stored, scan.modality)
        pixels, affine, content = _on_grid(stored, scan.frame.affine, math.prod(canvas), limits)
        return cls(scan, pixels, affine, content, content, scan.modality, limits=limits)

    def window(self, box: NDArray[np.float64], voxels: int) -> PlacedScan:
        """Show a part of a volume on a grid of its own, finer than that of the whole.

        Args:
            box: ``(6,)`` voxel edges of the scan; what lies outside of the scan is left out.
            voxels: about the most voxels of the grid.

        Returns:
            The same scan with other pixels, which know where in the whole volume they lie.
        """
        low = np.clip(np.floor(box[:3]), 0, np.asarray(self.scan.spatial_shape) - 1).astype(int)
        high = np.clip(np.ceil(box[3:]), low + 1, self.scan.spatial_shape).astype(int)
        inside = (slice(None), *(slice(a, b) for a, b in zip(low, high, strict=True)))
        part = _stored(self.scan.array[inside])
        shift = np.eye(4)
        shift[:3, 3] = low
        pixels, affine, content = _on_grid(part, self.scan.frame.affine @ shift, voxels, self.limits)
        whole = map_boxes(self.scan.frame.extent[None], self.scan.frame.affine, affine)[0]
        whole_image = torch.as_tensor(whole, dtype=torch.float32)
        return replace(self, pixels=pixels, affine=affine, valid_region=content, whole_image=whole_image)

    def with_predicted_modality(self, modality_logits: Tensor) -> PlacedScan:
        """Give the scan with the modality that the network predicts ``(M,)``, where the scan itself does not tell."""
        if self.scan.modality is not Modality.UNKNOWN:
            return self
        predicted = KNOWN_MODALITIES[int(modality_logits.argmax())]
        return replace(self, modality=predicted, modality_predicted=True)

    def boxes_in_scan(self, boxes: Tensor) -> NDArray[np.float64]:
        """Map canvas boxes ``(N, 2D)`` to the scan's voxel edges, clipped to the scan."""
        mapped = map_boxes(boxes.double().cpu().numpy(), self.affine, self.scan.frame.affine)
        dims = self.scan.spatial_dims
        extent = np.asarray(self.scan.spatial_shape, dtype=np.float64)
        return np.clip(mapped, 0.0, np.tile(extent, 2)).reshape(-1, 2 * dims)

    def boxes_on_canvas(self, boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map boxes ``(N, 2D)`` in the scan's voxel edges to the canvas."""
        return map_boxes(boxes, self.scan.frame.affine, self.affine)

    def box_of_mask(self, logits: Tensor, threshold: float, box: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the box of the part of a mask that a box points at, see `box_of_mask`.

        Args:
            logits: ``(x/s, y/s[, z/s])`` on the canvas.
            threshold: probability from which a cell belongs to the mask, (0, 1).
            box: ``(2D,)`` voxel edges of the scan.

        Returns:
            ``(2D,)`` voxel edges of the scan, between voxels where the mask ends there; the given box where there is
            no mask.
        """
        stride = np.tile(self._stride(logits.shape), 2)
        above = _above(logits, threshold).cpu().numpy()
        cells = self.boxes_on_canvas(box[None])[0] / stride
        found = box_of_mask(above, cells)
        return box if found is None else self.boxes_in_scan(torch.from_numpy(found * stride)[None])[0]

    def mask_in_scan(self, logits: Tensor, threshold: float) -> NDArray[np.bool_]:
        """Sample the mask of one phrase ``(x/s, y/s[, z/s])`` on the scan's grid; see `masks_in_scan`."""
        mask: NDArray[np.bool_] = self.masks_in_scan(logits[None], threshold)[0]
        return mask

    def masks_in_scan(self, logits: Tensor, threshold: float) -> NDArray[np.bool_]:
        """Sample the masks of phrases on the scan's grid.

        Args:
            logits: ``(K, x/s, y/s[, z/s])`` on the canvas.
            threshold: probability from which a voxel belongs to a mask, (0, 1).

        Returns:
            bool array ``(K, *spatial shape of the scan)``.
        """
        above, stride = _above(logits, threshold), self._stride(logits.shape[1:])
        masks = np.zeros((len(logits), *self.scan.spatial_shape), dtype=bool)
        for mask, of_phrase in zip(masks, above, strict=True):
            self._draw(mask, of_phrase, stride)
        return masks

    def _stride(self, cells: Sequence[int]) -> NDArray[np.float64]:
        """Canvas pixels per cell of a mask along each axis."""
        stride: NDArray[np.float64] = np.asarray(self.pixels.shape[1:], dtype=np.float64) / np.asarray(cells)
        return stride

    def _draw(self, mask: NDArray[np.bool_], above: Tensor, stride: NDArray[np.float64]) -> None:
        """Set a mask where logits are above 0; only the part of the scan that cells above 0 can reach is sampled."""
        cells = np.argwhere((above > 0).cpu().numpy())
        if not len(cells):
            return
        dims, keep = mask.ndim, [*range(mask.ndim), 3]
        reached = np.concatenate([(cells.min(0) - 1) * stride, (cells.max(0) + 2) * stride])
        inside = self.boxes_in_scan(torch.from_numpy(reached)[None])[0]
        low, high = np.floor(inside[:dims]).astype(int), np.ceil(inside[dims:]).astype(int)
        if (low >= high).any():  # all of it in the padding
            return
        to_cells = index_map(np.diag([*(1 / stride), 1.0]))
        to_canvas = (np.linalg.inv(self.affine) @ self.scan.frame.affine)[np.ix_(keep, keep)]
        # slabs along the first axis: the sampling grid takes many times the memory of a mask
        step = max(1, _VOXELS_AT_ONCE // max(1, math.prod((high - low)[1:].tolist())))
        for start in range(int(low[0]), int(high[0]), step):
            first = np.array([start, *low[1:]])
            size = [min(step, int(high[0]) - start), *(high - low)[1:].tolist()]
            shift = np.eye(dims + 1)
            shift[:dims, dims] = first
            part = sample_affine(above[None], to_cells @ to_canvas @ shift, size)[0] > 0
            mask[tuple(slice(a, a + n) for a, n in zip(first, size, strict=True))] = part.cpu().numpy()


def _above(logits: Tensor, threshold: float) -> Tensor:
    """Logits less the threshold's: above 0 inside, and the 0 of a sampling's padding is neither inside nor outside."""
    return logits.float() - float(np.log(threshold / (1 - threshold)))


def _stored(array: NDArray[Any]) -> Tensor:
    """The pixels as a tensor; torch knows neither wide unsigned integers nor other byte orders."""
    known = array if array.dtype in (np.uint8, np.int16) else array.astype(np.float32)
    return torch.from_numpy(np.require(known, requirements=["C", "W"]))


def _on_grid(
    stored: Tensor, affine: NDArray[np.float64], voxels: int, limits: Limits
) -> tuple[Tensor, NDArray[np.float64], Tensor]:
    """A volume on its working grid: pixels ``(3, x, y, z)``, affine ``(4, 4)`` and content ``(6,)``."""
    grid = VolumeGrid(voxels).of(affine, stored.shape[1:])
    scale = functools.partial(NormalizeIntensity().scale, limits=limits)
    pixels = sample_affine(stored, grid.index_map, grid.shape, scale=scale)
    content = torch.tensor([0.0, 0.0, 0.0, *grid.content], dtype=torch.float32)
    return pixels, affine @ grid.index_map, content


def _wrong_axes(scan: Scan, expected: int) -> str:
    kind = {
        2: "a 2D image, so ask the bundle medglip_2d or another one for images",
        3: "a volume, so ask the bundle medglip_3d or another one for volumes, or cut a slice",
    }
    return (
        f"expected an image with {expected} axes, got one of shape {scan.spatial_shape}: it is "
        f"{kind[scan.spatial_dims]}; a volume of one slice counts as a 2D image"
    )
