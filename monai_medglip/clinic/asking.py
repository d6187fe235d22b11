# SPDX-License-Identifier: Apache-2.0
"""Bundles that stay loaded and answer what selection rules ask; which phrases may be asked is `clinical_grounding`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from monai_medglip.errors import ConfigurationError, WeightsError
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import Scan
from monai_medglip.inference import Bundle, ValidatedPhrases
from monai_medglip.phrases import Phrase

if TYPE_CHECKING:
    from monai_medglip.inference import Grounder

__all__ = ["Asker", "BundleAsker", "BundleFacts"]


@dataclass(frozen=True)
class BundleFacts:
    """What must be known of a bundle before it is asked.

    Attributes:
        spatial_dims: 2 for images, 3 for volumes.
        validated: the phrases that it was validated for.
        provenance: what a result says about its model.
    """

    spatial_dims: int
    validated: ValidatedPhrases
    provenance: Mapping[str, Any]


class Asker(Protocol):
    """Answers phrases with a bundle that is called by its name."""

    def facts(self, bundle: str) -> BundleFacts:
        """Give what is known of a bundle; ConfigurationError when there is none of that name."""

    def ask(self, bundle: str, scan: Scan, phrases: Sequence[Phrase]) -> Grounding:
        """Ground phrases in a scan of the bundle's number of axes."""


class BundleAsker:
    """Asks bundles of this machine; each is loaded when it is first asked and stays loaded.

    Args:
        bundles: folders of bundles by the name that rules call them.
        device: torch device; None takes the first GPU, else the CPU.
    """

    def __init__(self, bundles: Mapping[str, Path], *, device: str | None = None) -> None:
        self._loaded = {name: _LoadedBundle(Bundle(path), device) for name, path in bundles.items()}

    @classmethod
    def of_folder(cls, folder: Path, *, device: str | None = None) -> BundleAsker:
        """Take a folder that is a bundle, or each bundle in it, by the names of the folders.

        Raises:
            WeightsError: when there is no bundle.
        """
        found = [
            place for place in (folder, *sorted(folder.glob("*"))) if (place / "models" / "network.json").is_file()
        ]
        if not found:
            raise WeightsError(f"expected a bundle, or a folder of bundles with models/network.json, got {folder}")
        return cls({place.resolve().name: place for place in found}, device=device)

    def facts(self, bundle: str) -> BundleFacts:
        """Give what is known of a bundle, without loading its network."""
        return self._named(bundle).facts

    def ask(self, bundle: str, scan: Scan, phrases: Sequence[Phrase]) -> Grounding:
        """Ground phrases in a scan of the bundle's number of axes."""
        grounder = self._named(bundle).grounder
        return grounder.ask(grounder.encode(scan), phrases)

    def check(self, bundles: Sequence[str]) -> None:
        """Raise ConfigurationError or WeightsError when a bundle that rules will ask is missing or damaged."""
        for name in bundles:
            self._named(name).bundle.check_weights()

    def _named(self, name: str) -> _LoadedBundle:
        if name not in self._loaded:
            raise ConfigurationError(
                f"expected a bundle of those that are installed, {', '.join(self._loaded) or 'none'}; the rules ask "
                f"{name!r}: correct the rule, or put that bundle beside the others"
            )
        return self._loaded[name]


class _LoadedBundle:
    def __init__(self, bundle: Bundle, device: str | None) -> None:
        self.bundle, self._device = bundle, device

    @cached_property
    def facts(self) -> BundleFacts:
        dims = len(self.bundle.operating_point.canvas)
        return BundleFacts(dims, self.bundle.validated_phrases, self.bundle.provenance())

    @cached_property
    def grounder(self) -> Grounder:
        from monai_medglip.inference import Grounder

        return Grounder(self.bundle.path, device=self._device)
