# SPDX-License-Identifier: Apache-2.0
"""Values of every kind of image in [-1, 1]."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.imaging import Modality
from monai_medglip.transforms import NormalizeIntensity, NormalizeIntensityd, load_intensity_rules

normalize = NormalizeIntensity()


def noise(dtype: type, shape: tuple[int, ...] = (1, 40, 30), low: int = 0, high: int = 4000) -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(0).integers(low, high, shape).astype(dtype))


@pytest.mark.parametrize("modality", list(Modality))
def test_an_eight_bit_picture_is_taken_as_it_is_in_every_modality(modality):
    picture = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 3, 1)
    assert normalize(picture, modality)[:, :, 0].tolist() == [pytest.approx([-1.0, -0.6, 1.0])] * 3


def test_colors_stay_colors():
    picture = torch.tensor([10, 20, 30], dtype=torch.uint8).reshape(3, 1, 1)
    assert normalize(picture, "ES").flatten().tolist() == pytest.approx([v / 127.5 - 1 for v in (10, 20, 30)])


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_ct_values_are_hounsfield_units_in_the_stated_window(dtype):
    scan = torch.as_tensor(np.array([-1000, -250, 100, 450, 3000], dtype=dtype)).reshape(1, 5, 1)
    assert normalize(scan, "CT")[0].flatten().tolist() == pytest.approx([-1, -1, 0, 1, 1], abs=1e-6)


def test_unsigned_ct_values_are_no_hounsfield_units():
    scan = noise(np.uint16)
    assert torch.equal(normalize(scan, "CT"), normalize(scan, "UNKNOWN"))


@pytest.mark.parametrize("modality", [Modality.MR, Modality.US, Modality.PET])
@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.float32])
def test_other_values_follow_the_percentiles_of_the_image(modality, dtype):
    scan = noise(dtype)
    low, high = np.percentile(scan.numpy(), [0.5, 99.5])
    expected = np.clip((scan.numpy().astype(np.float64) - low) / (high - low) * 2 - 1, -1, 1)
    np.testing.assert_allclose(normalize(scan, modality)[2], expected[0], atol=1e-4)


def test_percentiles_of_a_large_image_come_from_part_of_it():
    scan = noise(np.float32, (1, 700, 900))
    low, high = np.percentile(scan.numpy(), [0.5, 99.5])
    expected = np.clip((scan.numpy() - low) / (high - low) * 2 - 1, -1, 1)
    np.testing.assert_allclose(normalize(scan, "MR")[0], expected[0], atol=0.01)


@pytest.mark.parametrize("modality", ["CT", "MR", "UNKNOWN"])
@pytest.mark.parametrize("value", [0.0, -3000.0, 7.5, 1e30])
def test_a_constant_image_has_finite_values(modality, value):
    result = normalize(torch.full((1, 9, 9), value), modality)
    assert torch.isfinite(result).all()
    assert (result.abs() <= 1).all()


def test_one_bright_voxel_in_the_dark_is_seen():
    scan = torch.zeros(1, 60, 60)
    scan[0, 5, 5] = 9.0
    assert normalize(scan, "PET")[0, 5, 5] == 1.0


def test_a_volume_without_a_unit_is_scaled_as_a_picture_is():
    scan = noise(np.int16, (1, 10, 12, 14))
    flat = normalize(scan.reshape(1, 10, 168), "MR")
    assert torch.equal(normalize(scan, "MR").reshape(3, 10, 168), flat)


def test_a_ct_volume_shows_soft_tissue_air_and_bone_in_its_channels():
    scan = torch.tensor([-1000, -500, 50, 800, 3000], dtype=torch.int16).reshape(1, 5, 1, 1)
    soft, air, bone = normalize(scan, "CT").flatten(1).tolist()
    assert soft == pytest.approx([-1, -1, 0, 1, 1], abs=1e-6)
    assert air == pytest.approx([-1, 0, 1, 1, 1], abs=1e-6)
    assert bone == pytest.approx([-1, -1, -1, 0, 1], abs=1e-6)


def test_a_part_is_scaled_by_the_limits_of_the_whole():
    scan, scaler = noise(np.int16, (1, 20, 12, 14)), NormalizeIntensity()
    part = scaler.scale(scan[:, 5:9], scaler.limits(scan, "MR"))
    assert torch.equal(part, scaler(scan, "MR")[:, 5:9])


def test_the_place_of_the_image_is_kept():
    affine = torch.diag(torch.tensor([2.0, 3.0, 4.0, 1.0], dtype=torch.float64))
    result = normalize(MetaTensor(noise(np.int16), affine=affine, meta={"name": "a"}), "MR")
    assert torch.equal(result.affine, affine)
    assert result.meta["name"] == "a"


def test_the_source_image_is_left_as_it_was():
    scan = torch.linspace(-500, 500, 20).reshape(1, 4, 5)
    before = scan.clone()
    normalize(scan, "CT")
    assert torch.equal(scan, before)


@pytest.mark.parametrize("shape", [(2, 4, 4), (4, 4, 4), (1, 0, 4)])
def test_an_image_is_grey_or_has_three_colors(shape):
    with pytest.raises(DataError, match=r"expected an image \(1 or 3"):
        normalize(torch.zeros(shape), "MR")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_not_finite_are_refused(value):
    with pytest.raises(DataError, match="finite"):
        normalize(torch.tensor([[[0.0, value]]]), "MR")


def test_the_modality_may_be_a_word_a_modality_or_the_record_that_has_one():
    class Record:
        modality = Modality.CT

    scan = noise(np.int16, low=-1000, high=1000)
    results = [
        NormalizeIntensityd("image")({"image": scan, "record": told})["image"] for told in ("CT", Modality.CT, Record())
    ]
    assert torch.equal(results[0], results[1])
    assert torch.equal(results[0], results[2])


def test_an_item_that_does_not_tell_its_modality_is_refused():
    with pytest.raises(DataError, match="expected the modality under 'record'"):
        NormalizeIntensityd("image")({"image": torch.zeros(1, 4, 4)})


def test_every_modality_has_a_rule():
    assert set(load_intensity_rules()) == set(Modality)


def rules_with(tmp_path, **changes):
    row = {"scaling": "percentiles", "ranges": [[0.5, 99.5]]}
    rows = {modality.value: row for modality in Modality} | changes
    path = tmp_path / "rules.json"
    path.write_text(json.dumps({"rules": {name: row for name, row in rows.items() if row is not None}}))
    return path


def test_another_table_can_be_given(tmp_path):
    path = rules_with(tmp_path, CT={"scaling": "window", "ranges": [[0, 100]]})
    assert NormalizeIntensity(path)(torch.full((1, 2, 2), 75.0), "CT")[0, 0, 0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"CT": {"scaling": "window", "ranges": [[5, 5]]}}, "low < high"),
        ({"CT": {"scaling": "window", "ranges": [[0, 5], [0, 9]]}}, "one range or three"),
        ({"MR": {"scaling": "percentiles", "ranges": [[0, 101]]}}, "within"),
        ({"MR": {"scaling": "sometimes", "ranges": [[0, 1]]}}, "sometimes"),
        ({"MR": {"ranges": [[0, 1]]}}, "scaling"),
        ({"XY": {"scaling": "window", "ranges": [[0, 1]]}}, "XY"),
        ({"US": None}, "US have none"),
    ],
)
def test_a_wrong_table_is_refused_with_what_is_wrong(tmp_path, changes, message):
    with pytest.raises(ConfigurationError, match=message):
        load_intensity_rules(rules_with(tmp_path, **changes))


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="nowhere"):
        load_intensity_rules(tmp_path / "nowhere.json")
