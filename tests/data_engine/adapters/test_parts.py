# SPDX-License-Identifier: Apache-2.0
"""Sets of several parts."""

from __future__ import annotations

import pytest

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import block, noise, read_layout, write_picture


def _layout(**test_images):
    part = {"reader": "label_map", "masks": "{folder}/{id}_mask.png"}
    train = {**part, "images": {"files": r"{folder:train}/{id:\d+}.png", "split": "train"}}
    test = {**part, "images": {"files": r"{folder:test}/{id:\d+}.png", "split": "test", **test_images}}
    return {"reader": "parts", "parts": [train, test]}


@pytest.fixture
def folder(tmp_path):
    for name in ("train/1", "train/2", "test/1"):
        write_picture(tmp_path / f"{name}.png", noise((6, 5)))
        write_picture(tmp_path / f"{name}_mask.png", block((6, 5), (1, 3), (2, 4)).astype("uint8"))
    return tmp_path


def test_parts_follow_each_other(folder):
    read = read_layout(folder, _layout(id="test_{id}"))
    assert {item.id: item.split for item, _ in read.values()} == {"1": "train", "2": "train", "test_1": "test"}
    assert all(len(drawn) == 1 for _, drawn in read.values())


def test_an_id_in_two_parts_is_refused(folder):
    with pytest.raises(
        DataError, match=r"expected every id once, '1' is also that of .*train/1\.png; give the parts an"
    ):
        read_layout(folder, _layout())
