# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import collections
import csv

import nibabel
import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from monai_medglip.data_engine.grounding_folder import GroundingFolder
from monai_medglip.errors import DataError
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.imaging.modality import Modality
from tests.phantoms import PhantomFolder, blocks, write_grey

POLYP = {"value": "1", "label": "polyp", "level": "lesion", "instances": "components"}
COLON = {"value": "2", "label": "colon"}
SMALL = blocks((40, 30), (1, np.s_[2:12, 3:9]), (2, np.s_[20:30, 10:25]))


@pytest.fixture
def made(tmp_path):
    return PhantomFolder(tmp_path, [POLYP, COLON], facts={"body_region": "colon"})


def index_rows(path):
    with (path / "INDEX.tsv").open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def regions_of(made):
    folder = GroundingFolder(made.path)
    return folder.regions(folder.records()[0])


def boxes_by_concept(regions):
    return [(region.concept, region.box) for region in regions]


WANTED = [("polyp", (2, 3, 12, 9)), ("colon", (20, 10, 30, 25))]


def test_a_label_map_gives_the_regions_of_its_values(made):
    made.add_labelmap("a", SMALL)
    assert boxes_by_concept(regions_of(made)) == WANTED


def test_mask_files_may_overlap(made):
    whole, part = blocks((40, 30), (1, np.s_[0:20, 0:20])), blocks((40, 30), (1, np.s_[5:10, 5:10]))
    made.add_masks("a", {1: part, 2: whole})
    assert boxes_by_concept(regions_of(made)) == [("polyp", (5, 5, 10, 10)), ("colon", (0, 0, 20, 20))]


def test_boxes_are_taken_as_given(tmp_path):
    made = PhantomFolder(tmp_path, [{**POLYP, "value": "polyp", "instances": "boxes"}])
    made.add_boxes("a", [("polyp", 1, 2, 5, 6), ("polyp", 7, 8, 40, 30)])
    made.add_boxes("b", [])
    folder = GroundingFolder(made.path)
    with_boxes, without = folder.records()
    assert boxes_by_concept(folder.regions(with_boxes)) == [("polyp", (1, 2, 5, 6)), ("polyp", (7, 8, 40, 30))]
    assert folder.regions(without) == ()


def test_run_lengths_are_coco_pictures(made):
    entries = [{"label": str(value), **MaskRLE.encode(value == SMALL).to_coco()} for value in (1, 2)]
    made.add_run_lengths("a", entries, SMALL.shape)
    assert boxes_by_concept(regions_of(made)) == WANTED


def test_a_volume_is_read_in_its_stored_order(made):
    labels = blocks((8, 9, 10), (2, np.s_[1:4, 2:6, 3:9]))
    for name, voxels in (("image", np.ones((8, 9, 10), np.int16)), ("labels", labels)):
        nibabel.save(nibabel.Nifti1Image(voxels, np.diag([-2.0, -2, 3, 1])), made.path / f"{name}.nii.gz")
    made.add("a", "labels.nii.gz", "labelmap", (1, 1), image="image.nii.gz", width="", height="")
    folder = GroundingFolder(made.path)
    (record,) = folder.records()
    assert record.shape == folder.read(record).spatial_shape == (8, 9, 10)
    assert boxes_by_concept(folder.regions(record)) == [("colon", (1, 2, 3, 4, 6, 9))]


def test_a_palette_mask_is_read_by_its_indices(made):
    made.add_labelmap("a", SMALL)
    picture = Image.fromarray(SMALL.T.copy(), "P")
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    picture.save(made.path / "masks" / "a.png")
    assert boxes_by_concept(regions_of(made)) == WANTED


def damaged_volume(path):
    path.write_bytes(path.read_bytes()[:-200])


def interpolated_volume(path):
    nibabel.save(nibabel.Nifti1Image(np.full((8, 9, 10), 0.5, np.float32), np.eye(4)), path)


def flipped_volume(path):
    nibabel.save(nibabel.load(path).as_reoriented(np.array([[0, -1], [1, 1], [2, 1]])), path)


