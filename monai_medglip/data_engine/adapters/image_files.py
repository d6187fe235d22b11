# SPDX-License-Identifier: Apache-2.0
"""The images of a data set: where they lie, and whose and what they are; their annotation is the readers' matter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from monai_medglip.data_engine.adapters.annotation import AnnotationReader
from monai_medglip.data_engine.adapters.file_pattern import FilePattern, FoundPath
from monai_medglip.data_engine.adapters.image_fact import FactOf, FromNames, ImageFact
from monai_medglip.data_engine.adapters.image_pixels import ImagePixels
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.template import fill_template, template_names
from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.imaging.modality import Modality
from monai_medglip.readers.format_detection import image_stem

__all__ = ["ImageFiles", "ImageFinder", "listed_items"]

_SPLITS = {
    **dict.fromkeys(("train", "training", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "ts"), "test"),
}

_MOST_NAMED = 6


@dataclass(frozen=True)
class ImageFiles:
    """The images of a data set.

    Args:
        files: patterns of their paths, see `FilePattern`; the folder of a DICOM series is one image.
        id: template of an image's id; by default the part ``{id}``, or the path without its ending.
        patient: whose image it is; by default the part ``{patient}``, or the id.
        split: the source's own division into train, val and test; by default the part ``{split}``, or none.
        modality: kind of imaging; None where the card or the file tells.
        body_region: what all of them show; None where the card or the file tells.
        attributes: what else is told of an image, by the name that it is kept under.
        pixels: how pixels are read.
    """

    SHORT_FORM: ClassVar[str] = "files"

    files: tuple[str, ...]
    id: str | None = None
    patient: ImageFact | None = None
    split: ImageFact | None = None
    modality: ImageFact | None = None
    body_region: str | None = None
    attributes: Mapping[str, ImageFact] = field(default_factory=dict)
    pixels: ImagePixels = field(default_factory=ImagePixels)

    def __post_init__(self) -> None:
        """Check the patterns."""
        if not self.files:
            raise ConfigurationError("expected a pattern of the images' paths in 'files', got none")
        for text in self.files:
            FilePattern(text)

    def find(self, root: Path) -> list[FoundPath]:
        """List the images with the words of their paths, ``id`` among them; no pixels are read.

        Raises:
            DataError: when there is none, or two have the same id.
        """
        found = [self.named(root, image) for text in self.files for image in FilePattern(text).find(root)]
        if not found:
            raise DataError(f"{root}: expected images {' or '.join(self.files)}, found {_what_is_in(root)}")
        ids: dict[str, Path] = {}
        for image in found:
            name = self._id(root, image)
            if ids.setdefault(name, image.path) is not image.path:
                raise DataError(
                    f"{image.path}: expected every id once, {name!r} is also that of {ids[name]}; correct the layout's "
                    "'id'"
                )
        return found

    def named(self, root: Path, image: FoundPath) -> FoundPath:
        """Give a found image with ``id`` among its words: its part of that name or, without one, the image's id."""
        return FoundPath(image.path, {"id": self._id(root, image), **image.groups}, image.pattern)

    def item_maker(self, root: Path) -> Callable[[FoundPath, AnnotationReader], SourceItem]:
        """Give a function that makes an item of an image and its annotation; tables of facts are read once, here.

        Raises:
            DataError: when a table or list is not as the layout says.
        """
        patient, split, modality = (
            fact.lookup(root) if fact else None for fact in (self.patient, self.split, self.modality)
        )
        attributes = {name: fact.lookup(root) for name, fact in self.attributes.items()}

        def item(image: FoundPath, annotation: AnnotationReader) -> SourceItem:
            words, name = image.groups, self._id(root, image)
            told = ((name, fact(words)) for name, fact in attributes.items())
            return SourceItem(
                id=name,
                image=image.path,
                annotation=annotation,
                modality=_modality(modality(words) if modality else None),
                body_region=self.body_region,
                patient=(patient(words) if patient else words.get("patient")) or name,
                split=_split(split, image),
                attributes=tuple((name, word) for name, word in told if word is not None),
                pixels=self.pixels,
            )

        return item

    def _id(self, root: Path, image: FoundPath) -> str:
        if self.id is not None:
            return fill_template(self.id, image.groups)
        return image.groups.get("id") or _path_as_id(root, image.path)

    def with_defaults(self, modality: Modality, body_region: str | None) -> ImageFiles:
        """Give the same with a card's modality and body region where the layout tells none."""
        told = self.modality or (None if modality is Modality.UNKNOWN else FromNames(modality.value))
        return replace(self, modality=told, body_region=self.body_region or body_region)


