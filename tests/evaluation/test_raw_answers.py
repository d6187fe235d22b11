# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_medglip.evaluation.raw_answers import NetworkAsker
from monai_medglip.geometry import Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.inference import AnswerReader, OperatingPoint, PhraseRules, PlacedScan, ValidatedPhrases
from tests.tiny_networks import CANVAS, phrases_of, tiny_network, write_text_encoder

PHRASES = phrases_of("heart", "left lung", "polyp")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return tiny_network(write_text_encoder(tmp_path_factory.mktemp("text"))).eval()


@pytest.fixture(scope="module")
def scan():
    pixels = np.random.default_rng(0).integers(0, 255, (1, 50, 40)).astype(np.uint8)
    return Scan(pixels, Frame.pixel((50, 40)), Modality.XR, ImageSource(None))


def test_raw_answers_are_those_of_the_product_without_calibration(network, scan):
    raw = NetworkAsker(network, (CANVAS, CANVAS))(scan, PHRASES)
    placed = PlacedScan.on_canvas(scan, (CANVAS, CANVAS))
    reader = AnswerReader(OperatingPoint(canvas=(CANVAS, CANVAS)), PhraseRules(ValidatedPhrases(), active=False))
    with torch.inference_mode():
        modality = torch.tensor([scan.modality.index])
        prediction = network(placed.pixels[None], [PHRASES], modality, placed.whole_image[None])
        product = reader.read(prediction, placed, PHRASES, threshold=0.0)
    np.testing.assert_array_equal(raw.phrase_index, product.phrase_index)
    np.testing.assert_allclose(raw.boxes, product.boxes.data, atol=1e-3)
    np.testing.assert_allclose(raw.scores, product.scores, rtol=1e-4)
    np.testing.assert_allclose(raw.presence, product.presence, rtol=1e-4)
    np.testing.assert_array_equal(raw.mask(1, 0.5), product.phrase_masks[1].decode())


def test_a_lower_mask_threshold_gives_more_voxels(network, scan):
    raw = NetworkAsker(network, (CANVAS, CANVAS))(scan, PHRASES)
    low, high = raw.mask(0, 0.01), raw.mask(0, 0.6)
    assert low.shape == (50, 40)
    assert low.sum() > high.sum()
    assert (low | ~high).all()
