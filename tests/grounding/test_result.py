# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pytest

from monai_medglip.errors import DataError, GeometryError, PhraseError
from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Grounding, Status
from monai_medglip.imaging import MaskRLE
from tests.grounding_phantoms import HEART, LEFT_LUNG, POLYP, chest


def changed(**fields):
    return dataclasses.replace(chest(), **fields)


def test_length_is_the_number_of_regions():
    assert len(chest()) == 3


def test_a_row_has_its_box_score_phrase_and_mask():
    region = chest()[2]
    assert region.box.tolist() == [12, 14, 26, 26]
    assert (region.score, region.phrase, region.phrase_index) == (0.75, HEART, 1)
    assert region.mask.area == 14 * 12


def test_a_negative_row_counts_from_the_end():
    assert chest()[-1].phrase == HEART


def test_a_row_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError):
        chest()[3]


@pytest.mark.parametrize("rows", [slice(0, 3, 2), [True, False, True], np.array([0, 2]), [0, 2]])
def test_rows_are_chosen_by_slice_mask_and_numbers(rows):
    chosen = chest()[rows]
    assert chosen.scores.tolist() == [0.9, 0.75]
    assert [region.phrase for region in chosen] == [LEFT_LUNG, HEART]
    assert chosen.instance_masks[1] == chest().instance_masks[2]


def test_an_empty_list_of_rows_chooses_none():
    assert len(chest()[[]]) == 0


def test_a_mask_of_another_length_is_an_index_error():
    with pytest.raises(IndexError):
        chest()[[True, False]]


def test_iteration_gives_the_regions_in_order():
    assert [region.score for region in chest()] == [0.9, 0.4, 0.75]


def test_above_keeps_phrases_and_their_answers():
    strong = chest().above(0.75)
    assert strong.scores.tolist() == [0.9, 0.75]
    assert strong.phrases == chest().phrases
    assert strong.status[2] is Status.ABSENT


@pytest.mark.parametrize("phrase", ["heart", "Heart", 1, -2])
def test_for_phrase_keeps_one_phrase_with_its_regions(phrase):
    heart = chest().for_phrase(phrase)
    assert heart.phrases == (HEART,)
    assert heart.phrase_index.tolist() == [0]
    assert heart.boxes.data.tolist() == [[12, 14, 26, 26]]
    assert heart.phrase_masks == (chest().phrase_masks[1],)


def test_for_phrase_of_an_absent_phrase_has_no_region():
    polyp = chest().for_phrase("polyp")
    assert (len(polyp), polyp.presence.tolist()) == (0, [0.03])


def test_for_phrase_names_the_nearest_phrase():
    with pytest.raises(PhraseError, match="did you mean 'heart'"):
        chest().for_phrase("hart")


def test_for_phrase_refuses_an_index_that_is_not_there():
    with pytest.raises(PhraseError, match="below 3, got 3"):
        chest().for_phrase(3)


def test_merge_is_as_though_all_had_been_asked_at_once():
    parts = [chest().for_phrase("left lung"), chest().for_phrase("heart"), chest().for_phrase("polyp")]
    assert Grounding.merge(parts) == chest()


def test_merge_refuses_other_frames():
    other = Grounding.empty(Frame.pixel((10, 10)))
    with pytest.raises(GeometryError, match="number 1"):
        Grounding.merge([chest(), other])


def test_merge_refuses_nothing():
    with pytest.raises(GeometryError, match="at least one"):
        Grounding.merge([])


def test_merge_keeps_provenances_that_differ():
    merged = Grounding.merge([changed(provenance={"a": 1}), changed(provenance={"a": 2})])
    assert merged.provenance == {"merged": [{"a": 1}, {"a": 2}]}


@pytest.mark.parametrize("phrases", [(), (POLYP, HEART)])
def test_an_empty_grounding_answers_everything(phrases):
    empty = Grounding.empty(Frame.pixel((5, 4)), phrases)
    assert (len(empty), list(empty), len(empty.above(0.5)), len(empty[:])) == (0, [], 0, 0)
    assert np.isnan(empty.presence).all()
    assert len(Grounding.merge([empty, empty]).phrases) == 2 * len(phrases)


def test_the_frame_is_that_of_the_boxes():
    assert chest().frame == Frame.pixel((40, 30))


