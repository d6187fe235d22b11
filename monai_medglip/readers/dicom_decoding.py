# SPDX-License-Identifier: Apache-2.0
"""Decoding stored pixels of DICOM planes, several at once where that is faster; `dicom_pixels` says what they mean."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

import numpy.typing as npt

from monai_medglip.errors import ImageReadError
from monai_medglip.readers.dicom_instance import DicomInstance
from monai_medglip.readers.dicom_jpeg_12bit import JPEG_EXTENDED, register
from monai_medglip.readers.dicom_plane import ImagePlane
from monai_medglip.readers.library_errors import library_errors, logged_warnings

__all__ = ["decode_planes"]

Stored = npt.NDArray[Any]

# Measured on 300 slices of 512 x 512: two threads halve the time of uncompressed and RLE pixels. The decoders of JPEG,
# JPEG-LS and JPEG 2000 hold Python's lock, so that threads gain nothing.
_THREADED_SYNTAXES = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.5",
)
_MOST_THREADS = 4

# The fastest of the extra's decoders, measured on the same slices; where it fails, pydicom tries the others.
_FASTEST_DECODERS = {
    "1.2.840.10008.1.2.4.50": "pillow",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
}
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

    def decode(task: list[tuple[int, ImagePlane]]) -> None:
        numbers = [plane.frame_number for _, plane in task]
        stored = _stored_frames(task[0][1].instance, numbers)
        for (index, _), pixels in zip(task, stored, strict=True):
            take(index, pixels)

    workers = min(_MOST_THREADS, os.cpu_count() or 1, len(tasks))
    # The catching of warnings is not for threads, so it stands around all of them.
    with logged_warnings(planes[0].path):
        if workers == 1 or any(task[0][1].instance.transfer_syntax not in _THREADED_SYNTAXES for task in tasks):
            for task in tasks:
                decode(task)
            return
        with ThreadPoolExecutor(workers) as pool:
            # Asking for the results raises the first error; the tasks behind it are dropped.
            try:
                for future in [pool.submit(decode, task) for task in tasks]:
                    future.result()
            finally:
                pool.shutdown(cancel_futures=True)


def _tasks(planes: Sequence[ImagePlane]) -> Iterator[list[tuple[int, ImagePlane]]]:
    """Planes with their indices in groups of a few frames of one instance, for which the file is opened once."""
    for _, group in itertools.groupby(enumerate(planes), key=lambda item: id(item[1].instance)):
        members = list(group)
        for start in range(0, len(members), _FRAMES_PER_TASK):
            yield members[start : start + _FRAMES_PER_TASK]


def _stored_frames(instance: DicomInstance, numbers: Sequence[int]) -> Iterator[Stored]:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.pixels.utils import as_pixel_options

    with library_errors(instance.path, "DICOM image"), instance.open_pixels() as file:
        decoder = get_decoder(instance.transfer_syntax)
        if instance.transfer_syntax == JPEG_EXTENDED:
            register()
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
