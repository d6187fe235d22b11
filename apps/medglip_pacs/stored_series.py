# SPDX-License-Identifier: Apache-2.0
"""A series as Orthanc lists it: enough to decide on it, nothing that names the patient."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from monai_medglip.dicom import MANUFACTURER

__all__ = ["StoredSeries"]


@dataclass(frozen=True)
class StoredSeries:
    """A series in Orthanc.

    Attributes:
        id: Orthanc's identifier of the series.
        modality: DICOM modality, upper case; empty where none is told.
        manufacturer: manufacturer of the device that made it.
        instances: Orthanc's identifiers of the instances.
        is_stable: whether nothing has arrived for Orthanc's ``StableAge``.
        last_update: when the last instance arrived, in UTC.
    """

    id: str
    modality: str
    manufacturer: str
    instances: tuple[str, ...]
    is_stable: bool
    last_update: datetime

    @classmethod
    def from_orthanc(cls, listed: Mapping[str, Any]) -> StoredSeries:
        """Return the series of one entry of Orthanc's ``/series`` listing."""
        tags = listed.get("MainDicomTags", {})
        updated = datetime.strptime(listed["LastUpdate"], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
        return cls(
            id=listed["ID"],
            modality=str(tags.get("Modality", "")).strip().upper(),
            manufacturer=str(tags.get("Manufacturer", "")).strip(),
            instances=tuple(sorted(listed["Instances"])),
            is_stable=bool(listed.get("IsStable")),
            last_update=updated,
        )

    @property
    def job(self) -> str:
        """Name of the job for the series with exactly these instances; another one when an instance is added."""
        digest = hashlib.sha256("\n".join(self.instances).encode()).hexdigest()
        return f"{self.id}.{digest[:16]}"

    @property
    def is_own_result(self) -> bool:
        """Whether we made it, whatever its modality says."""
        return self.manufacturer == MANUFACTURER

    def wanted(self, modalities: Collection[str], *, look_back_hours: float) -> bool:
        """Return whether the series is to be grounded.

        Args:
            modalities: modalities that are taken.
            look_back_hours: how long ago its last instance may have come [h].
        """
        oldest = datetime.now(timezone.utc) - timedelta(hours=look_back_hours)
        fresh = self.last_update >= oldest
        return self.is_stable and fresh and self.modality in modalities and not self.is_own_result