def test_arrays_are_copied_and_cannot_be_changed():
    scores = np.array([0.9, 0.4, 0.75])
    grounding = changed(scores=scores)
    scores[0] = 0
    assert grounding.scores[0] == 0.9
    with pytest.raises(ValueError, match="read-only"):
        grounding.scores[0] = 0


def test_fields_cannot_be_replaced():
    with pytest.raises(dataclasses.FrozenInstanceError):
        chest().status = ()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda grounding: pickle.loads(pickle.dumps(grounding))])
def test_copies_and_pickles_are_equal_and_still_frozen(copied):
    twin = copied(chest())
    assert twin == chest()
    assert not twin.presence.flags.writeable


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scores", [0.9, 0.4, 0.7]),
        ("presence", [0.98, np.nan, 0.03]),
        ("status", (Status.FOUND, Status.FOUND, Status.UNSUPPORTED)),
        ("instance_masks", ()),
        ("provenance", {}),
        ("boxes", Boxes(np.zeros((3, 4)), Frame.pixel((40, 30)))),
    ],
)
def test_groundings_that_differ_in_one_field_are_not_equal(field, value):
    assert changed(**{field: value}) != chest()


def test_no_presence_equals_no_presence():
    assert changed(presence=[np.nan] * 3) == changed(presence=[np.nan] * 3)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("scores", [0.9, 0.4], r"scores must have shape \(3,\).*got \(2,\)"),
        ("scores", [0.9, 0.4, 1.5], r"\[0, 1\], got 1.5 at position 2"),
        ("scores", [0.9, 0.4, np.nan], "got nan at position 2"),
        ("presence", [0.9, 0.4, -1.0], r"\[0, 1\] or NaN, got -1.0"),
        ("phrase_index", [0, 0], r"phrase_index must have shape \(3,\)"),
        ("phrase_index", [[0], [0], [1]], r"got \(3, 1\)"),
        ("status", (Status.FOUND,), "status must have 3 entries.*got 1"),
        ("support", (), "support must have 3 entries.*got 0"),
        ("instance_masks", (None,), "instance_masks must have 3 entries"),
        ("phrase_masks", (MaskRLE.encode(np.ones((3, 3))), None, None), r"grid \(40, 30\), got \(3, 3\) at position 0"),
    ],
)
def test_what_does_not_fit_is_refused(field, value, message):
    with pytest.raises(GeometryError, match=message):
        changed(**{field: value})


@pytest.mark.parametrize(
    ("value", "message"),
    [([0, 0, 3], r"\[0, 3\) for 3 phrases, got 3"), ([0, -1, 1], "got -1"), ([0.0, 0.5, 1.0], "integers, got float64")],
)
def test_a_row_of_a_phrase_that_is_not_there_is_refused(value, message):
    with pytest.raises(PhraseError, match=message):
        changed(phrase_index=value)


def test_a_status_that_is_no_status_is_refused():
    with pytest.raises(ValueError, match="'maybe' is not a valid Status"):
        changed(status=("maybe", "found", "found"))


@pytest.mark.parametrize("value", [np.float32(1), float("nan"), {1: "a"}, {"path": {2, 3}}])
def test_provenance_holds_plain_values_only(value):
    with pytest.raises(DataError, match="provenance"):
        changed(provenance={"setting": value})


def test_provenance_is_a_copy():
    settings = {"threshold": 0.3}
    grounding = changed(provenance={"settings": settings})
    settings["threshold"] = 0.9
    assert grounding.provenance == {"settings": {"threshold": 0.3}}


def test_the_repr_says_what_was_asked_and_answered():
    assert repr(chest()) == (
        "Grounding: 3 regions of 3 phrases in 40 x 30\n"
        "  'left lung': found, presence 0.98, 2 regions, best 0.90\n"
        "  'heart': found, presence 0.80, 1 region, best 0.75\n"
        "  'polyp': absent, presence 0.03"
    )


def test_the_repr_of_five_hundred_phrases_stays_short():
    text = repr(Grounding.empty(Frame.pixel((5, 5)), (POLYP,) * 500))
    assert text.endswith("... and 488 more phrases")
    assert text.count("\n") == 13


def test_the_repr_of_a_row_fits_in_a_line():
    assert repr(chest()[0]) == "GroundedRegion('left lung', 0.90, box=[22, 3, 36, 27], mask of 336 voxels)"
