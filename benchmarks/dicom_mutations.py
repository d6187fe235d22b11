# SPDX-License-Identifier: Apache-2.0
"""Damage to DICOM files and series as transfers, disks, converters and hostile senders do it.

It is done on the bytes, without a DICOM library. Each mutation is drawn from a random generator, so that a seed and a
number give it again.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from monai_medglip.readers.guarded_elements import (
    BIG_ENDIAN,
    DEFLATED,
    PIXEL_DATA,
    UNDEFINED_LENGTH,
    inflate,
    meta_header,
    walk_elements,
)

__all__ = ["MUTATIONS", "DicomFile", "Files", "mutate"]

Files = list[bytes]
Mutation = Callable[[np.random.Generator, Files], Files]

IMPLICIT = "1.2.840.10008.1.2"
_LONG_VRS = (b"OB", b"OW", b"OF", b"OD", b"SQ", b"UN", b"UT", b"UC", b"UR")
_MOST_INFLATED = 2**26


@dataclass(frozen=True)
class RawElement:
    """An element of the data set: its tag, its VR (empty when implicit), its head and all bytes behind it."""

    tag: int
    vr: bytes
    head: bytes
    body: bytes


@dataclass(frozen=True)
class DicomFile:
    """A file taken apart at the borders of its outer elements, and put together again without a change."""

    meta: bytes
    syntax: str
    elements: tuple[RawElement, ...]

    @classmethod
    def parse(cls, data: bytes) -> DicomFile:
        """Take a file apart.

        Raises:
            ValueError: when it has no file meta header.
        """
        found = meta_header(data)
        if found is None:
            raise ValueError("expected a DICOM file with a file meta header")
        syntax, start = found.syntax, found.end
        meta, body = data[:start], data[start:]
        if syntax == DEFLATED:
            body = inflate(body, _MOST_INFLATED).head
        outer = [element for element in walk_elements(body, 0, syntax) if element.depth == 0]
        heads = [element.start - _head_bytes(element.vr) for element in outer]
        ends = [*heads[1:], len(body)]
        return cls(
            meta,
            syntax,
            tuple(
                RawElement(element.tag, element.vr, body[head : element.start], body[element.start : end])
                for element, head, end in zip(outer, heads, ends, strict=True)
            ),
        )

    def to_bytes(self) -> bytes:
        """Put the file together."""
        body = b"".join(element.head + element.body for element in self.elements)
        if self.syntax == DEFLATED:
            packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
            body = packer.compress(body) + packer.flush()
        return self.meta + body

    def get(self, tag: int) -> bytes | None:
        """Give the value of the last element with this tag."""
        return next((element.body for element in reversed(self.elements) if element.tag == tag), None)

    def without(self, tag: int) -> DicomFile:
        """Leave an element out."""
        return replace(self, elements=tuple(element for element in self.elements if element.tag != tag))

    def with_value(self, tag: int, vr: bytes, value: bytes) -> DicomFile:
        """Set an element, in the order of tags."""
        value += b" " * (len(value) % 2) if vr not in (b"UI", b"US", b"OW") else b"\0" * (len(value) % 2)
        new = RawElement(tag, vr, self._head(tag, vr, len(value)), value)
        before = tuple(element for element in self.elements if element.tag < tag)
        return replace(self, elements=(*before, new, *(e for e in self.elements if e.tag > tag)))

    def with_number(self, tag: int, value: int) -> DicomFile:
        """Set an element of VR US."""
        return self.with_value(tag, b"US", struct.pack(f"{self.order}H", value & 0xFFFF))

    @property
    def order(self) -> str:
        """The byte order in the words of `struct`."""
        return ">" if self.syntax == BIG_ENDIAN else "<"

    def _head(self, tag: int, vr: bytes, length: int) -> bytes:
        place = struct.pack(f"{self.order}HH", tag >> 16, tag & 0xFFFF)
        if self.syntax == IMPLICIT:
            return place + struct.pack("<L", length)
        if vr in _LONG_VRS:
            return place + vr + b"\0\0" + struct.pack(f"{self.order}L", length)
        return place + vr + struct.pack(f"{self.order}H", length)


def mutate(rng: np.random.Generator, files: Sequence[bytes]) -> tuple[list[str], Files]:
    """Damage a file or a series once or, in three cases of ten, twice.

    Args:
        rng: where chance comes from.
        files: the bytes of good files.

    Returns:
        The names of the mutations, and the files.
    """
    names, changed = [], list(files)
    for _ in range(1 + int(rng.random() < 0.3)):
        applicable = [name for name in MUTATIONS if len(changed) > 1 or name not in _OF_SERIES]
        name = applicable[int(rng.integers(len(applicable)))]
        try:
            changed = MUTATIONS[name](rng, changed)
        except ValueError:  # the first mutation left no file that can be taken apart
            break
        names.append(name)
    return names, changed


def _head_bytes(vr: bytes) -> int:
    return 12 if vr in _LONG_VRS or vr in (b"OL", b"OV", b"SV", b"UV") else 8


def _one(rng: np.random.Generator, files: Files, change: Callable[[bytes], bytes]) -> Files:
    """Change one file of the series."""
    index = int(rng.integers(len(files)))
    return [change(data) if position == index else data for position, data in enumerate(files)]


def _one_or_all(rng: np.random.Generator, files: Files, change: Callable[[DicomFile], DicomFile]) -> Files:
    """Change the header of one file, or of every file of the series."""

    def changed(data: bytes) -> bytes:
        return change(DicomFile.parse(data)).to_bytes()

    return [changed(data) for data in files] if rng.random() < 0.5 else _one(rng, files, changed)


def _flip_bits(rng: np.random.Generator, files: Files, *, pixels: bool) -> Files:
    def flipped(data: bytes) -> bytes:
        parsed = DicomFile.parse(data)
        chosen = [n for n, element in enumerate(parsed.elements) if (element.tag == PIXEL_DATA) == pixels]
        if not chosen:
            raise ValueError("nothing to flip")
        for _ in range(int(rng.integers(1, 5))):
            number = chosen[int(rng.integers(len(chosen)))]
            element = parsed.elements[number]
            whole = bytearray(element.head + element.body)
            start = len(element.head) if pixels else 0
            if start < len(whole):
                whole[int(rng.integers(start, len(whole)))] ^= 1 << int(rng.integers(8))
            new = replace(element, head=bytes(whole[: len(element.head)]), body=bytes(whole[len(element.head) :]))
            parsed = replace(parsed, elements=(*parsed.elements[:number], new, *parsed.elements[number + 1 :]))
        return parsed.to_bytes()

    return _one(rng, files, flipped)


def _flip_bits_in_meta(rng: np.random.Generator, files: Files) -> Files:
    def flipped(data: bytes) -> bytes:
        whole = bytearray(data)
        end = len(DicomFile.parse(data).meta)
        whole[int(rng.integers(128, end))] ^= 1 << int(rng.integers(8))
        return bytes(whole)

    return _one(rng, files, flipped)


def _cut_at_a_border(rng: np.random.Generator, files: Files) -> Files:
    def cut(data: bytes) -> bytes:
        parsed = DicomFile.parse(data)
        kept = int(rng.integers(len(parsed.elements)))
        rest = parsed.elements[kept]
        piece = replace(rest, head=rest.head[: int(rng.integers(len(rest.head) + 1))], body=b"")
        return replace(parsed, elements=(*parsed.elements[:kept], piece)).to_bytes()

    return _one(rng, files, cut)


def _cut_anywhere(rng: np.random.Generator, files: Files) -> Files:
    return _one(rng, files, lambda data: data[: int(rng.integers(len(data)))])


def _swap_vr(rng: np.random.Generator, files: Files) -> Files:
    words = (b"US", b"UL", b"DS", b"IS", b"LO", b"OB", b"OW", b"SQ", b"UN", b"FD", b"PN", b"AT", b"ZZ", b"\0\0", b"UI")

    def swapped(data: bytes) -> bytes:
        parsed = DicomFile.parse(data)
        number = int(rng.integers(len(parsed.elements)))
        element = parsed.elements[number]
        vr = words[int(rng.integers(len(words)))]
        new = replace(element, head=element.head[:4] + vr + element.head[6:])
        return replace(parsed, elements=(*parsed.elements[:number], new, *parsed.elements[number + 1 :])).to_bytes()

    return _one(rng, files, swapped)


def _wrong_length(rng: np.random.Generator, files: Files) -> Files:
    def lengthened(data: bytes) -> bytes:
        parsed = DicomFile.parse(data)
        number = int(rng.integers(len(parsed.elements)))
        element = parsed.elements[number]
        size = 2 if len(element.head) == 8 and parsed.syntax != IMPLICIT else 4
        length = [0, 1, 3, len(element.body) + 1, len(element.body) + 2, 0x7FFF, 0xFFF0, UNDEFINED_LENGTH - 15]
        value = length[int(rng.integers(len(length)))] & (0xFFFF if size == 2 else UNDEFINED_LENGTH)
        packed = struct.pack(f"{parsed.order}{'H' if size == 2 else 'L'}", value)
        new = replace(element, head=element.head[:-size] + packed)
        return replace(parsed, elements=(*parsed.elements[:number], new, *parsed.elements[number + 1 :])).to_bytes()

    return _one(rng, files, lengthened)


def _leave_out_any(rng: np.random.Generator, files: Files) -> Files:
    def shortened(parsed: DicomFile) -> DicomFile:
        return parsed.without(parsed.elements[int(rng.integers(len(parsed.elements)))].tag)

    return _one_or_all(rng, files, shortened)


def _repeat_any(rng: np.random.Generator, files: Files) -> Files:
    def repeated(parsed: DicomFile) -> DicomFile:
        number = int(rng.integers(len(parsed.elements)))
        elements = parsed.elements
        return replace(parsed, elements=(*elements[: number + 1], elements[number], *elements[number + 1 :]))

    return _one_or_all(rng, files, repeated)


def _leaving_out(*tags: int) -> Mutation:
    def left_out(rng: np.random.Generator, files: Files) -> Files:
        tag = tags[int(rng.integers(len(tags)))]
        return _one_or_all(rng, files, lambda parsed: parsed.without(tag))

    return left_out


_DECIMALS: Mapping[int, int] = {  # DS elements with how many numbers they have
    0x00200032: 3,
    0x00200037: 6,
    0x00280030: 2,
    0x00180050: 1,
    0x00180088: 1,
    0x00281052: 1,
    0x00281053: 1,
}
_ODD_NUMBERS = (
    "",
    "1e400",
    "-1e400",
    "nan",
    "inf",
    "1,5",
    "0x10",
    "1.000000000000000000001",
    "--1",
    "1e-320",
    "abc",
    " ",
)


def _odd_decimals(rng: np.random.Generator, files: Files) -> Files:
    tag = list(_DECIMALS)[int(rng.integers(len(_DECIMALS)))]
    count = max(1, _DECIMALS[tag] + int(rng.integers(-1, 2)))
    words = [
        str(_ODD_NUMBERS[int(rng.integers(len(_ODD_NUMBERS)))]) if rng.random() < 0.5 else "1" for _ in range(count)
    ]
    return _one_or_all(rng, files, lambda parsed: parsed.with_value(tag, b"DS", "\\".join(words).encode()))


def _setting(tag: int, vr: bytes, *values: str) -> Mutation:
    def changed(rng: np.random.Generator, files: Files) -> Files:
        value = values[int(rng.integers(len(values)))].encode("latin-1")
        return _one_or_all(rng, files, lambda parsed: parsed.with_value(tag, vr, value))

    return changed


def _numbering(values: Sequence[int], *tags: int) -> Mutation:
    def changed(rng: np.random.Generator, files: Files) -> Files:
        tag, value = tags[int(rng.integers(len(tags)))], values[int(rng.integers(len(values)))]
        return _one_or_all(rng, files, lambda parsed: parsed.with_number(tag, value))

    return changed


def _unknown_sequence(rng: np.random.Generator, files: Files) -> Files:
    depth = int(rng.integers(1, 60))
    nested = struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED_LENGTH) + struct.pack(
        "<HH2s2xL", 0x0009, 0x1011, b"SQ", UNDEFINED_LENGTH
    )

    def changed(parsed: DicomFile) -> DicomFile:
        head = parsed._head(0x00091010, b"UN", UNDEFINED_LENGTH)
        before = tuple(element for element in parsed.elements if element.tag < 0x00091010)
        after = parsed.elements[len(before) :]
        return replace(parsed, elements=(*before, RawElement(0x00091010, b"UN", head, nested * depth), *after))

    return _one_or_all(rng, files, changed)


def _other_syntax(rng: np.random.Generator, files: Files) -> Files:
    others = ("1.2", "1.2.1", "1.2.2", "1.2.5", "1.2.4.50", "1.2.4.51", "1.2.4.70", "1.2.4.80", "1.2.4.90", "1.2.4.100")

    def relabeled(data: bytes) -> bytes:
        parsed = DicomFile.parse(data)
        uid = ("1.2.840.10008." + others[int(rng.integers(len(others)))]).encode()
        old = parsed.syntax.encode()
        size = len(old) + len(old) % 2
        # The lengths of the file meta header stay right when the new UID takes the room of the old one.
        return data.replace(old.ljust(size, b"\0"), uid.ljust(size, b"\0")[:size], 1)

    return _one(rng, files, relabeled)


def _leave_out_a_slice(rng: np.random.Generator, files: Files) -> Files:
    index = int(rng.integers(len(files)))
    return files[:index] + files[index + 1 :]


def _repeat_a_slice(rng: np.random.Generator, files: Files) -> Files:
    return [*files, files[int(rng.integers(len(files)))]]


def _repeat_a_slice_with_other_pixels(rng: np.random.Generator, files: Files) -> Files:
    (copy,) = _flip_bits(rng, [files[int(rng.integers(len(files)))]], pixels=True)
    return [*files, copy]


def _add_a_foreign_file(rng: np.random.Generator, files: Files) -> Files:
    foreign = (b"", b"not an image", bytes(200), bytes(128) + b"DICM", b"\x89PNG\r\n\x1a\n" + bytes(50))
    return [*files, foreign[int(rng.integers(len(foreign)))]]


def _shuffle(rng: np.random.Generator, files: Files) -> Files:
    return [files[index] for index in rng.permutation(len(files))]


def _shift_a_slice(rng: np.random.Generator, files: Files) -> Files:
    def shifted(data: bytes) -> bytes:
        parsed = DicomFile.parse(data)
        words = (parsed.get(0x00200032) or b"").decode("ascii", "replace").strip(" \0").split("\\")
        axis = int(rng.integers(3))
        if len(words) != 3:
            raise ValueError("expected a position")
        words[axis] = f"{float(words[axis]) + float(rng.choice([0.01, 0.5, 3, -7, 1000])):.4f}"
        return parsed.with_value(0x00200032, b"DS", "\\".join(words).encode()).to_bytes()

    return _one(rng, files, shifted)


_ROWS, _COLUMNS, _BITS_ALLOCATED, _BITS_STORED, _HIGH_BIT = 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102

MUTATIONS: dict[str, Mutation] = {
    "bits flipped in the header": lambda rng, files: _flip_bits(rng, files, pixels=False),
    "bits flipped in the pixels": lambda rng, files: _flip_bits(rng, files, pixels=True),
    "bits flipped in the file meta header": _flip_bits_in_meta,
    "cut at an element's border": _cut_at_a_border,
    "cut anywhere": _cut_anywhere,
    "VR swapped": _swap_vr,
    "wrong length": _wrong_length,
    "an element left out": _leave_out_any,
    "an element twice": _repeat_any,
    "geometry left out": _leaving_out(0x00200032, 0x00200037, 0x00280030),
    "UIDs left out": _leaving_out(0x00080018, 0x0020000D, 0x0020000E, 0x00200052, 0x00080016),
    "odd decimals": _odd_decimals,
    "spacing negative or zero": _setting(0x00280030, b"DS", "-1\\1", "0\\0", "1\\-2", "0\\1", "1", "1\\1\\1", "3\\1"),
    "orientation not orthonormal": _setting(
        0x00200037,
        b"DS",
        "2\\0\\0\\0\\1\\0",
        "1\\0\\0\\1\\0\\0",
        "0\\0\\0\\0\\0\\0",
        "1\\0\\0\\0.5\\1\\0",
        "0\\1\\0\\1\\0\\0",
    ),
    "rows or columns wrong": _numbering((0, 1, 7, 1000, 65535), _ROWS, _COLUMNS),
    "frames wrong": _setting(0x00280008, b"IS", "0", "-1", "2", "100000", "2147483647", "x", "1.5", ""),
    "samples wrong": _numbering((0, 2, 3, 4, 255), 0x00280002),
    "bits wrong": _numbering((0, 1, 7, 8, 12, 15, 16, 32, 64), _BITS_ALLOCATED, _BITS_STORED, _HIGH_BIT),
    "sign swapped": _numbering((0, 1, 2), 0x00280103),
    "other photometric interpretation": _setting(
        0x00280004, b"CS", "MONOCHROME1", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "RGB", "", "CMYK"
    ),
    "other padding": _numbering((0, 1, 63536, 65535, 2000), 0x00280120),
    "rescale changed": _setting(0x00281053, b"DS", "0", "-1", "0.5", "1e10", "1e-30", "1\\2"),
    "other intercept": _setting(0x00281052, b"DS", "-1024", "1e30", "0.25", "-1e39"),
    "other modality": _setting(0x00080060, b"CS", "SEG", "RTSTRUCT", "US", "CR", "XX", "", "ct\\mr"),
    "names in odd character sets": _setting(
        0x00080005, b"CS", "ISO 2022 IR 87", "ISO_IR 192", "GB18030", "\\ISO 2022 IR 149", "NOTHING", "ISO_IR 6\\\\"
    ),
    "name with escapes": _setting(0x00100010, b"PN", "A^B\x1b$B;3ED\x1b(J", "\x1b\x1b$)C\xff^=\\=^", "=" * 300),
    "UID too long": _setting(0x0020000E, b"UI", "1." * 60 + "1", "", "not a uid", "../../etc"),
    "other orientation letters": _setting(0x00200020, b"CS", "L\\P", "X\\Y", "", "A"),
    "unknown sequence": _unknown_sequence,
    "other transfer syntax": _other_syntax,
    "a slice left out": _leave_out_a_slice,
    "a slice twice": _repeat_a_slice,
    "a slice twice with other pixels": _repeat_a_slice_with_other_pixels,
    "a slice shifted": _shift_a_slice,
    "a foreign file": _add_a_foreign_file,
    "files in another order": _shuffle,
    "two frames of reference": lambda rng, files: _one(
        rng, files, lambda data: DicomFile.parse(data).with_value(0x00200052, b"UI", b"1.2.3.4.5").to_bytes()
    ),
    "two series": lambda rng, files: _one(
        rng, files, lambda data: DicomFile.parse(data).with_value(0x0020000E, b"UI", b"1.2.3.4.5").to_bytes()
    ),
}
"""Every mutation by the name that the result file uses."""

_OF_SERIES = frozenset(
    {
        "a slice left out",
        "a slice twice",
        "a slice twice with other pixels",
        "a slice shifted",
        "a foreign file",
        "files in another order",
        "two frames of reference",
        "two series",
    }
)