def shifted_volume(path):
    stored = nibabel.load(path)
    nibabel.save(nibabel.Nifti1Image(np.asarray(stored.dataobj), stored.affine + np.eye(4, k=3) * 2.5), path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (damaged_volume, "expected a mask for made/a"),
        (interpolated_volume, "got fractions"),
        (flipped_volume, r"labels\.nii\.gz: expected a mask on the grid of its image made/a, .* up to 7\.0 mm apart"),
        (shifted_volume, r"expected a mask on the grid of its image made/a, .* 2\.5 mm apart .*resample the mask"),
    ],
)
def test_a_broken_volume_of_labels_is_named(made, spoil, message):
    for name in ("image", "labels"):
        voxels = np.random.default_rng(0).integers(0, 2, (8, 9, 10)).astype(np.uint8)
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), made.path / f"{name}.nii.gz")
    spoil(made.path / "labels.nii.gz")
    made.add("a", "labels.nii.gz", "labelmap", (1, 1), image="image.nii.gz", width="", height="")
    with pytest.raises(DataError, match=message):
        regions_of(made)


def test_labels_may_round_the_affine_or_tell_no_place(made):
    voxels = np.ones((8, 9, 10), np.uint8)
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), made.path / "image.nii")
    for name, affine in (("a", np.diag([1.001, 1, 1, 1])), ("b", None)):
        nibabel.save(nibabel.Nifti1Image(voxels, affine), made.path / f"{name}.nii")
        made.add(name, f"{name}.nii", "labelmap", (1, 1), image="image.nii", width="", height="")
    folder = GroundingFolder(made.path)
    assert [len(folder.regions(record)) for record in folder.records()] == [1, 1]


def test_a_slice_keeps_its_plane_in_space(made):
    volume = nibabel.Nifti1Image(SMALL[..., None], np.diag([-2.0, -2, 3, 1]))
    nibabel.save(volume, made.path / "slice.nii.gz")
    made.add("a", "slice.nii.gz", "labelmap", SMALL.shape, image="slice.nii.gz")
    folder = GroundingFolder(made.path)
    frame = folder.read(folder.records()[0]).frame
    np.testing.assert_array_equal(frame.affine, np.diag([-2.0, -2, 3, 1]))
    assert not frame.known_axes
    assert boxes_by_concept(folder.regions(folder.records()[0])) == WANTED


def test_a_record_says_what_its_row_says(made):
    made.add_labelmap("a", SMALL, modality="ES", split="val", patient="someone")
    (record,) = GroundingFolder(made.path).records()
    assert (record.name, record.modality, record.split) == ("made/a", Modality.ES, "val")
    assert (record.body_region, record.shape) == ("colon", (40, 30))
    assert "someone" not in record.patient


def test_records_are_chosen_by_split_and_source(made):
    made.add_labelmap("a", SMALL)
    made.add_labelmap("b", SMALL, split="test")
    folder = GroundingFolder(made.path)
    assert [record.id for record in folder.records("test")] == ["b"]
    assert [record.id for record in folder.records(sources=["made"])] == ["a", "b"]


def test_sides_of_a_picture_are_known_only_where_the_source_says_so(made, tmp_path_factory):
    made.add_labelmap("a", SMALL)
    sided = PhantomFolder(tmp_path_factory.mktemp("sided"), [POLYP, COLON], facts={"laterality_known": "yes"})
    sided.add_labelmap("a", SMALL)
    frames = [folder.read(folder.records()[0]).frame for folder in map(GroundingFolder, (made.path, sided.path))]
    assert [frame.known_axes for frame in frames] == [frozenset(), {AxisPair.LEFT_RIGHT}]
    assert not any(frame.spacing_known for frame in frames)
    assert frames[1].index_to_world([[5.0, 0.0]])[0, 0] < frames[1].index_to_world([[0.0, 0.0]])[0, 0]


def broken_mask_value(made):
    made.add_labelmap("a", SMALL * 3)


def broken_mask_size(made):
    made.add_labelmap("a", SMALL)
    write_grey(made.path / "masks" / "a.png", SMALL[:-1])


def truncated_mask(made):
    made.add_labelmap("a", SMALL)
    path = made.path / "masks" / "a.png"
    path.write_bytes(path.read_bytes()[:-30])


def mask_in_color(made):
    made.add_labelmap("a", SMALL)
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(made.path / "masks" / "a.png")


def wrong_value_in_a_mask_file(made):
    made.add_masks("a", {1: SMALL == 1})
    write_grey(made.path / "masks" / "a.1.png", SMALL)


