# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from benchmarks.cost_cpu_3d import PHRASES, ratios, write_volume
from monai_medglip import read_image
from monai_medglip.ontology import Ontology


def test_ratios_compare_the_product_with_one_forward():
    medians = {"medglip_128": 2.0, "medglip_128_one_look": 1.0, "segresnet_128": 3.0, "swin_unetr_128": 8.0}
    found = ratios({name: {"total": {"median_s": median}} for name, median in medians.items()})
    assert found == pytest.approx({"segresnet_128": 1.5, "swin_unetr_128": 4.0})


def test_the_volume_is_the_same_each_time_and_of_the_stated_size(tmp_path):
    first, second = (read_image(write_volume(tmp_path / f"{name}.nii.gz", (40, 33, 20))) for name in "ab")
    assert first.spatial_shape == (40, 33, 20)
    assert first.array.dtype == np.int16
    assert np.array_equal(first.array, second.array)
    assert first.array.std() > 100


def test_ten_different_phrases_are_asked():
    concepts = {Ontology.default().resolve(phrase) for phrase in PHRASES}
    assert len(concepts) == 10
    assert None not in concepts
