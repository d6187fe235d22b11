# SPDX-License-Identifier: Apache-2.0
"""Where boxes should come from: the choice on hand-made figures, and the figures of a network with random weights."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from monai_medglip import Grounder
from monai_medglip.data_engine import GroundingFolder
from monai_medglip.evaluation.box_sources import (
    BoxSource,
    BoxSourceFigures,
    choose_box_sources,
    measure_box_sources,
)
from monai_medglip.inference import OperatingPoint
from monai_medglip.ontology import Level
from tests.inference.volume_bundle import CANVAS, write_volume_bundle
from tests.phantoms import PhantomFolder, blocks

HEART, LIVER, TUMOR = ("a", "heart"), ("a", "liver"), ("a", "lung tumor")
LEVELS = {HEART: Level.ORGAN, LIVER: Level.ORGAN, TUMOR: Level.LESION}
POINT = OperatingPoint(canvas=CANVAS, box_threshold=0.4)
SIDES, MASK = BoxSource(), BoxSource(from_mask=True)
SIDES_AGAIN, MASK_AGAIN = BoxSource(refined=True), BoxSource(from_mask=True, refined=True)


def figures_of(overlap, dice):
    """Figures of one image per phrase, told as ``{way or look: (heart, liver, tumor)}``."""
    overlap = {way: {phrase: [v] for phrase, v in zip(LEVELS, values, strict=True)} for way, values in overlap.items()}
    dice = {look: {phrase: [v] for phrase, v in zip(LEVELS, values, strict=True)} for look, values in dice.items()}
    return BoxSourceFigures(dict(LEVELS), overlap, dice)


def chosen(overlap, dice):
    point = choose_box_sources(figures_of(overlap, dice), POINT)
    assert replace(point, refine=False, mask_boxes=()) == POINT
    return point.refine, point.mask_boxes


@pytest.mark.parametrize(
    ("mask", "levels"),
    [
        ((0.9, 0.9, 0.9), ("organ", "lesion")),
        ((0.9, 0.4, 0.2), ("organ",)),
        ((0.1, 0.4, 0.8), ("lesion",)),
        ((0.5, 0.5, 0.5), ()),
    ],
)
def test_each_kind_of_phrase_is_boxed_the_better_way(mask, levels):
    assert chosen({SIDES: (0.5, 0.5, 0.5), MASK: mask}, {False: (0.7, 0.7, 0.7)}) == (False, levels)


@pytest.mark.parametrize(
    ("second_boxes", "second_dice", "refined"),
    [(0.6, 0.7, True), (0.5, 0.8, True), (0.5, 0.7, False), (0.4, 0.75, False), (0.4, 0.85, True), (0.6, 0.5, False)],
)
def test_a_second_look_is_taken_where_boxes_and_masks_gain_together(second_boxes, second_dice, refined):
    overlap = dict.fromkeys((SIDES, MASK), (0.5,) * 3) | dict.fromkeys((SIDES_AGAIN, MASK_AGAIN), (second_boxes,) * 3)
    assert chosen(overlap, {False: (0.7,) * 3, True: (second_dice,) * 3})[0] == refined


def test_the_way_to_a_box_is_chosen_at_the_look_that_is_taken():
    overlap = {SIDES: (0.3, 0.3, 0.3), MASK: (0.5, 0.5, 0.2), SIDES_AGAIN: (0.8, 0.8, 0.2), MASK_AGAIN: (0.6, 0.6, 0.7)}
    assert chosen(overlap, {False: (0.7,) * 3, True: (0.7,) * 3}) == (True, ("lesion",))


def test_each_kind_counts_at_its_better_way_when_looks_are_compared():
    overlap = {SIDES: (0.9, 0.9, 0.1), MASK: (0.1, 0.1, 0.9), SIDES_AGAIN: (0.8,) * 3, MASK_AGAIN: (0.8,) * 3}
    assert chosen(overlap, {False: (0.7,) * 3, True: (0.7,) * 3}) == (False, ("lesion",))


def test_truth_without_masks_leaves_the_choice_to_the_boxes():
    figures = figures_of({SIDES: (0.5,) * 3, MASK: (0.6,) * 3}, {})
    figures.dice = {False: {}}
    assert choose_box_sources(figures, POINT).mask_boxes == ("organ", "lesion")


def test_every_phrase_weighs_the_same_however_many_images_show_it():
    figures = figures_of({SIDES: (0.0, 0.6, 0.9), MASK: (0, 0, 0)}, {False: (0.2, 0.5, 0.8)})
    figures.overlap[SIDES][HEART] = [0.2] * 9
    assert figures.mean_overlap(SIDES, Level.ORGAN) == pytest.approx(0.4)
    assert figures.mean_overlap(SIDES) == pytest.approx((0.2 + 0.6 + 0.9) / 3)
    assert np.isnan(figures.mean_overlap(SIDES, Level.CELL))
    assert figures.mean_dice(refined=False) == pytest.approx(0.5)


def test_looks_and_canvases_are_compared_over_images():
    figures = figures_of({SIDES: (0.2, 0.6, 0.1), MASK: (0.1, 0.1, 0.9)}, {False: (0.2, 0.5, 0.8)})
    figures.overlap[SIDES][HEART] = [0.2] * 8
    figures.dice[False][HEART] = [0.4] * 8
    # sides for organs, masks for lesions
    assert figures.gain(refined=False) == pytest.approx((8 * 0.2 + 0.6 + 0.9) / 10 + (8 * 0.4 + 0.5 + 0.8) / 10)


def test_figures_are_told_in_words_and_as_plain_values():
    figures = figures_of({SIDES: (0.5, 0.7, 0.2), MASK_AGAIN: (0.1, 0.1, 0.9)}, {False: (0.7,) * 3, True: (0.8,) * 3})
    assert figures.table().splitlines() == [
        "IoU of the best box by where it comes from:",
        "organ: sides, first look 0.600, mask, second look 0.100",
        "lesion: sides, first look 0.200, mask, second look 0.900",
        "Dice: first look 0.700, second look 0.800",
    ]
    plain = json.loads(json.dumps(figures.to_dict()))
    assert plain["mean_iou"]["mask, second look"] == pytest.approx({"organ": 0.1, "lesion": 0.9})
    assert plain["dice"] == pytest.approx({"first": 0.7, "second": 0.8})
    assert plain["phrases"] == {"organ": 2, "lesion": 1}


@pytest.fixture(scope="module")
def bundle(tiny_text_encoder, tmp_path_factory):
    return write_volume_bundle(tmp_path_factory.mktemp("bundle") / "medglip_3d", tiny_text_encoder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two volumes of the validation split with a heart, the second with a tumor too; vessels have no boxes."""
    root = tmp_path_factory.mktemp("data")
    rows = [{"value": 1, "label": "heart"}, {"value": 2, "label": "lung tumor", "level": "lesion"}]
    made = PhantomFolder(root, [*rows, {"value": 3, "label": "blood vessel", "instances": "mask_only"}])
    vessel = (3, (slice(0, 2), slice(None), slice(None)))
    heart = (1, (slice(4, 14), slice(5, 15), slice(3, 16)))
    tumor = (2, (slice(15, 19), slice(4, 9), slice(10, 15)))
    made.add_volume("one", blocks((20, 18, 17), heart, vessel), split="val")
    made.add_volume("two", blocks((20, 18, 17), heart, tumor), split="val")
    made.add_volume("other", blocks((20, 18, 17), heart, tumor), split="test")
    (root / "images" / "other.nii.gz").write_bytes(b"not for your eyes")
    return GroundingFolder(root)


