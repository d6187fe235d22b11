# SPDX-License-Identifier: Apache-2.0
"""Mirroring against the rules of every real label."""

from __future__ import annotations

import csv
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_medglip.errors import GeometryError, OntologyError
from monai_medglip.ontology import Mirror, Ontology
from monai_medglip.transforms import RandCanvas, RandMirrorPhrasesd, allowed_mirror_axes, strictest_mirror
from monai_medglip.transforms.mirroring import left_right_axis

RAS = np.diag([2.0, 2.0, 3.0, 1.0])
# Array axes run P, S, R: the patient's left-right axis is the last one.
PSR = np.array([[0, 0, 2.0, 0], [-1.0, 0, 0, 0], [0, 3.0, 0, 0], [0, 0, 0, 1]])


@dataclass(frozen=True)
class Row:
    concept: str
    number: int


def item_with(rule: Mirror, *concepts: str, shape: tuple[int, ...] = (6, 5), affine: np.ndarray = RAS):
    table = [Row(concept, number) for number, concept in enumerate(concepts)]
    image = MetaTensor(torch.arange(np.prod(shape)).reshape(1, *shape), affine=torch.as_tensor(affine))
    return {"image": image, "mirror": rule, "region_table": table}


def always() -> RandMirrorPhrasesd:
    return RandMirrorPhrasesd("image", prob=1.0, other_prob=1.0)


def determinant(before: dict, after: dict) -> float:
    step = np.linalg.inv(before["image"].affine.numpy()) @ after["image"].affine.numpy()
    return float(np.linalg.det(step))


def label_rows(folder: Path) -> dict[str, list[dict[str, str]]]:
    sources: dict[str, list[dict[str, str]]] = {}
    with (folder / "LABELS.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            sources.setdefault(row["source"], []).append(row)
    return sources


@pytest.mark.parametrize("folder", ["2d", "3d"])
def test_no_source_with_a_fixed_label_is_ever_mirrored(shared_data, folder):
    mirror, view = RandMirrorPhrasesd("image", prob=0.9, other_prob=0.9).set_random_state(0), RandCanvas((8, 8))
    checked = 0
    for rows in label_rows(shared_data / folder).values():
        rule = strictest_mirror(Mirror(row["mirror"]) for row in rows)
        before = item_with(rule, *(row["label"] for row in rows))
        for _ in range(8 if rule is Mirror.FIXED else 0):
            after = mirror(before)
            after["image"] = view(after["image"])
            assert determinant(before, after) > 0
            assert after["region_table"] == before["region_table"]
            checked += 1
    assert checked


@pytest.mark.parametrize("folder", ["2d", "3d"])
def test_a_label_that_swaps_takes_the_name_of_the_other_side(shared_data, folder):
    names = [
        row["label"] for rows in label_rows(shared_data / folder).values() for row in rows if row["mirror"] == "swap"
    ]
    after = always()(item_with(Mirror.SWAP, *names))
    for row, name in zip(after["region_table"], names, strict=True):
        exchanged = name.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right")
        assert row.concept == exchanged != name


@pytest.mark.parametrize("folder", ["2d", "3d"])
def test_no_label_is_unknown_to_the_exchange_of_words(shared_data, folder):
    rows = [row for rows in label_rows(shared_data / folder).values() for row in rows if row["mirror"] == "free"]
    after = always()(item_with(Mirror.FREE, *(row["label"] for row in rows)))
    assert [row.concept for row in after["region_table"]] == [row["label"] for row in rows]


def test_parotids_and_teeth_change_places_and_all_else_of_the_region_stays():
    before = item_with(Mirror.SWAP, "left parotid gland", "upper right first molar", "mandible")
    after = always()(before)
    assert [row.concept for row in after["region_table"]] == [
        "right parotid gland",
        "upper left first molar",
        "mandible",
    ]
    assert [row.number for row in after["region_table"]] == [0, 1, 2]
    assert after["mirrored"] is True


def test_a_swapped_picture_is_mirrored_along_its_columns_alone():
    before = item_with(Mirror.SWAP)
    after = always()(before)
    assert torch.equal(after["image"].as_tensor(), before["image"].as_tensor().flip(1))


def test_a_swapped_volume_is_mirrored_along_the_patients_left_right_axis_whatever_its_order():
    before = item_with(Mirror.SWAP, "left kidney", shape=(4, 5, 6), affine=PSR)
    after = always()(before)
    assert torch.equal(after["image"].as_tensor(), before["image"].as_tensor().flip(3))
    assert after["region_table"][0].concept == "right kidney"


def test_a_free_picture_may_be_mirrored_along_both_axes():
    before = item_with(Mirror.FREE, "polyp")
    after = always()(before)
    assert torch.equal(after["image"].as_tensor(), before["image"].as_tensor().flip(1, 2))


def test_upside_down_alone_keeps_left_and_right():
    upside_down = RandMirrorPhrasesd("image", prob=0.0, other_prob=1.0)
    after = upside_down(item_with(Mirror.FREE, "polyp"))
    assert after["mirrored"] is False
    assert after["image"].affine[1, 1] < 0 < after["image"].affine[0, 0]


def test_a_sagittal_picture_has_no_left_and_right_to_exchange():
    # The first two axes of this affine run to posterior and to superior.
    assert left_right_axis(PSR, 2) is None
    assert allowed_mirror_axes(Mirror.SWAP, PSR, 2) == ()


def test_a_volume_turned_by_forty_degrees_is_not_mirrored():
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]]
    assert allowed_mirror_axes(Mirror.SWAP, turn @ RAS, 3) == ()


def test_the_strictest_rule_holds():
    assert strictest_mirror([Mirror.FREE, Mirror.FIXED, Mirror.SWAP]) is Mirror.FIXED
    assert strictest_mirror([Mirror.FREE, Mirror.SWAP]) is Mirror.SWAP
    assert strictest_mirror([]) is Mirror.FREE


def test_a_name_that_no_table_knows_has_its_words_exchanged():
    after = always()(item_with(Mirror.SWAP, "left flux capacitor of the righteous"))
    assert after["region_table"][0].concept == "right flux capacitor of the righteous"


def test_a_sided_concept_without_a_mirror_image_must_not_be_mirrored():
    ontology = Ontology.default()
    alone = next(concept.name for concept in ontology if ontology.mirror(concept.name) is None)
    with pytest.raises(OntologyError, match="set mirror=fixed"):
        always()(item_with(Mirror.SWAP, alone))


def test_the_same_seed_mirrors_the_same_items_whatever_their_rules():
    def drawn(first_rule: Mirror) -> list[bool]:
        mirror = RandMirrorPhrasesd("image").set_random_state(2)
        return [mirror(item_with(rule))["mirrored"] for rule in (first_rule, *[Mirror.SWAP] * 20)][1:]

    assert drawn(Mirror.FIXED) == drawn(Mirror.FREE)
    assert len(set(drawn(Mirror.FIXED))) == 2


def test_a_transform_survives_pickling():
    mirror = pickle.loads(pickle.dumps(always()))
    assert mirror(item_with(Mirror.SWAP, "left lung"))["region_table"][0].concept == "right lung"


def test_an_item_without_a_rule_is_refused():
    with pytest.raises(GeometryError, match="expected a Mirror rule under 'mirror', got None"):
        always()({"image": MetaTensor(torch.zeros(1, 4, 4)), "region_table": []})
