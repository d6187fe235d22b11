# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.data_engine.cards.check_card import check_card
from monai_medglip.data_engine.cards.read_card import read_card
from monai_medglip.errors import ConfigurationError
from monai_medglip.ontology import Ontology


def check(path):
    check_card(read_card(path), Ontology.default(), path)


def test_a_card_that_agrees_with_ontology_and_reader_passes(written):
    check(written())


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("body_regions: [head]", "body_regions: [haed]", r"body_regions: .*did you mean 'head'"),
        ("1: brainstem", "1: brain stem", r"labels.1: .*did you mean 'brainstem'"),
        ("1: brainstem", "1: knee of a bee", r"labels.1: expected the name of a concept, got 'knee of a bee'"),
        ("1: brainstem", "1: polyp", r"labels.1: expected what MR of the head can show, got 'polyp'"),
        ("1: brainstem", "1: left parotid gland", r"labels.1: expected 'right parotid gland' beside"),
        ("citation:", "covers: [brain]\ncitation:", r"covers: expected what a label is a kind of, got 'brain'"),
        ("citation:", "wholes: [brain]\ncitation:", r"wholes: expected what at least two labels are parts of"),
        ("citation:", "unpaired: [left lung]\ncitation:", r"unpaired: expected the missing mirror image of a label"),
        ("citation:", 'left_out: ["1"]\ncitation:', r"left_out: expected values that are no labels, got '1'"),
        ("reader: label_map", "reader: label_mop", r"did you mean 'label_map'"),
        ("  masks:", "  mask:", r"did you mean 'masks'"),
    ],
)
def test_a_card_that_does_not_agree_is_refused_with_file_and_key(written, old, new, problem):
    with pytest.raises(ConfigurationError, match=rf"village.yaml: .*{problem}"):
        check(written((old, new)))


def test_all_labels_that_are_no_concepts_are_named_at_once(written):
    with pytest.raises(ConfigurationError, match=r"labels\.1(.|\n)*labels\.2"):
        check(written(("brainstem", "nothing of this"), ("glioma", "nothing of that")))


def test_a_side_without_its_pair_passes_where_the_card_says_so(written):
    check(written(("brainstem", "left parotid gland"), ("citation:", "unpaired: [right parotid gland]\ncitation:")))
