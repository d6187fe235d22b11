# SPDX-License-Identifier: Apache-2.0
"""The image plane: one frame of one DICOM instance, with everything that the headers say of it.

Single-frame instances have one plane. In enhanced objects what belongs to a frame stands in functional groups: its own,
and those shared by all frames (PS3.3 C.7.6.16). Whoever asks a plane need not know which kind it is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError
from monai_medglip.readers.dicom_instance import DicomInstance
from monai_medglip.readers.dicom_values import header_value

__all__ = ["ImagePlane", "planes_of"]


@dataclass(frozen=True, eq=False)
class ImagePlane:
    """A single picture of a DICOM file.

    Args:
        instance: the file.
        frame_number: which of its frames, counted from 1.
    """

    instance: DicomInstance
    frame_number: int = 1

    @property
    def path(self) -> Path:
        """The file, for messages."""
        return self.instance.path

    @functools.cached_property
    def is_clip_frame(self) -> bool:
        """Whether it is one of several frames of which the header says nothing by frame, as in a film of ultrasound.

        The header's place is then that of the first frame at most, and no plane's.
        """
        return self.instance.number_of_frames > 1 and not _has_groups(self.instance)

    def value(self, keyword: str) -> Any:
        """Give an attribute's value of this frame, or None when it is absent or empty.

        The frame's own functional groups come first, then the shared ones, then the data set itself.
        """
        for place in self._places:
            found = header_value(place, keyword)
            if found is not None and found != "" and found != []:
                return found
        return None

    def text(self, keyword: str) -> str:
        """Give an attribute as text, empty when it is absent; several values are joined by a backslash."""
        value = self.value(keyword)
        if value is None:
            return ""
        many = not isinstance(value, (str, bytes)) and hasattr(value, "__iter__")
        return ("\\".join(map(str, value)) if many else str(value)).strip()

    def numbers(self, keyword: str, count: int) -> npt.NDArray[np.float64] | None:
        """Give an attribute of decimal numbers.

        Args:
            keyword: the attribute.
            count: how many numbers it must have.

        Returns:
            The numbers, or None when the attribute is absent or empty.

        Raises:
            ImageReadError: when it is not ``count`` finite numbers.
        """
        value = self.value(keyword)
        if value is None:
            return None
        try:
            found = np.atleast_1d(np.asarray(value, dtype=np.float64))
        except (TypeError, ValueError):
            found = np.array([np.nan])
        if found.shape != (count,) or not np.isfinite(found).all():
            raise ImageReadError(
                f"{self.path}: expected {count} finite number(s) in {keyword}, got {value}; correct the header"
            )
        return found

    @functools.cached_property
    def _places(self) -> tuple[Any, ...]:
        header = self.instance.header
        places: list[Any] = []
        groups = header_value(header, "PerFrameFunctionalGroupsSequence")
        if groups:
            places += _macros(groups[self.frame_number - 1])
        for shared in header_value(header, "SharedFunctionalGroupsSequence") or ():
            places += _macros(shared)
        return (*places, header)


def planes_of(instance: DicomInstance) -> tuple[ImagePlane, ...]:
    """Give the planes of an instance in the order of its frames.

    Raises:
        ImageReadError: when the functional groups are not as many as the frames.
    """
    count = instance.number_of_frames
    groups = len(header_value(instance.header, "PerFrameFunctionalGroupsSequence") or ())
    if groups not in (0, count):
        raise ImageReadError(
            f"{instance.path}: expected functional groups for each of {count} frames, found {groups}; "
            "the header is damaged, export the image again"
        )
    return tuple(ImagePlane(instance, number) for number in range(1, count + 1))


def _has_groups(instance: DicomInstance) -> bool:
    return bool(header_value(instance.header, "PerFrameFunctionalGroupsSequence"))


def _macros(group: Any) -> Iterator[Any]:
    """The first item of each public macro; vendors repeat standard attributes with other meanings in private ones."""
    for element in group:
        if element.VR == "SQ" and not element.tag.is_private and element.value:
            yield element.value[0]
