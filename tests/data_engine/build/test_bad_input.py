# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the files of a data set is a row of the build's report, and the other images are in the store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from monai_medglip.cli.main import main
from monai_medglip.data_engine.build import whole_build
from monai_medglip.data_engine.build.build_plan import BuildPlan, PlannedSource
from monai_medglip.data_engine.cards import SourceCard, source_card
from monai_medglip.data_engine.cards.card import Layout
from monai_medglip.data_engine.store.grounding_store import GroundingStore
from monai_medglip.errors import DataError
from tests.data_engine.adapters.dicom_phantom import SERIES, write_series, write_structures
from tests.data_engine.adapters.reading import block, noise, write_picture
from tests.phantoms import write_volume

pytest.importorskip("imagehash", reason="imagehash is in the extra 'data'")

VOXELS = np.random.default_rng(0).integers(0, 500, (20, 16, 12)).astype(np.int16)
KIDNEY = block(VOXELS.shape, (3, 9), (4, 10), (2, 8)).astype(np.int16)


def card(name: str, layout: Mapping[str, Any]) -> SourceCard:
    """A real card, whose labels are those of the set, with another layout."""
    settings = {word: value for word, value in layout.items() if word != "reader"}
    return replace(source_card(name), layout=Layout(layout["reader"], True, settings))


def build(root: Path, folder: Path, told: SourceCard) -> tuple[GroundingStore, dict[str, str]]:
    """Build a store of one data set; gives it, and the reason for each image that could not be read."""
    plan = BuildPlan((PlannedSource(told, folder),), "a salt", unit_size=2)
    whole_build.build_store(plan, root / "store", root / "work")
    rows = pq.read_table(root / "store" / "findings" / "00000.parquet").to_pylist()
    reasons = {row["record"]: row["reason"] for row in rows if row["check"] == "unreadable"}
    assert not any(str(root) in reason for reason in reasons.values())
    return GroundingStore(root / "store"), reasons


@pytest.fixture
def kits(tmp_path: Path) -> Path:
    """Three cases in the layout of KiTS, in a folder with blanks and letters of other scripts."""
    folder = tmp_path / "Nieren – почки 腎 (neu)"
    for case in ("case_0", "case_1", "case_2"):
        write_volume(folder / "dataset" / case / "imaging.nii.gz", VOXELS)
        write_volume(folder / "dataset" / case / "segmentation.nii.gz", KIDNEY)
    return folder


def _affine(path: Path, array: np.ndarray) -> None:
    """A file whose affine is not a number, as some programs write it."""
    image = nibabel.Nifti1Image(array, np.eye(4))
    affine = np.eye(4)
    affine[1, 3] = np.nan
    image.header.set_sform(affine, code=1)
    image._affine = affine
    nibabel.save(image, path)


BAD_CASES = {
    "a mask of another shape": (
        lambda case: write_volume(case / "segmentation.nii.gz", KIDNEY[:, :, :-1]),
        r"segmentation.nii.gz: expected a mask of (20, 16, 12)",
    ),
    "an unknown label value": (
        lambda case: write_volume(case / "segmentation.nii.gz", KIDNEY * 9),
        "expected values that the source's labels list, 1, 2, 3; got '9'",
    ),
    "an affine of an image that is not a number": (
        lambda case: _affine(case / "imaging.nii.gz", VOXELS),
        "imaging.nii.gz: the header's place in space cannot be",
    ),
    "an affine of a mask that is not a number": (
        lambda case: _affine(case / "segmentation.nii.gz", KIDNEY),
        "segmentation.nii.gz: the header's place in space cannot be",
    ),
    "a mask that was cut off": (
        lambda case: (case / "segmentation.nii.gz").write_bytes((case / "segmentation.nii.gz").read_bytes()[:-30]),
        "segmentation.nii.gz: expected",
    ),
    "an image that is gone": (
        lambda case: (case / "segmentation.nii.gz").unlink(),
        "expected annotation files dataset/{id}/segmentation.nii.gz for this image, there are none",
    ),
}


