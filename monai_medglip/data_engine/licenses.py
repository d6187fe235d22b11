# SPDX-License-Identifier: Apache-2.0
"""Which data sources are cleared for all uses, by the terms on their cards; a record of what was found, no advice."""

from __future__ import annotations

from collections.abc import Iterable

from monai_medglip.data_engine.cards import CommercialUse, source_card, source_names
from monai_medglip.errors import ConfigurationError

__all__ = ["permissive_sources"]


def permissive_sources(sources: Iterable[str]) -> list[str]:
    """Give those of some sources whose terms allow commercial use; a source without a card is left out.

    Raises:
        ConfigurationError: when none is left.

    Example:
        >>> permissive_sources(["drive", "dsb2018", "my hospital"])
        ['dsb2018']
    """
    given = list(sources)
    known = set(source_names()).intersection(given)
    cleared = [name for name in given if name in known and source_card(name).commercial_use is CommercialUse.YES]
    if not cleared:
        raise ConfigurationError(
            "expected at least one source whose card clears it for commercial use, "
            f"got {', '.join(given) or 'none'}; name the sources to use instead of 'permissive'"
        )
    return cleared
