# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import collections
import math
from pathlib import Path

import pytest

from monai_medglip.data_engine.record import Record
from monai_medglip.data_engine.sampling_weights import present_factors, sampling_weights
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.modality import Modality


def records_of(**counts):
    return [
        Record(str(i), name, Modality(name[:2]), None, Path(), "p", "train", (4, 4))
        for name, count in counts.items()
        for i in range(count)
    ]


def shares(records, weights, of):
    totals = collections.Counter()
    for record, weight in zip(records, weights, strict=True):
        totals[of(record)] += weight
    return totals


def test_modalities_share_by_the_root_of_their_size():
    records = records_of(CT_a=100, MR_a=300, MR_b=100)
    share = shares(records, sampling_weights(records), lambda record: record.modality)
    assert share[Modality.MR] / share[Modality.CT] == pytest.approx(math.sqrt(400 / 100))


def test_sources_of_a_modality_share_by_the_root_of_their_size():
    records = records_of(CT_a=10, MR_a=90, MR_b=10)
    share = shares(records, sampling_weights(records), lambda record: record.source)
    assert share["MR_a"] / share["MR_b"] == pytest.approx(3)


def test_a_factor_multiplies_one_source():
    records = records_of(CT_a=10, CT_b=10)
    share = shares(records, sampling_weights(records, {"CT_a": 3}), lambda record: record.source)
    assert share["CT_a"] / share["CT_b"] == pytest.approx(3)
    assert sum(share.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ({"CT_z": 1}, "expected factors for CT_a, got one for 'CT_z'"),
        ({"CT_a": -1}, "at least 0 for 'CT_a', got -1"),
        ({"CT_a": 0}, "all images have weight 0"),
    ],
)
def test_factors_that_make_no_sense_are_refused(factors, message):
    with pytest.raises(ConfigurationError, match=message):
        sampling_weights(records_of(CT_a=2), factors)


def test_no_images_have_no_weights():
    assert sampling_weights([]) == []


def test_factors_of_sources_without_images_can_be_left_out_first():
    records = records_of(CT_a=3)
    factors = present_factors(records, {"CT_a": 2.0, "elsewhere": 0.5})
    assert factors == {"CT_a": 2.0}
    assert sampling_weights(records, factors) == pytest.approx([1 / 3] * 3)
