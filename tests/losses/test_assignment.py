# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medglip.geometry.overlap import paired_iou
from monai_medglip.losses import assign_points
from tests.losses.loss_phantoms import prediction_of


def assign(prediction, boxes, images=None, phrases=None, **settings):
    boxes = torch.as_tensor(boxes, dtype=torch.float32)
    nothing = [0] * len(boxes)
    rows = [torch.tensor(row, dtype=torch.long) for row in (images or nothing, phrases or nothing)]
    return assign_points(prediction, boxes, *rows, **settings)


def boxes_served(assignment, boxes):
    """How many points each of several different boxes got."""
    return [int((assignment.box == torch.tensor(box)).all(1).sum()) for box in boxes]


def assert_no_point_serves_two(assignment):
    rows = list(zip(*(x.tolist() for x in (assignment.image, assignment.phrase, assignment.point)), strict=True))
    assert len(set(rows)) == len(rows)


@pytest.mark.parametrize(
    "box",
    [
        [20.0, 20, 40, 44],
        [31.0, 31, 32, 32],  # one pixel, between the points of all strides
        [0.0, 0, 1, 1],
        [63.0, 0, 64, 1],
        [0.0, 0, 64, 64],
        [0.0, 30, 64, 31],
        [12.0, 12, 12, 12],  # no extent at all
        [-40.0, -40, 100, 100],  # larger than the canvas
    ],
)
def test_every_box_gets_points_at_its_center(box):
    prediction = prediction_of()
    found = assign(prediction, [box])
    center = torch.tensor([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
    size = torch.tensor([box[2] - box[0], box[3] - box[1]])
    points, strides = prediction["points"][found.point], prediction["strides"][found.point, None]
    assert 1 <= len(found.point) <= 9
    assert ((points - center).abs() <= torch.maximum(size / 4, strides)).all()
    assert ((found.target > 0) & (found.target <= 1)).all()


def test_at_most_as_many_points_as_asked():
    assert len(assign(prediction_of(), [[0, 0, 64, 64]], top=3).point) == 3


def test_the_best_target_of_a_box_is_its_best_overlap():
    prediction = prediction_of()
    found = assign(prediction, [[16, 16, 48, 48]])
    overlap = paired_iou(prediction["boxes"][0, 0, found.point], found.box)
    assert found.target.max().item() == pytest.approx(overlap.max().item())
    assert found.target.argmax() == overlap.argmax()


def test_where_nothing_overlaps_yet_the_target_still_draws():
    prediction = prediction_of()
    with torch.no_grad():
        prediction["boxes"] += 500
    assert assign(prediction, [[16, 16, 48, 48]]).target.max().item() == pytest.approx(0.1)


def test_of_equal_overlaps_the_better_aligned_point_is_preferred():
    prediction = prediction_of()
    with torch.no_grad():
        prediction["boxes"][...] = torch.tensor([16.0, 16, 48, 48])
        prediction["alignment"][0, 0, 27] = 3.0  # the point at (28, 28)
    found = assign(prediction, [[16, 16, 48, 48]], top=1)
    assert found.point.tolist() == [27]


def test_a_point_goes_to_the_box_that_it_overlaps_most():
    inner, outer = [24.0, 24, 40, 40], [8.0, 8, 56, 56]
    found = assign(prediction_of(), [outer, inner])
    assert_no_point_serves_two(found)
    assert min(boxes_served(found, [outer, inner])) >= 1


def test_two_identical_boxes_have_points_of_their_own():
    box = [[20.0, 20, 44, 44]]
    alone, both = assign(prediction_of(), box), assign(prediction_of(), box * 2)
    assert_no_point_serves_two(both)
    assert len(both.point) > len(alone.point)


def test_pixels_in_one_cell_all_have_a_point():
    pixels = [[33.0 + i, 33 + j, 34 + i, 34 + j] for i in range(4) for j in range(4)]
    found = assign(prediction_of(), pixels)
    assert_no_point_serves_two(found)
    assert min(boxes_served(found, pixels)) >= 1
    assert (found.target > 0).all()


def test_five_hundred_boxes_of_one_phrase_all_have_a_point():
    generator = torch.Generator().manual_seed(0)
    low = torch.rand(500, 2, generator=generator) * 310
    boxes = torch.cat([low, low + 1 + torch.rand(500, 2, generator=generator) * 9], dim=1)
    found = assign(prediction_of(canvas=(320, 320)), boxes)
    assert_no_point_serves_two(found)
    assert min(boxes_served(found, boxes.tolist())) >= 1


def test_more_boxes_than_points_leave_no_point_unused():
    found = assign(prediction_of(), [[30.0, 30, 31, 31]] * 100)
    assert_no_point_serves_two(found)
    assert len(found.point) == 64 + 16 + 4


def test_boxes_of_other_phrases_and_images_do_not_interfere():
    prediction = prediction_of(images=2, phrases=2)
    box, other = [20.0, 20, 44, 44], [16.0, 16, 40, 40]
    alone = assign(prediction, [box])
    among = assign(prediction, [other, box, other, box], images=[1, 0, 0, 1], phrases=[0, 0, 1, 1])
    mine = (among.image == 0) & (among.phrase == 0)
    assert torch.equal(among.point[mine], alone.point)
    torch.testing.assert_close(among.target[mine], alone.target)
    torch.testing.assert_close(among.box[mine], alone.box)


def test_no_boxes_give_no_points():
    found = assign(prediction_of(), torch.zeros(0, 4))
    assert len(found.point) == len(found.target) == 0
    assert found.box.shape == (0, 4)


def test_boxes_in_volumes_get_points_too():
    boxes = [[4.0, 4, 4, 28, 28, 28], [17.0, 17, 17, 18, 18, 18]]
    found = assign(prediction_of(canvas=(32, 32, 32)), boxes)
    assert_no_point_serves_two(found)
    assert min(boxes_served(found, boxes)) >= 1


def test_a_network_that_is_sure_of_nothing_still_learns():
    found = assign(prediction_of(alignment=-200.0), [[20, 20, 44, 44]])
    assert len(found.point) >= 1
    assert found.target.isfinite().all()
