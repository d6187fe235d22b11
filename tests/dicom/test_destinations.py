# SPDX-License-Identifier: Apache-2.0
"""What differs between destinations: the form of regions, and images that force a form."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
from highdicom import sr
from highdicom.seg import segread
from pydicom import Dataset, dcmread

from monai_medglip.dicom import (
    PROFILES,
    RegionForm,
    SourceImages,
    destination_profile,
    segmentation,
    structured_report,
    write_object,
)
from monai_medglip.errors import ConfigurationError
from monai_medglip.geometry import LPS_FROM_RAS


def content_of(report):
    return sr.Comprehensive3DSR.from_dataset(report).content


def surfaces_of(report):
    groups = content_of(report).get_volumetric_roi_measurement_groups()
    return [
        np.concatenate([np.reshape(item.GraphicData, (-1, 3)) for item in group.roi if item.ValueType == "SCOORD3D"])
        for group in groups
    ]


def test_profiles_are_called_by_name():
    assert destination_profile("research") is PROFILES["research"]
    with pytest.raises(ConfigurationError, match="one of ohif, pictures, research; got 'paper'"):
        destination_profile("paper")


def test_a_box_in_space_comes_back_exactly(grounding, sources):
    surfaces = surfaces_of(structured_report(grounding, sources, regions=RegionForm.SPACE))
    assert len(surfaces) == 2
    for corners, box in zip(surfaces, grounding.boxes.data, strict=False):
        edges = grounding.frame.world_to_edge(corners @ LPS_FROM_RAS[:3, :3].T)
        np.testing.assert_allclose([*edges.min(0), *edges.max(0)], box, atol=1e-3)


def test_all_forms_are_objects_of_their_own(grounding, sources):
    assert len({structured_report(grounding, sources, regions=form).SOPInstanceUID for form in RegionForm}) == 3


def with_pixels(sources, rows, columns):
    headers = copy.deepcopy(sources.headers)
    for header in headers:
        header.PixelSpacing = [rows, columns]
    return SourceImages(headers)


def test_nothing_is_outlined_for_ohif_on_pixels_that_are_not_square(sources):
    square, oblong = with_pixels(sources, 0.8, 0.8), with_pixels(sources, 0.8, 0.9)
    forms = {name: (profile.regions_on(square), profile.regions_on(oblong)) for name, profile in PROFILES.items()}
    assert forms == {
        "ohif": (RegionForm.IMAGE, RegionForm.WORDS),
        "pictures": (RegionForm.IMAGE, RegionForm.IMAGE),
        "research": (RegionForm.SPACE, RegionForm.SPACE),
    }


@pytest.mark.parametrize("place", ["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"])
def test_the_pixels_of_frames_are_looked_at_too(place):
    header, group, measures = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [0.8, 0.9]
    group.PixelMeasuresSequence = [measures]
    setattr(header, place, [group])
    assert not SourceImages((header,)).has_square_pixels
    assert SourceImages((Dataset(),)).has_square_pixels


def test_in_words_a_report_says_what_is_located_and_what_shows_where(grounding, sources, tmp_path):
    in_words = structured_report(grounding, sources, regions=RegionForm.WORDS)
    report = dcmread(write_object(tmp_path / "words.dcm", in_words))
    assert content_of(report).get_planar_roi_measurement_groups() == []
    assert report.ConceptNameCodeSequence[0].CodeMeaning == "AI result without regions"
    assert "shown by the segmentation" in report.to_json()
    outlined = dcmread(write_object(tmp_path / "outlined.dcm", structured_report(grounding, sources)))
    assert "shown by the segmentation" not in outlined.to_json()


def test_without_a_frame_of_reference_a_report_keeps_to_image_coordinates(grounding, sources):
    headers = copy.deepcopy(sources.headers)
    for header in headers:
        del header.FrameOfReferenceUID
    report = structured_report(grounding, SourceImages(headers), regions=RegionForm.SPACE)
    assert len(content_of(report).get_planar_roi_measurement_groups()) == 6
    assert segmentation(grounding, SourceImages(headers)) is None


def test_results_of_a_resampled_scan_are_placed_in_space(grounding, sources, tmp_path):
    resampled = replace(sources, is_resampled=True)
    assert len(surfaces_of(structured_report(grounding, resampled))) == 2
    volume = segread(write_object(tmp_path / "seg.dcm", segmentation(grounding, resampled))).get_volume(
        segment_numbers=[1], combine_segments=True
    )
    indices = np.argwhere(volume.array == 1)
    world = indices @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    voxels = np.round(grounding.frame.world_to_index(world @ LPS_FROM_RAS[:3, :3].T)).astype(int)
    expected = np.argwhere(grounding.phrase_masks[0].decode())
    assert {tuple(voxel) for voxel in voxels.tolist()} == {tuple(voxel) for voxel in expected.tolist()}
