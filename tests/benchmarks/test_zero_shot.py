# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import torch

from benchmarks.zero_shot import METRICS, WITHHELD, plain_bundle, withheld_results
from monai_medglip.inference import Bundle
from monai_medglip.ontology import Ontology


def figures(value):
    return {metric: {"value": value, "low": None, "high": None, "n": 8} for metric in METRICS}


def quality(withheld, others, median):
    per_phrase = {"films": {"heart": figures(withheld), **{name: figures(v) for name, v in others.items()}}}
    facts = {name: {"in_macro": name != "rare", "positive_images": 9} for name in per_phrase["films"]}
    baseline = {"median_box": {"per_phrase": {"films": {name: figures(median) for name in per_phrase["films"]}}}}
    return {"per_phrase": per_phrase, "phrases": {"films": facts}, "baselines": baseline}


def test_withheld_concepts_stand_beside_baseline_and_trained_ones():
    found = withheld_results(quality(0.2, {"left lung": 0.8, "right lung": 0.6, "rare": 0.0}, 0.5), ("heart",))["heart"]
    assert (found["source"], found["positive_images"]) == ("films", 9)
    assert found["withheld"]["R1_50"]["value"] == 0.2
    assert found["median_box"]["AP50"]["value"] == 0.5
    assert found["trained_concepts_of_the_source"]["mIoU"] == {"value": 0.7, "phrases": 2}


def test_other_withheld_concepts_are_not_trained_ones():
    found = withheld_results(quality(0.2, {"left lung": 0.8}, 0.5), ("heart", "left lung"))
    assert found["heart"]["trained_concepts_of_the_source"]["mIoU"] == {"value": None, "phrases": 0}


def test_the_withheld_concepts_are_names_of_the_ontology():
    assert all(name in Ontology.default() for name in WITHHELD)


def test_a_checkpoint_becomes_a_bundle_of_its_averaged_weights(tmp_path):
    released, made = tmp_path / "released", tmp_path / "made"
    (released / "models").mkdir(parents=True)
    made.mkdir()
    definition = {
        "network": "MedGLIP",
        "image_encoder": {"type": "MobileNetV2Encoder"},
        "text_encoder": {"folder": "text"},
        "canvas": [64, 64],
    }
    (released / "models" / "network.json").write_text(json.dumps(definition))
    torch.save({"network": {"a": torch.zeros(1)}, "ema": {"a": torch.ones(1)}}, tmp_path / "checkpoint.pt")
    bundle = Bundle(plain_bundle(made, tmp_path / "checkpoint.pt", released))
    assert torch.load(bundle.path / "models" / "model.pt", weights_only=True) == {"a": torch.ones(1)}
    assert bundle.operating_point.canvas == (64, 64)
    assert not bundle.validated_phrases.location