@pytest.mark.parametrize("fault", BAD_CASES)
def test_a_bad_volume_is_a_row_and_the_others_are_built(kits, tmp_path, fault) -> None:
    spoil, reason = BAD_CASES[fault]
    spoil(kits / "dataset" / "case_1")
    store, reasons = build(tmp_path, kits, source_card("kits23"))
    assert list(reasons) == ["case_1"]
    assert reason in reasons["case_1"]
    assert [record.id for record in store.records()] == ["case_0", "case_2"]
    assert [store.regions(record)[0].box for record in store.records()] == [(3, 4, 2, 9, 10, 8)] * 2


def test_a_name_with_a_typo_is_a_row_that_names_the_nearest(tmp_path) -> None:
    for case, name in (("s1", "liver"), ("s2", "livr")):
        write_volume(tmp_path / "in" / case / "ct.nii.gz", VOXELS)
        write_volume(tmp_path / "in" / case / "segmentations" / f"{name}.nii.gz", KIDNEY)
    layout = {
        "reader": "mask_files",
        "images": "{id}/ct.nii.gz",
        "masks": {"{class}": "{id}/segmentations/{class}.nii.gz"},
    }
    store, reasons = build(tmp_path, tmp_path / "in", card("totalsegmentator", layout))
    assert reasons["s2"].endswith("got 'livr' (did you mean 'liver'?)")
    assert [record.id for record in store.records()] == ["s1"]


SQUARE = np.array([[5.2, 4.2], [20.2, 4.2], [20.2, 18.2], [5.2, 18.2]])
SERIES_LAYOUT = {"reader": "dicom", "images": "{id}/ct", "annotations": "{id}/rt/*.dcm"}


def test_a_series_with_missing_slices_and_structures_of_another_series_are_rows(tmp_path) -> None:
    folder = tmp_path / "Serien mit Lücken"
    for name, options, series in (("good", {}, SERIES), ("gap", {"left_out": [2]}, SERIES), ("other", {}, "1.2.3.4")):
        write_series(folder / name / "ct", **options)
        write_structures(folder / name / "rt" / "1.dcm", {"Heart": [(1, SQUARE), (2, SQUARE)]}, series=series)
    store, reasons = build(tmp_path, folder, card("nsclc_radiomics", SERIES_LAYOUT))
    assert [record.id for record in store.records()] == ["good"]
    assert "slices missing or unevenly spaced" in reasons["gap"]
    assert "refers to the series 1.2.3.4" in reasons["other"]


def test_overlapping_segments_are_regions_of_their_own(tmp_path) -> None:
    highdicom = pytest.importorskip("highdicom", reason="highdicom (extra dicom) is not installed")
    codes = pytest.importorskip("pydicom.sr.codedict").codes
    slices = write_series(tmp_path / "in" / "P1" / "ct")
    shape = (slices[0].Columns, slices[0].Rows, len(slices))
    lung, heart = block(shape, (3, 15), (4, 19), (0, 5)), block(shape, (10, 20), (9, 13), (2, 4))
    hand = highdicom.AlgorithmIdentificationSequence("hand", codes.DCM.ArtificialIntelligence, "1")
    described = [
        highdicom.seg.SegmentDescription(
            number, label, codes.SCT.Organ, codes.SCT.Lung, "SEMIAUTOMATIC", algorithm_identification=hand
        )
        for number, label in ((1, "Lung-Left"), (2, "Heart"))
    ]
    (tmp_path / "in" / "P1" / "rt").mkdir()
    highdicom.seg.Segmentation(
        slices, np.stack([lung.T, heart.T], axis=-1), "BINARY", described, "1.2.3.4", 2, "1.2.3.4.5", 1, "none", "none",
        "1", "1",
    ).save_as(tmp_path / "in" / "P1" / "rt" / "1.dcm")  # fmt: skip
    store, reasons = build(tmp_path, tmp_path / "in", card("nsclc_radiomics", SERIES_LAYOUT))
    assert not reasons
    masks = {region.concept: region.mask.decode() for region in store.regions(store.records()[0])}
    assert np.array_equal(masks["left lung"], lung)
    assert np.array_equal(masks["heart"], heart)


