# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from apps.medglip_pacs.stored_series import StoredSeries
from monai_medglip.dicom import MANUFACTURER

NOW = datetime.now(timezone.utc)


def _series(**changes: Any) -> StoredSeries:
    listed = {
        "ID": "a-b",
        "IsStable": True,
        "Instances": ["2", "1"],
        "LastUpdate": NOW.strftime("%Y%m%dT%H%M%S"),
        "MainDicomTags": {"Modality": "CT", "Manufacturer": "Scanner Works", **changes.pop("tags", {})},
    }
    return StoredSeries.from_orthanc({**listed, **changes})


def test_a_stable_fresh_image_series_is_wanted() -> None:
    assert _series().wanted(("CT",), look_back_hours=1)


@pytest.mark.parametrize(
    "changes",
    [
        {"IsStable": False},
        {"LastUpdate": (NOW - timedelta(hours=2)).strftime("%Y%m%dT%H%M%S")},
        {"tags": {"Modality": "SR"}},
        {"tags": {"Manufacturer": MANUFACTURER}},
    ],
    ids=["not stable", "old", "another modality", "our own"],
)
def test_another_series_is_not_wanted(changes: dict[str, Any]) -> None:
    assert not _series(**changes).wanted(("CT",), look_back_hours=1)


def test_a_job_is_named_by_the_instances_in_any_order_and_by_no_other() -> None:
    assert _series().job == _series(Instances=["1", "2"]).job
    assert _series().job != _series(Instances=["1", "2", "3"]).job
    assert _series().job.startswith("a-b.")