def box_outside(made):
    made.add_boxes("a", [("1", 10, 10, 41, 20)])


def box_with_unknown_label(made):
    made.add_boxes("a", [("cyst", 10, 10, 20, 20)])


def box_row_cut_off(made):
    made.add_boxes("a", [("1", 10, 10, 20, 20)])
    path = made.path / "boxes.csv"
    path.write_text(path.read_text() + "a,1,3")


def run_lengths_of_another_image(made):
    made.add_run_lengths("a", [{"label": "1", "size": [10, 10], "counts": [100]}], SMALL.shape)


def run_lengths_that_do_not_fill(made):
    made.add_run_lengths("a", [{"label": "1", "size": [30, 40], "counts": [7]}], SMALL.shape)


def run_lengths_that_are_no_list(made):
    made.add_run_lengths("a", [], SMALL.shape)
    (made.path / "a.json").write_text('{"label": 1')


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (broken_mask_value, r"masks/a.png: expected values that LABELS.tsv lists for made, got 3, 6"),
        (broken_mask_size, r"masks/a.png: expected a mask of \(40, 30\) as its image made/a, got \(39, 30\)"),
        (truncated_mask, r"expected a mask for made/a: .*masks/a.png: expected a whole and readable mask"),
        (mask_in_color, r"masks/a.png: expected a mask of one channel for made/a, got 3 channels"),
        (wrong_value_in_a_mask_file, r"a.1.png: expected pixels of 0 or 1, got 1, 2"),
        (box_outside, r"boxes.csv, line 2: expected a box .* inside \(40, 30\)"),
        (box_with_unknown_label, r"boxes.csv, line 2: expected a label .* got 'cyst'"),
        (box_row_cut_off, r"boxes.csv, line 3: expected 6 cells"),
        (run_lengths_of_another_image, r"a.json, entry 1: expected the size \[30, 40\] of made/a, got \[10, 10\]"),
        (run_lengths_that_do_not_fill, r"a.json, entry 1: expected run lengths that fill the image"),
        (run_lengths_that_are_no_list, r"a.json: expected a JSON list"),
    ],
)
def test_a_broken_annotation_is_named(made, spoil, message):
    spoil(made)
    with pytest.raises(DataError, match=message):
        regions_of(made)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"modality": "XX"}, r"INDEX.tsv, line 2: expected a modality"),
        ({"kind": "drawn"}, r"INDEX.tsv, line 2: expected one of labelmap, .*'drawn'"),
        ({"split": "dev"}, r"INDEX.tsv, line 2: expected one of train, val, test"),
        ({"image": "images/none.png"}, r"line 2: expected a file images/none.png, it is not there"),
        ({"annotation": "masks/none.png"}, r"line 2: expected a file masks/none.png"),
        ({"annotation": "masks/none.*.png", "kind": "masks"}, r"line 2: expected mask files"),
        ({"image": "../a.png"}, r"line 2: expected a path below the data folder"),
        ({"source": "other"}, r"line 2: expected labels of source 'other' in LABELS.tsv"),
        ({"width": "0"}, r"line 2: expected two or three sizes"),
        ({"patient": "-"}, r"line 2: expected a value in column 'patient'"),
    ],
)
def test_a_broken_row_of_the_index_is_named(made, cells, message):
    made.add_labelmap("a", SMALL, **cells)
    with pytest.raises(DataError, match=message):
        GroundingFolder(made.path)


def test_a_patient_in_two_splits_is_refused(made):
    made.add_labelmap("a", SMALL, patient="made:p1")
    made.add_labelmap("b", SMALL, patient="p1", split="test")
    with pytest.raises(DataError, match=r"line 3: expected every patient in one split, 'p1' .* train in line 2"):
        GroundingFolder(made.path)


def test_an_id_used_twice_is_refused(made):
    made.add_labelmap("a", SMALL)
    made.add_labelmap("a", SMALL)
    with pytest.raises(DataError, match=r"line 3: expected every id once in a source, made/a is already in line 2"):
        GroundingFolder(made.path)


def test_an_image_of_another_size_than_the_index_says_is_refused(made):
    made.add_labelmap("a", SMALL, width=41)
    folder = GroundingFolder(made.path)
    with pytest.raises(DataError, match=r"a.png: expected an image of \(41, 30\)"):
        folder.read(folder.records()[0])


