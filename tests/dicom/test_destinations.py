# SPDX-License-Identifier: Apache-2.0
"""What differs between destinations: the form of regions, and images that force a form."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
from highdicom import sr
from highdicom.seg import segread

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


def test_both_forms_are_objects_of_their_own(grounding, sources):
    image, space = (structured_report(grounding, sources, regions=form) for form in RegionForm)
    assert image.SOPInstanceUID != space.SOPInstanceUID


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
