# SPDX-License-Identifier: Apache-2.0
"""The canvas and random views of it: where points, masks and padding come to lie."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_medglip.errors import ConfigurationError, GeometryError
from monai_medglip.geometry import map_points
from monai_medglip.transforms import BoxesToFramed, Canvas, Canvasd, RandCanvas, RandCanvasd, RecordFramed

SHAPES = [(320, 320), (640, 480), (100, 37), (33, 700), (1, 1), (511, 1)]


def column_ramp(shape: tuple[int, ...]) -> MetaTensor:
    """An image whose channel d holds the index along axis d, so that a sample tells where it was taken."""
    grids = torch.meshgrid(*(torch.arange(extent, dtype=torch.float32) for extent in shape), indexing="ij")
    return MetaTensor(torch.stack(grids), affine=torch.eye(4))


def sampled_minus_told(canvas: MetaTensor, source_shape: tuple[int, ...], margin: float) -> np.ndarray:
    """Where the voxels were taken, by the ramp, less where the affine says, for those well inside the source."""
    dims = len(source_shape)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in canvas.shape[1:]), indexing="ij"), -1).reshape(-1, dims)
    told = map_points(index, canvas.affine.numpy(), np.eye(4))
    inside = ((told >= margin) & (told <= np.array(source_shape) - 1 - margin)).all(axis=1)
    return np.asarray(canvas).reshape(dims, -1).T[inside] - told[inside]


@pytest.mark.parametrize("shape", [(320, 320), (640, 480), (100, 37), (801, 333)])
def test_the_affine_of_the_canvas_tells_where_its_pixels_were_taken(shape):
    errors = sampled_minus_told(Canvas((64, 48))(column_ramp(shape)), shape, margin=2 * max(1, *np.divide(shape, 48)))
    assert len(errors)
    # One smoothing filter sums whole pixels and so leans a hundredth of a pixel to one side, the next to the other.
    assert np.abs(errors).max() < 0.06
    assert np.abs(errors.mean(axis=0)).max() < 1e-4


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(60, 90), (400, 300)])
def test_the_affine_of_a_random_view_tells_where_its_pixels_were_taken(shape, seed):
    view = RandCanvas((64, 48), prob=1.0, rotation_degrees=20)
    view.set_random_state(seed)
    errors = sampled_minus_told(view(column_ramp(shape)), shape, margin=12)
    assert len(errors)
    assert np.abs(errors).max() < 2e-3


def test_a_random_view_of_a_volume_is_as_exact():
    view = RandCanvas((32, 24, 20), prob=1.0)
    view.set_random_state(1)
    errors = sampled_minus_told(view(column_ramp((80, 60, 44))), (80, 60, 44), margin=6)
    assert np.abs(errors).max() < 2e-3


def test_a_volume_is_put_on_the_canvas_too():
    canvas = Canvas((32, 24, 20))(column_ramp((80, 60, 44)))
    assert canvas.shape == (3, 32, 24, 20)
    assert np.abs(sampled_minus_told(canvas, (80, 60, 44), margin=6)).max() < 2e-3


@pytest.mark.parametrize("shape", SHAPES)
def test_the_whole_image_stands_at_the_low_corner_with_its_aspect(shape):
    item = {"image": MetaTensor(torch.ones(1, *shape))}
    for step in (RecordFramed("image"), Canvasd("image", (320, 320)), BoxesToFramed()):
        item = step(item)
    low, high = item["valid_region"][:2].numpy(), item["valid_region"][2:].numpy()
    assert (low == 0).all()
    assert high.max() == 320
    np.testing.assert_allclose(high, np.maximum(320 * np.array(shape) / max(shape), 1), atol=0.5)


def test_beside_the_image_the_canvas_holds_the_padding_value():
    canvas = Canvas((32, 32), padding_value=-1.0)(MetaTensor(torch.ones(1, 40, 20)))
    assert torch.allclose(canvas[0, :, :16].as_tensor(), torch.tensor(1.0))
    assert (canvas[0, :, 16:] == -1).all()


def test_a_strong_reduction_averages_instead_of_picking():
    stripes = MetaTensor((torch.arange(640) % 2).float().expand(1, 640, 640).contiguous())
    view = RandCanvas((64, 64), prob=1.0, zoom_range=(1, 1), aspect_range=(1, 1), rotation_degrees=0, shift=0)
    for canvas in (Canvas((64, 64))(stripes), view(stripes)):
        assert torch.allclose(canvas.as_tensor(), torch.tensor(0.5), atol=0.06)


def test_instance_maps_keep_their_numbers_and_type():
    ids = MetaTensor((torch.arange(90 * 70) % 2003).reshape(1, 90, 70).to(torch.int16))
    view = RandCanvas((64, 64), prob=1.0)
    for canvas in (Canvas((64, 64))(ids, "nearest"), view(ids, "nearest")):
        assert canvas.dtype == torch.int16
        assert set(canvas.unique().tolist()) <= set(ids.unique().tolist())


@pytest.mark.parametrize("seed", range(20))
def test_no_random_view_is_mirrored(seed):
    view = RandCanvas((32, 32), prob=1.0, rotation_degrees=180, zoom_range=(0.2, 5), aspect_range=(0.2, 5))
    view.set_random_state(seed)
    assert np.linalg.det(view(MetaTensor(torch.zeros(1, 9, 14))).affine.numpy()) > 0


def rectangle_item(shape: tuple[int, int]) -> dict[str, object]:
    mask = torch.zeros((1, *shape), dtype=torch.int16)
    mask[0, 60:130, 40:110] = 7
    return {
        "image": MetaTensor(mask.float()),
        "instances": MetaTensor(mask),
        "boxes": torch.tensor([[60, 40, 130, 110.0]]),
    }


@pytest.mark.parametrize("seed", range(8))
def test_image_map_and_box_come_to_lie_in_one_place(seed):
    view = RandCanvas((160, 160), prob=1.0, rotation_degrees=0, zoom_range=(0.7, 1.1))
    item = RecordFramed("image")(rectangle_item((200, 150)))
    place = RandCanvasd(("image", "instances"), view, interpolation=("linear", "nearest"))
    place.set_random_state(seed)
    item = BoxesToFramed("boxes")(place(item))
    for mask in (item["image"][0] > 3.5, item["instances"][0] == 7):
        found = np.argwhere(np.asarray(mask))
        np.testing.assert_allclose(item["boxes"][0], [*found.min(axis=0), *(found.max(axis=0) + 1)], atol=0.6)


def test_the_same_seed_gives_the_same_views():
    image = column_ramp((50, 40))
    first, second = (RandCanvas((32, 32)).set_random_state(3) for _ in range(2))
    for _ in range(3):
        assert torch.equal(first(image).as_tensor(), second(image).as_tensor())


def test_a_view_that_does_not_fire_is_the_canvas():
    image = column_ramp((50, 40))
    assert torch.equal(RandCanvas((32, 32), prob=0.0)(image).as_tensor(), Canvas((32, 32))(image).as_tensor())


def test_the_transforms_survive_pickling_and_copying():
    place = RandCanvasd("image", RandCanvas((32, 32))).set_random_state(4)
    for twin in (pickle.loads(pickle.dumps(place)), copy.deepcopy(place)):
        twin.set_random_state(4)
        place.set_random_state(4)
        image = column_ramp((50, 40))
        assert torch.equal(twin({"image": image})["image"].as_tensor(), place({"image": image})["image"].as_tensor())


def test_the_source_image_is_left_as_it_was():
    image = column_ramp((50, 40))
    before = image.clone()
    Canvas((32, 32))(image)
    assert torch.equal(image.as_tensor(), before.as_tensor())
    assert torch.equal(image.affine, before.affine)


def test_a_volume_does_not_fit_a_flat_canvas():
    with pytest.raises(GeometryError, match=r"expected an image of shape \(C, x, y\) .* got \(1, 4, 5, 6\)"):
        Canvas((32, 32))(MetaTensor(torch.zeros(1, 4, 5, 6)))


def test_a_plain_tensor_is_refused():
    with pytest.raises(GeometryError, match="expected a MetaTensor"):
        Canvas((32, 32))(torch.zeros(1, 4, 5))


@pytest.mark.parametrize("size", [(32,), (0, 4), (3.5, 4)])
def test_a_canvas_needs_whole_positive_sizes(size):
    with pytest.raises(ConfigurationError, match="expected a canvas size"):
        Canvas(size)


def test_a_range_that_is_none_is_refused():
    with pytest.raises(ConfigurationError, match=r"zoom_range as \(low, high\)"):
        RandCanvas(zoom_range=(1.5, 0.5))
