# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
import sys

import pytest

import monai_medglip.geometry as geometry


def test_geometry_loads_torch_only_for_overlap():
    code = """
import sys
import monai_medglip.geometry as geometry
geometry.Frame, geometry.Boxes, geometry.box_from_mask, geometry.map_boxes
assert not {"torch", "monai", "nibabel"} & set(sys.modules)
geometry.pairwise_iou
assert "torch" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_exported_name_is_there_and_is_no_module():
    for name in geometry.__all__:
        assert not isinstance(getattr(geometry, name), type(sys))
    assert dir(geometry) == sorted(geometry.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'rotate'"):
        geometry.rotate  # noqa: B018
