# SPDX-License-Identifier: Apache-2.0
"""Writing annotated images as COCO JSON: a folder for each source, with a file for each split and the pictures.

COCO has one list of categories for all images, and an image without a category lacks it. That holds inside of one
source only, so sources are not joined. The way in is the reader `adapters.coco`, with `COCO_LAYOUT`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import IO, Any

from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.grounding_folder import SPLITS
from monai_medglip.data_engine.interchange.portable_pixels import portable_pixels
from monai_medglip.data_engine.new_folder import new_folder
from monai_medglip.data_engine.record import Record, Region
from monai_medglip.data_engine.source_terms import SourceTerms, source_terms
from monai_medglip.errors import DataError

__all__ = ["COCO_LAYOUT", "write_coco"]

COCO_LAYOUT: Mapping[str, Any] = {
    "reader": "coco",
    "annotations": "{split}.json",
    "images": {"files": "{file_name}", "id": "{record}", "patient": "{patient}", "modality": "{modality}"},
}
"""The layout of a source's folder for `adapter_from_layout`; the values of its annotations are concepts."""


def write_coco(data: GroundingData, target: Path, *, sources: Sequence[str] | None = None) -> int:
    """Write images and regions as COCO JSON; memory holds one image at a time.

    A region without a mask has no ``segmentation``, since none was drawn. One that is ignored has ``iscrowd`` 1, which
    COCO's evaluation counts neither as found nor as missed.

    Args:
        data: a data folder, a store or shards.
        target: the folder, which must not be there: ``SOURCE/train.json``, ``SOURCE/images/...``.
        sources: which ones to write; None for all.

    Returns:
        The number of images.

    Raises:
        DataError: when there is none, one is a volume, which COCO has no form for, or one cannot be read.
        OutputError: when the target is there already or cannot be written; nothing is left behind then.
    """
    records = data.records(sources=sources)
    _check(data, records)
    with new_folder(target) as folder:
        for source in data.sources if sources is None else sources:
            numbers = count(1)
            for split in SPLITS:
                members = data.records(split, [source])
                if members:
                    _write_split(data, folder / source, split, members, numbers)
    return len(records)


def _check(data: GroundingData, records: Sequence[Record]) -> None:
    if not records:
        raise DataError(f"{data.path}: expected at least one image to export, got none")
    volumes = [record.name for record in records if record.spatial_dims != 2]
    if volumes:
        raise DataError(
            f"{data.path}: expected 2D images to write as COCO JSON, {len(volumes)} of {len(records)} are volumes, the "
            f"first {volumes[0]}; choose other sources, or export for Hugging Face datasets"
        )


def _write_split(
    data: GroundingData, folder: Path, split: str, records: Sequence[Record], numbers: Iterator[int]
) -> None:
    """Write the pictures and the file of one split; images are numbered through all splits of a source."""
    terms = source_terms(data, records[0].source)
    categories = _categories(data, records[0].source)
    ids = {entry["name"]: entry["id"] for entry in categories}
    image_ids = [next(numbers) for _ in records]
    (folder / "images").mkdir(parents=True, exist_ok=True)
    head = {"info": _info(terms, split), "licenses": _licenses(terms), "categories": categories}
    drawn = (
        (number, region) for record, number in zip(records, image_ids, strict=True) for region in data.regions(record)
    )
    with (folder / f"{split}.json").open("w", encoding="utf-8") as file:
        file.write(json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}") + ",\n")
        _write_list(file, "images", (_image(data, folder, *one) for one in zip(records, image_ids, strict=True)))
        file.write(",\n")
        entries = (_annotation(place, number, region, ids) for place, (number, region) in enumerate(drawn, start=1))
        _write_list(file, "annotations", entries)
        file.write("\n}\n")


def _write_list(file: IO[str], name: str, entries: Iterable[Mapping[str, Any]]) -> None:
    file.write(f' "{name}": [')
    for place, entry in enumerate(entries):
        file.write(("," if place else "") + "\n  " + json.dumps(entry, ensure_ascii=False))
    file.write("\n ]")


def _info(terms: SourceTerms, split: str) -> dict[str, Any]:
    return {
        "description": f"{terms.title}, split {split}",
        "url": terms.home or "",
        "contributor": terms.citation or "",
        "version": "1.0",
    }


def _licenses(terms: SourceTerms) -> list[dict[str, Any]]:
    return [{"id": 1, "name": terms.license or "unknown", "url": terms.home or ""}]


def _categories(data: GroundingData, source: str) -> list[dict[str, Any]]:
    rules = {rule.label: rule for rule in data.labels(source)}
    return [
        {"id": number, "name": label, "supercategory": rule.parent or rule.level.value}
        for number, (label, rule) in enumerate(rules.items(), start=1)
    ]


def _image(data: GroundingData, folder: Path, record: Record, number: int) -> dict[str, Any]:
    """Write the picture of an image and give its entry."""
    suffix, content = portable_pixels(data.read(record), record.image)
    name = f"images/{number:09d}.{suffix}"
    (folder / name).write_bytes(content)
    width, height = record.shape
    entry = {"id": number, "file_name": name, "width": width, "height": height, "license": 1}
    facts = {"record": record.id, "modality": record.modality.value, "patient": record.patient}
    return {**entry, **facts}


def _annotation(place: int, image: int, region: Region, categories: Mapping[str, int]) -> dict[str, Any]:
    x_lo, y_lo, x_hi, y_hi = region.box
    width, height = x_hi - x_lo, y_hi - y_lo
    entry: dict[str, Any] = {
        "id": place,
        "image_id": image,
        "category_id": categories[region.concept],
        "bbox": [x_lo, y_lo, width, height],
        "area": width * height if region.mask is None else region.mask.area,
        "iscrowd": int(region.ignored),
        "truth": region.truth.value,
    }
    if region.mask is not None:
        entry["segmentation"] = region.mask.to_coco()
    return entry | ({"attributes": dict(region.attributes)} if region.attributes else {})
