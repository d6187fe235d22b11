# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import json
from itertools import permutations

import nibabel
import numpy as np
import pytest

from monai_medglip.errors import OutputError
from monai_medglip.geometry import Frame
from monai_medglip.grounding import Grounding, MaskKind, write_nifti_masks
from monai_medglip.grounding.nifti_masks import label_table_path
from monai_medglip.imaging import MaskRLE
from monai_medglip.readers import read_image
from tests.grounding_phantoms import POLYP, chest, oblique_frame, rectangle


def written(tmp_path, grounding, **options):
    write_nifti_masks(tmp_path / "masks.nii.gz", grounding, **options)
    table = json.loads((tmp_path / "masks.labels.json").read_text(encoding="utf-8"))
    return nibabel.load(tmp_path / "masks.nii.gz"), table


def test_the_map_lies_on_the_grid_of_the_input(tmp_path):
    image, _ = written(tmp_path, chest(oblique_frame()))
    assert image.shape == (40, 30, 8)
    assert np.allclose(image.affine, oblique_frame().affine, atol=1e-4)
    assert image.header.get_xyzt_units()[0] == "mm"


def test_labels_count_the_phrases_from_one(tmp_path):
    image, table = written(tmp_path, chest(oblique_frame()))
    heart = chest(oblique_frame()).phrase_masks[1].decode()
    assert np.array_equal(np.asanyarray(image.dataobj) == 2, heart)
    assert [(label["label"], label["phrase"]) for label in table["labels"]] == [(1, "left lung"), (2, "heart")]


def test_the_smaller_of_two_overlapping_masks_is_seen_and_the_loss_is_told(tmp_path):
    _, table = written(tmp_path, chest())
    overlap = 4 * 12
    assert [label["voxels_hidden"] for label in table["labels"]] == [overlap, 0]
    assert [label["voxels"] for label in table["labels"]] == [14 * 24, 14 * 12]


def test_regions_keep_their_row_and_score(tmp_path):
    image, table = written(tmp_path, chest(), kind=MaskKind.REGIONS)
    assert [(label["label"], label["score"]) for label in table["labels"]] == [(1, 0.9), (3, 0.75)]
    assert set(np.unique(image.dataobj)) == {0, 1, 3}


def test_a_2d_image_becomes_a_slice_without_made_up_units(tmp_path):
    image, _ = written(tmp_path, chest())
    assert image.shape == (40, 30, 1)
    assert np.array_equal(image.affine, np.eye(4))
    assert image.header.get_xyzt_units()[0] == "unknown"


def test_simpleitk_reads_the_same_voxels_at_the_same_place(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    image, _ = written(tmp_path, chest(oblique_frame()))
    other = sitk.ReadImage(str(tmp_path / "masks.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(other).T, np.asanyarray(image.dataobj))
    lps = other.TransformIndexToPhysicalPoint((12, 14, 2))
    assert np.allclose(np.array(lps) * [-1, -1, 1], (oblique_frame().affine @ [12, 14, 2, 1])[:3], atol=1e-3)


def test_without_masks_all_is_background(tmp_path):
    image, table = written(tmp_path, Grounding.empty(Frame.pixel((5, 4)), (POLYP,)))
    assert not np.asanyarray(image.dataobj).any()
    assert table == {"kind": "phrases", "labels": []}


def test_three_hundred_regions_have_three_hundred_labels(tmp_path):
    one = Grounding.empty(Frame.pixel((20, 20)), (POLYP,) * 300)
    masks = tuple(MaskRLE.encode(rectangle((20, 20), (i % 20, i // 20, i % 20 + 1, i // 20 + 1))) for i in range(300))
    image, _ = written(tmp_path, dataclasses.replace(one, phrase_masks=masks))
    assert len(np.unique(image.dataobj)) == 301


@pytest.mark.parametrize(
    "name", ["openkbp/013", "acdc/patient005_frame01", "msd_hippocampus/003", "totalseg_ct/example"]
)
def test_the_header_places_the_map_where_that_of_the_image_does(shared_data, tmp_path, name):
    source, file = name.split("/")
    path = shared_data / "3d" / source / "images" / f"{file}.nii.gz"
    scan = read_image(path)
    box = np.array([0, 1, 2, *scan.spatial_shape])
    mask = MaskRLE.encode(rectangle(scan.spatial_shape, box))
    image, _ = written(tmp_path, dataclasses.replace(Grounding.empty(scan.frame, (POLYP,)), phrase_masks=(mask,)))
    original = nibabel.load(path)
    assert image.shape == original.shape
    assert np.array_equal(image.affine, original.affine)
    assert np.allclose(image.get_qform(), original.affine, atol=1e-3)
    assert np.allclose(image.header.get_zooms(), original.header.get_zooms()[:3])
    assert np.array_equal(np.asanyarray(image.dataobj) == 1, mask.decode())


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("sign", [1, -1])
def test_the_map_keeps_any_order_of_axes(tmp_path, order, sign):
    affine = oblique_frame().affine.copy()
    affine[:, :3] = affine[:, list(order)] * [sign, 1, -sign]
    frame = Frame(affine, (40, 30, 8), oblique_frame().known_axes, spacing_known=True)
    image, _ = written(tmp_path, chest(frame))
    assert np.allclose(image.affine, affine, atol=1e-5)
    assert np.allclose(image.get_qform(), affine, atol=1e-3)


def test_a_sheared_grid_has_no_rotation_that_would_tell_another_place(tmp_path):
    affine = np.array([[1.0, 0.4, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1]])
    image, _ = written(tmp_path, chest(Frame(affine, (40, 30, 8), spacing_known=True)))
    assert np.allclose(image.affine, affine)
    assert image.header["qform_code"] == 0


def test_volumes_stand_in_the_table_where_the_spacing_is_known(tmp_path):
    known, unknown = oblique_frame(), oblique_frame(known=False)
    volumes = [
        [label["volume_ml"] for label in written(tmp_path, chest(frame))[1]["labels"]] for frame in (known, unknown)
    ]
    assert volumes[0] == pytest.approx([14 * 24 * 4 * 0.0022, 14 * 12 * 4 * 0.0022])
    assert volumes[1] == [None, None]


def test_the_table_lies_beside_the_map(tmp_path):
    assert label_table_path(tmp_path / "a.b.nii").name == "a.b.labels.json"


@pytest.mark.parametrize("name", ["masks.png", "masks", ".nii.gz"])
def test_another_suffix_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(OutputError, match=r"ends in .nii or .nii.gz"):
        write_nifti_masks(tmp_path / name, chest())
    assert list(tmp_path.iterdir()) == []
