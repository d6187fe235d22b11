# SPDX-License-Identifier: Apache-2.0
"""Deflated DICOM files: no more of their data set is inflated than is wanted, since 1 MiB can hold 1 GiB."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["DEFLATED_SYNTAX", "DeflatedFile"]

DEFLATED_SYNTAX = "1.2.840.10008.1.2.1.99"

# The preamble and magic word take 132 bytes, the element of the group length 12.
_META_START = 144


@dataclass(frozen=True)
class DeflatedFile:
    """A file whose data set is deflated.

    Args:
        path: the file.
        file_meta: the pydicom data set before it.
    """

    path: Path
    file_meta: Any

    @classmethod
    def open(cls, path: Path) -> DeflatedFile:
        """Read the file meta header.

        Raises:
            Exception: of pydicom, when there is none.
        """
        from pydicom.filereader import read_file_meta_info

        return cls(path, read_file_meta_info(path))

    def inflate(self, most: int) -> bytes:
        """Give the first bytes of the data set.

        Args:
            most: how many; there may be fewer.

        Raises:
            zlib.error: when the file is damaged.
        """
        with self.path.open("rb") as file:
            file.seek(_META_START + int(self.file_meta.FileMetaInformationGroupLength))
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(file.read(), most)
