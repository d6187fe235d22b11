# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medglip.imaging import Modality
from monai_medglip.networks import ModalityEncoder, ModalitySharing
from tests.tiny_networks import TinyEncoder, noise

MIXED = torch.tensor([Modality.XR.index, Modality.UNKNOWN.index, Modality.CT.index, Modality.XR.index])


def encoder_of(sharing):
    """An encoder whose modality parts differ, as after training."""
    torch.manual_seed(0)
    encoder = ModalityEncoder(TinyEncoder(), sharing=sharing)
    for part in (*encoder.stems, *encoder.encoders[1:]):
        for parameter in part.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
    return encoder


@pytest.mark.parametrize("sharing", ModalitySharing)
def test_a_mixed_batch_equals_its_images_one_by_one(sharing):
    encoder = encoder_of(sharing)
    together = encoder(noise(4), MIXED)
    assert list(together) == [2, 4, 8, 16, 32]
    for row in range(4):
        alone = encoder(noise(4)[row : row + 1], MIXED[row : row + 1])
        for stride, level in alone.items():
            torch.testing.assert_close(together[stride][row : row + 1], level, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("sharing", "differs"), [("shared", False), ("adapters", True), ("separate", True)])
def test_only_a_shared_encoder_sees_two_modalities_alike(sharing, differs):
    image = noise(1).expand(2, -1, -1, -1)
    level = encoder_of(sharing)(image, torch.tensor([0, 1]))[32]
    assert torch.allclose(level[0], level[1], atol=1e-5) is not differs


@pytest.mark.parametrize(("sharing", "stems", "encoders"), [("shared", 0, 1), ("adapters", 11, 1), ("separate", 0, 11)])
def test_each_setting_has_its_own_parts_one_of_them_for_the_unknown(sharing, stems, encoders):
    encoder = encoder_of(sharing)
    assert len(Modality) == 11
    assert (len(encoder.stems), len(encoder.encoders)) == (stems, encoders)


@pytest.mark.parametrize("sharing", ["adapters", "separate"])
def test_only_the_parts_of_the_batch_learn(sharing):
    encoder = encoder_of(sharing)
    encoder(noise(4), MIXED)[32].sum().backward()
    parts = encoder.stems if sharing == "adapters" else encoder.encoders
    learned = [index for index, part in enumerate(parts) if next(part.parameters()).grad is not None]
    assert learned == sorted(set(MIXED.tolist()))


def test_an_unknown_setting_is_refused():
    with pytest.raises(ValueError, match="adapters"):
        ModalityEncoder(TinyEncoder(), sharing="halves")
