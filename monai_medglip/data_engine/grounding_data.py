# SPDX-License-Identifier: Apache-2.0
"""Annotated images by their records, wherever they are kept; what training, evaluation and pages read from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

from monai_medglip.data_engine.label_rules import LabelRule, SourceFacts
from monai_medglip.data_engine.record import Record, Region
from monai_medglip.imaging.scan import Scan

__all__ = ["GroundingData"]


class GroundingData(Protocol):
    """A collection of annotated images."""

    @property
    def path(self) -> Path:
        """Where they are kept."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that have images."""

    def records(self, split: str | None = None, sources: Collection[str] | None = None) -> Sequence[Record]:
        """Give the records, of one split and of some sources only if asked."""

    def labels(self, source: str) -> tuple[LabelRule, ...]:
        """Give the rules of a source's labels."""

    def permissive_sources(self) -> list[str]:
        """Give the sources whose terms allow commercial use; none is an error."""

    def facts(self, source: str) -> SourceFacts:
        """Give what is known of a source."""

    def regions(self, record: Record) -> tuple[Region, ...]:
        """Give the annotated regions of an image in its own pixels."""

    def read(self, record: Record) -> Scan:
        """Read the pixels of an image; the frame claims no more than is known of its source."""
