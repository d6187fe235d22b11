# SPDX-License-Identifier: Apache-2.0
"""The terms of the data sources, from the readable table ``licenses.tsv``, and which sources they clear for all uses.

The table records what was found; it is no legal advice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from monai_medglip.data_engine.tables import TableRow, read_table
from monai_medglip.errors import ConfigurationError

__all__ = ["LICENSE_TABLE", "CommercialUse", "DataLicense", "permissive_sources", "read_licenses"]

LICENSE_TABLE = Path(__file__).with_name("licenses.tsv")
"""The table that ships with the package."""


class CommercialUse(str, Enum):
    """Whether a source's terms allow commercial use."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """No clear terms were found; it counts as no."""


@dataclass(frozen=True)
class DataLicense:
    """The terms of one source.

    Attributes:
        source: its name in INDEX.tsv.
        commercial_use: whether they allow commercial use.
        license: the terms in words.
        citation: what to cite.
    """

    source: str
    commercial_use: CommercialUse
    license: str
    citation: str


def read_licenses(table: Path = LICENSE_TABLE) -> dict[str, DataLicense]:
    """Give the terms of each source that the table lists, by name.

    Raises:
        DataError: when a cell is empty, a word is unknown, or a source is listed twice.
    """
    licenses: dict[str, DataLicense] = {}
    for row in read_table(table, ("source", "commercial_use", "license", "citation")):
        found = _license(row)
        if found.source in licenses:
            row.fail(f"expected every source once, {found.source!r} is listed twice")
        licenses[found.source] = found
    return licenses


def permissive_sources(sources: Iterable[str], table: Path = LICENSE_TABLE) -> list[str]:
    """Give those of some sources whose terms allow commercial use; a source that the table does not list is left out.

    Raises:
        ConfigurationError: when none is left.

    Example:
        >>> permissive_sources(["drive", "dsb2018", "my hospital"])
        ['dsb2018']
    """
    licenses, given = read_licenses(table), list(sources)
    cleared = [name for name in given if name in licenses and licenses[name].commercial_use is CommercialUse.YES]
    if not cleared:
        raise ConfigurationError(
            f"expected at least one source that {table.name} clears for commercial use, "
            f"got {', '.join(given) or 'none'}; name the sources to use instead of 'permissive'"
        )
    return cleared


def _license(row: TableRow) -> DataLicense:
    return DataLicense(
        source=row.required("source"),
        commercial_use=row.choice("commercial_use", CommercialUse),
        license=row.required("license"),
        citation=row.required("citation"),
    )
