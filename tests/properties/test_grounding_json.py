# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import jsonschema
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medglip.geometry import AxisPair, Boxes, Frame
from monai_medglip.grounding import Grounding, Status, Support, from_json, to_json
from monai_medglip.grounding.json_format import SCHEMA_PATH
from monai_medglip.imaging import MaskRLE
from monai_medglip.phrases import Phrase, Side

SCHEMA = jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
PROBABILITY = st.floats(0, 1)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=6,
)


@st.composite
def frames(draw):
    affine = np.eye(4)
    affine[:3] = np.diag([draw(st.floats(0.1, 5)) for _ in range(3)]) @ affine[:3]
    affine[0, 1], affine[:3, 3] = draw(st.floats(-0.05, 0.05)), draw(st.floats(-500, 500))
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=2, max_size=3)))
    return Frame(affine, shape, draw(st.frozensets(st.sampled_from(AxisPair))), draw(st.booleans()))


@st.composite
def groundings(draw):
    frame, count = draw(frames()), draw(st.integers(0, 4))
    rows = draw(st.integers(0, 5)) if count else 0
    low = np.array(
        draw(st.lists(st.floats(-5, 5), min_size=rows * frame.spatial_dims, max_size=rows * frame.spatial_dims))
    )
    low = low.reshape(rows, frame.spatial_dims)
    random = np.random.default_rng(draw(st.integers(0, 99)))
    masks = st.none() | st.just(None).map(lambda _: MaskRLE.encode(random.random(frame.shape) < 0.5))
    phrases = st.builds(
        Phrase,
        text=st.text(min_size=1),
        concept=st.none() | st.text(),
        side=st.sampled_from(Side),
        negated=st.booleans(),
        span=st.none() | st.tuples(st.integers(0, 9), st.integers(9, 99)),
    )

    def many(strategy, size):
        return tuple(draw(st.lists(strategy, min_size=size, max_size=size)))

    return Grounding(
        boxes=Boxes(np.hstack([low, low + random.random(low.shape)]), frame),
        scores=np.array(many(PROBABILITY, rows)),
        phrase_index=np.array(many(st.integers(0, max(0, count - 1)), rows), int),
        phrases=many(phrases, count),
        presence=np.array(many(PROBABILITY | st.just(np.nan), count)),
        status=many(st.sampled_from(Status), count),
        support=many(st.sampled_from(Support), count),
        instance_masks=many(masks, rows),
        phrase_masks=many(masks, count),
        provenance=draw(st.dictionaries(st.text(), PLAIN, max_size=3)),
    )


@settings(max_examples=60, deadline=None)
@given(groundings())
def test_every_grounding_follows_the_schema_and_comes_back_exactly(grounding):
    text = to_json(grounding)
    SCHEMA.validate(json.loads(text))
    twin = from_json(text)
    assert twin == grounding
    assert np.array_equal(twin.frame.affine, grounding.frame.affine)
