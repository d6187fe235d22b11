# SPDX-License-Identifier: Apache-2.0
"""Folded normalization gives the same features as the layers before folding."""

from __future__ import annotations

import torch
from torch import nn

from monai_medglip.networks import MobileNetV2Encoder, fold_normalization


def _encoder_with_statistics() -> MobileNetV2Encoder:
    """Random weights and statistics that are not those of a fresh layer, which would hide a wrong fold."""
    torch.manual_seed(0)
    encoder = MobileNetV2Encoder().eval()
    for layer in encoder.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean, std=0.2)
            nn.init.uniform_(layer.running_var, 0.5, 2.0)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.2)
    return encoder


@torch.no_grad()
def test_features_stay_the_same() -> None:
    encoder, image = _encoder_with_statistics(), torch.rand(1, 3, 64, 64) * 2 - 1
    before = encoder(image)
    fold_normalization(encoder)
    for stride, features in encoder(image).items():
        torch.testing.assert_close(features, before[stride], rtol=1e-3, atol=1e-3)


def test_no_batch_normalization_is_left() -> None:
    encoder = _encoder_with_statistics()
    fold_normalization(encoder)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in encoder.modules())
