# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import itertools
import shutil

import numpy as np
import pytest

from monai_medglip.data_engine import GroundingFolder, Presence
from monai_medglip.errors import DataError, MedGLIPError
from monai_medglip.evaluation.operating_point import MASK_THRESHOLDS, fit_operating_point
from monai_medglip.evaluation.validated_lists import validated_phrases
from monai_medglip.evaluation.validation_units import validation_units
from monai_medglip.imaging import Modality
from monai_medglip.ontology import Ontology
from tests.evaluation.validation_phantoms import NOWHERE, heated, raw_predictor


@pytest.fixture(scope="module")
def val_folder(phantom_folder, tmp_path_factory):
    """The phantom folder with ten validation images per source; images of the split test cannot be read."""
    root = shutil.copytree(phantom_folder.path, tmp_path_factory.mktemp("val") / "copy")
    index = root / "INDEX.tsv"
    index.write_text(index.read_text().replace("\ttest\t", "\tval\t").replace("\ttrain\t", "\ttest\t"))
    folder = GroundingFolder(root)
    for record in folder.records("test"):
        record.image.write_bytes(b"not for your eyes")
        if "boxes.csv" not in record.annotation[0].name:
            record.annotation[0].write_bytes(b"nor this")
    return folder


def fit(folder, predictor):
    """The operating point of a predictor."""
    answers = validation_units(folder, predictor, mask_thresholds=MASK_THRESHOLDS, ontology=Ontology.default())
    return fit_operating_point(answers, canvas=(32, 32), fitted_on="phantoms")


def separable(truth):
    """True boxes over 0.52, false ones under 0.48."""
    return [(NOWHERE, 0.3), (NOWHERE, 0.48)] + [
        (region.box, 0.52 + 0.02 * i) for i, region in enumerate(truth.instances)
    ]


@pytest.fixture(scope="module")
def fitted(val_folder):
    return fit(val_folder, raw_predictor(val_folder, separable, mask_border=0.4))


def test_the_split_test_is_never_read(val_folder, fitted):
    assert {unit.record.split for unit in fitted.units} == {"val"}
    with pytest.raises(MedGLIPError):
        val_folder.read(val_folder.records("test")[0])


def test_a_planted_threshold_is_found(fitted):
    below, above = fitted.operating_point.calibration.box_probability([0.48, 0.52])
    assert below < fitted.operating_point.box_threshold <= above
    assert fitted.mean_f1 == 1.0
    assert fitted.easy_under == 1.0


def test_a_planted_mask_threshold_is_found(fitted):
    assert fitted.operating_point.mask_threshold == 0.4
    assert fitted.mean_dice == 1.0


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_a_planted_box_temperature_is_found(val_folder, temperature):
    generator = np.random.default_rng(0)

    def boxes(truth):
        if not truth.instances:
            return []
        sure = generator.uniform(0.1, 0.9, 40)
        hit = generator.random(40) < sure
        true = truth.instances[0].box
        return [(true if h else NOWHERE, s) for h, s in zip(hit, heated(sure, temperature), strict=True)]

    found = fit(val_folder, raw_predictor(val_folder, boxes)).operating_point.calibration.box
    assert found == pytest.approx(temperature, rel=0.15)


def test_a_planted_presence_temperature_is_found(val_folder):
    asked = itertools.count()

    def presence(truth):
        """Wrong one time of ten, yet as sure as one who is wrong one time of 730."""
        says_present = (truth.presence is Presence.PRESENT) != (next(asked) % 10 == 0)
        return float(heated(0.9 if says_present else 0.1, 3.0))

    found = fit(val_folder, raw_predictor(val_folder, separable, presence)).operating_point.calibration.presence
    assert found == pytest.approx(3.0, rel=0.15)


def test_easy_absent_phrases_stay_under_the_threshold(val_folder):
    def boxes(truth):
        easy = truth.presence is Presence.ABSENT_EASY
        return [(NOWHERE, 0.8)] if easy else [(region.box, 0.9) for region in truth.instances]

    fitted = fit(val_folder, raw_predictor(val_folder, boxes))
    easy, _ = fitted.operating_point.calibration.box_probability([0.8, 0.9])
    assert easy < fitted.operating_point.box_threshold
    assert fitted.easy_under == 1.0


def test_presence_enters_the_score_where_it_helps(val_folder):
    """All boxes score alike; only the presence score tells which image shows the phrase."""
    predictor = raw_predictor(
        val_folder,
        lambda truth: [(truth.instances[0].box, 0.5)] if truth.instances else [(NOWHERE, 0.6)],
        lambda truth: 0.9 if truth.instances else 0.05,
    )
    assert fit(val_folder, predictor).operating_point.candidates.presence_power > 0


def test_of_equal_settings_the_plainest_is_chosen(fitted):
    assert fitted.operating_point.candidates.presence_power == 0


def test_a_folder_without_a_validation_split_is_refused(phantom_folder):
    with pytest.raises(DataError, match="split 'val'"):
        fit(phantom_folder, raw_predictor(phantom_folder, separable))


def test_phrases_of_eight_patients_are_validated_for_location(fitted):
    lists = validated_phrases(fitted.units, fitted.operating_point)
    rows = {row.phrase: row for row in lists.location}
    assert rows["right lung"].patients == 10
    assert rows["right lung"].miss_rate == 0.0
    assert "left lung" not in rows  # five patients have one
    assert "heart" not in rows  # another program drew it
    assert lists.locates("right lung", Modality.XR, "chest")


def test_absence_needs_eight_patients_who_lack_the_thing(fitted):
    lists = validated_phrases(fitted.units, fitted.operating_point)
    assert lists.absence == ()  # five films have no left lung, four guts no polyp


def test_what_is_mostly_misplaced_is_not_validated(val_folder):
    def boxes(truth):
        names = {region.concept for region in truth.instances}
        return [(NOWHERE, 0.9)] if "right lung" in names else separable(truth)

    fitted = fit(val_folder, raw_predictor(val_folder, boxes))
    assert "right lung" not in {row.phrase for row in validated_phrases(fitted.units, fitted.operating_point).location}
