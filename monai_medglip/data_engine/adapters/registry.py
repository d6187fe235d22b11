# SPDX-License-Identifier: Apache-2.0
"""The readers of layouts by the words that cards use for them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from monai_medglip.data_engine.adapters.adapter import Adapter
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.layout_fields import fill_fields, nearest
from monai_medglip.data_engine.adapters.parts import Parts
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.modality import Modality

__all__ = ["READERS", "adapter_class", "adapter_from_layout"]

READERS: Mapping[str, tuple[str, str]] = {
    "array_masks": ("array_masks", "ArrayMasks"),
    "bbbc041": ("bbbc041", "Bbbc041"),
    "box_table": ("box_table", "BoxTable"),
    "chestx_det": ("chestx_det", "ChestxDet"),
    "coco": ("coco", "Coco"),
    "color_map": ("color_map", "ColorMap"),
    "dicom": ("dicom", "Dicom"),
    "data_folder": ("data_folder", "DataFolder"),
    "dataset_json": ("dataset_json", "DatasetJson"),
    "image_list": ("image_list", "ImageList"),
    "imagescope": ("imagescope", "ImageScope"),
    "instance_map": ("instance_map", "InstanceMap"),
    "label_map": ("label_map", "LabelMap"),
    "label_series": ("label_series", "LabelSeries"),
    "labelme": ("labelme", "Labelme"),
    "lidc": ("lidc", "Lidc"),
    "mask_files": ("mask_files", "MaskFiles"),
    "outline": ("outline", "Outline"),
    "padchest_gr": ("padchest_gr", "PadchestGr"),
    "parts": ("parts", "Parts"),
    "rle_json": ("rle_json", "RleJson"),
    "rle_table": ("rle_table", "RleTable"),
    "slake": ("slake", "Slake"),
    "slice_pictures": ("slice_pictures", "SlicePictures"),
    "sparse_masks": ("sparse_masks", "SparseMasks"),
    "sphere_table": ("sphere_table", "SphereTable"),
    "tcia": ("tcia", "Tcia"),
    "voc": ("voc", "Voc"),
    "yolo": ("yolo", "Yolo"),
}
"""Module and class by the word of ``layout.reader``."""


def adapter_from_layout(
    layout: Mapping[str, Any], *, modality: Modality = Modality.UNKNOWN, body_region: str | None = None
) -> Adapter:
    """Make the adapter that a card's layout describes.

    Args:
        layout: ``reader`` and the reader's fields, as YAML gives them.
        modality: that of all images, where the layout does not tell it.
        body_region: what all images show, where the layout does not tell it.

    Raises:
        ConfigurationError: for an unknown reader, an unknown word, a missing one, or a value of another type.

    Example:
        >>> layout = {"reader": "label_map", "images": "imagesTr/{id}.nii.gz", "masks": "labelsTr/{id}.nii.gz"}
        >>> adapter_from_layout(layout).masks
        ('labelsTr/{id}.nii.gz',)
    """
    kind = adapter_class(layout.get("reader"))
    if kind is Parts:
        return _parts(layout, modality, body_region)
    words = {word: value for word, value in layout.items() if word != "reader"}
    adapter = fill_fields(kind, words, "layout")
    changes = {
        entry.name: value.with_defaults(modality, body_region)
        for entry in fields(kind)
        if isinstance(value := getattr(adapter, entry.name), ImageFiles)
    }
    filled: Adapter = replace(adapter, **changes)
    return filled


def _parts(layout: Mapping[str, Any], modality: Modality, body_region: str | None) -> Parts:
    parts = layout.get("parts")
    if set(layout) != {"reader", "parts"} or not isinstance(parts, list) or not parts:
        raise ConfigurationError(f"layout: expected 'parts', a list of layouts, got {', '.join(layout)}")
    return Parts(tuple(adapter_from_layout(part, modality=modality, body_region=body_region) for part in parts))


def adapter_class(reader: Any) -> Any:
    """Give the adapter's class for the word of ``layout.reader``.

    Raises:
        ConfigurationError: for an unknown word.
    """
    if reader not in READERS:
        raise ConfigurationError(
            f"layout.reader: expected one of {', '.join(READERS)}, got {reader!r}{nearest(str(reader), READERS)}"
        )
    module, name = READERS[reader]
    return getattr(importlib.import_module(f"monai_medglip.data_engine.adapters.{module}"), name)
