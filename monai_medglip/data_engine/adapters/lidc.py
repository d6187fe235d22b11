# SPDX-License-Identifier: Apache-2.0
"""LIDC-IDRI: series of chest CT, each with an XML file in which up to four radiologists outlined nodules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.lidc_readings import DrawnNodule, drawn_nodules
from monai_medglip.data_engine.adapters.mask_items import mask_items
from monai_medglip.data_engine.adapters.matched_files import WithoutFile
from monai_medglip.data_engine.adapters.reader_consensus import agreed_mask, same_things
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.scan import Scan

__all__ = ["Lidc", "LidcReader", "Readings"]

_VALUE = "Nodule"


class Readings(str, Enum):
    """What becomes of the drawings of several readers."""

    CONSENSUS = "consensus"
    """One annotation for each nodule: the voxels that at least half of the readers who drew it have inside."""
    EACH = "each"
    """One annotation for each drawing of each reader."""


@dataclass(frozen=True)
class Lidc:
    """The layout of LIDC-IDRI.

    Args:
        images: the folders of the series.
        annotations: patterns of the XML files' paths; they share words with those of the images.
        readings: what becomes of the drawings of several readers.
        least_readers: how many readers must have drawn a nodule; LUNA16 takes 3.
        without_file: what a series without an XML file is.
    """

    images: ImageFiles
    annotations: tuple[str, ...]
    readings: Readings = Readings.CONSENSUS
    least_readers: int = 1
    without_file: WithoutFile = WithoutFile.ERROR

    def __post_init__(self) -> None:
        """Check the number of readers."""
        if not 1 <= self.least_readers <= 4:
            raise ConfigurationError(f"expected 1 to 4 readers in 'least_readers', got {self.least_readers}")

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the series, see `Adapter`."""
        yield from mask_items(
            self.images,
            root,
            self.annotations,
            self.without_file,
            lambda _, files: LidcReader(tuple(file.path for file in files), self.readings, self.least_readers),
        )


@dataclass(frozen=True)
class LidcReader:
    """Reads the drawings of one series.

    Args:
        paths: the XML files of the series.
        readings: what becomes of the drawings of several readers.
        least_readers: how many readers must have drawn a nodule.
    """

    paths: tuple[Path, ...]
    readings: Readings = Readings.CONSENSUS
    least_readers: int = 1

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give one annotation for each nodule, or for each drawing of one, see `AnnotationReader`."""
        return tuple(annotation for path in self.paths for annotation in self._nodules(drawn_nodules(path, scan)))

    def _nodules(self, drawn: Sequence[DrawnNodule]) -> Iterator[Annotation]:
        for places in same_things([nodule.mask for nodule in drawn]):
            own = [drawn[place] for place in places]
            readers = [nodule.reader for nodule in own]
            if len(set(readers)) < self.least_readers:
                continue
            if self.readings is Readings.EACH:
                for nodule in own:
                    yield Annotation(_VALUE, None, nodule.mask, (("reader", str(nodule.reader)), *nodule.ratings))
            else:
                mask = agreed_mask([nodule.mask for nodule in own], readers)
                yield Annotation(_VALUE, None, mask, (("readers", str(len(set(readers)))), *_all_ratings(own)))


def _all_ratings(nodules: Sequence[DrawnNodule]) -> Iterator[tuple[str, str]]:
    """Give each rating of all drawings, in their order."""
    told = [dict(nodule.ratings) for nodule in nodules]
    for name in dict.fromkeys(name for ratings in told for name in ratings):
        yield name, " ".join(ratings[name] for ratings in told if name in ratings)