@pytest.fixture(scope="module")
def figures(folder, bundle):
    point = OperatingPoint.read(bundle / "models" / "operating_point.json")
    return measure_box_sources(folder, bundle, point)


def test_every_phrase_with_boxes_is_measured_each_way_in_each_image(figures):
    assert set(figures.overlap) == {SIDES, MASK, SIDES_AGAIN, MASK_AGAIN}
    for by_phrase in (*figures.overlap.values(), *figures.dice.values()):
        counts = {phrase: len(values) for phrase, values in by_phrase.items()}
        assert counts == {("made", "heart"): 2, ("made", "lung tumor"): 1}
    assert figures.level == {("made", "heart"): Level.ORGAN, ("made", "lung tumor"): Level.LESION}


def iou(box, truth):
    sides = np.minimum(box[3:], truth[3:]) - np.maximum(box[:3], truth[:3])
    both = np.prod(np.maximum(sides, 0))
    return both / (np.prod(box[3:] - box[:3]) + np.prod(truth[3:] - truth[:3]) - both)


@pytest.mark.parametrize("way", [SIDES, MASK, SIDES_AGAIN, MASK_AGAIN])
def test_figures_are_those_of_asking_and_counting(figures, folder, bundle, way):
    point = OperatingPoint.read(bundle / "models" / "operating_point.json")
    levels = ("organ", "lesion") if way.from_mask else ()
    grounder = Grounder(bundle, rules=False, operating_point=replace(point, refine=way.refined, mask_boxes=levels))
    for index, record in enumerate(folder.records("val")):
        answer = grounder.ground(folder.read(record), "heart", threshold=0.0)
        truth = next(region for region in folder.regions(record) if region.concept == "heart")
        box = answer.boxes.data[answer.scores.argmax()]
        assert figures.overlap[way]["made", "heart"][index] == pytest.approx(iou(box, np.array(truth.box)))
        mask, real = answer.phrase_masks[0].decode(), truth.mask.decode()
        expected = 2 * (mask & real).sum() / (mask.sum() + real.sum())
        assert figures.dice[way.refined]["made", "heart"][index] == pytest.approx(expected)


def test_the_ways_differ(figures):
    assert len({round(figures.mean_overlap(way), 6) for way in figures.overlap}) > 1
