# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from monai_medglip.engines.training_settings import checked_settings, known_settings
from monai_medglip.errors import ConfigurationError

CONFIGURATION = {
    "_meta_": {"command": "train"},
    "epochs": 20,
    "rate": 0.001,
    "resume": True,
    "weights": "mobilenet",
    "sources": None,
    "canvas": [320, 320],
    "factors": {"drive": 0.8},
    "device": "$torch.device('cpu')",
    "train": {"loader": {"batch_size": "@batch", "workers": 1}, "handlers": [{"tag": "loss"}]},
    "batch": 12,
}


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("epochs=3", "epochs", 3),
        ("rate=1e-4", "rate", 1e-4),
        ("rate=1", "rate", 1),
        ("resume=false", "resume", False),
        ("weights=my file=2.pt", "weights", "my file=2.pt"),
        ("weights=12", "weights", "12"),
        ("weights=null", "weights", None),
        ('sources=["hc18"]', "sources", ["hc18"]),
        ("canvas=[64, 96]", "canvas", [64, 96]),
        ("device=cpu", "device", "cpu"),
        ("epochs=$2 * 3", "epochs", "$2 * 3"),
        ("train::loader::workers=0", "train::loader::workers", 0),
        ("train#loader#batch_size=4", "train::loader::batch_size", 4),
        ("train::handlers::0::tag=all", "train::handlers::0::tag", "all"),
        ("factors::drive=2", "factors::drive", 2),
    ],
)
def test_a_known_key_takes_a_value_of_its_type(text, key, value):
    assert checked_settings([text], CONFIGURATION) == {key: value}


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("epoch=3", "epochs"),
        ("train::loader::worker=2", "train::loader::workers"),
        ("train#loader#batchsize=2", "train::loader::batch_size"),
    ],
)
def test_a_mistyped_key_is_refused_with_the_nearest(text, nearest):
    with pytest.raises(ConfigurationError, match=f"did you mean '{nearest}'"):
        checked_settings([text], CONFIGURATION)


def test_a_key_like_no_other_is_refused_with_the_list():
    with pytest.raises(ConfigurationError, match="there are epochs, rate, resume"):
        checked_settings(["zzz=3"], CONFIGURATION)


@pytest.mark.parametrize(
    "text",
    [
        "epochs=3.5",
        "epochs=three",
        "epochs=true",
        "epochs=null",
        "resume=1",
        "rate=fast",
        "canvas=64",
        "canvas=[64, true]",
        "factors=[1]",
        "train::loader::batch_size=two",
    ],
)
def test_a_value_of_another_type_is_refused(text):
    with pytest.raises(ConfigurationError, match="expected a value like"):
        checked_settings([text], CONFIGURATION)


@pytest.mark.parametrize("text", ["epochs", "=3", ""])
def test_a_text_that_is_no_setting_is_refused(text):
    with pytest.raises(ConfigurationError, match="expected a setting as key=value"):
        checked_settings([text], CONFIGURATION)


def test_the_real_configuration_has_nested_keys(repository):
    path = repository / "bundles" / "medglip_2d" / "configs" / "train.json"
    known = known_settings(json.loads(path.read_text(encoding="utf-8")))
    assert {"max_epochs", "train::dataloader::batch_size", "validate::key_metric"} <= set(known)
    assert not any(key.startswith("_meta_") for key in known)
