# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_medglip.errors import DataError
from monai_medglip.evaluation import evaluate_quality
from monai_medglip.geometry import Frame
from monai_medglip.grounding import Grounding, Status
from monai_medglip.imaging import Modality


@pytest.fixture(scope="module")
def best(phantom_folder, oracle):
    return evaluate_quality(phantom_folder, oracle)


@pytest.fixture(scope="module")
def worst(phantom_folder, blind):
    return evaluate_quality(phantom_folder, blind)


@pytest.fixture(scope="module")
def greedy(phantom_folder, eager):
    return evaluate_quality(phantom_folder, eager)


def values(row):
    return {metric: measure["value"] for metric, measure in row.items()}


@pytest.mark.parametrize("metric", ["AP50", "AP75", "AP", "R1_50", "mIoU", "Dice", "presence_AUROC_easy"])
def test_the_truth_scores_one(best, metric):
    assert best["macro"][metric]["value"] == 1.0


def test_the_truth_has_no_false_box_and_no_calibration_error(best):
    assert values(best["per_phrase"]["films"]["left lung"]).items() >= {"FP": 0.0, "ECE": 0.0}.items()


def test_hard_absent_images_are_told_apart(best):
    assert best["per_phrase"]["films"]["left lung"]["presence_AUROC_hard"]["value"] == 1.0
    assert best["phrases"]["films"]["left lung"]["hard_absent_images"] == 5


def test_a_blind_predictor_scores_zero(worst):
    assert values(worst["macro"]).items() >= {"AP50": 0.0, "R1_50": 0.0, "mIoU": 0.0, "Dice": 0.0}.items()
    assert values(worst["macro"])["presence_AUROC_easy"] == 0.5


def test_a_greedy_predictor_pays_for_what_is_absent(greedy):
    lung = values(greedy["per_phrase"]["films"]["left lung"])
    assert lung["FP"] == 1.0
    assert lung["ECE"] == pytest.approx(0.9)


def test_a_phrase_of_few_images_is_shown_but_not_averaged(best):
    assert best["phrases"]["guts"]["polyp"]["positive_images"] == 6
    assert best["per_phrase"]["guts"]["polyp"]["AP50"]["value"] == 1.0
    assert best["per_source"]["guts"] == {}
    assert best["per_source_all_phrases"]["guts"]["AP50"]["value"] == 1.0


def test_labels_scored_by_their_mask_alone_have_only_dice(best):
    assert list(best["per_source"]["eyes"]) == ["Dice"]


def test_without_exhaustive_labels_precision_is_a_lower_bound(best):
    platelet = best["per_source"]["smears"]
    assert platelet["AP50"]["lower_bound"]
    assert not {"FP", "ECE", "presence_AUROC_hard", "presence_AUROC_easy"} & set(platelet)


def test_parents_are_reported_apart(best):
    assert "lung" not in best["per_phrase"]["films"]
    assert best["parents"]["per_phrase"]["films"]["lung"]["AP50"]["value"] == 1.0


def test_automatic_labels_are_reported_apart(best):
    assert "heart" not in best["per_phrase"]["films"]
    assert best["other_truth"]["per_source"]["films"]["AP50"]["value"] == 1.0


def test_intervals_need_eight_patients(best):
    assert best["per_phrase"]["films"]["right lung"]["AP50"]["low"] == 1.0
    assert best["per_phrase"]["films"]["left lung"]["AP50"]["low"] is None


def test_baselines_stand_beside(best):
    median, center = best["baselines"]["median_box"], best["baselines"]["centre_box"]
    assert median["per_source"]["films"]["R1_50"]["value"] == 1.0  # right lungs do not move
    assert center["per_source"]["films"]["R1_50"]["value"] == 0.0


def test_all_images_have_no_median_box_from_train(phantom_folder, oracle):
    results = evaluate_quality(phantom_folder, oracle, split=None)
    assert list(results["baselines"]) == ["centre_box"]
    assert results["per_source"]["films"]["AP50"]["n"] == 1  # the right lung; the left one is in 6 of 12
    assert results["phrases"]["films"]["right lung"]["positive_images"] == 12


def test_the_mean_over_phrases_and_that_over_sources_count_what_they_average(best):
    assert best["macro"]["AP50"]["n"] == 2
    assert best["macro_over_sources"]["Dice"]["n"] == 2


def test_the_threshold_decides_what_a_false_box_is(phantom_folder, eager):
    results = evaluate_quality(phantom_folder, eager, operating_threshold=0.95)
    assert results["per_phrase"]["films"]["left lung"]["FP"]["value"] == 0.0


def test_what_is_ruled_out_without_looking_counts_as_denied(phantom_folder, blind):
    def rules_out(scan, phrases):
        ruled_out = [phrase.text == "polyp" and scan.modality is not Modality.ES for phrase in phrases]
        status = tuple(Status.NOT_APPLICABLE if out else Status.FOUND for out in ruled_out)
        return replace(blind(scan, phrases), status=status, presence=np.where(ruled_out, np.nan, 0.5))

    polyp = evaluate_quality(phantom_folder, rules_out)["per_phrase"]["guts"]["polyp"]
    assert polyp["presence_AUROC_easy"]["value"] == 1.0


def test_an_answer_on_another_grid_is_refused(phantom_folder):
    with pytest.raises(DataError, match="the image's own grid"):
        evaluate_quality(phantom_folder, lambda scan, phrases: Grounding.empty(Frame.pixel((8, 8)), phrases))


def test_an_answer_to_other_phrases_is_refused(phantom_folder):
    with pytest.raises(DataError, match="in the order asked"):
        evaluate_quality(phantom_folder, lambda scan, phrases: Grounding.empty(scan.frame, phrases[::-1]))


def test_a_split_without_images_is_said(phantom_folder, oracle):
    with pytest.raises(DataError, match="'val'"):
        evaluate_quality(phantom_folder, oracle, split="val")


def test_a_folder_with_only_the_older_columns_is_evaluated(relabeled):
    folder, oracle = relabeled(lambda row: row[:5])
    lung = evaluate_quality(folder, oracle)["per_phrase"]["films"]["right lung"]
    assert lung["AP50"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 10, "lower_bound": True}
    assert "FP" not in lung


def test_labels_that_the_ontology_does_not_know_are_evaluated(relabeled):
    folder, oracle = relabeled(lambda row: ["zorblax" if cell == "polyp" else cell for cell in row])
    results = evaluate_quality(folder, oracle)
    assert results["per_phrase"]["guts"]["zorblax"]["R1_50"]["value"] == 1.0
    assert results["phrases"]["guts"]["zorblax"]["easy_absent_images"] == 0
