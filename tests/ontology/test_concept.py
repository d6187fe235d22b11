# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pickle

import pytest

from monai_medglip.ontology import Concept, Level, Side


@pytest.mark.parametrize(
    ("side", "opposite"),
    [(Side.LEFT, Side.RIGHT), (Side.RIGHT, Side.LEFT), (Side.NONE, Side.NONE), (Side.BOTH, Side.BOTH)],
)
def test_a_reflection_exchanges_left_and_right_only(side: Side, opposite: Side) -> None:
    assert side.opposite is opposite


def test_training_names_begin_with_the_name_and_leave_held_out_names_out() -> None:
    concept = Concept("lung", Level.ORGAN, synonyms=("lung field",), plural=("lungs",), held_out_names=("pneumo",))
    assert concept.training_names == ("lung", "lung field", "lungs")


def test_a_concept_goes_through_a_pickle() -> None:
    concept = Concept("left lung", Level.ORGAN, side=Side.LEFT, mirror_of="right lung")
    assert pickle.loads(pickle.dumps(concept)) == concept
