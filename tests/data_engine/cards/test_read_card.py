# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.data_engine.cards import Access, CommercialUse
from monai_medglip.data_engine.cards.read_card import read_card
from monai_medglip.data_engine.record import Truth
from monai_medglip.errors import ConfigurationError
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.imaging import Modality


def test_a_card_bears_the_name_of_its_file_and_says_what_is_in_it(written):
    card = read_card(written())
    assert (card.name, card.modalities, card.dims) == ("village", (Modality.MR,), (3,))
    assert (card.commercial_use, card.access) == (CommercialUse.YES, Access.FREE)
    assert (card.layout.reader, card.layout.confirmed) == ("label_map", False)
    assert dict(card.layout.settings) == {"images": "{id}.nii.gz", "masks": "{id}_mask.nii.gz"}


def test_a_label_takes_the_defaults_where_it_says_nothing_itself(written):
    brainstem, glioma = read_card(written()).labels
    assert (brainstem.value, brainstem.exhaustive, brainstem.truth) == ("1", True, Truth.EXPERT)
    assert (glioma.value, glioma.exhaustive, glioma.truth) == ("2", True, Truth.AUTOMATIC)
    assert glioma.attributes == (("grade", "2"),)


def test_what_a_card_does_not_say_is_not_known(written):
    card = read_card(written())
    assert (card.size, card.splits, card.patients) == ("unknown",) * 3
    assert (card.known_axes, card.spacing_known, card.overlaps) == (frozenset(), False, ())


def test_axes_are_named_one_by_one_or_together(written):
    some = "citation: nobody\nknown_axes: [inferior_superior]"
    assert read_card(written(("citation: nobody", some))).known_axes == {AxisPair.INFERIOR_SUPERIOR}
    assert read_card(written(("citation: nobody", "citation: nobody\nknown_axes: all"))).known_axes == set(AxisPair)


def test_a_source_of_several_body_regions_has_none_for_certain(written):
    assert read_card(written()).facts().body_region == "head"
    assert read_card(written(("[head]", "[head, neck]"))).facts().body_region is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("license: CC0", "licence: CC0", r"got 'licence'; did you mean 'license'"),
        ("home: unknown\n", "", r"expected the key 'home', it is missing"),
        ("title: Knees of one village", "title: 12", r"title: expected text, got 12"),
        ("commercial_use: yes", "commercial_use: maybe", r"commercial_use: expected one of yes, no, unknown"),
        ("access: free", "access: fre", r"access: expected one of free, .*; did you mean 'free'"),
        ("modalities: [MR]", "modalities: [MRT]", r"modalities: expected a modality"),
        ("modalities: [MR]", "modalities: []", r"modalities: expected a list of at least 1 texts"),
        ("body_regions: [head]", "body_regions: [head, head]", r"body_regions: .*'head' twice"),
        ("dims: 3", "dims: 4", r"dims: expected 2, 3 or \[2, 3\], got 4"),
        ("confirmed: no", "confirmed: perhaps", r"layout.confirmed: expected yes or no"),
        ("  reader: label_map\n", "", r"layout: expected the key 'reader'"),
        ("{exhaustive: yes}", "{exhaustiv: yes}", r"label_defaults: .*did you mean 'exhaustive'"),
        ("truth: automatic", "truth: automatical", r"labels.2.truth: .*did you mean 'automatic'"),
        ("concept: glioma, ", "", r"labels.2: expected the key 'concept'"),
        ("  2: {", "  1: {", r"expected every key once, got '1' twice"),
        ("citation: nobody", "citation: nobody\nknown_axes: [up]", r"known_axes: expected 'all' or axes of left_right"),
        ("citation: nobody", "citation: [", r"expected a card \(YAML\)"),
    ],
)
def test_what_no_card_says_is_refused_with_file_and_key(written, old, new, problem):
    with pytest.raises(ConfigurationError, match=rf"village.yaml: (.|\n)*{problem}"):
        read_card(written((old, new)))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"no\.yaml"):
        read_card(tmp_path / "no.yaml")