def test_a_damaged_file_of_many_images_is_a_row_and_the_other_files_are_built(tmp_path) -> None:
    masks = np.zeros((2, 24, 20, 6), np.uint8)
    masks[:, 4:12, 5:15, 2] = 9
    for fold in ("fold1", "fold2"):
        for name, array in (("images", np.full((2, 24, 20, 3), 7, np.uint8)), ("masks", masks)):
            (tmp_path / "in" / fold / name / fold).mkdir(parents=True)
            np.save(tmp_path / "in" / fold / name / fold / f"{name}.npy", array)
    (tmp_path / "in" / "fold1" / "images" / "fold1" / "images.npy").write_bytes(b"cut off")
    store, reasons = build(tmp_path, tmp_path / "in", source_card("pannuke"))
    assert "images.npy: expected a whole and readable .npy file" in reasons["fold1"]
    assert [record.id for record in store.records()] == ["fold2_0", "fold2_1"]


def test_a_damaged_file_of_time_points_is_a_row_and_the_others_are_built(tmp_path) -> None:
    for name in ("good", "cut"):
        for suffix in ("", "_seg"):
            volume = np.stack([KIDNEY] * 2, axis=-1)
            (tmp_path / "in").mkdir(exist_ok=True)
            nibabel.save(
                nibabel.Nifti1Image(volume, np.diag([2.0, 2.0, 2.0, 1.0])), tmp_path / "in" / f"{name}{suffix}.nii"
            )
    (tmp_path / "in" / "cut.nii").write_bytes(b"cut off")
    layout = {
        "reader": "label_series",
        "images": "{id:good|cut}.nii",
        "masks": "{id}_seg.nii",
        "fourth_axis": "times",
    }
    store, reasons = build(tmp_path, tmp_path / "in", card("kits23", layout))
    assert list(reasons) == ["cut_0"]
    assert [record.id for record in store.records()] == ["good_0", "good_1"]


BOXES = {
    "reader": "box_table",
    "images": {"files": "films/{film}.png", "id": "{film}"},
    "table": {"file": "boxes.csv", "image": "film"},
    "boxes": {"x_low": "x0", "y_low": "y0", "x_high": "x1", "y_high": "y1"},
    "value": "{finding}",
}