def test_a_folder_without_an_index_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"INDEX.tsv: expected a readable table"):
        GroundingFolder(tmp_path)


def test_unknown_splits_and_sources_are_refused(made):
    made.add_labelmap("a", SMALL)
    folder = GroundingFolder(made.path)
    for arguments in ({"split": "dev"}, {"sources": ["none"]}):
        with pytest.raises(DataError, match="expected one of the"):
            folder.records(**arguments)
    with pytest.raises(DataError, match="expected one of the sources made, got 'none'"):
        folder.labels("none")


def test_images_with_each_label_are_as_many_as_in_the_files(folder_2d, shared_data):
    found, counted = collections.Counter(), collections.Counter()
    for record in folder_2d.records("val"):
        rules = {rule.label: rule.value for rule in folder_2d.labels(record.source)}
        found.update({(record.source, rules[region.concept]) for region in folder_2d.regions(record)})
    for row in index_rows(shared_data / "2d"):
        if row["split"] == "val" and row["kind"] != "boxes":
            paths = (shared_data / "2d").glob(row["annotation"])
            values = np.concatenate([np.unique(np.array(Image.open(path))) for path in paths])
            counted.update({(row["source"], str(value)) for value in values if value})
        elif row["split"] == "val":
            with (shared_data / "2d" / row["annotation"]).open() as file:
                counted.update({(row["source"], b["label"]) for b in csv.DictReader(file) if b["id"] == row["id"]})
    assert found == counted


@pytest.mark.parametrize("source", ["kvasir_seg", "busi", "dsb2018", "usgra_seg"])
def test_components_of_real_masks_are_those_of_scipy(folder_2d, source):
    for record in folder_2d.records("val", [source])[:8]:
        pixels = np.array(Image.open(record.annotation[0])).T
        wanted = collections.Counter()
        for rule in folder_2d.labels(source):
            labels, _ = ndimage.label(pixels == int(rule.value), np.ones((3, 3)))
            for number, (x, y) in enumerate(ndimage.find_objects(labels), start=1):
                ignored = np.count_nonzero(labels == number) < 16
                wanted[rule.label, (x.start, y.start, x.stop, y.stop), bool(ignored)] += 1
        assert collections.Counter((r.concept, r.box, r.ignored) for r in folder_2d.regions(record)) == wanted


def test_real_boxes_are_the_rows_of_the_table(folder_2d, shared_data):
    with (shared_data / "2d" / "bccd" / "boxes.csv").open() as file:
        counted = collections.Counter(row["id"] for row in csv.DictReader(file))
    records = folder_2d.records("val", ["bccd"])
    assert {r.id: len(folder_2d.regions(r)) for r in records} == {r.id: counted[r.id] for r in records}


def test_real_volumes_fit_their_masks_and_labels(folder_3d):
    for source in ("msd_hippocampus", "openkbp"):
        record = folder_3d.records("val", [source])[0]
        scan, labels = folder_3d.read(record), np.asarray(nibabel.load(record.annotation[0]).dataobj)
        assert scan.spatial_shape == labels.shape
        values = {rule.label: int(rule.value) for rule in folder_3d.labels(source)}
        for region in folder_3d.regions(record):
            assert region.mask.area == np.count_nonzero(labels == values[region.concept])


def test_a_volume_claims_only_the_axes_that_its_source_vouches_for(folder_3d):
    frame = folder_3d.read(folder_3d.records("val", ["msd_hippocampus"])[0]).frame
    assert frame.known_axes == {AxisPair.POSTERIOR_ANTERIOR, AxisPair.INFERIOR_SUPERIOR}
    assert frame.spacing_known
    assert not folder_3d.read(folder_3d.records("val", ["la2018"])[0]).frame.spacing_known


def test_a_patient_of_both_folders_has_one_hash(folder_2d, folder_3d):
    flat = {record.patient: record.split for record in folder_2d.records(sources=["openkbp"])}
    deep = {record.patient: record.split for record in folder_3d.records(sources=["openkbp"])}
    both = flat.keys() & deep.keys()
    assert both
    assert all(flat[patient] == deep[patient] for patient in both)
