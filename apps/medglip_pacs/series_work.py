# SPDX-License-Identifier: Apache-2.0
"""The work on one series: what the pipeline expects of it, and the work of this package's clinic."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from apps.medglip_pacs.settings import ModelSettings
from monai_medglip.clinic import DEFAULT_RULES, BundleAsker, SelectionRules, SeriesOutcome, process_series
from monai_medglip.dicom import destination_profile
from monai_medglip.errors import ConfigurationError
from monai_medglip.readers import GuardedReader

__all__ = ["SeriesWork", "clinic_work", "load_work"]


class SeriesWork(Protocol):
    """Grounds one series; made once, with the model warm, and called for series after series."""

    @property
    def model(self) -> Mapping[str, str]:
        """Names, versions and checksums of the bundles, for page and metrics."""

    def __call__(self, folder: Path, out: Path) -> SeriesOutcome:
        """Ground the series of a folder and write its result set to another."""


class ClinicWork:
    """`monai_medglip.clinic.process_series` with the bundles, rules and profile of a site, files read under limits.

    Args:
        settings: of the site.

    Raises:
        ConfigurationError: when rules or profile are not to be had, or the rules ask a bundle that is not there.
        WeightsError: when a bundle is missing or damaged.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self._profile = destination_profile(settings.profile)
        self._rules = SelectionRules.read(settings.rules or DEFAULT_RULES)
        self._asker = BundleAsker.of_folder(Path(settings.bundles))
        self._asker.check(self._rules.bundles)
        self._reader = GuardedReader()

    @property
    def model(self) -> Mapping[str, str]:
        """Version and checksum of the weights of each bundle that the rules ask."""
        facts = (self._asker.facts(bundle).provenance for bundle in self._rules.bundles)
        return {str(one["model"]): f"{one['version']}, weights {str(one['weights_sha256'])[:12]}" for one in facts}

    def __call__(self, folder: Path, out: Path) -> SeriesOutcome:
        """Ground the series of a folder and write its result set to another."""
        asker, rules, profile = self._asker, self._rules, self._profile
        return process_series(folder, out, asker=asker, rules=rules, profile=profile, reader=self._reader.read)


def clinic_work(settings: ModelSettings) -> SeriesWork:
    """Return the work of this package's clinic."""
    return ClinicWork(settings)


def load_work(settings: ModelSettings) -> SeriesWork:
    """Return the work that the settings name, with its model at hand.

    Raises:
        ConfigurationError: when there is no such function.
    """
    module, _, function = settings.work.partition(":")
    try:
        make = cast("Callable[[ModelSettings], Any]", getattr(importlib.import_module(module), function))
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"expected model.work as module:function, got {settings.work!r}: {error}") from error
    return cast(SeriesWork, make(settings))
