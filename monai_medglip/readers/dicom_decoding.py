# SPDX-License-Identifier: Apache-2.0
"""Decoding stored pixels of DICOM planes, several at once where that is faster; `dicom_pixels` says what they mean."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

import numpy.typing as npt

from monai_medglip.errors import ImageReadError
from monai_medglip.readers import dicom_fast_decoders, dicom_jpeg_12bit
from monai_medglip.readers.dicom_fast_decoders import FAST_DECODER, FAST_SYNTAXES
from monai_medglip.readers.dicom_instance import DicomInstance
from monai_medglip.readers.dicom_native_pixels import NATIVE_SYNTAXES, native_dtype, native_frames
from monai_medglip.readers.dicom_plane import ImagePlane
from monai_medglip.readers.library_errors import library_errors, logged_warnings
from monai_medglip.side_by_side import side_by_side

__all__ = ["decode_planes"]

Stored = npt.NDArray[Any]

_JPEG_BASELINE, _JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
_BIG_ENDIAN, _DEFLATED, _RLE = "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5"

# Their decoders let go of Python's lock; with the others threads gain nothing.
_THREADED_SYNTAXES = frozenset((*NATIVE_SYNTAXES, _BIG_ENDIAN, _DEFLATED, _RLE, *FAST_SYNTAXES))

# The fastest of the extra's decoders, measured on the same slices; where it fails, pydicom tries the others.
_FASTEST_DECODERS = {_JPEG_BASELINE: "pillow", **dict.fromkeys(FAST_SYNTAXES, FAST_DECODER)}
_FRAMES_PER_TASK = 8


def decode_planes(planes: Sequence[ImagePlane], take: Callable[[int, Stored], None]) -> None:
    """Decode planes and hand each to a function.

    Args:
        planes: the planes, of one or more instances.
        take: is given the plane's index in ``planes`` and its stored pixels, (rows, columns) or (rows, columns, 3) with
            YBR turned into RGB; called from several threads, in any order.

    Raises:
        ImageReadError: when pixels cannot be decoded, or no decoder for them is installed.
    """
    tasks = list(_tasks(planes))
    syntaxes = {task[0][1].instance.transfer_syntax for task in tasks}
    for syntax in syntaxes:
        _register_decoders(syntax)

    def decode(task: list[tuple[int, ImagePlane]]) -> None:
        numbers = [plane.frame_number for _, plane in task]
        instance = task[0][1].instance
        dtype = native_dtype(instance)
        stored = _decoded_frames(instance, numbers) if dtype is None else native_frames(instance, dtype, numbers)
        for (index, _), pixels in zip(task, stored, strict=True):
            take(index, pixels)

    # The catching of warnings is not for threads, so it stands around all of them.
    with logged_warnings(planes[0].path):
        if syntaxes <= _THREADED_SYNTAXES:
            side_by_side(decode, tasks)
            return
        for task in tasks:
            decode(task)


def _register_decoders(syntax: str) -> None:
    if syntax == _JPEG_EXTENDED:
        dicom_jpeg_12bit.register()
    if syntax in FAST_SYNTAXES:
        dicom_fast_decoders.register(syntax)


def _tasks(planes: Sequence[ImagePlane]) -> Iterator[list[tuple[int, ImagePlane]]]:
    """Planes with their indices in groups of a few frames of one instance, for which the file is opened once."""
    for _, group in itertools.groupby(enumerate(planes), key=lambda item: id(item[1].instance)):
        members = list(group)
        for start in range(0, len(members), _FRAMES_PER_TASK):
            yield members[start : start + _FRAMES_PER_TASK]


def _decoded_frames(instance: DicomInstance, numbers: Sequence[int]) -> Iterator[Stored]:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import as_pixel_options

    with library_errors(instance.path, "DICOM image"), instance.open_pixels() as file:
        decoder = get_decoder(instance.transfer_syntax)
        options = as_pixel_options(
            instance.header,
            transfer_syntax_uid=decoder.UID,
            pixel_keyword=instance.pixels.keyword,
            pixel_vr=instance.pixels.vr,
        )
        for number in numbers:
            pixels = _decoded(instance, decoder, file, number - 1, options)
            if pixels.shape[:2] != instance.shape[::-1]:
                raise ImageReadError(
                    f"{instance.path}: expected pixels of {instance.shape} columns and rows, got {pixels.shape[1::-1]}"
                )
            yield pixels


def _decoded(instance: DicomInstance, decoder: Any, file: BinaryIO, index: int, options: dict[str, Any]) -> Stored:
    fastest = _FASTEST_DECODERS.get(instance.transfer_syntax)
    if fastest in decoder.available_plugins:
        file.seek(instance.pixels.start)
        # Decoders differ in what they cannot do, and raise what they like; the last word has the second attempt.
        with contextlib.suppress(Exception):
            quickly: Stored = decoder.as_array(file, index=index, decoding_plugin=fastest, **options)[0]
            return quickly
    file.seek(instance.pixels.start)
    pixels: Stored = decoder.as_array(file, index=index, **options)[0]
    return pixels
