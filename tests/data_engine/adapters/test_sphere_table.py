# SPDX-License-Identifier: Apache-2.0
"""Spheres in millimeters: SimpleITK, which knows the file's world, says where their voxels lie."""

from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.errors import DataError
from monai_medglip.imaging.modality import Modality
from tests.data_engine.adapters.reading import noise, read_card, read_layout, write_picture

itk = pytest.importorskip("SimpleITK", reason="SimpleITK (extra itk) is not installed")

SIZE, SPACING, ORIGIN = (30, 26, 18), (0.8, 0.7, 2.5), (-40.0, -110.5, 33.0)
TURN = np.array([[0.96, 0.28, 0.0], [-0.28, 0.96, 0.0], [0.0, 0.0, 1.0]])
CENTER, DIAMETER = (-30.2, -99.1, 55.0), 9.0


def _write_scan(path, direction):
    image = itk.GetImageFromArray(noise(SIZE[::-1]).astype(np.int16))
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    image.SetDirection(direction.ravel().tolist())
    path.parent.mkdir(parents=True, exist_ok=True)
    itk.WriteImage(image, str(path))
    return image


def _voxels_in_sphere(image, center, diameter):
    """The voxels (x, y, z) whose middles lie in the sphere, asked of SimpleITK one by one."""
    inside = np.zeros(SIZE, bool)
    for index in np.ndindex(*SIZE):
        point = image.TransformIndexToPhysicalPoint(list(map(int, index)))
        inside[index] = np.linalg.norm(np.subtract(point, center)) <= diameter / 2
    return inside


@pytest.mark.parametrize(
    "direction", [np.eye(3), np.diag([-1.0, -1.0, 1.0]), TURN], ids=["straight", "flipped", "turned"]
)
def test_the_box_is_the_bounds_of_the_sphere(tmp_path, direction):
    """The layout of LUNA16; a volume without a row has no nodule."""
    center = tuple(np.array(ORIGIN) + direction @ (np.array([12.3, 16.4, 8.8]) * SPACING))
    image = _write_scan(tmp_path / "subset0" / "1.3.6.1.4.1.100.mhd", direction)
    _write_scan(tmp_path / "subset3" / "1.3.6.1.4.1.200.mhd", direction)
    rows = ",".join(map(str, ("1.3.6.1.4.1.100", *center, DIAMETER)))
    (tmp_path / "annotations.csv").write_text(f"seriesuid,coordX,coordY,coordZ,diameter_mm\n{rows}\n")
    read = read_card(tmp_path, "luna16")
    assert [len(drawn) for _, drawn in read.values()] == [1, 0]
    item, (annotation,) = read["1.3.6.1.4.1.100"]
    assert item.modality is Modality.CT
    assert dict(annotation.attributes)["diameter_mm"] == "9.0"

    voxels = np.argwhere(_voxels_in_sphere(image, center, DIAMETER))
    low, high = np.split(np.array(annotation.box), 2)
    # Every middle of a voxel in the sphere lies in the box.
    assert (low <= voxels.min(0) + 0.5).all()
    assert (voxels.max(0) + 0.5 <= high).all()
    # And no larger box does for every such sphere: each side is the diameter in the spacing of its axis.
    assert np.allclose((high - low) / 2, DIAMETER / 2 / np.array(SPACING))


LAYOUT = {
    "reader": "sphere_table",
    "images": "{seriesuid}.mhd",
    "table": {"file": "annotations.csv", "image": "seriesuid"},
    "spheres": {"x": "x", "y": "y", "z": "z", "diameter": "d"},
    "value": "nodule",
}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("0,0,0,5", r"expected a center inside .*scan.mhd, got \[0.0, 0.0, 0.0\]"),
        ("-30.2,-99.1,55,0", "expected a place and a diameter above 0 mm"),
        ("-30.2,-99.1,high,9", "expected a number in column 'z', got 'high'"),
        ("nan,-99.1,55,9", "expected a place and a diameter above 0 mm"),
    ],
)
def test_a_bad_sphere_names_file_and_line(tmp_path, cells, message):
    _write_scan(tmp_path / "scan.mhd", np.eye(3))
    (tmp_path / "annotations.csv").write_text(f"seriesuid,x,y,z,d\nscan,{cells}\n")
    with pytest.raises(DataError, match=rf"annotations.csv, line 2: {message}"):
        read_layout(tmp_path, LAYOUT)


def test_an_image_without_a_place_in_the_patient_is_refused(tmp_path):
    write_picture(tmp_path / "scan.png", noise((20, 20)))
    (tmp_path / "annotations.csv").write_text("seriesuid,x,y,z,d\nscan,1,2,3,4\n")
    with pytest.raises(DataError, match="line 2: expected a volume with a place in the patient"):
        read_layout(tmp_path, {**LAYOUT, "images": "{seriesuid}.png"})


def test_a_world_that_grows_to_the_right_and_front_is_turned(tmp_path):
    _write_scan(tmp_path / "scan.mhd", np.eye(3))
    x, y, z = CENTER
    boxes = []
    for world, cells in (("LPS", f"{x},{y},{z}"), ("RAS", f"{-x},{-y},{z}")):
        (tmp_path / "annotations.csv").write_text(f"seriesuid,x,y,z,d\nscan,{cells},9\n")
        boxes.append(read_layout(tmp_path, {**LAYOUT, "world": world})["scan"][1][0].box)
    assert np.allclose(*boxes)
