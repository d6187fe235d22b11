# SPDX-License-Identifier: Apache-2.0
"""What reading an untrusted image may cost; the numbers only, `guarded_reader` holds reading to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from monai_medglip.errors import ConfigurationError

__all__ = ["READ_SYNTAXES", "ReadLimits"]

READ_SYNTAXES = frozenset(
    {
        "1.2.840.10008.1.2",  # implicit VR little endian
        "1.2.840.10008.1.2.1",  # explicit VR little endian
        "1.2.840.10008.1.2.1.99",  # deflated
        "1.2.840.10008.1.2.2",  # explicit VR big endian
        "1.2.840.10008.1.2.5",  # RLE
        *(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51)),  # JPEG baseline, extended
        *(f"1.2.840.10008.1.2.4.{number}" for number in (57, 70)),  # JPEG lossless
        *(f"1.2.840.10008.1.2.4.{number}" for number in (80, 81)),  # JPEG-LS
        *(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91)),  # JPEG 2000
        *(f"1.2.840.10008.1.2.4.{number}" for number in (201, 202, 203)),  # high-throughput JPEG 2000
    }
)
"""The transfer syntaxes of still images; video and other rarities have decoders that nobody asked for."""


@dataclass(frozen=True)
class ReadLimits:
    """The most that reading one path, a file or the folder of a series, may take.

    The defaults pass any series of a hospital and stop what could bring a machine down.

    Args:
        files: files in the folder.
        file_bytes: bytes of one file; of a deflated one, also what it inflates to.
        total_bytes: bytes of all files together.
        frames: frames that one file claims to have.
        decoded_bytes: bytes of all pixels as they are given back, by what the headers claim and by what comes out.
        inflation_ratio: how many times larger than stored a deflated file may become.
        nesting_depth: sequences inside sequences.
        transfer_syntaxes: DICOM's UIDs of the encodings that are read at all.
        memory_bytes: address space that the child process may take beyond what it has when it is warm.
        cpu_seconds: whole seconds of processor time [s].
        wall_seconds: time on the clock [s].

    Raises:
        ConfigurationError: when a limit is not positive, or the processor time is not in whole seconds.
    """

    files: int = 5_000
    file_bytes: int = 2 * 2**30
    total_bytes: int = 8 * 2**30
    frames: int = 20_000
    decoded_bytes: int = 4 * 2**30
    inflation_ratio: float = 100.0
    nesting_depth: int = 32
    transfer_syntaxes: frozenset[str] = READ_SYNTAXES
    memory_bytes: int = 12 * 2**30
    cpu_seconds: int = 600
    wall_seconds: float = 600.0

    def __post_init__(self) -> None:
        """Check that every limit is a positive number."""
        for name, value in asdict(self).items():
            if name == "transfer_syntaxes":
                continue
            whole = isinstance(value, int) or name in ("inflation_ratio", "wall_seconds")
            if isinstance(value, bool) or not whole or not (0 < value < math.inf):
                raise ConfigurationError(f"expected a positive number as limit {name}, got {value!r}; correct it")

    def to_dict(self) -> dict[str, Any]:
        """Give the limits as plain JSON values; `from_dict` reads them back."""
        return {**asdict(self), "transfer_syntaxes": sorted(self.transfer_syntaxes)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ReadLimits:
        """Give the limits that `to_dict` wrote."""
        return cls(**{**values, "transfer_syntaxes": frozenset(values["transfer_syntaxes"])})
