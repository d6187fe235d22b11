# SPDX-License-Identifier: Apache-2.0
"""What an operating point says about volumes and where boxes come from."""

from __future__ import annotations

import json

import pytest

from monai_medglip.errors import ConfigurationError
from monai_medglip.inference import OperatingPoint

POINT = OperatingPoint(canvas=(80, 48, 16), mask_boxes=("organ", "lesion"), refine=True)


def test_it_comes_back_as_it_was_written(tmp_path):
    POINT.write(tmp_path / "point.json")
    assert OperatingPoint.read(tmp_path / "point.json") == POINT


def test_what_was_written_before_there_were_volumes_is_read(tmp_path):
    plain = OperatingPoint().to_dict()
    del plain["mask_boxes"], plain["refine"]
    (tmp_path / "point.json").write_text(json.dumps(plain))
    assert OperatingPoint.read(tmp_path / "point.json") == OperatingPoint()


@pytest.mark.parametrize("canvas", [(80, 80, 8), (80, 80, 0), (80, 24, 80)])
def test_a_canvas_of_volumes_has_sizes_divisible_by_16(canvas):
    with pytest.raises(ConfigurationError, match="multiples of 16"):
        OperatingPoint(canvas=canvas)


def test_only_levels_of_concepts_have_mask_boxes():
    with pytest.raises(ConfigurationError, match=r"must be levels of \['body region', 'organ', .*got \['heart'\]"):
        OperatingPoint(mask_boxes=("organ", "heart"))
