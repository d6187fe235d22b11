# SPDX-License-Identifier: Apache-2.0
"""A scan on the network's canvas, and the way back from canvas to scan for boxes and masks; no network is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from monai.data.meta_tensor import MetaTensor
from numpy.typing import NDArray
from torch import Tensor

from monai_medglip.errors import ImageReadError
from monai_medglip.geometry import display_order, index_map, map_boxes
from monai_medglip.imaging import KNOWN_MODALITIES, Modality, Scan
from monai_medglip.transforms import BoxesToFramed, Canvas, NormalizeIntensity, RecordFramed
from monai_medglip.transforms.affine_sampling import sample_affine

__all__ = ["PlacedScan"]


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
    """

    scan: Scan
    pixels: Tensor
    affine: NDArray[np.float64]
    valid_region: Tensor
    whole_image: Tensor
    modality: Modality
    modality_predicted: bool = False

    @classmethod
    def on_canvas(cls, scan: Scan, canvas: Sequence[int]) -> PlacedScan:
        """Normalize a scan and letterbox it onto a canvas, a 2D image as displayed.

        Args:
            scan: the image.
            canvas: size (x, y[, z]) [voxels].

        Returns:
            The scan with the network's input.

        Raises:
            ImageReadError: when image and canvas have different numbers of axes.
        """
        if scan.spatial_dims != len(canvas):
            raise ImageReadError(
                f"expected an image with {len(canvas)} axes, got {scan.spatial_shape}; "
                f"use a bundle for {scan.spatial_dims}D images, or one slice of the volume"
            )
        array, affine = scan.array, scan.frame.affine
        if scan.spatial_dims == 2:
            order = display_order(scan.frame)
            array, affine = order.apply(array), order.affine(scan.frame)
        # torch knows neither wide unsigned integers nor other byte orders
        stored = array if array.dtype in (np.uint8, np.int16) else array.astype(np.float32)
        tensor = torch.tensor(np.ascontiguousarray(stored))
        item = RecordFramed("image")({"image": MetaTensor(tensor, affine=torch.tensor(affine))})
        item["image"] = Canvas(canvas)(NormalizeIntensity()(item["image"], scan.modality))
        item = BoxesToFramed()(item)
        canvas_affine = np.asarray(item["image"].affine, dtype=np.float64)
        region, whole = item["valid_region"], item["whole_image"]
        return cls(scan, item["image"].as_tensor(), canvas_affine, region, whole, scan.modality)

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
        dims = self.scan.spatial_dims
        canvas_shape = np.asarray(self.pixels.shape[1:], dtype=np.float64)
        stride = canvas_shape / np.asarray(logits.shape[1:])
        to_cells = index_map(np.diag([*(1 / stride), 1.0]))
        keep = [*range(dims), 3]
        to_canvas = (np.linalg.inv(self.affine) @ self.scan.frame.affine)[np.ix_(keep, keep)]
        # a shift by the threshold's logit makes the padding of the sampling neither inside nor outside
        cut = float(np.log(threshold / (1 - threshold)))
        sampled = sample_affine(logits.float() - cut, to_cells @ to_canvas, self.scan.spatial_shape)
        return np.asarray((sampled > 0).cpu().numpy())
