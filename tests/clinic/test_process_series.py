# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from pydicom import dcmread

from monai_medglip import read_image
from monai_medglip.clinic import OUTCOME_FILE, SelectionRules, SeriesStatus, process_series
from monai_medglip.dicom import MANUFACTURER, NOTICE, PROFILES
from monai_medglip.errors import ConfigurationError, ImageReadError, OutputError
from monai_medglip.grounding import read_json
from tests.clinic.conftest import LUNG_RULE, KnownAsker


def answers_of(report):
    evaluations = dcmread(report).ContentSequence[-1].ContentSequence
    return {
        item.ConceptNameCodeSequence[0].CodeMeaning: item.ConceptCodeSequence[0].CodeMeaning
        for item in evaluations
        if item.ValueType == "CODE"
    }


def without_times(path):
    dataset = dcmread(path)
    dataset.walk(lambda place, element: place.pop(element.tag) if element.VR in ("DA", "TM", "DT") else None)
    return dataset


@pytest.fixture
def outcome(chest_series, tmp_path, asker, rules):
    return process_series(chest_series, tmp_path / "out", asker=asker, rules=rules)


def test_a_series_gives_report_segmentation_picture_and_json(outcome, tmp_path):
    assert (outcome.status, outcome.reason, outcome.rule) == (SeriesStatus.DONE, "", "chest CT")
    names = ["grounding.json", "picture_01.dcm", "report.dcm", "segmentation.dcm", OUTCOME_FILE]
    assert [path.name for path in outcome.files] == names
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["out"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)


def test_only_validated_phrases_reach_the_network_and_every_phrase_is_answered(outcome, asker, tmp_path):
    assert [asked for _, asked in asker.asked] == [("left lung", "pneumothorax")]
    assert answers_of(tmp_path / "out" / "report.dcm") == {
        "left lung": "located",
        "pneumothorax": "not found",
        "unicorn": "not evaluated",
    }
    assert "miss rate=0.125" in str(dcmread(tmp_path / "out" / "report.dcm"))


def test_the_patient_is_in_the_dicom_objects_and_nowhere_else(outcome, chest_series):
    for path in outcome.files:
        if path.suffix == ".dcm":
            assert str(dcmread(path).PatientName) == "Müller^Jürgen"
            assert dcmread(path).StudyInstanceUID == "1.2.3.9"
        else:
            text = path.read_text(encoding="utf-8")
            assert not [word for word in ("ller", "rgen", "19500101", str(chest_series)) if word in text]


def test_boxes_in_the_json_are_those_of_the_answer(outcome, tmp_path, chest_series):
    found = read_json(tmp_path / "out" / "grounding.json")
    assert found.frame == read_image(chest_series).frame
    np.testing.assert_array_equal(found.boxes.data, [[11, 8, 2, 22, 17, 4]])
    assert len(found.provenance["dicom"]["sop_instance_uids"]) == 8
    assert [row["answer"] for row in found.provenance["clinical_answers"]] == ["located", "not found", "not evaluated"]


def test_the_same_inputs_give_the_same_files_but_for_the_time(outcome, chest_series, tmp_path, rules):
    again = process_series(chest_series, tmp_path / "again", asker=KnownAsker(), rules=rules)
    for first, second in zip(outcome.files, again.files, strict=True):
        if first.suffix == ".dcm":
            assert without_times(first) == without_times(second)
            assert dcmread(first).file_meta == dcmread(second).file_meta
        else:
            assert first.read_bytes() == second.read_bytes()


def test_results_of_an_earlier_run_are_replaced_whole(outcome, chest_series, tmp_path, rules):
    (tmp_path / "out" / "stray.txt").write_text("old")
    process_series(chest_series, tmp_path / "out", asker=KnownAsker(), rules=rules, profile=PROFILES["pictures"])
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"grounding.json", "picture_01.dcm", "report.dcm", OUTCOME_FILE}
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["out"]


def test_a_series_that_no_rule_asks_for_leaves_nothing(chest_series, tmp_path, asker, write_rules):
    rules = SelectionRules.read(write_rules(LUNG_RULE.replace("CT", "MR")))
    outcome = process_series(chest_series, tmp_path / "out", asker=asker, rules=rules)
    assert outcome.status is SeriesStatus.NOT_SELECTED
    assert "CT, body region chest, 8 image(s)" in outcome.reason
    assert not (tmp_path / "out").exists()


def test_our_own_results_are_not_selected(outcome, tmp_path, asker, rules):
    folder = tmp_path / "picture"
    folder.mkdir()
    shutil.copy(tmp_path / "out" / "picture_01.dcm", folder)
    again = process_series(folder, tmp_path / "again", asker=asker, rules=rules)
    assert (again.status, again.reason) == (SeriesStatus.NOT_SELECTED, "it is one of our own results")
    assert dcmread(folder / "picture_01.dcm").Manufacturer == MANUFACTURER


