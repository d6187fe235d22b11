# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError
from monai_medglip.visualize import montage

RED = np.full((20, 30, 3), (255, 0, 0), np.uint8)
BLUE = np.full((40, 50, 3), (0, 0, 255), np.uint8)


def count(picture, color):
    return int((picture == color).all(axis=-1).sum())


def test_every_pixel_of_every_panel_is_there():
    sheet = montage([RED, BLUE, RED], ["one", "two", ""])
    assert (count(sheet, (255, 0, 0)), count(sheet, (0, 0, 255))) == (2 * 20 * 30, 40 * 50)


def test_panels_stand_side_by_side():
    sheet = montage([RED, BLUE], ["", ""], columns=2)
    assert (
        np.nonzero((sheet == (255, 0, 0)).all(axis=-1))[1].max()
        < np.nonzero((sheet == (0, 0, 255)).all(axis=-1))[1].min()
    )


def test_captions_are_drawn():
    bare, captioned = montage([RED], [""]), montage([RED], ["I"])
    assert captioned.shape == bare.shape
    assert captioned.max(axis=-1).astype(int).sum() > bare.max(axis=-1).astype(int).sum()


@pytest.mark.parametrize(("panels", "captions"), [([], []), ([RED], []), ([RED], ["a", "b"])])
def test_panels_without_their_caption_are_refused(panels, captions):
    with pytest.raises(ConfigurationError, match="one caption for each"):
        montage(panels, captions)
