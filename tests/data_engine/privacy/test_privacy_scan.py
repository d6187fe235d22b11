# SPDX-License-Identifier: Apache-2.0
"""Builds of DICOM whose headers are full of words: none of them is in any file of the output; and what is, is found."""

from __future__ import annotations

import gzip
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from monai_medglip.cli.main import main
from monai_medglip.data_engine.build import BuildPlan, PlannedSource, build_store
from monai_medglip.data_engine.cards import source_card
from monai_medglip.data_engine.cards.card import Layout
from monai_medglip.data_engine.interchange import write_data_card, write_hugging_face
from monai_medglip.data_engine.privacy import Identifier, header_values, privacy_scan
from monai_medglip.data_engine.store import GroundingStore, write_shards
from monai_medglip.errors import DataError
from tests.data_engine.adapters.dicom_phantom import SERIES, SLICES, write_series, write_structures

pydicom = pytest.importorskip("pydicom", reason="pydicom (extra dicom) is not installed")
pytest.importorskip("imagehash", reason="imagehash is in the extra 'data'")

SECRETS = {
    "PatientName": "Mustermann-Öztürk^Annegret",
    "PatientID": "KH-2291-X",
    "PatientBirthDate": "19560312",
    "PatientAddress": "Lindenallee 7, Hinterwald",
    "StudyDate": "20240229",
    "SeriesDate": "20240229",
    "ContentTime": "134501.22",
    "AccessionNumber": "ACC0099887",
    "ReferringPhysicianName": "Quacksalber^Theo",
    "InstitutionName": "Klinikum Hinterwald",
    "StudyDescription": "Follow-up Mustermann",
    "SeriesDescription": "arterial phase for Dr Quacksalber",
    "ProtocolName": "Annegret special",
    "PatientComments": "sister of Petra Mustermann",
    "OperatorsName": "Fleissig^Bea",
    "PerformingPhysicianName": "UNKNOWN",
    "StationName": "000000",
}
TELLING = {keyword: value for keyword, value in SECRETS.items() if value not in ("UNKNOWN", "000000")}
SQUARE = np.array([[5.2, 4.3], [15.2, 4.3], [15.2, 14.3], [5.2, 14.3]])
HERE = {"name": Identifier("Mustermann", "PatientName"), "date": Identifier("19560312", "PatientBirthDate")}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Three series whose headers hold all of `SECRETS`; the second is drawn on another series, the third broken."""
    for number, case in enumerate(("case_1", "case_2", "case_3")):
        folder = tmp_path / "raw" / case
        series = f"{SERIES}.{number}"
        write_series(folder / "ct", series=series)
        names = {"case_1": "1", "case_2": "1", "case_3": "Annegret lesion"}
        contours = {names[case]: [(place, SQUARE) for place in range(SLICES)]}
        drawn_on = f"{SERIES}.77" if case == "case_2" else series
        write_structures(folder / "rt" / "rt.dcm", contours, series=drawn_on, frame=drawn_on, with_instances=False)
        for file in folder.rglob("*.dcm"):
            dataset = pydicom.dcmread(file)
            dataset.SpecificCharacterSet = "ISO_IR 192"
            for keyword, value in SECRETS.items():
                setattr(dataset, keyword, value)
            dataset.save_as(file)
    return tmp_path / "raw"


@pytest.fixture
def plan(raw: Path) -> BuildPlan:
    words = {"images": "{id}/ct", "annotations": "{id}/rt/*.dcm"}
    card = replace(source_card("kits23"), layout=Layout("dicom", True, words))
    return BuildPlan((PlannedSource(card, raw),), "a salt that no build uses", unit_size=2)


@pytest.fixture
def built(plan, tmp_path) -> Path:
    """A folder with the store, its shards, its export and what is left of the work."""
    out = tmp_path / "out"
    build_store(plan, out / "store", out / "work")
    store = GroundingStore(out / "store")
    assert len(store) == 1
    write_shards(store, out / "shards")
    write_data_card(store, out / "README.md", name="made")
    return out


def test_the_header_values_are_what_was_written(raw) -> None:
    found = {(one.kind, one.text) for one in header_values(raw)}
    assert not {"UNKNOWN", "000000"} & {text for _, text in found}
    for keyword, value in TELLING.items():
        if not keyword.endswith("Name") or keyword in ("InstitutionName", "ProtocolName"):
            assert (keyword, value) in found
    assert {("PatientName", "Mustermann-Öztürk"), ("PatientName", "Annegret")} <= found
    assert ("PatientBirthDate", "12.03.1956") in found
    assert ("SeriesInstanceUID", f"{SERIES}.0") in found
    assert not any(text.startswith("1.2.840.10008.") for _, text in found)


def test_no_header_value_is_in_any_file_of_a_build(built, raw) -> None:
    report = privacy_scan(built, header_values(raw))
    assert report.leaks == ()
    assert report.file_count >= 15
    assert report.sought > 30


def test_the_findings_say_what_is_wrong_without_the_words_of_the_header(built) -> None:
    rows = pq.read_table(built / "store" / "findings" / "00000.parquet").to_pylist()
    reasons = {row["record"]: row["reason"] for row in rows if row["check"] == "unreadable"}
    assert "drawn on the series (UID)" in reasons["case_2"]
    assert "got '(PatientName) lesion'" in reasons["case_3"]


def test_no_header_value_of_a_real_series_is_in_its_store_and_shards(shared_data, tmp_path) -> None:
    raw = shared_data / "dicom"
    words = {"images": "ct_lung_gtv", "annotations": "rtstruct/ct_lung_gtv_rtstruct.dcm"}
    card = source_card("msd_lung")
    label = replace(card.labels[0], value="GTV-1")
    card = replace(card, layout=Layout("dicom", True, words), labels=(label,))
    build_store(
        BuildPlan((PlannedSource(card, raw),), "a salt that no build uses"), tmp_path / "store", tmp_path / "work"
    )
    write_shards(GroundingStore(tmp_path / "store"), tmp_path / "shards")
    said = header_values(raw / "ct_lung_gtv") | header_values(raw / words["annotations"])
    report = privacy_scan(tmp_path, said)
    assert report.leaks == ()
    assert report.sought > 100


def test_the_same_scan_finds_the_words_in_the_input(raw) -> None:
    found = {leak.identifier.kind for leak in privacy_scan(raw, header_values(raw)).leaks}
    assert set(TELLING) <= found


def test_a_folder_that_is_named_after_the_patient_is_found_in_the_columns_that_hold_it(plan, raw, tmp_path) -> None:
    (raw / "case_1").rename(raw / SECRETS["PatientID"])
    build_store(plan, tmp_path / "store", tmp_path / "work")
    places = {leak.place for leak in privacy_scan(tmp_path / "store", header_values(raw)).leaks}
    assert places == {"column id", "column uri"}


@pytest.mark.parametrize(
    "kind", ["parquet", "list", "map", "binary", "tar", "gz", "png", "jpg", "npy.zst", "json", "name"]
)
def test_a_word_is_found_wherever_it_hides(kind: str, tmp_path: Path) -> None:
    _hide("born 19560312, frau MUSTERMANN", tmp_path, kind)
    leaks = privacy_scan(tmp_path, HERE.values()).leaks
    assert {leak.identifier for leak in leaks} == set(HERE.values())


def test_short_words_inside_of_others_and_pixels_are_no_leaks(tmp_path) -> None:
    (tmp_path / "a.json").write_text('{"checksum": "ab1234ef", "text": "Savannah"}')
    np.save(tmp_path / "pixels.npy", np.frombuffer(b"1234" * 100, np.uint8))
    assert privacy_scan(tmp_path, [Identifier("1234", "PatientID"), Identifier("Anna", "PatientName")]).leaks == ()
    (tmp_path / "b_1234.json").write_text("{}")
    assert len(privacy_scan(tmp_path, [Identifier("1234", "PatientID")]).leaks) == 1


def test_words_of_the_ontology_and_words_too_short_are_told_as_passed_over(tmp_path) -> None:
    words = [
        Identifier("Kidney", "StudyDescription"),
        Identifier("P1", "PatientID"),
        Identifier("Doe^Jo", "PatientName"),
    ]
    report = privacy_scan(tmp_path, words, own_words=["kidney"])
    assert (report.sought, {one.text for one in report.passed_over}) == (1, {"Kidney", "P1"})


def test_an_export_is_as_clean_as_its_store(built, raw, tmp_path) -> None:
    pytest.importorskip("datasets")
    write_hugging_face(GroundingStore(built / "store"), tmp_path / "hub")
    assert privacy_scan(tmp_path / "hub", header_values(raw)).leaks == ()


def test_a_file_that_is_not_whole_is_told_not_passed_over(tmp_path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"a\.parquet"):
        privacy_scan(tmp_path, HERE.values())


def test_the_command_line_tells_where_and_never_prints_the_word(built, raw, tmp_path, capsys) -> None:
    assert main(["data", "privacy-scan", str(built), "--raw", str(raw)]) == 0
    (tmp_path / "patients.txt").write_text("Mustermann\nkits23-case\n", encoding="utf-8")
    (built / "note.txt").write_text("seen: mustermann")
    assert main(["data", "privacy-scan", str(built), "--identifiers", str(tmp_path / "patients.txt")]) == 1
    told = capsys.readouterr().out
    assert "note.txt: listed word M... (10 characters), 1 times" in told
    assert "ustermann" not in told


def test_the_command_line_wants_to_know_what_to_look_for(built, tmp_path, capsys) -> None:
    assert main(["data", "privacy-scan", str(built)]) == 1
    assert "--raw" in capsys.readouterr().err
    assert main(["data", "privacy-scan", str(tmp_path / "nowhere"), "--identifiers", __file__]) == 1
    assert "there is none" in capsys.readouterr().err


def _hide(text: str, folder: Path, kind: str) -> None:
    """Write a file that holds a text in a certain way."""
    file = folder / f"file.{kind}"
    columns = {
        "parquet": ("file.parquet", [text], pa.string()),
        "list": ("file.parquet", [[["a"], [text]]], pa.list_(pa.list_(pa.string()))),
        "map": ("file.parquet", [[("word", text)]], pa.map_(pa.string(), pa.string())),
        "binary": ("file.parquet", [{"bytes": gzip.compress(text.encode())}], pa.struct({"bytes": pa.binary()})),
    }
    picture = Image.fromarray(np.zeros((8, 8), np.uint8))
    if kind in columns:
        name, values, column_type = columns[kind]
        pq.write_table(pa.table({"x": pa.array(values, column_type)}), folder / name)
    elif kind == "tar":
        (folder.parent / "inner.json").write_text(text)
        with tarfile.open(file, "w") as archive:
            archive.add(folder.parent / "inner.json", "inner.json")
    elif kind == "gz":
        file.write_bytes(gzip.compress(text.encode()))
    elif kind == "png":
        words = PngInfo()
        words.add_text("Comment", text)
        picture.save(file, pnginfo=words)
    elif kind == "jpg":
        picture.save(file, comment=text.encode())
    elif kind == "npy.zst":
        file.write_bytes(
            pa.Codec("zstd").compress(b"\x93NUMPY\x01\x00\x50\x00" + text.encode().ljust(80), asbytes=True)
        )
    elif kind == "json":
        file.write_text(text.replace("frau", "Frau"))
    else:
        (folder / f"{text}.txt").touch()
