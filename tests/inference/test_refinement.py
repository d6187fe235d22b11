# SPDX-License-Identifier: Apache-2.0
"""The second look, by a network that answers what it is told, and by one with random weights."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from monai_medglip.imaging import Modality
from monai_medglip.inference import PlacedScan
from monai_medglip.inference.refinement import Refiner
from monai_medglip.phrases import Phrase
from tests.inference.test_candidates import prediction_of
from tests.inference.volume_scans import random_volume, volume_scan
from tests.tiny_networks import tiny_network

BOX = np.array([20.0, 20, 20, 40, 40, 40])
NEAR, FAR = [21.0, 19, 20, 41, 40, 40], [10.0, 10, 10, 18, 18, 18]


class ToldNetwork:
    """Answers with boxes of the scan (60 voxels on each side) and a mask, and remembers what it was shown."""

    modality_classifier = SimpleNamespace(weight=torch.zeros(1))

    def __init__(self, *found: tuple[list[float], float]) -> None:
        self.found = found
        self.shown: list[tuple[torch.Tensor, int, list[float]]] = []
        self.asked: list[list[list[Phrase]]] = []

    def encode(self, pixels, modality, whole_image, *, predict_unknown):
        assert predict_unknown
        self.shown.append((pixels[0], modality.item(), whole_image[0].tolist()))
        return whole_image[0].double()

    def embed(self, phrases):
        self.asked.append(phrases)
        return phrases, None

    def ground(self, whole, phrases):
        zoom = (whole[3:] - whole[:3]).repeat(2) / 60
        boxes = [((torch.tensor(box) * zoom + whole[:3].repeat(2)).tolist(), score) for box, score in self.found]
        return {**prediction_of(boxes), "masks": torch.full((1, 1, 8, 8, 8), 3.0)}


@pytest.fixture(scope="module")
def placed():
    """A volume of 60 voxels of 1 mm on each side, seen at 3.75 mm."""
    return PlacedScan.on_canvas(volume_scan(random_volume(60, 60, 60)), (16, 16, 16))


def look(placed, *found, voxels=16**3, box=BOX):
    return Refiner(ToldNetwork(*found), voxels=voxels)(placed, Phrase("heart"), box)


def test_the_box_of_the_second_look_replaces_the_first_one(placed):
    np.testing.assert_allclose(look(placed, (NEAR, 0.9)).box, NEAR, atol=1e-4)


def test_a_better_box_of_another_region_is_passed_over(placed):
    found = [(FAR, 0.9), ([20.0, 20, 20, 40, 40, 44], 0.6), (NEAR, 0.5)]
    np.testing.assert_allclose(look(placed, *found).box, [20, 20, 20, 40, 40, 44], atol=1e-4)


def test_the_box_stays_where_none_overlaps_it(placed):
    assert look(placed, (FAR, 0.9)).box.tolist() == BOX.tolist()
    assert look(placed, ([35.0, 35, 35, 50, 50, 50], 0.9)).box.tolist() == BOX.tolist()


def test_half_a_box_beyond_it_is_shown_and_a_quarter_is_replaced(placed):
    second = look(placed, (NEAR, 0.9))
    np.testing.assert_allclose(second.window.boxes_in_scan(second.window.valid_region[None]), [[10] * 3 + [50] * 3])
    assert second.core.tolist() == [15] * 3 + [45] * 3
    assert second.logits.shape == (8, 8, 8)


def test_the_network_is_shown_the_window_and_where_it_lies(placed):
    network = ToldNetwork((NEAR, 0.9))
    second = Refiner(network, voxels=16**3)(placed, Phrase("heart"), BOX)
    ((pixels, modality, whole),) = network.shown
    assert torch.equal(pixels, second.window.pixels)
    assert pixels.shape == (3, 16, 16, 16)
    assert modality == Modality.CT.index
    np.testing.assert_allclose(whole, [-4] * 3 + [20] * 3, atol=1e-5)  # 10 mm before and 50 mm behind, at 2.5 mm
    assert network.asked == [[[Phrase("heart")]]]


def test_a_predicted_modality_is_kept(placed):
    logits = torch.zeros(10)
    logits[Modality.MR.index] = 5
    unknown = PlacedScan.on_canvas(volume_scan(random_volume(60, 60, 60), modality=Modality.UNKNOWN), (16, 16, 16))
    network = ToldNetwork((NEAR, 0.9))
    Refiner(network, voxels=16**3)(unknown.with_predicted_modality(logits), Phrase("heart"), BOX)
    assert network.shown[0][1] == Modality.MR.index


def test_nothing_is_asked_where_the_volume_has_no_finer_detail():
    placed = PlacedScan.on_canvas(volume_scan(random_volume(20, 20, 20)), (48, 48, 48))
    network = ToldNetwork((NEAR, 0.9))
    assert placed.spacing == 0.5
    assert Refiner(network)(placed, Phrase("heart"), BOX / 3) is None
    assert network.shown == []


@pytest.mark.parametrize(("voxels", "looks"), [(12**3, False), (13**3, False), (14**3, True), (30**3, True)])
def test_a_look_needs_a_spacing_that_is_a_quarter_finer(placed, voxels, looks):
    assert (look(placed, (NEAR, 0.9), voxels=voxels) is not None) == looks


def test_a_box_that_fills_the_scan_is_not_looked_at_again(placed):
    assert look(placed, (NEAR, 0.9), box=np.array([0.0, 0, 0, 60, 60, 60])) is None


def test_a_mask_is_what_the_network_says_of_the_window(placed, tiny_text_encoder):
    network = tiny_network(tiny_text_encoder, spatial_dims=3).eval()
    second = Refiner(network, voxels=32**3)(placed, Phrase("heart"), BOX)
    window = second.window
    with torch.no_grad():
        modality = torch.tensor([Modality.CT.index])
        expected = network(window.pixels[None], [[Phrase("heart")]], modality, window.whole_image[None])
    torch.testing.assert_close(second.logits, expected["masks"][0, 0])
    assert second.logits.shape == (16, 16, 16)
