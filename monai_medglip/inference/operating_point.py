# SPDX-License-Identifier: Apache-2.0
"""What was chosen on validation data and travels with the weights: thresholds, temperatures, candidate settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import ConfigurationError
from monai_medglip.inference.calibration import Calibration
from monai_medglip.inference.candidates import CandidateSettings
from monai_medglip.ontology import Level

__all__ = ["OperatingPoint"]


@dataclass(frozen=True)
class OperatingPoint:
    """How a trained network is read.

    Attributes:
        canvas: size of the network's canvas (x, y) [pixels], each divisible by 32; for volumes (x, y, z), whose number
            of voxels the working grid may have.
        box_threshold: calibrated score from which a box counts as found, [0, 1].
        mask_threshold: probability from which a voxel belongs to a mask, (0, 1).
        calibration: temperatures.
        candidates: how boxes are chosen.
        mask_boxes: levels of concepts (organ, structure, ...) whose best box is that of the mask, not of the predicted
            sides.
        refine: whether what is found in a volume is looked at again at a finer spacing.
        fitted_on: in words, the data that all this was chosen on.
    """

    canvas: tuple[int, ...] = (320, 320)
    box_threshold: float = 0.5
    mask_threshold: float = 0.5
    calibration: Calibration = field(default_factory=Calibration)
    candidates: CandidateSettings = field(default_factory=CandidateSettings)
    mask_boxes: tuple[str, ...] = ()
    refine: bool = False
    fitted_on: str = "nothing: these are defaults"

    def __post_init__(self) -> None:
        multiple = 16 if len(self.canvas) == 3 else 32
        if not self.canvas or any(size < multiple or size % multiple for size in self.canvas):
            raise ConfigurationError(f"canvas sizes must be multiples of {multiple}, got {self.canvas}")
        unknown = set(self.mask_boxes) - {level.value for level in Level}
        if unknown:
            raise ConfigurationError(
                f"mask_boxes must be levels of {[level.value for level in Level]}, got {sorted(unknown)}"
            )
        if not 0 <= self.box_threshold <= 1 or not 0 < self.mask_threshold < 1:
            raise ConfigurationError(
                f"thresholds must lie in [0, 1], got box {self.box_threshold} and mask {self.mask_threshold}"
            )

    @classmethod
    def read(cls, path: str | Path) -> OperatingPoint:
        """Read the JSON file that `write` wrote.

        Raises:
            ConfigurationError: when the file is missing, is not JSON, lacks a key, or holds an unknown key or value.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError, ConfigurationError) as error:
            raise ConfigurationError(f"expected an operating point (JSON) in {path}: {error!r}") from error

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> OperatingPoint:
        """Build from plain values, the reverse of `to_dict`."""
        plain = dict(values)
        plain["canvas"] = tuple(plain["canvas"])
        plain["mask_boxes"] = tuple(plain.get("mask_boxes", ()))
        plain["calibration"] = Calibration(**plain["calibration"])
        plain["candidates"] = CandidateSettings(**plain["candidates"])
        return cls(**plain)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values that JSON can hold."""
        return {**asdict(self), "canvas": list(self.canvas), "mask_boxes": list(self.mask_boxes)}

    def write(self, path: str | Path) -> None:
        """Write a JSON file, whole or not at all."""
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
