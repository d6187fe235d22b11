# SPDX-License-Identifier: Apache-2.0
"""A body region, one row of its table: what an image of it may show; not which concepts lie in it (`concept`)."""

from __future__ import annotations

from dataclasses import dataclass

from monai_medglip.imaging.modality import Modality

__all__ = ["BodyRegion"]


@dataclass(frozen=True)
class BodyRegion:
    """What an image of a part of the body may show.

    Attributes:
        name: lower case, unique.
        shows: names of the regions whose contents an image of it may show, itself included.
        open_to: modalities that see all of these contents here, whatever a concept's own row says; a camera inside
            the abdomen sees a liver, which no endoscope does in the colon.
    """

    name: str
    shows: frozenset[str]
    open_to: frozenset[Modality] = frozenset()
