# SPDX-License-Identifier: Apache-2.0
"""How a record lies in a shard: names, places, and its facts in JSON; files are neither written nor read here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from monai_medglip.data_engine.record import Region, Truth
from monai_medglip.data_engine.store.rows import record_row
from monai_medglip.data_engine.store.schema import SCHEMAS
from monai_medglip.data_engine.store.stored_record import StoredRecord
from monai_medglip.data_engine.store.values import record_of_row
from monai_medglip.errors import DataError
from monai_medglip.imaging.mask_rle import MaskRLE

__all__ = [
    "PLACES",
    "SHARDS_KIND",
    "MemberPlaces",
    "facts_json",
    "member_name",
    "record_of_json",
    "regions_of_json",
    "shard_name",
]

SHARDS_KIND = "grounding-shards"
"""What the manifest of a set of shards calls it."""

PLACES = "places.npy"
"""The file of all `MemberPlaces`, int64 (N, 6), in the order of the records."""


_COLUMNS = SCHEMAS["records"].names
_PLACES_IN_A_STORE = ("number", "first_region", "region_count")


class MemberPlaces(NamedTuple):
    """Where a record's two members lie; bytes are counted from the start of the tar file.

    Attributes:
        shard: number of the tar file.
        facts_at: first byte of the JSON.
        facts_size: its bytes.
        pixels_at: first byte of the pixels.
        pixels_size: their bytes.
        coding: position in `pixels.CODINGS` of how they are coded.
    """

    shard: int
    facts_at: int
    facts_size: int
    pixels_at: int
    pixels_size: int
    coding: int


def shard_name(number: int) -> str:
    """Give the path of a shard below the folder.

    Example:
        >>> shard_name(7)
        'shards/00007.tar'
    """
    return f"shards/{number:05d}.tar"


def member_name(record: int, suffix: str) -> str:
    """Give the name of a member; what stands before the first dot groups the members of a record.

    Example:
        >>> member_name(7, "json")
        '000000007.json'
    """
    return f"{record:09d}.{suffix}"


def facts_json(record: StoredRecord, regions: Sequence[Region]) -> bytes:
    """Give all that is known of an image, by the columns of the table of records, and its regions."""
    row = record_row(record, 0, 0, len(regions))
    facts = {name: value for name, value in zip(_COLUMNS, row, strict=True) if name not in _PLACES_IN_A_STORE}
    facts["regions"] = [_region_facts(region) for region in regions]
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()


def record_of_json(facts: bytes, number: int, image: Path) -> StoredRecord:
    """Give the record that `facts_json` wrote.

    Args:
        facts: what it wrote.
        number: its position among the records of the shards.
        image: where its pixels lie.

    Raises:
        DataError: when the bytes are damaged.
    """
    with _readable():
        row = json.loads(facts)
        row["attributes"] = _pairs(row["attributes"])
        count = len(row.pop("regions"))
        return record_of_row({**row, "number": number, "first_region": 0, "region_count": count}, image)


def regions_of_json(facts: bytes, shape: tuple[int, ...]) -> tuple[Region, ...]:
    """Give the regions that `facts_json` wrote.

    Raises:
        DataError: when the bytes are damaged.
    """
    with _readable():
        return tuple(_region(region, shape) for region in json.loads(facts)["regions"])


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"expected the facts of an image in JSON, but {error!r}; write the shards again") from error


def _region_facts(region: Region) -> dict[str, Any]:
    facts: dict[str, Any] = {"concept": region.concept, "box": region.box, "truth": region.truth.value}
    if region.mask is not None:
        facts["mask"] = region.mask.counts.decode("ascii")
    if region.ignored:
        facts["ignored"] = True
    if region.attributes:
        facts["attributes"] = region.attributes
    return facts


def _region(facts: dict[str, Any], shape: tuple[int, ...]) -> Region:
    return Region(
        concept=facts["concept"],
        box=tuple(facts["box"]),
        mask=MaskRLE(shape, facts["mask"].encode("ascii")) if "mask" in facts else None,
        truth=Truth(facts["truth"]),
        ignored=facts.get("ignored", False),
        attributes=_pairs(facts.get("attributes", ())),
    )


def _pairs(attributes: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in attributes)
