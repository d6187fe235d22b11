# SPDX-License-Identifier: Apache-2.0
"""Masks of a grounding as one NIfTI label map on the grid of the input, with a table of its labels beside it.

A label map holds one label a voxel. Where masks overlap, the smaller one is seen, as a lesion on its organ; the table
says how many voxels each label lost that way, and the JSON form keeps every mask whole.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import OutputError
from monai_medglip.geometry import Frame
from monai_medglip.grounding.measurements import mask_volume_ml
from monai_medglip.grounding.result import Grounding
from monai_medglip.imaging import MaskRLE

__all__ = ["MaskKind", "label_table_path", "write_nifti_masks"]

# NIfTI-1 codes of what the affine maps to: the scanner's own world, or merely a world that some other file shares.
_SCANNER_WORLD, _SHARED_WORLD = 1, 2
# A quaternion in single precision places the corner of a large volume this exactly.
_SAME_PLACE_MM = 1e-3


class MaskKind(str, Enum):
    """Which masks become labels."""

    PHRASES = "phrases"
    """One label for all that a phrase names: label = place of the phrase + 1."""
    REGIONS = "regions"
    """One label for each region with a mask of its own: label = row of the region + 1."""


@dataclass(frozen=True)
class _Label:
    value: int
    phrase: str
    mask: MaskRLE
    score: float | None


def write_nifti_masks(path: str | os.PathLike[str], grounding: Grounding, *, kind: MaskKind = MaskKind.PHRASES) -> None:
    """Write masks as a NIfTI label map with the input's shape and affine, and its table as ``<name>.labels.json``.

    A 2D image becomes a volume of one slice. Units are millimeters only where the frame knows them.

    Args:
        path: ends in ``.nii`` or ``.nii.gz``.
        grounding: the result; without masks the map is all background.
        kind: whether phrases or single regions become labels.

    Raises:
        OutputError: when the name has another suffix, or a file cannot be written.
    """
    table_path = label_table_path(path)
    labels = _labels(grounding, kind)
    label_map = _label_map(grounding.frame, labels)
    with atomic_file(path) as temporary:
        _save_nifti(temporary, grounding.frame, label_map)
    with atomic_file(table_path) as temporary:
        table = {"kind": kind.value, "labels": _table(labels, label_map, grounding.frame)}
        temporary.write_text(json.dumps(table, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def label_table_path(path: str | os.PathLike[str]) -> Path:
    """Give where the label table of a NIfTI file lies: ``masks.nii.gz`` has ``masks.labels.json``.

    Raises:
        OutputError: when the name does not end in .nii or .nii.gz.
    """
    target = Path(path)
    for suffix in (".nii.gz", ".nii"):
        if target.name.endswith(suffix) and target.name != suffix:
            return target.with_name(target.name.removesuffix(suffix) + ".labels.json")
    raise OutputError(f"expected a file name that ends in .nii or .nii.gz, got {os.fspath(path)!r}")


def _labels(grounding: Grounding, kind: MaskKind) -> list[_Label]:
    if MaskKind(kind) is MaskKind.PHRASES:
        masks = enumerate(zip(grounding.phrases, grounding.phrase_masks, strict=True), start=1)
        return [_Label(value, phrase.text, mask, None) for value, (phrase, mask) in masks if mask is not None]
    return [
        _Label(value, region.phrase.text, region.mask, region.score)
        for value, region in enumerate(grounding, start=1)
        if region.mask is not None
    ]


def _label_map(frame: Frame, labels: list[_Label]) -> npt.NDArray[np.integer[Any]]:
    highest = max((label.value for label in labels), default=0)
    label_map = np.zeros(frame.shape, np.uint8 if highest <= 255 else np.uint16)
    for label in sorted(labels, key=lambda label: -label.mask.area):
        label_map[label.mask.decode()] = label.value
    return label_map


def _table(labels: list[_Label], label_map: npt.NDArray[np.integer[Any]], frame: Frame) -> list[dict[str, Any]]:
    seen = np.bincount(label_map.ravel())
    return [
        {
            "label": label.value,
            "phrase": label.phrase,
            "score": label.score,
            "volume_ml": mask_volume_ml(label.mask, frame),
            "voxels": label.mask.area,
            "voxels_hidden": label.mask.area - int(seen[label.value] if label.value < seen.size else 0),
        }
        for label in labels
    ]


def _save_nifti(path: Path, frame: Frame, label_map: npt.NDArray[np.integer[Any]]) -> None:
    import nibabel  # not at the top: a grounding is made and read without it

    volume = label_map if frame.spatial_dims == 3 else label_map[..., None]
    image_class: Any = nibabel.Nifti1Image  # nibabel has no types
    image = image_class(volume, frame.affine)
    # Never code 0: readers would then make up an affine from the voxel sizes alone.
    world = _SCANNER_WORLD if frame.spacing_known and frame.orientation_known else _SHARED_WORLD
    image.set_sform(frame.affine, code=world)
    # A qform is a rotation: of a sheared grid it would tell readers that prefer it another place than the sform does.
    image.set_qform(frame.affine, code=world)
    if not np.allclose(image.get_qform(), frame.affine, atol=_SAME_PLACE_MM):
        image.header["qform_code"] = 0
    image.header.set_xyzt_units("mm" if frame.spacing_known else "unknown")
    image.header["descrip"] = b"label map; labels in the .labels.json beside it"
    image.to_filename(path)
