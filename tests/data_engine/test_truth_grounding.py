# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.phrase_truth import phrase_truth
from monai_medglip.data_engine.truth_grounding import truth_grounding
from monai_medglip.grounding import Status
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import parse_phrase
from tests.phantoms import PhantomFolder, blocks

NAMES = ["lung", "heart", "polyp", "thyroid"]


@pytest.fixture
def drawn(tmp_path):
    """Two lungs and no heart in a CT slice of the chest, which cannot show a polyp, while nobody labeled a thyroid."""
    labels = [{"value": value, "label": f"{side} lung"} for value, side in ((1, "left"), (2, "right"))]
    for label in labels:
        label |= {"parent": "lung", "relation": "is_a"}
    made = PhantomFolder(tmp_path, [*labels, {"value": 3, "label": "heart"}], facts={"body_region": "chest"})
    made.add_labelmap("a", blocks((40, 30), (1, np.s_[20:30, 5:25]), (2, np.s_[5:15, 5:25])))
    folder = GroundingFolder(tmp_path)
    record, ontology = folder.records()[0], Ontology.default()
    regions = folder.regions(record)
    truths = [phrase_truth(folder, record, regions, name, ontology) for name in NAMES]
    return truth_grounding(folder.read(record).frame, [parse_phrase(name) for name in NAMES], truths)


def test_every_instance_is_a_row_with_box_and_mask(drawn):
    assert sorted(drawn.boxes.data.tolist()) == [[5, 5, 15, 25], [20, 5, 30, 25]]
    assert [drawn.phrases[row].text for row in drawn.phrase_index] == ["lung", "lung"]
    assert [mask.area for mask in drawn.instance_masks] == [200, 200]
    assert drawn.phrase_masks[0].area == 400


def test_status_says_what_is_known(drawn):
    assert drawn.status == (Status.FOUND, Status.ABSENT, Status.NOT_APPLICABLE, Status.UNSUPPORTED)
    assert np.array_equal(drawn.presence, [1, 0, np.nan, np.nan], equal_nan=True)


def test_one_truth_is_needed_for_each_phrase(drawn):
    with pytest.raises(ValueError, match="shorter"):
        truth_grounding(drawn.frame, drawn.phrases, [])
