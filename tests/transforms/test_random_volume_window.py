# SPDX-License-Identifier: Apache-2.0
"""Random windows of volumes: where points, boxes and sides come to lie."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import dataclass

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_medglip.errors import ConfigurationError, GeometryError
from monai_medglip.ontology import Mirror
from monai_medglip.transforms import (
    BoxesToFramed,
    RandCanvasd,
    RandMirrorPhrasesd,
    RandVolumeWindow,
    RecordFramed,
)
from tests.transforms.test_canvas import column_ramp, sampled_minus_told
from tests.volume_files import AXIS_ORDERS, turned

SIZE = (24, 28, 20)
PLAIN = {"zoom_range": (1, 1), "aspect_range": (1, 1), "rotation_degrees": 0, "shift": 0}


@dataclass(frozen=True)
class Row:
    concept: str


def in_order(order: str, spacing: tuple[float, float, float] = (2.0, 2.0, 2.0)) -> np.ndarray:
    """The affine of a volume whose axes count in the directions of an axis order."""
    turn = nibabel.orientations.axcodes2ornt(order)
    affine = np.eye(4)
    for axis, (world, sign) in enumerate(turn):
        affine[:3, axis] = 0
        affine[int(world), axis] = sign * spacing[axis]
    return affine


def sided_item(affine: np.ndarray) -> dict[str, object]:
    """A volume with a block on the patient's left, and its box."""
    ids = torch.zeros(1, 30, 30, 30, dtype=torch.int16)
    center = np.linalg.inv(affine[:3, :3]) @ [-16.0, 0, 0] + 14.5  # the left is at low x in RAS+
    low = np.round(center - 3).astype(int)
    high = low + 6
    ids[0, low[0] : high[0], low[1] : high[1], low[2] : high[2]] = 1
    return {
        "image": MetaTensor(ids.float(), affine=torch.as_tensor(affine)),
        "ids": MetaTensor(ids, affine=torch.as_tensor(affine)),
        "boxes": torch.tensor([[*low, *high]], dtype=torch.float32),
        "region_table": [Row("left parotid gland")],
        "mirror": Mirror.SWAP,
    }


def shown(item: dict[str, object], *steps: object) -> dict[str, object]:
    item = RecordFramed("image")(item)
    for step in (*steps, BoxesToFramed("boxes")):
        item = step(item)
    return item


def window(seed: int, **ranges: object) -> RandCanvasd:
    view = RandVolumeWindow((32, 32, 32), **ranges).set_random_state(seed)
    return RandCanvasd(("image", "ids"), view, interpolation=("linear", "nearest"))


@pytest.mark.parametrize("order", ["RAS", "LPS", "PSR", "IAL"])
@pytest.mark.parametrize("prob", [0.0, 1.0])
def test_the_words_of_a_side_follow_what_is_shown(order, prob):
    mirror = RandMirrorPhrasesd(("image", "ids"), prob=prob, other_prob=0.0)
    item = shown(sided_item(in_order(order)), window(0, **PLAIN), mirror)
    center = (item["boxes"][0, 0] + item["boxes"][0, 3]) / 2
    assert item["region_table"][0].concept == ("right parotid gland" if prob else "left parotid gland")
    assert (center > 16) == bool(prob)
    found = np.argwhere(np.asarray(item["ids"][0]))
    np.testing.assert_allclose(item["boxes"][0], [*found.min(axis=0), *(found.max(axis=0) + 1)], atol=0.5)


def test_the_bundle_mirrors_after_the_window_that_would_undo_it(repository):
    config = json.loads((repository / "bundles/medglip_3d/configs/train.json").read_text(encoding="utf-8"))
    names = [step["_target_"].rpartition(".")[2] for step in config["train"]["preprocessing"]["transforms"]]
    order = ["WorkingGridd", "RandCanvasd", "RandMirrorPhrasesd", "BoxesToFramed"]
    assert sorted(order, key=names.index) == order


@pytest.mark.parametrize("order", AXIS_ORDERS[::5])
@pytest.mark.parametrize("seed", range(2))
def test_the_affine_of_a_window_tells_where_its_voxels_were_taken(order, seed):
    ramp = column_ramp((60, 50, 40))
    view = RandVolumeWindow(SIZE).set_random_state(seed)
    inside = view(MetaTensor(ramp.as_tensor(), affine=torch.as_tensor(in_order(order, (1.5, 2.0, 3.0)))))
    told = MetaTensor(
        inside.as_tensor(), affine=np.linalg.inv(in_order(order, (1.5, 2.0, 3.0))) @ inside.affine.numpy()
    )
    errors = sampled_minus_told(told, (60, 50, 40), margin=4)
    assert len(errors)
    assert np.abs(errors).max() < 2e-3


