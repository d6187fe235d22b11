# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from monai_medglip.errors import ConfigurationError
from monai_medglip.inference import Calibration, CandidateSettings, OperatingPoint

POINT = OperatingPoint(
    canvas=(96, 64, 32),
    box_threshold=0.3,
    mask_threshold=0.4,
    calibration=Calibration(1.5, 0.7),
    candidates=CandidateSettings(0.5, 200, 50, 0.25),
    fitted_on="val of somewhere",
)


def test_it_comes_back_as_it_was_written(tmp_path):
    POINT.write(tmp_path / "point.json")
    assert OperatingPoint.read(tmp_path / "point.json") == POINT
    assert OperatingPoint.from_dict(POINT.to_dict()) == POINT


@pytest.mark.parametrize("canvas", [(), (300, 320), (0, 32), (-32, 32)])
def test_a_canvas_has_sizes_divisible_by_32(canvas):
    with pytest.raises(ConfigurationError, match="multiples of 32"):
        OperatingPoint(canvas=canvas)


@pytest.mark.parametrize("thresholds", [{"box_threshold": 1.1}, {"mask_threshold": 0.0}, {"mask_threshold": 1.0}])
def test_thresholds_are_probabilities(thresholds):
    with pytest.raises(ConfigurationError, match=r"thresholds must lie in \[0, 1\]"):
        OperatingPoint(**thresholds)


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain.update(colour=1),
        lambda plain: plain.pop("canvas"),
        lambda plain: plain.pop("candidates"),
        lambda plain: plain.update(canvas=320),
        lambda plain: plain.update(canvas=["320", "320"]),
        lambda plain: plain.update(box_threshold="high"),
        lambda plain: plain["calibration"].update(mask=1.0),
        lambda plain: plain["calibration"].update(box="warm"),
        lambda plain: plain["candidates"].update(overlap_threshold=7),
        lambda plain: plain["candidates"].update(per_phrase=0),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, change):
    plain = POINT.to_dict()
    change(plain)
    (tmp_path / "point.json").write_text(json.dumps(plain))
    with pytest.raises(ConfigurationError, match=r"point\.json"):
        OperatingPoint.read(tmp_path / "point.json")


@pytest.mark.parametrize("content", [None, "", "[]", "[1]", "null", "{"])
def test_a_file_that_is_no_operating_point_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "point.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"expected an operating point .*point\.json"):
        OperatingPoint.read(tmp_path / "point.json")
