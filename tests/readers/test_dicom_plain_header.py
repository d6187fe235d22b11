# SPDX-License-Identifier: Apache-2.0
"""Tests that the quick parser of headers says what pydicom's says, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from monai_medglip.readers.dicom_plain_header import plain_header
from monai_medglip.readers.dicom_values import header_value
from tests.readers.hostile_files import plain_slice

HEAD_BYTES = 2**16


def nested(**attributes: str) -> Sequence:
    """A sequence of one item."""
    item = Dataset()
    item.update(attributes)
    return Sequence([item])


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_headers_of_real_files_are_those_of_pydicom(shared_data: Path) -> None:
    plain = 0
    for path in sorted((shared_data / "dicom").rglob("*.dcm")):
        found = plain_header(path.read_bytes()[:HEAD_BYTES])
        if found is None:
            continue
        plain += 1
        expected = dcmread(path, stop_before_pixels=True)
        assert found[0] == Dataset(expected), path
        assert found[0].file_meta.TransferSyntaxUID == expected.file_meta.TransferSyntaxUID
    assert plain > 50


def test_the_header_ends_where_the_pixels_begin(tmp_path: Path) -> None:
    data = plain_slice(tmp_path / "slice.dcm").read_bytes()
    _, end = plain_header(data)
    assert data[end : end + 4] == b"\xe0\x7f\x10\x00"


def test_text_is_read_in_its_character_set(tmp_path: Path) -> None:
    path = plain_slice(tmp_path / "named.dcm", SpecificCharacterSet="ISO_IR 192", StudyDescription="Schädel")
    assert plain_header(path.read_bytes())[0].StudyDescription == "Schädel"


def test_a_sequence_of_stated_length_is_read(tmp_path: Path) -> None:
    path = plain_slice(tmp_path / "nested.dcm", ReferencedImageSequence=nested(ReferencedSOPInstanceUID="1.2.3"))
    header, _ = plain_header(path.read_bytes())
    assert header.ReferencedImageSequence[0].ReferencedSOPInstanceUID == "1.2.3"


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (b"\x28\x00\x11\x00US", b"\x28\x00\x10\x00US"),  # a tag that comes twice
        (b"\x28\x00\x11\x00US", b"\x08\x00\x11\x00US"),  # tags out of order
        (b"\x28\x00\x11\x00US", b"\x28\x00\x11\x00QQ"),  # no VR of the standard
        (b"\x28\x00\x11\x00US\x02\x00", b"\x28\x00\x11\x00US\xff\xff"),  # longer than the file
        (b"DICM", b"DICN"),
        (b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.2.9\x00"),  # no transfer syntax
    ],
)
def test_what_is_not_plain_is_left_to_pydicom(tmp_path: Path, wanted: bytes, given: bytes) -> None:
    data = plain_slice(tmp_path / "slice.dcm").read_bytes()
    assert plain_header(data) is not None
    assert wanted in data
    assert plain_header(data.replace(wanted, given, 1)) is None


def test_a_header_whose_end_is_not_there_is_left_to_pydicom(tmp_path: Path) -> None:
    data = plain_slice(tmp_path / "slice.dcm").read_bytes()
    _, end = plain_header(data)
    assert all(plain_header(data[:length]) is None for length in range(0, end, 7))


def test_implicit_headers_and_open_sequences_are_left_to_pydicom(tmp_path: Path) -> None:
    path = plain_slice(tmp_path / "slice.dcm", ReferencedImageSequence=nested(ReferencedSOPInstanceUID="1.2.3"))
    dataset = dcmread(path)
    dataset["ReferencedImageSequence"].is_undefined_length = True
    dataset.save_as(tmp_path / "open.dcm")
    assert plain_header((tmp_path / "open.dcm").read_bytes()) is None
    implicit = dcmread(plain_slice(path))
    implicit.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    implicit.save_as(tmp_path / "implicit.dcm", implicit_vr=True, little_endian=True)
    assert plain_header((tmp_path / "implicit.dcm").read_bytes()) is None


def test_values_are_those_of_the_data_set_whichever_parser_read_it(shared_data: Path) -> None:
    for path in sorted((shared_data / "dicom" / "single").glob("*.dcm")):
        parsed = [dcmread(path, stop_before_pixels=True, force=True)]
        parsed += [header for header, _ in [plain_header(path.read_bytes()[:HEAD_BYTES]) or (None, 0)] if header]
        for header in parsed:
            asked = {keyword: header_value(header, keyword) for keyword in ("Rows", "PixelSpacing", "ImageType", "KVP")}
            expected = dcmread(path, stop_before_pixels=True, force=True)
            assert asked == {keyword: expected.get(keyword) for keyword in asked}, path
