# SPDX-License-Identifier: Apache-2.0
"""What a build is asked to do: which data sets from where, and the settings on which its bytes depend."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any

from monai_medglip.data_engine.adapters.registry import adapter_from_layout
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.build.splits import SplitShares
from monai_medglip.data_engine.cards import SourceCard
from monai_medglip.data_engine.local_copy import storage_errors
from monai_medglip.data_engine.quality.waivers import Waivers
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.modality import Modality

__all__ = ["BuildPlan", "BuildUnit", "PlannedSource"]

_DATA_FOLDER_INDEX = "INDEX.tsv"
_FORMAT = 2
"""Raised when the same plan gives other bytes than before, so that an old half-built folder is not gone on with."""


@dataclass(frozen=True)
class PlannedSource:
    """One data set of a build.

    Attributes:
        card: what is known of it.
        root: the folder that was downloaded, a `pathlib.Path` or `upath.UPath`.
    """

    card: SourceCard
    root: Path

    def items(self) -> Iterator[SourceItem]:
        """Give the images in an order that depends on names only.

        Raises:
            ConfigurationError: when no reader knows the layout.
            DataError: when the layout is not there.
            StorageError: when the remote storage does not answer.
        """
        with storage_errors(self.root):
            yield from self._found()

    def _found(self) -> Iterator[SourceItem]:
        modality = self.card.modalities[0] if len(self.card.modalities) == 1 else Modality.UNKNOWN
        adapter = adapter_from_layout(self._layout(), modality=modality, body_region=self.card.facts().body_region)
        return adapter.items(self.root)

    def _layout(self) -> dict[str, Any]:
        """The card's layout; a data folder of ours is read as such, whatever the original looked like."""
        if (self.root / _DATA_FOLDER_INDEX).exists():
            return {"reader": "data_folder", "source": self.card.name}
        layout = self.card.layout
        if layout is None:
            raise ConfigurationError(
                f"expected a data set whose layout a reader knows, the card of {self.card.name} has none; "
                f"'medglip data sources {self.card.name}' says what it looks like"
            )
        return {"reader": layout.reader, **layout.settings}


@dataclass(frozen=True)
class BuildUnit:
    """Some images of one data set that are worked on together, and whose results are one part of the store.

    Attributes:
        source: position of the data set in the plan.
        name: names the part; it depends on data set, place and ids, so that a restart finds what is done.
        items: the images.
    """

    source: int
    name: str
    items: tuple[SourceItem, ...]


@dataclass(frozen=True)
class BuildPlan:
    """What is built.

    Attributes:
        sources: the data sets.
        salt: hashes the patients; it is written nowhere.
        shares: splits of data sets that have none of their own.
        unit_size: images that are worked on together.
        with_hash: whether perceptual hashes are taken, which near duplicates are found by.
        waivers: the findings that may pass.

    Raises:
        ConfigurationError: when there is no data set, or one is named twice.
    """

    sources: tuple[PlannedSource, ...]
    salt: str = field(repr=False)
    shares: SplitShares = field(default_factory=SplitShares)
    unit_size: int = 64
    with_hash: bool = True
    waivers: Waivers = field(default_factory=Waivers)

    def __post_init__(self) -> None:
        names = [source.card.name for source in self.sources]
        if not names or len(set(names)) != len(names):
            raise ConfigurationError(f"expected data sets, each once, got {', '.join(names) or 'none'}")
        if self.unit_size < 1:
            raise ConfigurationError(f"expected units of at least one image, got {self.unit_size}")

    @property
    def key(self) -> str:
        """A digest of all that the bytes of the parts depend on, of the salt its hash alone."""
        settings = {
            "format": _FORMAT,
            "sources": [_settled(source.card) for source in self.sources],
            "salt": hashlib.sha256(self.salt.encode()).hexdigest(),
            "shares": _settled(self.shares),
            "unit_size": self.unit_size,
            "with_hash": self.with_hash,
            "waivers": _settled(self.waivers),
        }
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()

    def units(self) -> Iterator[BuildUnit]:
        """Give the units in order; data sets are listed as they are reached.

        Raises:
            ConfigurationError: when no reader knows the layout of a data set.
            DataError: when the layout of a data set is not there.
        """
        for number, source in enumerate(self.sources):
            items = source.items()
            place = 0
            while chunk := tuple(islice(items, self.unit_size)):
                digest = hashlib.sha256("\n".join(item.id for item in chunk).encode()).hexdigest()[:8]
                yield BuildUnit(number, f"{source.card.name}-{place:06d}-{digest}", chunk)
                place += 1


def _settled(value: Any) -> Any:
    """A value for JSON whose text is the same in every process; a set has another order in each."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {field.name: _settled(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _settled(entry) for key, entry in value.items()}
    if isinstance(value, Set):
        return sorted(map(_settled, value), key=repr)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_settled(entry) for entry in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
