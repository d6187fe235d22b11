# SPDX-License-Identifier: Apache-2.0
"""Maps whose numbers count things of one kind."""

from __future__ import annotations

import numpy as np

from tests.data_engine.adapters.reading import noise, read_layout, write_picture


def test_each_number_is_an_instance_even_where_two_touch(tmp_path):
    """The layout of GlaS."""
    instances = np.zeros((12, 9), np.uint8)
    instances[1:4, 2:5], instances[4:7, 2:5], instances[9:11, 6:8] = 1, 2, 7
    write_picture(tmp_path / "Warwick_QU_Dataset" / "train_1.bmp", np.repeat(noise((12, 9))[..., None], 3, axis=2))
    write_picture(tmp_path / "Warwick_QU_Dataset" / "train_1_anno.bmp", instances)
    layout = {
        "reader": "instance_map",
        "images": r"Warwick_QU_Dataset/{id:(train|testA|testB)_\d+}.bmp",
        "masks": "Warwick_QU_Dataset/{id}_anno.bmp",
        "value": "gland",
    }
    ((_, drawn),) = read_layout(tmp_path, layout).values()
    assert [a.value for a in drawn] == ["gland"] * 3
    assert [a.mask.box.tolist() for a in drawn] == [[1, 2, 4, 5], [4, 2, 7, 5], [9, 6, 11, 8]]
