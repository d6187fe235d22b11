# SPDX-License-Identifier: Apache-2.0
"""The clinic's work on a series, real in every part, that notes how long its parts take; for `clinic_load`.

Named as ``model.work`` of a worker it runs in the model's process and appends a line of JSON for each series to the
file that the variable `PARTS_FILE` names.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from apps.medglip_pacs.settings import ModelSettings
from monai_medglip.clinic import DEFAULT_RULES, BundleAsker, BundleFacts, SelectionRules, SeriesOutcome, process_series
from monai_medglip.dicom import destination_profile
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import Scan
from monai_medglip.inference import Grounder
from monai_medglip.phrases import Phrase
from monai_medglip.readers import GuardedReader

__all__ = ["PARTS_FILE", "measured_work"]

PARTS_FILE = "CLINIC_LOAD_PARTS_FILE"
_FORWARD = ("encode", "embed", "ground")
"""The network's methods; all that a `Grounder` does besides them is not its forward."""


class _MeasuredWork:
    """As `apps.medglip_pacs.series_work.ClinicWork`, with the seconds of reader, `Grounder` and network noted."""

    def __init__(self, settings: ModelSettings) -> None:
        self._seconds: Counter[str] = Counter()
        self._profile = destination_profile(settings.profile)
        self._rules = SelectionRules.read(settings.rules or DEFAULT_RULES)
        self._asker = _MeasuredAsker(Path(settings.bundles), self._seconds)
        self._read = _timed(GuardedReader().read, "read", self._seconds)

    @property
    def model(self) -> Mapping[str, str]:
        return {"measured": ", ".join(self._rules.bundles)}

    def __call__(self, folder: Path, out: Path) -> SeriesOutcome:
        self._seconds.clear()
        work = partial(process_series, asker=self._asker, rules=self._rules, profile=self._profile, reader=self._read)
        outcome = _timed(work, "process_series", self._seconds)(folder, out)
        with Path(os.environ[PARTS_FILE]).open("a", encoding="ascii") as file:
            file.write(json.dumps({"job": folder.parent.name, **self._seconds}) + "\n")
        return outcome


class _MeasuredAsker:
    """As `BundleAsker`, with the networks' methods timed."""

    def __init__(self, bundles: Path, seconds: Counter[str]) -> None:
        self._bundles, self._seconds = bundles, seconds
        self._asker = BundleAsker.of_folder(bundles)
        self._grounder = cache(self._load)

    def facts(self, bundle: str) -> BundleFacts:
        return self._asker.facts(bundle)

    def ask(self, bundle: str, scan: Scan, phrases: Sequence[Phrase]) -> Grounding:
        grounder = self._grounder(bundle)
        return _timed(lambda: grounder.ask(grounder.encode(scan), phrases), "grounder", self._seconds)()

    def _load(self, bundle: str) -> Grounder:
        grounder = Grounder(self._bundles / bundle)
        for name in _FORWARD:
            setattr(grounder.network, name, _timed(getattr(grounder.network, name), "network", self._seconds))
        return grounder


def measured_work(settings: ModelSettings) -> _MeasuredWork:
    """Return the work, as ``model.work`` asks for it."""
    return _MeasuredWork(settings)


def _timed(function: Callable[..., Any], part: str, seconds: Counter[str]) -> Callable[..., Any]:
    """Give a function whose seconds are added to those of a part."""

    def run(*args: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*args, **named)
        finally:
            seconds[part] += time.perf_counter() - start

    return run
