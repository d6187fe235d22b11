# SPDX-License-Identifier: Apache-2.0
"""The real data folders, opened once."""

from __future__ import annotations

import pytest

from monai_medglip.data_engine import GroundingFolder


@pytest.fixture(scope="session")
def folder_2d(shared_data):
    return GroundingFolder(shared_data / "2d")


@pytest.fixture(scope="session")
def folder_3d(shared_data):
    return GroundingFolder(shared_data / "3d")
