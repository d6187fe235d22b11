# SPDX-License-Identifier: Apache-2.0
"""Boxes carried through MONAI's own transforms, against masks pushed through the same chain."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import (
    CenterSpatialCropd,
    Compose,
    Flipd,
    Orientationd,
    RandAffined,
    RandZoomd,
    Resized,
    ResizeWithPadOrCropd,
    Rotate90d,
    Rotated,
    Spacingd,
    SpatialCrop,
    SpatialPadd,
)

from monai_medglip.errors import GeometryError
from monai_medglip.transforms import BoxesToFramed, RecordFramed, ValidRegiond

BOX_2D = (9.0, 5.0, 21.0, 26.0)
BOX_3D = (9.0, 5.0, 4.0, 21.0, 24.0, 15.0)
OBLIQUE = np.array(
    [[0.8, -0.05, 0.1, -20.0], [0.04, 0.7, 0.2, 31.0], [-0.08, -0.15, 1.5, 7.0], [0.0, 0.0, 0.0, 1.0]], dtype=np.float64
)
LABELS = (("L", "R"), ("P", "A"), ("I", "S"))

LATTICE = {
    "flip": [Flipd("mask", spatial_axis=0)],
    "quarter turn": [Rotate90d("mask", k=1)],
    "pad": [SpatialPadd("mask", spatial_size=(64, 50))],
    "flip, turn, pad, crop": [
        Flipd("mask", spatial_axis=1),
        Rotate90d("mask", k=3),
        SpatialPadd("mask", spatial_size=(61, 64)),
        CenterSpatialCropd("mask", roi_size=(40, 44)),
    ],
}
RESAMPLED = {
    "resize": [Resized("mask", spatial_size=(57, 90), mode="bilinear")],
    "resize the longest": [Resized("mask", spatial_size=77, size_mode="longest", mode="bilinear")],
    "spacing": [Spacingd("mask", pixdim=(0.6, 0.7), mode="bilinear")],
    "flip and spacing": [Flipd("mask", spatial_axis=0), Spacingd("mask", pixdim=(1.4, 0.8), mode="bilinear")],
    "shift and scale": [
        RandAffined("mask", prob=1.0, translate_range=((4, 6), (-5, -3)), scale_range=((0.3, 0.4), (-0.2, -0.1)))
    ],
}


def item_with(box: tuple[float, ...], shape: tuple[int, ...], affine: np.ndarray | None = None) -> dict[str, object]:
    dims = len(shape)
    mask = torch.zeros((1, *shape))
    mask[(0, *(slice(int(box[i]), int(box[dims + i])) for i in range(dims)))] = 1.0
    image = MetaTensor(mask, affine=torch.eye(4) if affine is None else torch.as_tensor(affine))
    return {"mask": image, "boxes": torch.tensor([box])}


def through(chain: list[object], item: dict[str, object]) -> dict[str, object]:
    compose = Compose([RecordFramed("mask"), *chain, BoxesToFramed("boxes", ref_key="mask")])
    compose.set_random_state(5)
    return compose(item)


def box_of(mask: torch.Tensor) -> np.ndarray:
    inside = np.argwhere(np.asarray(mask[0]) > 0.5)
    return np.concatenate([inside.min(axis=0), inside.max(axis=0) + 1])


@pytest.mark.parametrize("name", LATTICE)
def test_a_box_follows_a_lattice_preserving_chain_exactly(name):
    moved = through(LATTICE[name], item_with(BOX_2D, (47, 36)))
    np.testing.assert_allclose(moved["boxes"][0], box_of(moved["mask"]), atol=1e-4)


@pytest.mark.parametrize("name", RESAMPLED)
def test_a_box_follows_a_resampling_chain_within_the_rounding_of_a_mask(name):
    moved = through(RESAMPLED[name], item_with(BOX_2D, (47, 36)))
    np.testing.assert_allclose(moved["boxes"][0], box_of(moved["mask"]), atol=0.6)


@pytest.mark.parametrize("degrees", [10, 30])
def test_a_rotated_box_is_the_bounds_of_its_four_corners(degrees):
    moved = through([Rotated("mask", angle=np.radians(degrees), keep_size=False)], item_with(BOX_2D, (47, 36)))
    # The rotated mask loses the tips of its corners to the threshold: the box may be larger by a pixel, never smaller.
    low, high = moved["boxes"][0][:2].numpy(), moved["boxes"][0][2:].numpy()
    found = box_of(moved["mask"])
    assert (found[:2] - low > -0.6).all()
    assert (found[:2] - low < 1.2).all()
    assert (high - found[2:] > -0.6).all()
    assert (high - found[2:] < 1.2).all()


def test_a_box_in_an_oblique_volume_follows_orientation_exactly():
    moved = through([Orientationd("mask", axcodes="PIL", labels=LABELS)], item_with(BOX_3D, (40, 33, 21), OBLIQUE))
    np.testing.assert_allclose(moved["boxes"][0], box_of(moved["mask"]), atol=1e-4)


def test_a_box_in_an_oblique_volume_follows_orientation_spacing_and_pad():
    chain = [
        Orientationd("mask", axcodes="RAS", labels=LABELS),
        Spacingd("mask", pixdim=(0.6, 0.9, 1.2), mode="bilinear"),
        ResizeWithPadOrCropd("mask", spatial_size=(64, 40, 40)),
    ]
    moved = through(chain, item_with(BOX_3D, (40, 33, 21), OBLIQUE))
    np.testing.assert_allclose(moved["boxes"][0], box_of(moved["mask"]), atol=0.6)


def test_boxes_follow_inside_a_lazy_compose():
    compose = Compose(
        [
            RecordFramed("mask"),
            Flipd("mask", spatial_axis=0),
            Resized("mask", spatial_size=(60, 50, 40), mode="trilinear"),
            BoxesToFramed("boxes", ref_key="mask"),
        ],
        lazy=True,
    )
    moved = compose(item_with(BOX_3D, (40, 33, 21), OBLIQUE))
    np.testing.assert_allclose(moved["boxes"][0], box_of(moved["mask"]), atol=0.6)


def test_a_three_by_three_affine_is_as_good_as_four_by_four():
    item = item_with(BOX_2D, (47, 36), np.diag([-1.0, -1.0, 1.0]))
    moved = through([Flipd("mask", spatial_axis=0)], item)
    np.testing.assert_allclose(moved["boxes"][0], [26, 5, 38, 26], atol=1e-4)


def zoomed_in_then_padded(*between: object) -> dict[str, object]:
    chain = [
        RandZoomd("mask", prob=1.0, min_zoom=2.0, max_zoom=2.0, mode="bilinear"),
        *between,
        ResizeWithPadOrCropd("mask", spatial_size=(60, 60)),
    ]
    return through(chain, item_with((4.0, 4.0, 36.0, 20.0), (40, 40)))


def test_a_box_ends_where_the_image_was_cropped_although_a_pad_follows():
    moved = zoomed_in_then_padded(ValidRegiond("mask"))
    np.testing.assert_allclose(moved["valid_region"], [10, 10, 50, 50], atol=1e-3)
    np.testing.assert_allclose(moved["boxes"][0], box_of(moved["mask"]), atol=0.6)


def test_without_the_mark_the_box_reaches_into_the_padding():
    moved = zoomed_in_then_padded()
    assert moved["boxes"][0][0] < box_of(moved["mask"])[0] - 2


def test_shares_inside_and_lost_boxes_are_told():
    item = {"mask": MetaTensor(torch.zeros(1, 40, 40)), "boxes": np.array([[0, 0, 10, 10], [5, 15, 15, 25.0]])}
    moved = through([CenterSpatialCropd("mask", roi_size=(20, 20))], item)
    np.testing.assert_allclose(moved["boxes_inside"], [0.0, 0.5], atol=1e-6)
    assert moved["boxes_lost"] == 1
    np.testing.assert_allclose(moved["boxes"][1], [0, 5, 5, 15], atol=1e-5)


def test_boxes_can_be_carried_twice():
    chain = [Flipd("mask", spatial_axis=0), BoxesToFramed("boxes", ref_key="mask"), Rotate90d("mask", k=1)]
    moved = through(chain, item_with(BOX_2D, (47, 36)))
    np.testing.assert_allclose(moved["boxes"][0], box_of(moved["mask"]), atol=1e-4)


def test_an_item_without_boxes_passes():
    item = {"mask": MetaTensor(torch.zeros(1, 8, 8)), "boxes": torch.zeros(0, 4)}
    assert through([Flipd("mask", spatial_axis=0)], item)["boxes"].shape == (0, 4)


def test_a_plain_tensor_is_refused_because_nobody_knows_where_it_lies():
    with pytest.raises(GeometryError, match=r"expected a MetaTensor.*got Tensor"):
        RecordFramed("mask")({"mask": torch.zeros(1, 8, 8)})


def test_boxes_without_a_recorded_frame_are_refused():
    with pytest.raises(GeometryError, match="put RecordFramed right after"):
        BoxesToFramed("boxes", ref_key="mask")(item_with(BOX_2D, (47, 36)))


def test_boxes_of_another_dimension_are_refused():
    item = RecordFramed("mask")({**item_with(BOX_2D, (47, 36)), "boxes": torch.zeros(1, 6)})
    with pytest.raises(GeometryError, match=r"expected boxes of shape \(N, 4\).*got \(1, 6\)"):
        BoxesToFramed("boxes", ref_key="mask")(item)


def test_a_recorded_frame_survives_pickling():
    recorded = RecordFramed("mask")(item_with(BOX_2D, (47, 36)))
    moved = BoxesToFramed("boxes", ref_key="mask")(pickle.loads(pickle.dumps(recorded)))
    np.testing.assert_allclose(moved["boxes"][0], BOX_2D)


def test_the_whole_image_is_told_beyond_the_view_of_a_crop() -> None:
    image = MetaTensor(torch.zeros(1, 40, 20), affine=torch.eye(4))
    item = RecordFramed("image")({"image": image})
    item["image"] = SpatialCrop(roi_start=(10, 0), roi_end=(30, 20))(item["image"])
    item = BoxesToFramed()(item)
    np.testing.assert_allclose(item["whole_image"], [-10, 0, 30, 20])
    np.testing.assert_allclose(item["valid_region"], [0, 0, 20, 20])
