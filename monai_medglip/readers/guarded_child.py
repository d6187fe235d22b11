# SPDX-License-Identifier: Apache-2.0
"""The child process of `guarded_reader`: reads one path after the other under the system's limits on itself.

It is started as a fresh interpreter and ends when its parent is gone. It trusts the parent, never the files.
"""

from __future__ import annotations

import gc
import importlib
import math
import os
import re
import resource
import select
import socket
import threading
from pathlib import Path
from typing import Any

from monai_medglip.imaging import Scan
from monai_medglip.readers.available_memory import available_bytes
from monai_medglip.readers.dicom import read_dicom_volumes
from monai_medglip.readers.format_detection import ImageFormat, detect_format
from monai_medglip.readers.guarded_header import check_claims, identifying_words
from monai_medglip.readers.guarded_limits import ReadLimits
from monai_medglip.readers.guarded_memory import SharedArrays, forbid_writing
from monai_medglip.readers.guarded_messages import TOLD_ERRORS, receive_message, send_message
from monai_medglip.readers.guarded_transfer import lay_out_scans
from monai_medglip.readers.pixel_memory import pixel_memory
from monai_medglip.readers.read_image import read_image

__all__ = ["serve"]

_FAST_DECODERS = ("imagecodecs._jpeg8", "imagecodecs._jpegls", "imagecodecs._jpeg2k")
_WARM_MODULES = ("pydicom", "pydicom.pixels", "pydicom.encaps", "openjpeg", "jpeg_ls", "rle", *_FAST_DECODERS)
_OPEN_FILES = 1024
_LONGEST_TEXT = 2000
_WORN_SHARE = 0.25  # of the memory limit, still held after a read


def serve(channel_descriptor: int) -> None:
    """Answer requests until the parent closes the connection.

    Args:
        channel_descriptor: an inherited socket; the limits come first, then one path at a time with the memory for
            its pixels.
    """
    channel = socket.socket(fileno=channel_descriptor)
    received = receive_message(channel)
    if received is None:
        return
    limits = ReadLimits.from_dict(received[0])
    _warm_up()
    threading.Thread(target=_end_with_parent, args=(channel.fileno(),), daemon=True).start()
    warm_bytes = _address_space()
    _limit_this_process(limits, warm_bytes)
    send_message(channel, {"ready": True})
    while (received := receive_message(channel, descriptors=1)) is not None:
        request, (memory,) = received
        _limit_processor_time(limits.cpu_seconds)
        answer = _answer(Path(request["path"]), request["tilt"], memory, limits)
        _let_go(memory)
        os.close(memory)
        worn = _address_space() - warm_bytes > _WORN_SHARE * limits.memory_bytes
        send_message(channel, {**answer, "worn": worn or answer.get("worn", False)})


def _answer(path: Path, tilt: str, memory: int, limits: ReadLimits) -> dict[str, Any]:
    """The scans laid out in memory, or what went wrong, as JSON values."""
    try:
        expected = check_claims(path, limits).certain_bytes(available_bytes())
        with SharedArrays(memory, expected=expected) as arrays, pixel_memory(arrays.empty):
            return lay_out_scans(_read(path, tilt), arrays, limit=limits.decoded_bytes)
    # Whatever a damaged file makes a library raise must not end this process; decoders written in Rust raise what is no
    # `Exception`, and may be in disorder then.
    except BaseException as error:
        kinds = (kind.__name__ for kind in TOLD_ERRORS if isinstance(error, kind))
        text = _without_identity(path, _told(path, error, limits))
        worn = _caused_by(error, MemoryError) or not isinstance(error, Exception)
        return {"error": next(kinds, "ImageReadError"), "text": text, "worn": worn}


def _let_go(memory: int) -> None:
    """See that no array of the memory is left here; its other owner refuses it otherwise."""
    try:
        forbid_writing(memory)
    except OSError:
        gc.collect()


def _read(path: Path, tilt: str) -> tuple[Scan, ...]:
    if path.is_dir() or (path.is_file() and detect_format(path) is ImageFormat.DICOM):
        return read_dicom_volumes(path, tilt=tilt)
    return (read_image(path),)


def _told(path: Path, error: BaseException, limits: ReadLimits) -> str:
    if _caused_by(error, MemoryError):
        return (
            f"{path}: expected an image that is read within {limits.memory_bytes:,} bytes of memory (limit "
            "memory_bytes), it needs more; if the source is to be trusted, raise the limit"
        )
    if _caused_by(error, RecursionError):
        return (
            f"{path}: expected a header whose sequences lie a few deep inside each other (limit nesting_depth: "
            f"{limits.nesting_depth}), they are nested too deeply to be looked at; correct the header"
        )
    if isinstance(error, TOLD_ERRORS):
        return str(error)
    reason = " ".join(str(error).split()) or "no reason given"
    return f"{path}: expected an image, reading it failed with {type(error).__name__}: {reason}"


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


def _without_identity(path: Path, text: str) -> str:
    """A message without the patient's names, numbers and dates, which libraries may quote; the path is the caller's."""
    folder = str(path)
    words = sorted(identifying_words(path), key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(word) for word in words) or "(?!)", re.IGNORECASE)
    return folder.join(pattern.sub("***", part) for part in text.split(folder))[:_LONGEST_TEXT]


def _warm_up() -> None:
    """Load what reading DICOM needs; decoders that are not installed are missed when they are needed."""
    for module in _WARM_MODULES:
        try:
            importlib.import_module(module)
        except ImportError:
            continue


def _limit_this_process(limits: ReadLimits, warm_bytes: int) -> None:
    """Set limits that this process cannot lift again.

    The number of processes is left alone: the system counts it over all of a user's programs, threads of decoders
    among them.
    """
    for which, most in (
        (resource.RLIMIT_AS, warm_bytes + limits.memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),  # no file is written; shared memory is not written to as a file
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        hard = resource.getrlimit(which)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (allowed, allowed))


def _limit_processor_time(seconds: int) -> None:
    """Have the system end this process when it has worked so much longer than up to now."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(usage.ru_utime + usage.ru_stime) + seconds, hard))


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def _end_with_parent(channel_descriptor: int) -> None:
    """End this process as soon as the other end of the connection is closed, also in the middle of a read."""
    watched = select.poll()
    watched.register(channel_descriptor, select.POLLHUP)
    while not any(event & select.POLLHUP for _, event in watched.poll()):
        pass
    os._exit(0)
