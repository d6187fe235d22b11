# SPDX-License-Identifier: Apache-2.0
"""One volume, however it is stored, has the same regions in the patient."""

from __future__ import annotations

from dataclasses import replace

import nibabel
import numpy as np
import pytest

from monai_medglip import Grounder
from monai_medglip.geometry import map_boxes
from tests.inference.volume_bundle import write_volume_bundle
from tests.volume_files import (
    AXIS_ORDERS,
    CHEST_AFFINE,
    chest_ct,
    turned,
    write_dicom_series,
    write_nifti_in_order,
    write_nrrd,
)

PHRASES = ["heart", "something round"]
SHAPE = (40, 36, 30)
PLACES = {"straight": CHEST_AFFINE, "oblique": turned(CHEST_AFFINE, 20)}
MILLIMETERS = 0.05
"""Half a voxel is 3.5 mm; that a volume is stored in another order should change rounding errors alone."""


@pytest.fixture(scope="session")
def bundle(tiny_text_encoder, tmp_path_factory):
    return write_volume_bundle(tmp_path_factory.mktemp("bundle") / "medglip_3d", tiny_text_encoder)


@pytest.fixture(scope="session")
def grounders(bundle):
    """As the bundle is, and with all that boxes can go through."""
    made = Grounder(bundle, device="cpu")
    all_of_it = replace(made.operating_point, refine=True, mask_boxes=("organ",))
    return {"first": made, "second": Grounder(bundle, device="cpu", operating_point=all_of_it)}


@pytest.fixture(scope="session")
def chest():
    """The made CT at each place: its voxels and their affine."""
    return {name: (chest_ct(affine, SHAPE), affine) for name, affine in PLACES.items()}


@pytest.fixture(scope="session")
def expected(grounders, chest, tmp_path_factory):
    """The answer at each look to each place's volume, stored in RAS order."""
    folder = tmp_path_factory.mktemp("expected")
    paths = {name: write_nifti_in_order(folder / f"{name}.nii", *volume) for name, volume in chest.items()}
    return {
        (look, name): grounder.ground(path, PHRASES, modality="CT")
        for look, grounder in grounders.items()
        for name, path in paths.items()
    }


def in_patient(found):
    """Its boxes in the patient [mm], around the oblique ones, ``(N, 6)``."""
    return map_boxes(found.boxes.data, found.frame.affine, np.eye(4)) - 0.5


def canonical_mask(found, index):
    """The mask of a phrase in RAS order."""
    mask = found.phrase_masks[index].decode().astype(np.uint8)
    return np.asarray(nibabel.as_closest_canonical(nibabel.Nifti1Image(mask, found.frame.affine)).dataobj) > 0


def assert_same_regions(found, expected):
    assert len(found) == 3 * len(PHRASES)
    assert found.phrase_index.tolist() == expected.phrase_index.tolist()
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
    np.testing.assert_allclose(found.presence, expected.presence, atol=1e-5)
    np.testing.assert_allclose(in_patient(found), in_patient(expected), atol=MILLIMETERS)
    for index in range(len(PHRASES)):
        one, other = (canonical_mask(answer, index) for answer in (found, expected))
        assert 0 < other.mean() < 1
        assert (one != other).mean() < 1e-3


def test_the_answers_are_worth_a_comparison(expected):
    """Boxes that differ from each other, and that are no mirror images of each other."""
    for answer in expected.values():
        corners = in_patient(answer)
        assert len(np.unique(corners.round(1), axis=0)) == len(corners)
        mirrored = np.concatenate([-corners[:, 3:4], corners[:, 1:3], -corners[:, :1], corners[:, 4:]], axis=1)
        assert np.abs(corners[:, None] - mirrored[None]).max(-1).min() > MILLIMETERS


@pytest.mark.parametrize("order", AXIS_ORDERS)
def test_nifti_in_every_axis_order(grounders, chest, expected, tmp_path, order):
    number = AXIS_ORDERS.index(order)
    place, look = tuple(PLACES)[number % 3 % 2], "second" if number % 10 == 1 else "first"
    path = write_nifti_in_order(tmp_path / "chest.nii", *chest[place], order)
    assert_same_regions(grounders[look].ground(path, PHRASES, modality="CT"), expected[look, place])


@pytest.mark.parametrize("look", ["first", "second"])
@pytest.mark.parametrize("place", PLACES)
def test_nrrd(grounders, chest, expected, tmp_path, place, look):
    path = write_nrrd(tmp_path / "chest.nrrd", *chest[place])
    assert_same_regions(grounders[look].ground(path, PHRASES, modality="CT"), expected[look, place])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0), (2, 0, 1)], ids=["axial", "sagittal", "coronal"])
def test_dicom_in_every_plane(grounders, chest, expected, tmp_path, place, axes):
    array, affine = chest[place]
    path = write_dicom_series(tmp_path / "series", array.transpose(axes), affine[:, [*axes, 3]])
    assert_same_regions(grounders["first"].ground(path, PHRASES), expected["first", place])
