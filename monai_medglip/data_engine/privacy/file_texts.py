# SPDX-License-Identifier: Apache-2.0
"""All that a file says in words, also inside of Parquet columns, archives and compressed files; no pixels."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from monai_medglip.data_engine.store.arrow import pa, pq
from monai_medglip.errors import DataError

__all__ = ["file_texts"]

_SCAN_OF_JPEG = b"\xff\xda"
_NUMPY_START = b"\x93NUMPY"


def file_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Give the texts of a file, each with where in the file it is; bytes that are no UTF-8 are given as Latin-1 too.

    Of pictures and arrays their headers are given: chance would find short words in a million of pixels.

    Raises:
        DataError: when the file cannot be read as what its name says.
    """
    try:
        if path.suffix == ".parquet":
            yield from _of_table(path)
        elif path.suffix == ".tar":
            yield from _of_archive(path)
        else:
            for text in _of_bytes(path.name, path.read_bytes()):
                yield "", text
    except (OSError, EOFError, ValueError, tarfile.TarError, zlib.error, pa.ArrowException) as error:
        raise DataError(f"{path}: expected a whole file to look for words in, but {error}") from error


def _of_table(path: Path) -> Iterator[tuple[str, str]]:
    file = pq.ParquetFile(path)
    yield "metadata", str(file.schema_arrow.to_string(show_field_metadata=True, show_schema_metadata=True))
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        for name in table.column_names:
            for column, values in _flat(name, table.column(name).combine_chunks()):
                yield f"column {column}", "\n".join(values)


def _flat(name: str, values: pa.Array) -> Iterator[tuple[str, list[str]]]:
    """Give the texts of a column, and of the columns that are nested in it."""
    kind = values.type
    if pa.types.is_map(kind):
        yield from _flat(f"{name}.key", values.keys)
        yield from _flat(f"{name}.value", values.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _flat(name, values.flatten())
    elif pa.types.is_struct(kind):
        for place, field in enumerate(kind):
            yield from _flat(f"{name}.{field.name}", values.field(place))
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        found = (text for value in values.to_pylist() if value for text in _of_bytes(name, value))
        yield name, list(found)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield name, [value for value in values.to_pylist() if value]


def _of_archive(path: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(path) as archive:
        for member in archive:
            yield f"member {member.name}", "\n".join((member.name, member.uname, member.gname))
            content = archive.extractfile(member)
            if content is not None:
                yield from ((f"member {member.name}", text) for text in _of_bytes(member.name, content.read()))


def _of_bytes(name: str, content: bytes) -> Iterator[str]:
    suffix = PurePosixPath(name).suffix
    if suffix == ".zst":
        with pa.input_stream(pa.py_buffer(content), compression="zstd") as plain:
            content = plain.read()
    elif content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if content.startswith(b"\xff\xd8\xff"):
        content = content.partition(_SCAN_OF_JPEG)[0]
    elif content.startswith(_NUMPY_START):
        content = content[: 10 + int.from_bytes(content[8:10], "little")]
    elif content.startswith(b"\x89PNG"):
        content = b"".join(_words_of_png(content))
    try:
        yield content.decode("utf-8")
    except UnicodeDecodeError:
        yield content.decode("utf-8", "ignore")
        yield content.decode("latin-1")


def _words_of_png(content: bytes) -> Iterator[bytes]:
    """Give the chunks of a PNG but its pixels."""
    at = 8
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        if kind != b"IDAT":
            yield content[at + 4 : at + 8 + size]
        at += 12 + size
