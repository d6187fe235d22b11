# SPDX-License-Identifier: Apache-2.0
"""One pass over a label array gives the masks that encoding number by number gives."""

from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.imaging.label_runs import masks_of_labels
from monai_medglip.imaging.mask_rle import MaskRLE


@pytest.mark.parametrize("shape", [(7, 5), (5, 4, 6), (1, 9)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_number_has_the_mask_of_its_pixels(shape, order):
    labels = np.asarray(np.random.default_rng(3).integers(0, 6, shape), np.int16, order=order)
    masks = masks_of_labels(labels)
    assert list(masks) == sorted(set(labels.ravel().tolist()) - {0})
    for number, mask in masks.items():
        assert mask == MaskRLE.encode(labels == number)


def test_an_array_of_background_has_no_masks():
    assert masks_of_labels(np.full((3, 4), 255, np.uint8), background=255) == {}


def test_a_number_that_fills_the_array_is_one_mask():
    assert masks_of_labels(np.full((3, 4), -2, np.int16))[-2].area == 12
