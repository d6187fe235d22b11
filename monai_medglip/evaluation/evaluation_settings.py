# SPDX-License-Identifier: Apache-2.0
"""What may be changed for one evaluation: the model's operating point, the rules, the sources, the device.

The protocol itself has no settings, so that figures from different runs can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from monai_medglip.engines.training_settings import checked_settings
from monai_medglip.errors import ConfigurationError
from monai_medglip.inference import OperatingPoint

__all__ = ["EvaluationSettings"]

_OF_RUN: dict[str, Any] = {"device": None, "rules": True, "sources": None}


@dataclass(frozen=True)
class EvaluationSettings:
    """The settings of one evaluation.

    Attributes:
        operating_point: how the network is read.
        device: torch device; None takes the first GPU, else the CPU.
        rules: whether what the ontology knows of phrases is used.
        sources: those whose images are asked; None for all.
        changes: what was changed, by key, for the result file.
    """

    operating_point: OperatingPoint
    device: str | None = None
    rules: bool = True
    sources: tuple[str, ...] | None = None
    changes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_texts(cls, texts: Sequence[str], operating_point: OperatingPoint) -> EvaluationSettings:
        """Give the settings that texts like ``box_threshold=0.3`` ask for.

        Args:
            texts: ``key=value`` each, as `checked_settings` takes them; keys are those of the operating point
                (``candidates::per_phrase``), ``device``, ``rules`` and ``sources``.
            operating_point: the bundle's, which is changed.

        Raises:
            ConfigurationError: when a key is unknown or a value does not fit.

        Example:
            >>> EvaluationSettings.from_texts(["box_threshold=0.3"], OperatingPoint()).operating_point.box_threshold
            0.3
        """
        known = {key: value for key, value in operating_point.to_dict().items() if key != "fitted_on"}
        changes = checked_settings(texts, {**known, **_OF_RUN}, what="the evaluation's settings")
        point = operating_point.to_dict()
        for key, value in changes.items():
            if key.partition("::")[0] not in _OF_RUN:
                _replace(point, key.split("::"), value)
        changed = OperatingPoint.from_dict(point)
        if len(changed.canvas) != len(operating_point.canvas):
            raise ConfigurationError(f"expected a canvas like {operating_point.canvas}, got {changed.canvas}")
        return cls(
            changed,
            device=changes.get("device"),
            rules=changes.get("rules", True),
            sources=_names(changes.get("sources")),
            changes=changes,
        )


def _replace(values: Any, path: list[str], value: Any) -> None:
    """Set one entry of nested objects and lists, in place."""
    for part in path[:-1]:
        values = values[int(part) if isinstance(values, list) else part]
    values[int(path[-1]) if isinstance(values, list) else path[-1]] = value


def _names(sources: Any) -> tuple[str, ...] | None:
    if sources is None:
        return None
    if isinstance(sources, str):
        return (sources,)
    if not isinstance(sources, list) or not all(isinstance(name, str) for name in sources):
        raise ConfigurationError(f'expected sources like ["hc18", "busi"], got {sources!r}')
    return tuple(sources)
