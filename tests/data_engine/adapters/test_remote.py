# SPDX-License-Identifier: Apache-2.0
"""Data sets that lie in a store: the same layouts, read through universal-pathlib."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from monai_medglip.data_engine.adapters import adapter_from_layout
from monai_medglip.data_engine.cards import source_card
from monai_medglip.data_engine.local_copy import local_copy
from monai_medglip.errors import DataError
from tests.data_engine.adapters.dicom_phantom import COLUMNS, ROWS, SLICES, write_series, write_structures
from tests.data_engine.adapters.reading import block, noise, write_picture
from tests.data_engine.adapters.test_slice_pictures import LAYOUT as PICTURE_LAYOUT
from tests.data_engine.adapters.test_slice_pictures import write as write_pictures
from tests.data_engine.adapters.test_sparse_masks import LAYOUT as VOXEL_LAYOUT
from tests.data_engine.adapters.test_sparse_masks import write as write_voxels
from tests.phantoms import write_volume

UPath = pytest.importorskip("upath", reason="universal-pathlib (extra data) is not installed").UPath


@pytest.fixture
def store(tmp_path):
    """A folder of an in-memory store, and how to fill it."""
    root = UPath("memory://bucket/data set")

    def upload(local):
        for path in sorted(local.rglob("*")):
            if path.is_file():
                target = root / str(path.relative_to(local))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
        return root

    yield upload
    root.fs.rm("/bucket", recursive=True)


def _read(root, layout):
    items = pickle.loads(pickle.dumps(list(adapter_from_layout(layout).items(root))))
    return {item.id: (item, item.annotation.read(item.read())) for item in items}


def test_volumes_and_label_maps_of_a_store_are_read(tmp_path, store):
    labels = block((5, 4, 3), (1, 3), (0, 2), (1, 2)).astype(np.uint8)
    for case in ("case_1", "case_2"):
        write_volume(tmp_path / case / "imaging.nii.gz", np.arange(60).reshape(5, 4, 3))
        write_volume(tmp_path / case / "segmentation.nii.gz", labels)
    layout = {"reader": "label_map", "images": "{id}/imaging.nii.gz", "masks": "{id}/segmentation.nii.gz"}
    read = _read(store(tmp_path), layout)
    assert list(read) == ["case_1", "case_2"]
    item, (annotation,) = read["case_1"]
    assert np.array_equal(annotation.mask.decode(), labels > 0)
    assert item.read().source.path == "memory://bucket/data set/case_1/imaging.nii.gz"


def test_a_series_and_its_structure_set_are_read(tmp_path, store):
    write_series(tmp_path / "ct")
    square = np.array([[5.2, 4.3], [15.2, 4.3], [15.2, 14.3], [5.2, 14.3]])
    write_structures(tmp_path / "rt" / "1.dcm", {"gtv": [(number, square) for number in range(SLICES)]})
    layout = {"reader": "dicom", "images": "ct", "annotations": "rt/*.dcm"}
    ((item, (annotation,)),) = _read(store(tmp_path), layout).values()
    assert annotation.mask.area == 100 * SLICES
    assert item.read().spatial_dims == 3


def test_tables_of_a_store_are_read(tmp_path, store):
    write_picture(tmp_path / "a.png", noise((40, 30)))
    (tmp_path / "boxes.csv").write_text("name,x,y,w,h\na,1,2,3,4\n")
    layout = {
        "reader": "box_table",
        "images": "{name}.png",
        "table": {"file": "boxes.csv", "image": "name"},
        "boxes": {"x": "x", "y": "y", "width": "w", "height": "h"},
        "value": "thing",
    }
    ((_, (annotation,)),) = _read(store(tmp_path), layout).values()
    assert annotation.box == (1, 2, 4, 6)


def test_arrays_and_tables_of_voxels_are_read(tmp_path, store):
    images, masks = np.zeros((2, 12, 9, 3), np.uint8), np.zeros((2, 12, 9, 6), np.uint8)
    masks[1, 2:5, 3:6, 4] = 1
    for name, array in (("images", images), ("masks", masks)):
        (tmp_path / "fold3" / name / "fold3").mkdir(parents=True)
        np.save(tmp_path / "fold3" / name / "fold3" / f"{name}.npy", array)
    write_voxels(tmp_path / "pt_1", np.ones((6, 5, 4)), {"SpinalCord": np.ones((6, 5, 4))})
    root = store(tmp_path)
    read = _read(root, {"reader": "array_masks", **source_card("pannuke").layout.settings})
    assert [len(drawn) for _, drawn in read.values()] == [0, 1]
    ((item, (cord,)),) = _read(root, VOXEL_LAYOUT).values()
    assert cord.mask.area == 120
    assert item.read().frame.spacing_mm == (3.5, 3.25, 2.5)


def test_slices_with_pictures_are_read(tmp_path, store):
    write_pictures(tmp_path / "a", np.full((COLUMNS, ROWS, SLICES), 63, np.uint8))
    ((_, (organ,)),) = _read(store(tmp_path), PICTURE_LAYOUT).values()
    assert (organ.value, organ.mask.area) == ("63", COLUMNS * ROWS * SLICES)


def test_errors_name_the_place_in_the_store(tmp_path, store):
    write_picture(tmp_path / "a.png", noise((40, 30)))
    write_picture(tmp_path / "a_mask.png", noise((41, 30)))
    layout = {"reader": "label_map", "images": r"{id:\w}.png", "masks": "{id}_mask.png"}
    with pytest.raises(DataError, match=r"memory://bucket/data set/a_mask.png: expected a mask of \(40, 30\)"):
        _read(store(tmp_path), layout)


def test_a_local_path_is_its_own_copy(tmp_path):
    path = tmp_path / "a.txt"
    path.touch()
    for known_as in (path, UPath(path), UPath(f"file://{path}")):
        with local_copy(known_as) as local:
            assert local == path


def test_a_copy_is_gone_afterwards_and_a_header_brings_its_pixels(tmp_path, store):
    for name in ("1.2.840.mhd", "1.2.840.raw", "1.2.841.raw"):
        (tmp_path / name).write_bytes(name.encode())
    with local_copy(store(tmp_path) / "1.2.840.mhd") as local:
        assert sorted(path.name for path in local.parent.iterdir()) == ["1.2.840.mhd", "1.2.840.raw"]
        assert local.with_suffix(".raw").read_bytes() == b"1.2.840.raw"
    assert not local.parent.exists()
