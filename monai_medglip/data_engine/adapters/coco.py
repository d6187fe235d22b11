# SPDX-License-Identifier: Apache-2.0
"""COCO JSON: boxes, polygons and run lengths; categories in one key or, as in DENTEX, nested in several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.absent_image import AbsentImage
from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.drawn_box import checked_box
from monai_medglip.data_engine.adapters.file_pattern import FoundPath
from monai_medglip.data_engine.adapters.found_files import found_files
from monai_medglip.data_engine.adapters.image_files import ImageFiles, ImageFinder
from monai_medglip.data_engine.adapters.json_file import json_value, read_json
from monai_medglip.data_engine.adapters.mask_items import NoAnnotation
from monai_medglip.data_engine.adapters.polygon_mask import coco_mask_of, polygons_mask
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.template import fill_template
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.modality import Modality
from monai_medglip.imaging.scan import Scan

__all__ = ["Coco", "CocoReader"]


@dataclass(frozen=True)
class Coco:
    """A layout with an index in COCO's form.

    Args:
        annotations: patterns of the JSON files' paths; their named parts are known of the images in them.
        images: the images; beside the named parts, ``{file_name}`` and the other texts and numbers of an image's entry
            are known of each.
        values: what an annotation stands for, one or several templates of its category keys, which are replaced by the
            categories' names.
        categories: the list of categories that each category key points into.
        attributes: keys of an annotation that are kept with it.
    """

    annotations: tuple[str, ...]
    images: ImageFiles
    values: tuple[str, ...] = ("{category_id}",)
    categories: Mapping[str, str] = field(default_factory=lambda: {"category_id": "categories"})
    attributes: tuple[str, ...] = ()

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`; an image without annotation has nothing in it.

        An image that has annotations and is not listed is given too; reading it says so.

        Raises:
            DataError: when an index is damaged.
        """
        make = self.images.item_maker(root)
        for file in found_files(root, self.annotations):
            index = _Index.read(file, self.categories)
            finder = ImageFinder(self.images, root, {name for words, _ in index.images for name in words})
            for words, number in index.images:
                drawn = tuple(index.annotations.get(number, ()))
                reader = CocoReader(str(file.path), drawn, self.values, index.categories, self.attributes)
                yield make(finder.find(words), reader)
            yield from _absent_items(index, file)


@dataclass(frozen=True)
class CocoReader:
    """Reads the annotations of one image.

    Args:
        path: the index, named in messages.
        entries: the image's annotations as the index has them.
        values: templates of what an annotation stands for.
        categories: the names of the categories by category key and number.
        attributes: keys of an annotation that are kept with it.
    """

    path: str
    entries: tuple[Mapping[str, Any], ...]
    values: tuple[str, ...]
    categories: Mapping[str, Mapping[str, str]]
    attributes: tuple[str, ...] = ()

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give the annotations, one for each value of each entry, see `AnnotationReader`."""
        return tuple(annotation for entry in self.entries for annotation in self._annotations(entry, scan))

    def _annotations(self, entry: Mapping[str, Any], scan: Scan) -> Iterator[Annotation]:
        where = f"{self.path}, annotation {entry.get('id', 'without id')}"
        names = {key: self._category(entry, key, where) for key in self.categories}
        box, mask = _box(entry, where), _mask(entry, scan, where)
        if box is None and mask is None:
            raise DataError(f"{where}: expected a 'bbox' or a 'segmentation', got {', '.join(entry)}")
        told = tuple((key, str(entry[key])) for key in self.attributes if entry.get(key) not in (None, ""))
        for template in self.values:
            yield Annotation(fill_template(template, names), box, mask, told, ignored=entry.get("iscrowd") == 1)

    def _category(self, entry: Mapping[str, Any], key: str, where: str) -> str:
        number = str(json_value(entry, key, (int, str), where))
        known = self.categories[key]
        if number not in known:
            listed = ", ".join(f"{other} ({name})" for other, name in known.items())
            raise DataError(f"{where}: expected {key!r} to be one of the listed categories {listed}, got {number}")
        return known[number]


@dataclass(frozen=True)
class _Index:
    """An index file: the images with what is known of each, their annotations, and the categories' names.

    `strays` are annotations of images that the index does not list, by the number of the image.
    """

    images: list[tuple[dict[str, str], int | str]]
    annotations: dict[int | str, list[Mapping[str, Any]]]
    categories: dict[str, dict[str, str]]
    strays: dict[int | str, list[str]]

    @classmethod
    def read(cls, file: FoundPath, categories: Mapping[str, str]) -> _Index:
        content, where = read_json(file.path), str(file.path)
        images = [
            _image(entry, file, f"{where}, images[{place}]")
            for place, entry in enumerate(json_value(content, "images", list, where))
        ]
        images.sort(key=lambda image: image[0]["file_name"])
        annotations: dict[int | str, list[Mapping[str, Any]]] = {number: [] for _, number in images}
        strays: dict[int | str, list[str]] = {}
        for place, entry in enumerate(json_value(content, "annotations", list, where)):
            number = json_value(entry, "image_id", (int, str), f"{where}, annotations[{place}]")
            if number in annotations:
                annotations[number].append(entry)
            else:
                strays.setdefault(number, []).append(str(entry.get("id", place)))
        names = {key: _category_names(content, listed, where) for key, listed in categories.items()}
        return cls(images, annotations, names, strays)


def _absent_items(index: _Index, file: FoundPath) -> Iterator[SourceItem]:
    """Give an item for each image that has annotations and is not listed."""
    for number, entries in index.strays.items():
        name = f"image {number} of {file.path.name}"
        yield SourceItem(
            id=name,
            image=file.path,
            annotation=NoAnnotation(),
            modality=Modality.UNKNOWN,
            body_region=None,
            patient=name,
            pixels=AbsentImage(
                reason=f"{file.path}, annotation {', '.join(entries)}: expected the number of a listed image in "
                f"'image_id', got {number}; the index was cut or merged wrongly"
            ),
        )


def _image(entry: Any, file: FoundPath, where: str) -> tuple[dict[str, str], int | str]:
    name = json_value(entry, "file_name", str, where)
    told = {key: str(value) for key, value in entry.items() if isinstance(value, (str, int, float)) and key != "id"}
    # The numbers of COCO's images start anew in each index; they are no ids of the data set.
    return {**file.groups, **told, "file_name": name}, json_value(entry, "id", (int, str), where)


def _category_names(content: Any, key: str, where: str) -> dict[str, str]:
    names = {}
    for place, entry in enumerate(json_value(content, key, list, where)):
        at = f"{where}, {key}[{place}]"
        names[str(json_value(entry, "id", (int, str), at))] = str(json_value(entry, "name", (int, str), at))
    return names


def _box(entry: Mapping[str, Any], where: str) -> tuple[float, ...] | None:
    """COCO's box is the corner of low x and y, width and height."""
    box = entry.get("bbox")
    if not box:
        return None
    try:
        x, y, width, height = (float(number) for number in box)
    except (TypeError, ValueError):
        raise DataError(f"{where}: expected a 'bbox' of four numbers x, y, width, height, got {box}") from None
    return checked_box((x, y, x + width, y + height), where)


def _mask(entry: Mapping[str, Any], scan: Scan, where: str) -> MaskRLE | None:
    segmentation = entry.get("segmentation")
    if not segmentation:
        return None
    if isinstance(segmentation, list):
        return polygons_mask(segmentation, scan.spatial_shape, where)
    return coco_mask_of(segmentation, scan.spatial_shape, where)