class ImageFinder:
    """Finds the images that a table or an index file names, by the words that both know.

    Args:
        images: the images' patterns.
        root: the folder of the data set.
        names: the words that are known of each image.
    """

    def __init__(self, images: ImageFiles, root: Path, names: Iterable[str]) -> None:
        self._images, self._root = images, root
        known = frozenset(names)
        patterns = [FilePattern(text) for text in images.files]
        self._templates = [p for p in patterns if p.is_template and known.issuperset(p.names)]
        self._shared = tuple(name for name in dict.fromkeys(n for p in patterns for n in p.names) if name in known)
        self._listed: dict[tuple[str, ...], list[FoundPath]] = {}
        for pattern in patterns:
            if pattern not in self._templates:
                for image in pattern.find(root):
                    self._listed.setdefault(self._key(image.groups), []).append(image)

    def find(self, words: Mapping[str, str]) -> FoundPath:
        """Give the image that words name; where there is none, a path that is not there, so that reading it says so.

        Raises:
            DataError: when the words fit several images.
        """
        listed = self._listed.get(self._key(words), ())
        if len(listed) > 1:
            told = ", ".join(f"{name} {words[name]!r}" for name in self._shared) or "nothing that tells them apart"
            raise DataError(
                f"{self._root}: expected one image of {told}, got {listed[0].path} and {listed[1].path}; name more "
                f"parts of {' or '.join(self._images.files)} in the layout"
            )
        if listed:
            return self._images.named(self._root, FoundPath(listed[0].path, {**words, **listed[0].groups}))
        paths = [self._root / _inside(fill_template(pattern.text, words)) for pattern in self._templates]
        path = next((path for path in paths if len(paths) > 1 and path.exists()), None)
        if path is None:
            path = paths[0] if paths else self._root / self._missing(words)
        return self._images.named(self._root, FoundPath(path, words))

    def _key(self, words: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(words.get(name, "") for name in self._shared)

    def _missing(self, words: Mapping[str, str]) -> str:
        """Give the path that was looked for, as far as the words tell it."""
        text = self._images.files[0]
        return _inside(fill_template(text, {**{name: f"{{{name}}}" for name in template_names(text)}, **words}))


def listed_items(
    images: ImageFiles,
    root: Path,
    found: Iterable[FoundPath],
    annotation: Callable[[FoundPath], AnnotationReader | None],
) -> Iterator[SourceItem]:
    """Make items of images that were found.

    Args:
        images: the images' layout.
        root: the folder of the data set.
        found: the images.
        annotation: gives the reader of an image's annotation, None for an image that is left out.
    """
    make = images.item_maker(root)
    for image in found:
        reader = annotation(image)
        if reader is not None:
            yield make(image, reader)


def _path_as_id(root: Path, path: Path) -> str:
    parts = path.relative_to(root).parts
    return "_".join((*parts[:-1], image_stem(Path(parts[-1]))))


def _modality(word: str | None) -> Modality:
    return Modality.UNKNOWN if word is None else Modality.parse(word)


def _split(fact: FactOf | None, image: FoundPath) -> str | None:
    word = fact(image.groups) if fact else image.groups.get("split")
    if word is None:
        return None
    known = _SPLITS.get(word.casefold())
    if known is None:
        raise DataError(
            f"{image.path}: expected the split to be train, val or test, got {word!r}; say under 'words' of the "
            "layout's 'split' what it means"
        )
    return known


def _inside(name: str) -> str:
    if name.startswith("/") or ".." in name.split("/"):
        raise DataError(f"expected a path below the data set's folder, got {name!r}")
    return name


def _what_is_in(root: Path) -> str:
    if not root.is_dir():
        return "no such folder"
    names = sorted(entry.name for entry in root.iterdir())
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED]) or 'an empty folder'}{more}"
