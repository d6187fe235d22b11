# SPDX-License-Identifier: Apache-2.0
"""The folders of the Medical Segmentation Decathlon and of nnU-Net, whose dataset.json names labels and channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.file_pattern import FoundPath
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.json_file import json_value, read_json
from monai_medglip.data_engine.adapters.layout_fields import nearest
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.mask_reading import mask_numbers
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import DataError
from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.scan import Scan

__all__ = ["DatasetJson", "NamedLabelsReader"]


@dataclass(frozen=True)
class DatasetJson:
    """A layout with a dataset.json; an annotation's value is the name that it gives a number.

    Both forms are read: ``"labels": {"1": "liver"}`` of the Decathlon and nnU-Net v1, and ``{"liver": 1}`` of v2,
    where a region may have several numbers. Several modalities or channels are one image each: those of nnU-Net by the
    part ``{channel}`` of the file's name, those of the Decathlon as volumes of a 4D file.

    Args:
        images: the images.
        masks: patterns of the label maps' paths; they share words with those of the images.
        dataset: the JSON file.
        without_file: what an image without label map is.
    """

    images: ImageFiles = field(default_factory=lambda: ImageFiles(("imagesTr/{id}.nii.gz",)))
    masks: tuple[str, ...] = ("labelsTr/{id}.nii.gz",)
    dataset: str = "dataset.json"
    without_file: WithoutFile = WithoutFile.ERROR

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the images, see `Adapter`."""
        index = root / self.dataset
        content = read_json(index)
        names, channels = _names(content, str(index)), _channels(content, str(index))

        def reader(_: FoundPath, files: tuple[FoundPath, ...]) -> NamedLabelsReader:
            return NamedLabelsReader(tuple(file.path for file in files), str(index), names)

        in_names = any("{channel" in text for text in self.images.files)
        for item in mask_items(self.images, root, self.masks, self.without_file, reader):
            yield from [item] if in_names or len(channels) < 2 else _volumes(item, channels)


@dataclass(frozen=True)
class NamedLabelsReader:
    """Reads label maps whose numbers have names.

    Args:
        paths: the files of one image.
        index: the file that gives the names, for messages.
        names: the numbers that each name stands for.
    """

    paths: tuple[Path, ...]
    index: str
    names: tuple[tuple[str, tuple[int, ...]], ...]

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each name that is in a map, see `AnnotationReader`."""
        return tuple(annotation for path in self.paths for annotation in self._read(path, scan))

    def _read(self, path: Path, scan: Scan) -> Iterator[Annotation]:
        masks = masks_of_labels(mask_numbers(path, scan))
        known = {number for _, numbers in self.names for number in numbers}
        unknown = sorted(set(masks) - known)
        if unknown:
            listed = ", ".join(f"{'+'.join(map(str, numbers))} ({name})" for name, numbers in self.names)
            raise DataError(f"{path}: expected the numbers that {self.index} lists, {listed}; got {unknown}")
        for name, numbers in self.names:
            parts = [masks[number] for number in numbers if number in masks]
            if parts:
                yield Annotation(name, mask=_union(parts))


def _union(parts: list[MaskRLE]) -> MaskRLE:
    if len(parts) == 1:
        return parts[0]
    union = parts[0].decode()
    for part in parts[1:]:
        union |= part.decode()
    return MaskRLE.encode(union)


def _names(content: Any, where: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    labels = json_value(content, "labels", dict, where)
    named = []
    for key, value in labels.items():
        by_number = key.isdecimal()
        name, numbers = (str(value), key) if by_number else (key, value)
        whole = _whole_numbers(numbers)
        if not whole:
            hint = nearest(str(numbers), {"background": 0, "ignore": 0})
            raise DataError(f"{where}: expected a whole number for each label, got {key!r}: {value!r}{hint}")
        if name.casefold() not in ("background", "ignore") and whole != (0,):
            named.append((name, whole))
    return tuple(named)


def _whole_numbers(value: Any) -> tuple[int, ...]:
    """Give one or several whole numbers, none where there is anything else."""
    entries = value if isinstance(value, list) else [value]
    texts = [str(entry) for entry in entries if not isinstance(entry, bool)]
    return tuple(map(int, texts)) if len(texts) == len(entries) and all(text.isdecimal() for text in texts) else ()


def _channels(content: Any, where: str) -> dict[int, str]:
    key = "channel_names" if isinstance(content, Mapping) and "channel_names" in content else "modality"
    names = json_value(content, key, dict, where) if isinstance(content, Mapping) and key in content else {}
    if not all(number.isdecimal() for number in names):
        raise DataError(f"{where}: expected the channels' numbers in {key!r}, got {', '.join(names)}")
    return {int(number): str(name) for number, name in names.items()}


def _volumes(item: SourceItem, channels: Mapping[int, str]) -> Iterator[SourceItem]:
    """Give an item for each volume of a 4D file."""
    for number, name in sorted(channels.items()):
        yield replace(
            item,
            id=f"{item.id}_{name.replace('/', '-').replace(' ', '-')}",
            attributes=(*item.attributes, ("sequence", name)),
            pixels=replace(item.pixels, volume=number),
        )
