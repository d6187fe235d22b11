# SPDX-License-Identifier: Apache-2.0
"""The files of a bundle that grounding needs: definition, weights, operating point, validated phrases, facts.

All of them are plain JSON or tensors. The bundle's MONAI configurations, whose ``$`` expressions run as Python, are
never read here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from monai_medglip import __version__
from monai_medglip.errors import ConfigurationError, WeightsError
from monai_medglip.inference.validated_phrases import ValidatedPhrases

if TYPE_CHECKING:
    import torch

    from monai_medglip.inference.operating_point import OperatingPoint
    from monai_medglip.networks import MedGLIP

__all__ = ["Bundle"]


@dataclass(frozen=True)
class Bundle:
    """A bundle folder.

    Args:
        path: the folder with ``configs`` and ``models``.
    """

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        if not (self.path / "models" / "network.json").is_file():
            raise WeightsError(
                f"expected a bundle folder with models/network.json and models/model.pt, got {self.path}; "
                "give the folder that holds configs and models"
            )

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The content of ``configs/metadata.json``."""
        return _read_json(self.path / "configs" / "metadata.json")

    @cached_property
    def operating_point(self) -> OperatingPoint:
        """What was chosen on validation data."""
        from monai_medglip.inference.operating_point import OperatingPoint

        return OperatingPoint.read(self.path / "models" / "operating_point.json")

    @cached_property
    def validated_phrases(self) -> ValidatedPhrases:
        """Which phrases were validated, for finding and for absence."""
        return ValidatedPhrases.read(self.path / "configs" / "validated_phrases.json")

    @cached_property
    def weights_sha256(self) -> str:
        """Checksum of the weights file.

        Raises:
            WeightsError: when there is no such file.
        """
        weights = self.path / "models" / "model.pt"
        if not weights.is_file():
            raise WeightsError(f"expected weights at {weights}, found no such file; download the bundle again")
        return hashlib.sha256(weights.read_bytes()).hexdigest()

    def check_weights(self) -> None:
        """Compare the weights with the checksum that the metadata states, and the bundle's version with this package's.

        Raises:
            ConfigurationError: when the bundle was made for a later version of this package.
            WeightsError: when the checksums differ: a damaged download, or weights of another version.
        """
        self._check_version()
        stated = self.metadata.get("weights_sha256")
        if stated is not None and stated != self.weights_sha256:
            raise WeightsError(
                f"expected weights with SHA-256 {stated} in {self.path}, got {self.weights_sha256}; "
                "the file is damaged or of another version, download the bundle again"
            )

    def _check_version(self) -> None:
        wanted = (self.metadata.get("required_packages_version") or {}).get("monai-medglip", __version__)
        if Version(wanted) > Version(__version__):
            raise ConfigurationError(
                f"expected a bundle for monai-medglip {__version__} or earlier, got {self.path}, made for {wanted}; "
                f"install that version: pip install --upgrade monai-medglip=={wanted}"
            )

    def load_network(self, device: torch.device | str | None = None) -> MedGLIP:
        """Build the network, load its weights strictly and make it ready to answer, not to be trained further.

        Raises:
            ConfigurationError: when the bundle was made for a later version of this package.
            WeightsError: when weights or text encoder are missing, damaged or of another version.
        """
        from monai_medglip.networks import build_network, fold_normalization, load_weights, use_channels_last

        self.check_weights()
        network = build_network(self.path / "models" / "network.json")
        load_weights(network, self.path / "models" / "model.pt")
        network.to(device=device).eval()
        use_channels_last(network)
        fold_normalization(network)
        return network

    def provenance(self) -> dict[str, Any]:
        """Give what a result should say about its model."""
        return {
            "model": self.metadata.get("name", self.path.name),
            "version": self.metadata.get("version"),
            "weights_sha256": self.weights_sha256,
            "weights_license": self.metadata.get("weights_license"),
            "intended_use": self.metadata.get("intended_use"),
        }


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"expected a JSON file of the bundle at {path}: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"expected a JSON object in {path}, got {content!r}")
    return content
