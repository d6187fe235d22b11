# SPDX-License-Identifier: Apache-2.0
"""OpenKBP's tables of voxels: the volume, its place in the patient, structures, and tables that are damaged."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from monai_medglip.errors import ConfigurationError, DataError
from tests.data_engine.adapters.reading import block, read_card, read_layout

SHAPE = (6, 5, 4)
SPARSE = {"shape": list(SHAPE), "orientation": "PLI", "spacing": "voxel_dimensions.csv"}
LAYOUT = {
    "reader": "sparse_masks",
    "images": {"files": "{id}/ct.csv", "pixels": {"offset": -1000, "sparse": SPARSE}},
    "masks": {"cord": "{id}/SpinalCord.csv"},
}
CORD = block(SHAPE, (1, 4), (2, 4), (0, 4))


def table(voxels, with_values):
    """As pandas writes the voxels that are not 0: flat number and value."""
    flat = voxels.ravel()
    rows = [f"{number},{float(flat[number]) if with_values else ''}" for number in np.flatnonzero(flat)]
    return "\n".join([",data", *rows]) + "\n"


def write(folder, volume, masks, spacing="3.5\n3.25\n2.5\n"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ct.csv").write_text(table(volume, True))
    (folder / "voxel_dimensions.csv").write_text(spacing)
    for name, mask in masks.items():
        (folder / f"{name}.csv").write_text(table(mask, False))
    return folder


def volume():
    return np.random.default_rng(0).integers(0, 3000, SHAPE)


def test_volume_place_and_structures(tmp_path):
    write(tmp_path / "pt_1", volume(), {"SpinalCord": CORD})
    ((item, (cord,)),) = read_layout(tmp_path, LAYOUT).values()
    scan = item.read()
    assert np.array_equal(scan.array[0], volume() - 1000)
    assert "".join(nibabel.aff2axcodes(scan.frame.affine)) == "PLI"
    assert scan.frame.spacing_mm == (3.5, 3.25, 2.5)
    assert scan.frame.laterality_known
    assert np.array_equal(cord.mask.decode(), CORD)


def test_the_files_of_openkbp_by_its_card(tmp_path):
    large = np.zeros((128, 128, 128), bool)
    large[60:64, 50:60, 30:40] = True
    write(tmp_path / "provided-data" / "train-pats" / "pt_1", large * 1050, {"Brainstem": large, "Mandible": large})
    ((item, drawn),) = read_card(tmp_path, "openkbp").values()
    assert (item.id, item.split) == ("pt_1", "train")
    assert [(annotation.value, annotation.mask.area) for annotation in drawn] == [("1", 400), ("7", 400)]


def test_a_table_without_voxels_is_an_absent_structure(tmp_path):
    write(tmp_path / "pt_1", volume(), {"SpinalCord": np.zeros(SHAPE)})
    ((_, drawn),) = read_layout(tmp_path, LAYOUT).values()
    assert drawn == ()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "SpinalCord",
            ",data\n5,\n120,\n",
            r"SpinalCord.csv, line 3: expected a voxel of a volume of \(6, 5, 4\), got",
        ),
        ("SpinalCord", ",data\nfive,\n", "SpinalCord.csv, line 2: expected the number of a voxel, got 'five,'"),
        ("ct", ",data\n5,\n", "ct.csv, line 2: expected the number of a voxel and its value, got '5,'"),
        ("ct", ",data\n5,nan\n", "ct.csv, line 2: expected the number of a voxel and its value, got '5,nan'"),
        ("voxel_dimensions", "3.5\n2.5\n", "voxel_dimensions.csv: expected the spacing of three axes above 0 mm"),
        ("voxel_dimensions", "3.5\n2.5\nwide", r"voxel_dimensions.csv: expected the spacing of three axes \[mm\]"),
    ],
)
def test_a_bad_table_names_file_and_line(tmp_path, name, text, message):
    folder = write(tmp_path / "pt_1", volume(), {"SpinalCord": CORD})
    (folder / f"{name}.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_layout(tmp_path, LAYOUT)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"shape": [6, 5]}, "expected three sizes above 0 in 'shape'"),
        ({"orientation": "PLA"}, "expected three letters such as PLI in 'orientation'"),
        ({"orientation": "XYZ"}, "expected three letters such as PLI"),
    ],
)
def test_a_numbering_that_cannot_be_is_refused(tmp_path, words, message):
    images = {"files": "{id}/ct.csv", "pixels": {"sparse": {**SPARSE, **words}}}
    with pytest.raises(ConfigurationError, match=message):
        read_layout(tmp_path, {**LAYOUT, "images": images})


def test_the_numbering_must_be_told(tmp_path):
    with pytest.raises(ConfigurationError, match="expected shape, orientation and spacing under"):
        read_layout(tmp_path, {**LAYOUT, "images": "{id}/ct.csv"})
