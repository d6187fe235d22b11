# SPDX-License-Identifier: Apache-2.0
"""The annotation files of a record, by label value: masks or boxes in the grid of the image.

What becomes of them (instances, concepts) is decided by `instances` and `label_rules`.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.folder_record import FolderRecord
from monai_medglip.data_engine.mask_values import present_values, read_mask_values
from monai_medglip.data_engine.tables import TableRow, read_table
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.readers import read_frame

__all__ = ["read_boxes", "read_labelmap", "read_masks", "read_run_lengths"]

Mask = npt.NDArray[np.bool_]
Box = tuple[float, ...]


def read_labelmap(record: FolderRecord, values: Collection[str]) -> dict[str, list[Mask]]:
    """Give the mask of each label value of a label map, none for a value that is not in it.

    Raises:
        DataError: when the file cannot be read, does not fit the image, or holds a value that is not in `values`.
    """
    path = record.annotation[0]
    labels = _read_values(record, path)
    present = present_values(labels)
    unknown = [value for value in present if value not in values]
    if unknown:
        raise DataError(f"{path}: expected values that LABELS.tsv lists for {record.source}, got {', '.join(unknown)}")
    return {value: [labels == int(value)] if value in present else [] for value in values}


def read_masks(record: FolderRecord, values: Collection[str]) -> dict[str, list[Mask]]:
    """Give the masks of each label value of files ``<id>.<value>.<ending>``, whose pixels are 0 or the value.

    Raises:
        DataError: as `read_labelmap`, and for a file that holds another value than its name says.
    """
    masks: dict[str, list[Mask]] = {value: [] for value in values}
    for path in record.annotation:
        value = path.name.removeprefix(f"{record.id}.").split(".")[0]
        if value not in masks:
            raise DataError(f"{path}: expected a value that LABELS.tsv lists for {record.source}, got {value!r}")
        labels = _read_values(record, path)
        if set(present_values(labels)) - {value}:
            raise DataError(f"{path}: expected pixels of 0 or {value}, got {', '.join(present_values(labels))}")
        masks[value].append(labels != 0)
    return masks


def read_run_lengths(record: FolderRecord, values: Collection[str]) -> dict[str, list[Mask]]:
    """Give the masks of each label of a JSON list of ``{"label", "size", "counts"}``.

    ``size`` is [height, width] for a picture as in COCO, [x, y, z] for a volume; ``counts`` are COCO's runs.

    Raises:
        DataError: when the file is not such a list, an entry does not fit the image, or its label is unknown.
    """
    path = record.annotation[0]
    masks: dict[str, list[Mask]] = {value: [] for value in values}
    for number, entry in enumerate(_json_list(path), start=1):
        where = f"{path}, entry {number}"
        label = str(entry.get("label"))
        if label not in masks:
            raise DataError(f"{where}: expected a label that LABELS.tsv lists for {record.source}, got {label!r}")
        masks[label].append(_run_length_mask(entry, record, where))
    return masks


def read_boxes(record: FolderRecord, values: Collection[str]) -> dict[str, list[Box]]:
    """Give the boxes of each label of a table ``id,label,x0,y0[,z0],x1,y1[,z1]`` in voxel edges.

    Raises:
        DataError: for an unknown label, a box that is empty, or one that leaves the image.
    """
    boxes: dict[str, list[Box]] = {value: [] for value in values}
    path = record.annotation[0]
    for row in _boxes_by_id(path, path.stat().st_mtime_ns, record.spatial_dims).get(record.id, ()):
        label = row.required("label")
        if label not in boxes:
            row.fail(f"expected a label that LABELS.tsv lists for {record.source}, got {label!r}")
        boxes[label].append(_box(row, record.shape))
    return boxes


def _box(row: TableRow, shape: tuple[int, ...]) -> Box:
    axes = "xyz"[: len(shape)]
    low = [row.number(f"{axis}0") for axis in axes]
    high = [row.number(f"{axis}1") for axis in axes]
    if not all(0 <= a < b <= size for a, b, size in zip(low, high, shape, strict=True)):
        row.fail(f"expected a box that is not empty and lies inside {shape}, got {low} to {high}")
    return (*low, *high)


@lru_cache(maxsize=16)
def _boxes_by_id(path: Path, changed: int, dims: int) -> dict[str, list[TableRow]]:
    """Read a table of boxes once for all its images; `changed`, the time of its last change, keeps that true."""
    axes = "xyz"[:dims]
    columns = ["id", "label", *(f"{axis}0" for axis in axes), *(f"{axis}1" for axis in axes)]
    rows: dict[str, list[TableRow]] = {}
    for row in read_table(path, columns, delimiter=","):
        rows.setdefault(row.required("id"), []).append(row)
    return rows


def _read_values(record: FolderRecord, path: Path) -> npt.NDArray[np.integer[Any]]:
    return read_mask_values(path, record.name, record.shape, lambda: read_frame(record.image))


def _json_list(path: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise DataError(f"{path}: expected a JSON list of masks, got: {problem}") from problem
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DataError(f"{path}: expected a JSON list of objects with label, size and counts")
    return entries


def _run_length_mask(entry: dict[str, Any], record: FolderRecord, where: str) -> Mask:
    size = tuple(entry.get("size") or ())
    expected = record.shape[::-1] if record.spatial_dims == 2 else record.shape
    if size != expected:
        raise DataError(f"{where}: expected the size {list(expected)} of {record.name}, got {list(size)}")
    try:
        # A volume's runs are those of the flat picture [y * z, x], so that one coding serves both.
        flat = [int(np.prod(record.shape[1:])), record.shape[0]]
        mask = MaskRLE.from_coco({"size": flat, "counts": entry.get("counts", "")}).decode()
    except (ValueError, TypeError) as problem:
        raise DataError(f"{where}: expected run lengths that fill the image, got: {problem}") from problem
    shaped: Mask = mask.reshape(record.shape)
    return shaped
