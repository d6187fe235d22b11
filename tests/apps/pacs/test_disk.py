# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from apps.medglip_pacs.disk import check_room, used_share
from apps.medglip_pacs.errors import LaterError


def test_a_series_that_would_pass_the_mark_waits(tmp_path: Path) -> None:
    with pytest.raises(LaterError, match="high-water mark"):
        check_room(tmp_path, needed_bytes=1, high_water=used_share(tmp_path) / 2)


def test_a_series_that_fits_may_come(tmp_path: Path) -> None:
    check_room(tmp_path, needed_bytes=1, high_water=1.0)
