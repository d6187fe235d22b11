# SPDX-License-Identifier: Apache-2.0
"""Images of a collection by their number, opened when they are looked at; the last ones stay open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from monai_medglip.data_engine.browser.image_phrases import image_phrases
from monai_medglip.data_engine.browser.shown_image import ShownImage
from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.record import Record
from monai_medglip.data_engine.source_terms import source_terms
from monai_medglip.errors import DataError
from monai_medglip.ontology import Ontology

__all__ = ["OpenImages"]

_KEPT_IMAGES = 4
_KEPT_THUMBNAILS = 500


class OpenImages:
    """The images of a collection.

    Args:
        data: the collection; nothing outside of it can be opened.
        ontology: the concepts.
    """

    def __init__(self, data: GroundingData, ontology: Ontology) -> None:
        self._data = data
        self._records = data.records()
        self._ontology = ontology
        self.image = lru_cache(maxsize=_KEPT_IMAGES)(self._opened)
        self.thumbnail = lru_cache(maxsize=_KEPT_THUMBNAILS)(self._drawn)

    def facts(self, number: int) -> dict[str, Any]:
        """Give what is known of an image, its planes and its regions.

        Raises:
            DataError: when there is no such image, or it cannot be read.
        """
        record, shown = self._record(number), self.image(number)
        terms = source_terms(self._data, record.source)
        frame = shown.scan.frame
        return {
            "source": record.source,
            "id": record.id,
            "modality": record.modality.value,
            "body_region": record.body_region,
            "split": record.split,
            "shape": record.shape,
            "spacing_mm": [round(length, 3) for length in frame.spacing_mm] if frame.spacing_known else None,
            "license": terms.license,
            "planes": [asdict(plane) for plane in shown.planes],
            "regions": [self._region(shown, place) for place in range(len(shown.regions))],
        }

    def phrases(self, number: int) -> Iterator[dict[str, Any]]:
        """Give the phrases of an image.

        Raises:
            DataError: when there is no such image, or it cannot be read.
        """
        record, shown = self._record(number), self.image(number)
        for phrase in image_phrases(self._data, record, shown.scan.frame, shown.regions, self._ontology):
            yield asdict(phrase)

    def _region(self, shown: ShownImage, place: int) -> dict[str, Any]:
        region, level = shown.regions[place], None
        if region.concept in self._ontology:
            level = self._ontology[region.concept].level.value
        return {
            "concept": region.concept,
            "level": level,
            "truth": region.truth.value,
            "ignored": region.ignored,
            "attributes": dict(region.attributes),
            "middles": [shown.middle(across, place) for across in range(len(shown.planes))],
        }

    def _record(self, number: int) -> Record:
        if not 0 <= number < len(self._records):
            raise DataError(f"expected an image from 0 to {len(self._records) - 1}, got {number}")
        return self._records[number]

    def _opened(self, number: int) -> ShownImage:
        record = self._record(number)
        return ShownImage(self._data.read(record), self._data.regions(record))

    def _drawn(self, number: int) -> bytes:
        return self.image(number).thumbnail()
