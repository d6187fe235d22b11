# SPDX-License-Identifier: Apache-2.0
"""Reports as highdicom reads them back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from highdicom import sr
from pydicom import dcmread

from monai_medglip.dicom import NOTICE, ClinicalAnswer, SourceImages, structured_report, write_object
from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import ImageSource
from monai_medglip.phrases import Phrase
from tests.dicom.conftest import grounding_in


@pytest.fixture
def written(grounding, sources, tmp_path):
    """The report as a file, read by pydicom."""
    return dcmread(write_object(tmp_path / "report.dcm", structured_report(grounding, sources)))


def content_of(dataset):
    return sr.Comprehensive3DSR.from_dataset(dataset).content


def boxes_of(dataset, sources):
    """The boxes of a report by tracking identifier, in voxel edges of the source images."""
    order = {str(header.SOPInstanceUID): index for index, header in enumerate(sources.headers)}
    found = {}
    for group in content_of(dataset).get_planar_roi_measurement_groups():
        region = group.roi
        corners = np.asarray(region.value)
        index = order[region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID]
        found.setdefault(group.tracking_identifier, []).append((corners, index))
    return {
        name: np.array(
            [*parts[0][0].min(0), min(i for _, i in parts), *parts[0][0].max(0), max(i for _, i in parts) + 1]
        )
        for name, parts in found.items()
    }


def test_boxes_come_back_within_half_a_voxel(written, grounding, sources):
    found = boxes_of(written, sources)
    assert sorted(found) == ["Lungenflügel rechts #2", "left lung #1"]
    for name, row in (("left lung #1", 0), ("Lungenflügel rechts #2", 1)):
        assert np.abs(found[name] - grounding.boxes.data[row]).max() <= 0.5
        np.testing.assert_allclose(found[name][[0, 1, 3, 4]], grounding.boxes.data[row][[0, 1, 3, 4]], atol=1e-4)


def evaluations_of(dataset):
    """Names and values of the codes under "Qualitative Evaluations"."""
    (evaluations,) = (
        item
        for item in dataset.ContentSequence
        if item.ConceptNameCodeSequence[0].CodeMeaning == "Qualitative Evaluations"
    )
    return {
        item.ConceptNameCodeSequence[0].CodeMeaning: item.ConceptCodeSequence[0].CodeMeaning
        for item in evaluations.ContentSequence
        if item.ValueType == "CODE"
    }


def test_only_validated_phrases_are_shown_and_every_phrase_is_answered(written):
    assert evaluations_of(written) == {
        "left lung": ClinicalAnswer.LOCATED.value,
        "Lungenflügel rechts": ClinicalAnswer.LOCATED.value,
        "liver": ClinicalAnswer.NOT_LOCATED.value,
        "pneumothorax": ClinicalAnswer.NOT_FOUND.value,
        "unicorn": ClinicalAnswer.NOT_EVALUATED.value,
        "no mass": ClinicalAnswer.NEGATED.value,
    }


def test_a_region_tells_phrase_score_volume_and_code(written, grounding):
    group = content_of(written).get_planar_roi_measurement_groups()[0]
    measured = {found.name.meaning: found.value for found in group.get_measurements()}
    assert measured["Detection score"] == pytest.approx(0.9)
    assert measured["Volume"] > 0
    assert group.finding_type.scheme_designator == "SCT"
    assert group.finding_sites[0].value.meaning == "left lung"


def test_every_group_has_a_tracking_uid_of_its_own(written):
    groups = content_of(written).get_planar_roi_measurement_groups()
    assert len({group.tracking_uid for group in groups}) == len(groups) == 6


def test_no_group_is_without_a_region_as_viewers_then_show_nothing(written):
    assert content_of(written).get_image_measurement_groups() == []


def test_answers_are_items_with_names_not_running_text(written):
    assert {item.ContinuityOfContent for item in written.ContentSequence if item.ValueType == "CONTAINER"} == {
        "SEPARATE"
    }


def test_a_phrase_too_long_for_a_code_is_told_in_words(scan, sources, tmp_path):
    phrase = Phrase("the left lung, " * 6 + "all of it", "left lung")
    grounding = grounding_in(scan.frame, np.zeros((0, 6)), phrase_masks=())
    report = structured_report(replace(grounding, phrases=(phrase, *grounding.phrases[1:])), sources)
    assert f"phrase={phrase.text}" in dcmread(write_object(tmp_path / "report.dcm", report)).to_json()


def test_the_report_says_that_it_is_no_diagnosis_and_that_nobody_verified_it(written):
    assert written.SeriesDescription.startswith(NOTICE)
    assert written.VerificationFlag == "UNVERIFIED"
    assert NOTICE in [item.get("ContributionDescription") for item in written.ContributingEquipmentSequence]
    assert NOTICE in str(written)


def test_names_are_utf8_whatever_the_source_has(written):
    assert written.SpecificCharacterSet == "ISO_IR 192"
    assert str(written.PatientName) == "Müller^Jürgen"


def test_the_same_inputs_give_the_same_uids_and_another_phrase_others(grounding, sources):
    first, second = (structured_report(grounding, sources) for _ in range(2))
    assert first.SOPInstanceUID == second.SOPInstanceUID
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    other = structured_report(grounding.for_phrase("left lung"), sources)
    assert other.SOPInstanceUID != first.SOPInstanceUID


def test_the_miss_rate_stands_beside_not_found(grounding, sources):
    report = structured_report(grounding, sources, miss_rates={"pneumothorax": 0.125})
    assert "miss rate=0.125" in str(report)
    assert "miss rate" not in str(structured_report(grounding, sources))


def test_a_report_without_any_region_still_answers(scan, sources):
    nothing = grounding_in(scan.frame, np.zeros((0, 6)), phrase_masks=())
    assert isinstance(nothing, Grounding)
    report = structured_report(nothing, sources)
    assert len(evaluations_of(report)) == 6
    assert report.ConceptNameCodeSequence[0].CodeMeaning == "AI result without regions"


def test_a_scan_of_another_format_is_refused(scan):
    with pytest.raises(UnsupportedImageError, match="read from DICOM"):
        SourceImages.of(replace(scan, source=ImageSource("x.nii.gz")))
    with pytest.raises(ImageReadError, match="no longer there; read the scan again"):
        SourceImages.of(replace(scan, source=ImageSource(scan.source.path, ("1.2.3.4.5",))))
