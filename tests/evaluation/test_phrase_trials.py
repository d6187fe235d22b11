# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.data_engine.phrase_truth import phrase_truth
from monai_medglip.errors import DataError
from monai_medglip.evaluation.phrase_trials import EASY_PER_IMAGE, phrase_trials
from monai_medglip.evaluation.side_trial import is_nearer
from monai_medglip.evaluation.trial_subject import NOTHING, TopBox
from monai_medglip.evaluation.wording_trial import FormKind, forms_of
from monai_medglip.imaging import Modality
from monai_medglip.ontology import Ontology

ONTOLOGY = Ontology.default()


class Subject:
    """Knows the truth; by rule it misses wordings, takes the other side, or sees what cannot be there."""

    threshold = 0.5

    def __init__(self, folder, *, knows_forms=True, swaps=False, easy_score=0.2, denies=True):
        self.folder, self.knows_forms, self.swaps = folder, knows_forms, swaps
        self.easy_score, self.denies = easy_score, denies
        self.records = {str(record.image): record for record in folder.records()}

    def encode(self, scan):
        return scan

    def modality(self, scan):
        told = scan.modality is not Modality.UNKNOWN
        return scan.modality if told else Modality.XR  # takes everything for a film

    def top_boxes(self, scan, phrases, *, rules):
        return [self._top(self.records[scan.source.path], phrase, rules=rules) for phrase in phrases]

    def _top(self, record, phrase, *, rules):
        concept = phrase.concept
        if not rules and not self.knows_forms and phrase.text != concept:
            return NOTHING
        if not ONTOLOGY.can_show(concept, record.modality, record.body_region):
            return NOTHING if rules else TopBox(np.array([0.0, 0, 1, 1]), self.easy_score)
        asked = ONTOLOGY[concept].mirror_of or concept if self.swaps else concept
        truth = phrase_truth(self.folder, record, self.folder.regions(record), asked, ONTOLOGY)
        return TopBox(np.array(truth.instances[0].box), 0.9) if truth.instances else NOTHING

    def region_counts(self, scan, phrases):
        return [0 if self.denies and phrase.negated else 1 for phrase in phrases]


@pytest.fixture(scope="module")
def perfect(phantom_folder):
    return phrase_trials(phantom_folder, Subject(phantom_folder))


def test_one_who_knows_all_wordings_loses_nothing(perfect):
    wording = perfect["network_alone"]["wording"]["all_training_forms"]
    assert wording["mIoU_by_name"]["value"] == 1.0
    assert wording["relative_loss"]["value"] == 0.0


def test_one_who_knows_only_names_loses_all_but_the_rules_help(phantom_folder):
    found = phrase_trials(phantom_folder, Subject(phantom_folder, knows_forms=False))
    assert found["network_alone"]["wording"]["synonym"]["relative_loss"]["value"] == 1.0
    assert found["with_rules"]["wording"]["synonym"]["relative_loss"]["value"] == 0.0
    worst = found["network_alone"]["wording"]["worst_forms"][0]
    assert (worst["mIoU_by_name"], worst["mIoU_by_form"]) == (1.0, 0.0)


def test_held_out_forms_are_never_mixed_with_those_of_training(perfect):
    parts = perfect["network_alone"]["wording"]
    trained = sum(part["forms"] for name, part in parts.items() if name in set(FormKind) - {FormKind.HELD_OUT})
    assert parts["all_training_forms"]["forms"] == trained


def test_sides_are_told_only_where_both_are_annotated(perfect):
    sides = perfect["network_alone"]["sides"]
    assert (sides["all"]["value"], sides["all"]["n"]) == (1.0, 10)  # five films with both lungs, two sides each
    assert list(sides["per_source"]) == ["films"]


def test_one_who_takes_the_other_side_is_found_out(phantom_folder):
    found = phrase_trials(phantom_folder, Subject(phantom_folder, swaps=True))
    assert found["network_alone"]["sides"]["all"]["value"] == 0.0


def test_easy_absent_phrases_under_the_threshold_are_silent(perfect):
    easy = perfect["network_alone"]["easy_absent"]
    assert easy["all"]["value"] == 1.0
    assert easy["all"]["n"] <= 40 * EASY_PER_IMAGE
    assert set(easy["per_modality"]) == {"XR", "ES", "FU", "MI"}


def test_one_who_sees_what_cannot_be_there_is_silent_only_with_rules(phantom_folder):
    found = phrase_trials(phantom_folder, Subject(phantom_folder, easy_score=0.5))
    assert found["network_alone"]["easy_absent"]["all"]["value"] == 0.0
    assert found["with_rules"]["easy_absent"]["all"]["value"] == 1.0


def test_predicted_modalities_are_counted_against_the_true_ones(perfect):
    assert perfect["modality"]["accuracy"]["value"] == 0.25
    assert perfect["modality"]["predicted"]["ES"] == {"XR": 10}


@pytest.mark.parametrize("denies", [True, False])
def test_negated_phrases_must_show_no_region(phantom_folder, denies):
    found = phrase_trials(phantom_folder, Subject(phantom_folder, denies=denies))
    assert found["negation"]["without_region"]["value"] == float(denies)


def test_only_the_split_that_was_named_is_read(phantom_folder):
    read = []
    subject = Subject(phantom_folder)
    subject.encode = lambda scan: read.append(subject.records[scan.source.path].split) or scan
    phrase_trials(phantom_folder, subject, split="train")
    assert set(read) == {"train"}


def test_an_empty_split_is_refused(phantom_folder):
    with pytest.raises(DataError, match="split 'val'"):
        phrase_trials(phantom_folder, Subject(phantom_folder), split="val")


def test_every_form_but_the_name_has_a_kind():
    forms = forms_of(ONTOLOGY["left lung"], ONTOLOGY)
    assert "left lung" not in forms
    assert forms["lung on the left side"] is FormKind.SIDE_FORM
    held_out = {form for form, kind in forms.items() if kind is FormKind.HELD_OUT}
    assert held_out == set(ONTOLOGY.names("left lung", held_out=True))


def test_a_box_in_the_middle_is_nearer_to_neither():
    assert not is_nearer([4, 0, 6, 2], [0, 0, 2, 2], [8, 0, 10, 2])