def test_a_rule_that_asks_what_was_validated_where_nothing_was_refuses_and_says_so(film, tmp_path, asker, write_rules):
    words = LUNG_RULE.replace("modality: CT", "modality: XR\n    description: [thorax]").replace(
        "[left lung, unicorn, pneumothorax]", "validated"
    )
    outcome = process_series(film, tmp_path / "out", asker=asker, rules=SelectionRules.read(write_rules(words)))
    assert outcome.status is SeriesStatus.REFUSED
    assert "volumes was validated for on XR images of body region chest, there are none" in outcome.reason
    assert not asker.asked


def test_a_refused_series_has_a_report_that_says_why(chest_series, tmp_path, asker, rules):
    def reader(folder):
        raise ImageReadError(f"{folder}/0001.dcm: expected slices on one regular grid, found a gap; send all of them")

    outcome = process_series(chest_series, tmp_path / "out", asker=asker, rules=rules, reader=reader)
    assert outcome.status is SeriesStatus.REFUSED
    assert outcome.reason == "the series: expected slices on one regular grid, found a gap; send all of them"
    assert [path.name for path in outcome.files] == ["report.dcm", OUTCOME_FILE]
    report = dcmread(tmp_path / "out" / "report.dcm")
    words = report.to_json()
    assert "Not evaluated: the series: expected slices" in words
    assert NOTICE in words
    assert str(report.PatientName) == "Müller^Jürgen"


def test_a_folder_without_dicom_is_refused_in_words(tmp_path, asker, rules):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "note.txt").write_text("nothing")
    outcome = process_series(folder, tmp_path / "out", asker=asker, rules=rules)
    assert outcome.status is SeriesStatus.REFUSED
    assert json.loads((tmp_path / "out" / OUTCOME_FILE).read_text())["reason"].endswith("found no readable DICOM file")


def test_two_series_in_one_folder_are_refused(chest_series, film, tmp_path, asker, rules):
    shutil.copytree(chest_series, film / "more")
    dataset = dcmread(film / "film.dcm")
    dataset.SeriesInstanceUID = "1.2.3.77"
    dataset.save_as(film / "film.dcm")
    outcome = process_series(film, tmp_path / "out", asker=asker, rules=rules)
    assert "found 2 series" in outcome.reason


def test_what_is_not_the_series_fault_is_raised_and_leaves_nothing(chest_series, tmp_path, asker, write_rules):
    rules = SelectionRules.read(write_rules(LUNG_RULE.replace("volumes", "missing")))
    with pytest.raises(ConfigurationError, match="missing"):
        process_series(chest_series, tmp_path / "out", asker=asker, rules=rules)
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_nothing(chest_series, tmp_path, asker, rules, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pydicom.dataset.Dataset.save_as", full)
    with pytest.raises(OutputError, match="No space left"):
        process_series(chest_series, tmp_path / "out", asker=asker, rules=rules)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_several_volumes_of_a_series_get_results_each(chest_series, tmp_path, asker, rules):
    scan = read_image(chest_series)
    outcome = process_series(chest_series, tmp_path / "out", asker=asker, rules=rules, reader=lambda _: (scan, scan))
    names = {path.name for path in outcome.files}
    assert {"report_1.dcm", "report_2.dcm", "grounding_1.json", "picture_01_2.dcm"} <= names


def test_a_bundle_for_images_is_asked_slice_by_slice(chest_series, tmp_path, rules):
    asker = KnownAsker(dims=2)
    process_series(chest_series, tmp_path / "out", asker=asker, rules=rules)
    assert [scan.spatial_dims for scan, _ in asker.asked] == [2] * 8
    found = read_json(tmp_path / "out" / "grounding.json")
    np.testing.assert_array_equal(found.boxes.data, [[11, 8, 0, 22, 17, 8]])
    answers = answers_of(tmp_path / "out" / "report.dcm")
    assert answers["pneumothorax"] == "not located; absence not validated"


def test_a_rule_states_the_region_that_a_film_does_not(film, tmp_path, write_rules):
    words = "modality: XR\n    description: [thorax]"
    rules = SelectionRules.read(write_rules(LUNG_RULE.replace("modality: CT", words)))
    outcome = process_series(film, tmp_path / "out", asker=KnownAsker(dims=2), rules=rules)
    assert outcome.status is SeriesStatus.DONE
    assert read_json(tmp_path / "out" / "grounding.json").provenance["body_region"] == "chest"
    answers = answers_of(tmp_path / "out" / "report.dcm")
    assert set(answers.values()) == {"not evaluated"}  # the lists speak of CT


def test_a_refused_series_whose_header_names_no_study_has_the_reason_alone(film, tmp_path, asker, write_rules):
    rules = SelectionRules.read(
        write_rules(LUNG_RULE.replace("modality: CT", "modality: XR").replace("    body_region: chest\n", ""))
    )
    dataset = dcmread(film / "film.dcm")
    del dataset.StudyInstanceUID
    dataset.Rows = 700
    dataset.save_as(film / "film.dcm")
    outcome = process_series(film, tmp_path / "out", asker=asker, rules=rules)
    assert outcome.status is SeriesStatus.REFUSED
    assert [path.name for path in outcome.files] == [OUTCOME_FILE]
