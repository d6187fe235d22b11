# SPDX-License-Identifier: Apache-2.0
"""Segmentations as highdicom reads them back, placed by their own affine."""

from __future__ import annotations

import numpy as np
import pytest
from highdicom.seg import segread

from monai_medglip.dicom import SegmentationKind, segmentation, write_object
from monai_medglip.errors import GeometryError
from monai_medglip.geometry import LPS_FROM_RAS


def read_back(result, tmp_path, frame, number):
    """The mask of one segment on the grid of the scan, by the volume geometry that highdicom reads."""
    volume = segread(write_object(tmp_path / "seg.dcm", result)).get_volume(
        segment_numbers=[number], combine_segments=True
    )
    grid = np.zeros(frame.shape, bool)
    indices = np.argwhere(volume.array == number)
    world = indices @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    voxels = frame.world_to_index(world @ LPS_FROM_RAS[:3, :3].T)
    np.testing.assert_allclose(voxels, np.round(voxels), atol=1e-3)
    grid[tuple(np.round(voxels).astype(int).T)] = True
    return grid


@pytest.mark.parametrize("kind", list(SegmentationKind))
def test_masks_come_back_in_their_place(grounding, sources, tmp_path, scan, kind):
    result = segmentation(grounding, sources, kind=kind)
    for number in (1, 2):
        mask = grounding.phrase_masks[number - 1].decode()
        np.testing.assert_array_equal(read_back(result, tmp_path, scan.frame, number), mask)


def test_segments_are_the_shown_phrases_with_codes_and_colors(grounding, sources):
    result = segmentation(grounding, sources)
    assert [item.SegmentLabel for item in result.SegmentSequence] == ["left lung", "Lungenflügel rechts"]
    assert all("RecommendedDisplayCIELabValue" in item for item in result.SegmentSequence)
    assert result.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodingSchemeDesignator == "SCT"


def test_overlapping_masks_are_kept_apart_as_bits_and_refused_as_a_label_map(grounding, sources, tmp_path, scan):
    masks = (grounding.phrase_masks[0], grounding.phrase_masks[0], None, None, None, None)
    both = type(grounding)(**{**vars(grounding), "phrase_masks": masks})
    with pytest.raises(GeometryError, match="'Lungenflügel rechts' overlaps another one; ask for a binary"):
        segmentation(both, sources, kind=SegmentationKind.LABELMAP)
    result = segmentation(both, sources)
    for number in (1, 2):
        np.testing.assert_array_equal(read_back(result, tmp_path, scan.frame, number), masks[0].decode())


def test_without_a_mask_that_may_be_shown_there_is_no_object(grounding, sources):
    assert segmentation(grounding.for_phrase("unicorn"), sources) is None


def test_the_same_inputs_give_the_same_uids(grounding, sources):
    first, second = (segmentation(grounding, sources) for _ in range(2))
    assert first.SOPInstanceUID == second.SOPInstanceUID
