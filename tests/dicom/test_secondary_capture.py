# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from monai_medglip.dicom import NOTICE, secondary_capture, write_object
from monai_medglip.dicom.patient_orientation import orientation_letters
from monai_medglip.errors import GeometryError

PICTURE = np.arange(30 * 20 * 3, dtype=np.uint8).reshape(30, 20, 3)


@pytest.fixture
def captured(grounding, sources, tmp_path):
    made = secondary_capture(PICTURE, grounding, sources, index=3, number=2)
    return dcmread(write_object(tmp_path / "picture.dcm", made))


def test_the_picture_comes_back_as_it_was(captured):
    np.testing.assert_array_equal(captured.pixel_array, PICTURE)


def test_it_says_what_it_is_and_of_which_image_and_patient(captured, sources):
    assert captured.SeriesDescription.startswith(NOTICE)
    assert captured.ImageComments == NOTICE
    assert captured.InstanceNumber == 2
    assert captured.SourceImageSequence[0].ReferencedSOPInstanceUID == sources.headers[3].SOPInstanceUID
    assert str(captured.PatientName) == "Müller^Jürgen"


def test_pictures_of_a_result_are_one_series(grounding, sources):
    first, second = (secondary_capture(PICTURE, grounding, sources, number=number) for number in (1, 2))
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID


def test_what_is_no_picture_is_refused(grounding, sources):
    with pytest.raises(GeometryError, match=r"expected a picture \(rows, columns, 3\) uint8, got float64 \(4, 4\)"):
        secondary_capture(np.zeros((4, 4)), grounding, sources)


@pytest.mark.parametrize(
    ("attributes", "letters"),
    [
        ({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, ["L", "P"]),
        ({"ImageOrientationPatient": [-1, 0, 0, 0, -0.8, 0.6]}, ["R", "AH"]),
        ({"PatientOrientation": ["A", "F"]}, ["A", "F"]),
        ({}, []),
    ],
)
def test_directions_are_named_by_letters(attributes, letters):
    source = Dataset()
    for keyword, value in attributes.items():
        setattr(source, keyword, value)
    assert orientation_letters(source) == letters