def films(folder: Path, *rows: str, header: str = "film,finding,x0,y0,x1,y1") -> Path:
    for name in "abc":
        write_picture(folder / "films" / f"{name}.png", noise((64, 48), ord(name)))
    (folder / "boxes.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder


def test_a_text_in_a_number_is_a_row_that_names_file_and_line(tmp_path) -> None:
    rows = ("a,Cardiomegaly,1,2,30,40", "b,Cardiomegaly,1,wide,30,40", "c,Cardiomegly,1,2,30,40")
    store, reasons = build(tmp_path, films(tmp_path / "in", *rows), card("vindr_cxr", BOXES))
    assert reasons["b"] == "boxes.csv, line 3: expected a number in column 'y0', got 'wide'"
    assert reasons["c"].endswith("got 'Cardiomegly' (did you mean 'Cardiomegaly'?)")
    assert [record.id for record in store.records()] == ["a"]


def test_a_missing_column_is_a_clear_error_and_no_store(tmp_path) -> None:
    folder = films(tmp_path / "in", "a,Cardiomegaly,1,2,30", header="film,finding,x0,y0,x1")
    with pytest.raises(DataError, match=r"boxes.csv, line 1: expected a column y1, got film, finding, x0, y0, x1"):
        build(tmp_path, folder, card("vindr_cxr", BOXES))
    assert not (tmp_path / "store").exists()


def test_the_command_line_says_so_too(tmp_path, capsys) -> None:
    folder = tmp_path / "in"
    (folder / "annotations").mkdir(parents=True)
    (folder / "annotations" / "annotations_train.csv").write_text("image_id,class_name,x_min,y_min,x_max\n")
    assert main(["data", "build", f"vindr_cxr={folder}", "--out", str(tmp_path / "store")]) == 1
    assert "annotations_train.csv, line 1: expected a column y_max" in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_dangling_ids_of_an_index_are_rows_and_the_rest_is_built(tmp_path) -> None:
    folder = tmp_path / "in"
    for name in "ab":
        write_picture(folder / "images" / f"{name}.png", noise((64, 48), ord(name)))
    listed = [{"id": number, "file_name": f"{name}.png"} for number, name in enumerate("abc")]
    drawn = [
        {"id": 5, "image_id": 0, "category_id": 1, "bbox": [4, 4, 20, 20]},
        {"id": 6, "image_id": 1, "category_id": 8, "bbox": [4, 4, 20, 20]},
        {"id": 7, "image_id": 77, "category_id": 1, "bbox": [4, 4, 20, 20]},
    ]
    content = {"images": listed, "annotations": drawn, "categories": [{"id": 1, "name": "cell"}]}
    (folder / "index.json").write_text(json.dumps(content))
    layout = {
        "reader": "coco",
        "annotations": "index.json",
        "images": {"files": "images/{file_name}", "id": "{file_name}"},
    }
    store, reasons = build(tmp_path, folder, card("livecell", layout))
    assert [record.id for record in store.records()] == ["a.png"]
    assert "annotation 6: expected 'category_id' to be one of the listed categories 1 (cell), got 8" in reasons["b.png"]
    assert "images/c.png: expected an image file" in reasons["c.png"]
    assert "annotation 7: expected the number of a listed image" in reasons["image 77 of index.json"]


def test_a_box_that_is_not_that_of_its_mask_is_a_row_and_training_gets_the_mask(tmp_path) -> None:
    folder = tmp_path / "in"
    mask = block((64, 48), (10, 30), (12, 40)).astype(np.uint8)
    rows = []
    for name, box in (("good", [10, 12, 30, 40]), ("moved", [30, 12, 50, 40])):
        write_picture(folder / f"{name}.png", noise((64, 48), len(name)))
        write_picture(folder / f"{name}_mask.png", mask * 70)
        told = {"id": name, "image": f"{name}.png", "modality": "MR", "group": name, "mask": f"{name}_mask.png"}
        rows.append({**told, "mask_labels": {"Liver": 70}, "boxes": [{"label": "Liver", "box": box}]})
    (folder / "images.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    store, reasons = build(tmp_path, folder, source_card("slake_subset"))
    assert not reasons
    found = pq.read_table(tmp_path / "store" / "findings" / "00000.parquet").to_pylist()
    (row,) = (row for row in found if row["check"] == "box and mask disagree")
    assert (row["record"], row["region"]) == ("moved", 0)
    assert row["reason"] == "liver: box and bounds of the mask have an IoU of 0.00"
    assert {store.regions(record)[0].box for record in store.records()} == {(10, 12, 30, 40)}


def _apart(row: Mapping[str, Any], folder: Path) -> int:
    """How many labels of an image of SLAKE have boxes whose bounds are not those of the mask: IoU below 0.8, and more
    than a pixel apart."""
    labels = None if row["mask"] is None else np.asarray(Image.open(folder / row["mask"]))
    count = 0
    for name, number in row.get("mask_labels", {}).items():
        boxes = np.array([entry["box"] for entry in row["boxes"] if entry["label"] == name])
        ys, xs = np.nonzero(labels == number)
        if len(boxes) and len(xs):
            drawn = *boxes[:, :2].min(axis=0), *boxes[:, 2:].max(axis=0)
            mask = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
            width = max(min(drawn[2], mask[2]) - max(drawn[0], mask[0]), 0)
            height = max(min(drawn[3], mask[3]) - max(drawn[1], mask[1]), 0)
            areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (drawn, mask)]
            is_apart = max(abs(one - other) for one, other in zip(drawn, mask, strict=True)) > 1
            count += is_apart and width * height / (sum(areas) - width * height) < 0.8
    return count


@pytest.mark.slow
def test_boxes_of_the_real_slake_that_are_not_those_of_their_masks_are_found(shared_data, tmp_path) -> None:
    folder = shared_data / "vqa" / "slake"
    store, reasons = build(tmp_path, folder, source_card("slake_subset"))
    assert not reasons
    found = pq.read_table(tmp_path / "store" / "findings" / "00000.parquet").to_pylist()
    ours = Counter(row["record"] for row in found if row["check"] == "box and mask disagree")
    rows = [json.loads(line) for line in (folder / "images.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(store.records()) == len(rows)
    assert ours == Counter({row["id"]: count for row in rows if (count := _apart(row, folder))})
    assert ours.total() > 20
    for record in list(store.records())[:40]:
        for region in store.regions(record):
            assert region.mask is None or region.box == tuple(region.mask.box)
