# SPDX-License-Identifier: Apache-2.0
"""One row of what the checks found; nothing is dropped for it, a person or a rule decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Finding", "Stage"]


class Stage(str, Enum):
    """When a check runs, and so on what it can look."""

    FILES = "files"
    """Can it be read?"""
    GEOMETRY = "geometry"
    """Can an image be like this?"""
    REGIONS = "regions"
    """Can annotations be like this?"""
    ANATOMY = "anatomy"
    """Can a patient be like this?"""
    PRIVACY = "privacy"
    """Does it show who it is?"""
    COLLECTION = "collection"
    """Do images and splits go together?"""
    LICENSES = "licenses"
    """May it be used, and together?"""


@dataclass(frozen=True)
class Finding:
    """What one check says of one image or source.

    Attributes:
        stage: of the check.
        check: the check's name.
        source: the data set.
        record: the image's id in it; None where the finding is about the source.
        reason: in words, with the numbers that were seen; no patient data.
        waived_by: the waiver that lets it pass; None where none does.
        region: position of the region in the image that it is about; None where it is about all of it.
    """

    stage: Stage
    check: str
    source: str
    record: str | None
    reason: str
    waived_by: str | None = None
    region: int | None = None
