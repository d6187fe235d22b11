# SPDX-License-Identifier: Apache-2.0
"""Laws of volumes in files: whatever grid and order they are stored in, a region keeps its place in the patient."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_medglip.geometry import Frame, box_from_mask, map_boxes
from monai_medglip.readers import read_image
from tests.volume_files import AXIS_ORDERS, turned, write_dicom_series, write_nifti_in_order, write_nrrd

SHAPE = (6, 5, 4)
WRITERS = {"nii": write_nifti_in_order, "nrrd": write_nrrd, "mha": write_nrrd, "series": write_dicom_series}


@st.composite
def affines(draw: st.DrawFn) -> np.ndarray:
    """Grids without shear: any direction, either hand, spacing from 0.3 to 9 mm, any origin."""
    steps = [draw(st.floats(0.3, 9)) * draw(st.sampled_from((-1, 1))) for _ in range(3)]
    axis = draw(st.sampled_from(((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 2, 3))))
    affine = turned(np.diag([*steps, 1.0]), draw(st.floats(-180, 180)), axis)
    affine[:3, 3] = [draw(st.floats(-300, 300)) for _ in range(3)]
    return affine


@st.composite
def regions(draw: st.DrawFn) -> np.ndarray:
    """Blocks in a grid, (x, y, z) int16."""
    region = np.zeros(SHAPE, np.int16)
    low = [draw(st.integers(0, size - 1)) for size in SHAPE]
    high = [draw(st.integers(start + 1, size)) for start, size in zip(low, SHAPE, strict=True)]
    region[tuple(slice(*ends) for ends in zip(low, high, strict=True))] = 100
    return region


def written_and_read(form: str, region: np.ndarray, affine: np.ndarray, *order: str) -> tuple[np.ndarray, Frame]:
    with tempfile.TemporaryDirectory() as folder:
        scan = read_image(WRITERS[form](Path(folder) / f"a.{form}", region, affine, *order))
    return scan.array[0] > 50, scan.frame


@given(affines(), regions(), st.sampled_from(AXIS_ORDERS))
@settings(max_examples=40, deadline=None)
def test_a_box_is_the_same_in_every_axis_order(affine: np.ndarray, region: np.ndarray, order: str) -> None:
    mask, frame = written_and_read("nii", region, affine, order)
    carried = map_boxes([box_from_mask(mask)], frame.affine, affine)
    np.testing.assert_allclose(carried, [box_from_mask(region > 0)], atol=1e-2)


@pytest.mark.parametrize("form", WRITERS)
@given(affine=affines(), region=regions())
@settings(max_examples=15, deadline=None)
def test_a_box_is_the_same_in_every_format(form: str, affine: np.ndarray, region: np.ndarray) -> None:
    mask, frame = written_and_read(form, region, affine)
    carried = map_boxes([box_from_mask(mask)], frame.affine, affine)
    np.testing.assert_allclose(carried, [box_from_mask(region > 0)], atol=1e-2)
