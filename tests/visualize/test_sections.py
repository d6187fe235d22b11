# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_medglip.errors import GeometryError
from monai_medglip.geometry import Frame
from monai_medglip.grounding import Grounding
from monai_medglip.visualize.plane import image_plane
from monai_medglip.visualize.sections import check_same_grid, sections
from monai_medglip.visualize.volume_order import volume_order
from tests.grounding_phantoms import chest, grey_scan, oblique_frame

VOLUME = Frame.pixel((40, 30, 8))


def cut(grounding, across, index):
    return sections(grounding, [volume_order(grounding.frame).plane(across, index)])[0]


def test_a_section_has_the_boxes_and_masks_of_its_plane():
    section = cut(chest(VOLUME), 2, 3)
    assert section.boxes.data.tolist() == chest().boxes.data.tolist()
    assert np.array_equal(section.phrase_masks[1].decode(), chest().phrase_masks[1].decode())


def test_beside_the_regions_there_are_no_boxes_and_empty_masks():
    section = cut(chest(VOLUME), 2, 0)
    assert len(section) == 0
    assert section.phrase_masks[1].area == 0
    assert section.phrases == chest().phrases


@pytest.mark.parametrize("across", [0, 1, 2])
def test_boxes_bound_the_masks_in_every_plane_of_an_oblique_volume(across):
    grounding = chest(oblique_frame())[[2]].for_phrase("heart")
    section = cut(grounding, across, (20, 20, 4)[across])
    assert section.boxes.data[0] == pytest.approx(section.phrase_masks[0].box)


def test_regions_keep_their_masks_where_their_phrase_has_none():
    bare = replace(chest(VOLUME), phrase_masks=())
    assert [mask is None for mask in cut(bare, 2, 3).instance_masks] == [False, True, False]
    assert set(cut(chest(VOLUME), 2, 3).instance_masks) == {None}


def test_a_picture_as_stored_is_its_own_section():
    grounding = chest()
    assert sections(grounding, [image_plane(grounding.frame)])[0] is grounding


def test_a_grounding_of_another_grid_is_refused_by_its_name():
    with pytest.raises(GeometryError, match=r"a truth on the scan's grid \(40, 30\), got one on \(7, 7\)"):
        check_same_grid(grey_scan(Frame.pixel((40, 30))), grounding=chest(), truth=Grounding.empty(Frame.pixel((7, 7))))