@pytest.mark.parametrize("order", AXIS_ORDERS)
def test_no_window_is_mirrored_whatever_the_order(order):
    affine = turned(in_order(order, (1.0, 2.0, 4.0)), 20)
    shape = MetaTensor(torch.zeros(1, 9, 14, 6), affine=torch.as_tensor(affine))
    assert np.linalg.det(RandVolumeWindow((8, 8, 8)).set_random_state(0)(shape).affine.numpy()) > 0


@pytest.mark.parametrize("seed", range(6))
def test_image_map_and_box_come_to_lie_in_one_place(seed):
    item = shown(sided_item(in_order("PIR")), window(seed, rotation_degrees=0, zoom_range=(0.7, 1.1), shift=0.0))
    for mask in (item["image"][0] > 0.5, item["ids"][0] == 1):
        found = np.argwhere(np.asarray(mask))
        if item["boxes_inside"][0] > 0.999:
            np.testing.assert_allclose(item["boxes"][0], [*found.min(axis=0), *(found.max(axis=0) + 1)], atol=0.6)


def test_zoom_one_is_the_working_spacing():
    volume = MetaTensor(torch.zeros(1, 80, 60, 40), affine=torch.diag(torch.tensor([1.0, 2.0, 3.0, 1.0])))
    spacing = np.linalg.norm(RandVolumeWindow((16, 16, 16), **PLAIN)(volume).affine.numpy()[:3, :3], axis=0)
    np.testing.assert_allclose(spacing, (80 * 120 * 120 / 16**3) ** (1 / 3))


@pytest.mark.parametrize("seed", range(4))
def test_no_window_is_finer_than_half_the_finest_spacing(seed):
    volume = MetaTensor(torch.zeros(1, 12, 12, 12), affine=torch.diag(torch.tensor([3.0, 2.0, 4.0, 1.0])))
    view = RandVolumeWindow((32, 32, 32), zoom_range=(3, 9), aspect_range=(1, 1)).set_random_state(seed)
    spacing = np.linalg.norm(view(volume).affine.numpy()[:3, :3], axis=0)
    np.testing.assert_allclose(spacing, 1.0)


def test_the_same_seed_gives_the_same_windows():
    volume = column_ramp((30, 40, 20))
    first, second = (RandVolumeWindow(SIZE).set_random_state(3) for _ in range(2))
    windows = [first(volume).as_tensor() for _ in range(3)]
    assert all(torch.equal(one, second(volume).as_tensor()) for one in windows)
    assert not torch.equal(windows[0], windows[1])


def test_the_limit_of_one_volume_does_not_shift_the_next_ones_window():
    coarse = MetaTensor(torch.zeros(1, 4, 4, 4))
    first, second = (RandVolumeWindow((8, 8, 8), zoom_range=(1, 2)).set_random_state(3) for _ in range(2))
    first(coarse)
    second(column_ramp((90, 80, 70)))
    after = column_ramp((40, 40, 40))
    assert torch.equal(first(after).as_tensor(), second(after).as_tensor())


def test_the_transform_survives_pickling():
    view, volume = RandVolumeWindow((8, 8, 8)).set_random_state(4), column_ramp((12, 11, 10))
    twin = pickle.loads(pickle.dumps(view))
    assert torch.equal(twin(volume).as_tensor(), view(volume).as_tensor())


def test_a_budget_of_its_own_decides_what_zoom_one_means():
    volume = column_ramp((64, 64, 64))
    near, far = (RandVolumeWindow((16, 16, 16), grid_voxels=n, **PLAIN)(volume) for n in (32**3, None))
    assert math.isclose(near.affine[0, 0] * 2, far.affine[0, 0])


def test_a_picture_is_refused():
    with pytest.raises(GeometryError, match=r"expected an image of shape \(C, x, y, z\)"):
        RandVolumeWindow()(MetaTensor(torch.zeros(1, 8, 8)))


@pytest.mark.parametrize("wrong", [{"size": (0, 4, 4)}, {"grid_voxels": 0}, {"aspect_range": (2, 1)}])
def test_a_window_that_is_none_is_refused(wrong):
    with pytest.raises(ConfigurationError, match="expected"):
        RandVolumeWindow(**wrong)
