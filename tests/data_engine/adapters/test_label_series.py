# SPDX-License-Identifier: Apache-2.0
"""4D label maps: a class each, or the time points that a table names; what does not fit is refused."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError, DataError
from tests.data_engine.adapters.reading import block, read_card, read_layout

SHAPE = (6, 5, 4)
AFFINE = np.diag([1.5, 1.5, 8.0, 1.0])
LAYOUT = {"reader": "label_series", "images": "{id}.nii.gz", "masks": "{id}_seg.nii.gz", "fourth_axis": "classes"}


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.asarray(array, np.int16), AFFINE), path)


def cine(times=5):
    """An image and a label map (x, y, z, t), drawn at time 1 and 3."""
    image = np.random.default_rng(0).integers(0, 500, (*SHAPE, times))
    labels = np.zeros((*SHAPE, times))
    labels[1:3, 1:4, :, 1], labels[2:5, 1:4, 1:, 3] = 1, 3
    return image, labels


def write_mms(root, cells):
    image, labels = cine()
    folder = root / "Training" / "Labeled" / "A0S9V9"
    save(folder / "A0S9V9_sa.nii.gz", image)
    save(folder / "A0S9V9_sa_gt.nii.gz", labels)
    for name in ("B1_sa", "B1_sa_gt"):
        save(root / "Training" / "Unlabeled" / "B1" / f"{name}.nii.gz", image * 0)
    table = root / "211230_M&Ms_Dataset_information_diagnosis_opendataset.csv"
    table.write_text(f",External code,VendorName,ED,ES\n0,A0S9V9,X,{cells}\n")


def test_the_phases_that_the_table_of_mms_names_are_images(tmp_path):
    write_mms(tmp_path, "1,3")
    image, labels = cine()
    read = read_card(tmp_path, "mms")
    assert list(read) == ["A0S9V9_ED", "A0S9V9_ES"]
    for name, time in (("A0S9V9_ED", 1), ("A0S9V9_ES", 3)):
        item, (annotation,) = read[name]
        assert (item.patient, item.split, item.attributes) == ("A0S9V9", "train", (("phase", name[-2:]),))
        assert np.array_equal(item.read().array[0], image[..., time])
        value = labels[..., time].max()
        assert int(annotation.value) == value
        assert np.array_equal(annotation.mask.decode(), labels[..., time] == value)


def test_every_time_point_where_the_layout_names_none(tmp_path):
    image, labels = cine()
    save(tmp_path / "a.nii.gz", image)
    save(tmp_path / "a_seg.nii.gz", labels)
    read = read_layout(tmp_path, {**LAYOUT, "images": "{id:.}.nii.gz", "fourth_axis": "times"})
    assert [len(drawn) for _, drawn in read.values()] == [0, 1, 0, 1, 0]


def test_a_class_each_also_where_they_overlap(tmp_path):
    masks = [block(SHAPE, (0, 4), (0, 4), (0, 4)), np.zeros(SHAPE), block(SHAPE, (2, 6), (1, 3), (1, 2))]
    save(tmp_path / "a.nii.gz", np.zeros(SHAPE))
    save(tmp_path / "a_seg.nii.gz", np.stack(masks, axis=-1))
    ((_, drawn),) = read_layout(tmp_path, {**LAYOUT, "images": "{id:.}.nii.gz"}).values()
    assert [annotation.value for annotation in drawn] == ["0", "2"]
    for annotation in drawn:
        assert np.array_equal(annotation.mask.decode(), masks[int(annotation.value)])


def test_a_volume_of_classes_that_holds_other_numbers_is_refused(tmp_path):
    save(tmp_path / "a.nii.gz", np.zeros(SHAPE))
    save(tmp_path / "a_seg.nii.gz", np.full((*SHAPE, 2), 2))
    with pytest.raises(DataError, match=r"a_seg.nii.gz: expected 0 and 1 in volume 0, got \[2\]"):
        read_layout(tmp_path, {**LAYOUT, "images": "{id:.}.nii.gz"})


def test_a_label_map_of_another_shape_is_named_not_its_copy(tmp_path):
    save(tmp_path / "a.nii.gz", np.zeros(SHAPE))
    save(tmp_path / "a_seg.nii.gz", np.zeros((6, 5, 3, 2)))
    with pytest.raises(DataError, match=r"a_seg.nii.gz: expected a mask of \(6, 5, 4\)") as caught:
        read_layout(tmp_path, {**LAYOUT, "images": "{id:.}.nii.gz"})
    assert "volume.nii" not in str(caught.value)


@pytest.mark.parametrize(
    ("cells", "message"),
    [("1,late", "expected the number of a time point for 'ES', got 'late'"), ("1,7", "expected a volume of number 7")],
)
def test_a_time_point_that_is_none_is_refused(tmp_path, cells, message):
    write_mms(tmp_path, cells)
    with pytest.raises(DataError, match=message):
        read_card(tmp_path, "mms")


def test_times_are_told_of_time_points_only(tmp_path):
    with pytest.raises(ConfigurationError, match="expected 'times' with the fourth axis 'times', got 'classes'"):
        read_layout(tmp_path, {**LAYOUT, "times": {"ED": "1"}})
