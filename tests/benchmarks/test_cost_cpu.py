# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from benchmarks.cost_cpu import PHRASES, SIDE, image, ratios, training_cost
from monai_medglip.ontology import Ontology


def test_ratios_compare_medians_of_image_and_phrases_together():
    names = ["medglip_512", "grounding_dino_tiny_512", "medglip_512_bfloat16", "grounding_dino_tiny_512_bfloat16"]
    medians = dict(zip([*names, "medglip_product"], [0.1, 2.0, 0.05, 3.0, 0.08], strict=True))
    found = ratios({name: {"total": {"median_s": median}} for name, median in medians.items()})
    assert found == pytest.approx({"float32": 20.0, "bfloat16": 60.0, "product_float32": 25.0})


def test_training_cost_is_the_median_over_epochs_without_the_first():
    log = "".join(
        f"x INFO - epoch {n}: {ms} ms per image, {wait} % of the time waiting for data\n"
        for n, ms, wait in [(1, 900.0, 50.0), (2, 60.0, 1.0), (3, 80.0, 3.0)]
    )
    assert training_cost(log) == pytest.approx({"ms_per_image": 70.0, "waiting_share": 0.02, "epochs": 2})


def test_a_log_without_figures_is_refused():
    with pytest.raises(ValueError, match="ms per image"):
        training_cost("nothing of the kind")


def test_ten_different_phrases_are_asked_of_a_picture_of_the_stated_size():
    concepts = {Ontology.default().resolve(phrase) for phrase in PHRASES}
    assert len(concepts) == 10
    assert None not in concepts
    assert image().shape == (SIDE, SIDE)
