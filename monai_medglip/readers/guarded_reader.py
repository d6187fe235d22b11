# SPDX-License-Identifier: Apache-2.0
"""Reading images that nobody vouches for: parsed and decoded in a child process with limits, given back as scans.

A damaged or hostile file can make a decoder take all memory, work for ever, or end its whole process. Here it ends a
child process, and the caller gets an `ImageReadError` that names the limit. This protects against exhaustion and
crashes; the child still runs as the same user, so that it is no sandbox against code that a decoder was tricked into
running. Linux only.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from monai_medglip.errors import ConfigurationError, ImageReadError
from monai_medglip.imaging import Scan
from monai_medglip.readers.dicom_tilt import Tilt
from monai_medglip.readers.guarded_limits import ReadLimits
from monai_medglip.readers.guarded_memory import shared_memory
from monai_medglip.readers.guarded_messages import TOLD_ERRORS
from monai_medglip.readers.guarded_process import ProcessEndedError, ReadingProcess
from monai_medglip.readers.guarded_transfer import scans_from_message

__all__ = ["GuardedReader"]

_GAPS_BYTES = 256 * 2**20


class GuardedReader:
    """Reads files and series in a warm child process under limits.

    One path is read at a time, also when several threads ask; take a reader for each core to read at the same time.
    After a crash or a passed limit the next path gets a fresh process.

    Args:
        limits: what reading one path may take.

    Raises:
        ConfigurationError: on another system than Linux.

    Example:
        >>> with GuardedReader(ReadLimits(wall_seconds=60)) as reader:  # doctest: +SKIP
        ...     scans = reader.read("incoming/series")
    """

    def __init__(self, limits: ReadLimits | None = None) -> None:
        if not sys.platform.startswith("linux"):
            raise ConfigurationError(f"expected Linux, whose limits guarded reading rests on; got {sys.platform}")
        self.limits = limits or ReadLimits()
        # Room for a second copy, as of a volume that is resampled, and for small gaps; what is not used takes none.
        self._memory_bytes = 2 * self.limits.decoded_bytes + _GAPS_BYTES
        self._lock = threading.Lock()
        self._process: ReadingProcess | None = ReadingProcess(self.limits)

    @property
    def process_id(self) -> int | None:
        """The system's number of the child process, for watching it; None when the reader is closed."""
        return None if self._process is None else self._process.process_id

    def read(self, path: str | os.PathLike[str], *, tilt: str | Tilt = Tilt.REFUSE) -> tuple[Scan, ...]:
        """Read an image file or the folder of a DICOM series.

        Args:
            path: as for `read_image`.
            tilt: as for `read_dicom_volumes`.

        Returns:
            The scans as `read_dicom_volumes` gives them, several where a series holds several volumes. Their
            ``source.path`` is absolute.

        Raises:
            ImageReadError: when it cannot be read, or not within the limits; messages quote no patient data.
            UnsupportedImageError: when the image is of a kind that is refused.
            ConfigurationError: when the reader is closed, or its process cannot be started, or there is no such way
                with tilt.
        """
        source = Path(path).expanduser().absolute()
        with self._lock, shared_memory(self._memory_bytes) as memory:
            answer = self._ask({"path": str(source), "tilt": tilt}, memory)
            if "error" in answer:
                kinds = (kind for kind in TOLD_ERRORS if kind.__name__ == answer["error"])
                raise next(kinds, ImageReadError)(str(answer.get("text")))
            try:
                return scans_from_message(answer, memory, limit=self._memory_bytes)
            except ValueError as error:
                self._renew()
                raise ImageReadError(f"{source}: {error}; the process that read it was replaced") from error

    def close(self) -> None:
        """End the child process; the scans that were read stay valid."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None:
                process.end()

    def __enter__(self) -> GuardedReader:
        """Give the reader; its process ends with the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the child process."""
        self.close()

    def _ask(self, request: dict[str, str], memory: int) -> dict[str, Any]:
        if self._process is None:
            raise ConfigurationError("expected an open reader, this one is closed; make another GuardedReader")
        try:
            answer = self._process.ask(request, memory, seconds=self.limits.wall_seconds)
        except ProcessEndedError as ended:
            self._renew()
            raise ImageReadError(f"{request['path']}: {_reason(ended, self.limits)}") from None
        # Also when the caller is interrupted: the process would answer the last question when it is asked the next.
        except BaseException:
            self._renew()
            raise
        if not isinstance(answer, dict) or answer.get("worn"):
            self._renew()
        return answer if isinstance(answer, dict) else {}

    def _renew(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = ReadingProcess(self.limits)


def _reason(ended: ProcessEndedError, limits: ReadLimits) -> str:
    if ended.late:
        return (
            f"expected an image that is read within {limits.wall_seconds:g} s (limit wall_seconds), it took longer; "
            "if the source is to be trusted, raise the limit"
        )
    if ended.signal_number == signal.SIGXCPU:
        return (
            f"expected an image that is read within {limits.cpu_seconds} s of processor time (limit cpu_seconds), it "
            "took more; if the source is to be trusted, raise the limit"
        )
    if ended.signal_number is None:
        return "expected an image, the process that read it ended without a word; copy or export the file again"
    name = signal.Signals(ended.signal_number).name
    return (
        f"expected an image that is decoded within {limits.memory_bytes:,} bytes of memory (limit memory_bytes) and "
        f"does not break its decoder, the process that read it ended with {name}; the file is damaged or too large"
    )
