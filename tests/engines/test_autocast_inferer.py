# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from torch import nn

from monai_medglip.engines import AutocastInferer
from monai_medglip.errors import ConfigurationError


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_network_computes_in_the_named_precision(dtype):
    result = AutocastInferer(dtype)(torch.ones(2, 4), nn.Linear(4, 3))
    assert result.dtype is getattr(torch, dtype)


def test_further_arguments_reach_the_network():
    assert AutocastInferer()(torch.ones(1), lambda x, y, *, z: (x, y, z), 2, z=3) == (torch.ones(1), 2, 3)


def test_the_precision_outside_stays_as_it_was():
    AutocastInferer("bfloat16")(torch.ones(2, 4), nn.Linear(4, 3))
    assert not torch.is_autocast_enabled("cpu")


def test_the_answer_is_close_to_that_in_full_precision(tiny_text_encoder):
    from tests.tiny_networks import noise, phrases_of, tiny_network

    network = tiny_network(tiny_text_encoder).eval()
    with torch.no_grad():
        full, half = (AutocastInferer(d)(noise(1), network, [phrases_of("heart")]) for d in ("float32", "bfloat16"))
    assert half["boxes"].dtype is half["alignment"].dtype is torch.float32  # coordinates do not fit in eight bits
    torch.testing.assert_close(half["boxes"], full["boxes"], atol=2.0, rtol=0.02)


def test_another_word_is_refused():
    with pytest.raises(ConfigurationError, match="one of float32, bfloat16, float16, got 'int8'"):
        AutocastInferer("int8")
