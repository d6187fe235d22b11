# SPDX-License-Identifier: Apache-2.0
"""The table of how each modality's values are scaled, read from ``intensity_rules.json``; `intensity` applies it."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging import Modality

__all__ = ["IntensityRule", "Scaling", "load_intensity_rules"]

_TABLE = Path(__file__).with_name("intensity_rules.json")


class Scaling(str, Enum):
    """Where the two values that become -1 and 1 come from."""

    WINDOW = "window"
    """They stand in the rule, in the image's own unit."""
    PERCENTILES = "percentiles"
    """They are percentiles of the image."""


@dataclass(frozen=True)
class IntensityRule:
    """How the values of a modality become [-1, 1].

    Attributes:
        scaling: whether ``ranges`` are values or percentiles.
        ranges: (low, high) that become -1 and 1; one for all three channels of the network, or one for each.
    """

    scaling: Scaling
    ranges: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        """Refuse an empty window and percentiles that are none."""
        limits = (0.0, 100.0) if self.scaling is Scaling.PERCENTILES else (float("-inf"), float("inf"))
        if len(self.ranges) not in (1, 3):
            raise ConfigurationError(f"expected one range or three, got {self.ranges}")
        for low, high in self.ranges:
            if not limits[0] <= low < high <= limits[1]:
                raise ConfigurationError(
                    f"expected low < high within {limits} for {self.scaling.value}, got {low} and {high}"
                )


@functools.cache
def load_intensity_rules(path: Path = _TABLE, *, spatial_dims: int = 2) -> dict[Modality, IntensityRule]:
    """Read and check a table of intensity rules.

    Args:
        path: a JSON file as ``intensity_rules.json`` beside this module.
        spatial_dims: 2 for images; 3 for volumes, where ``volume_rules`` come first, if there are any.

    Returns:
        The rule of every modality.

    Raises:
        ConfigurationError: when the file cannot be read, a modality is missing or unknown, or a rule is wrong.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        first = table.get("volume_rules", {}) if spatial_dims == 3 else {}
        rows: dict[str, dict[str, Any]] = {**table["rules"], **first}
        rules = {Modality(name): _rule(row) for name, row in rows.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f'expected {path} as {{"rules": {{MODALITY: {{"scaling", "ranges"}}}}, "volume_rules": {{...}}}}, '
            f"got: {error!r}"
        ) from error
    missing = [modality.value for modality in Modality if modality not in rules]
    if missing:
        raise ConfigurationError(f"expected a rule for every modality in {path}, but {', '.join(missing)} have none")
    return rules


def _rule(row: dict[str, Any]) -> IntensityRule:
    return IntensityRule(Scaling(row["scaling"]), tuple((float(low), float(high)) for low, high in row["ranges"]))
