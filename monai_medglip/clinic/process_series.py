# SPDX-License-Identifier: Apache-2.0
"""One DICOM series in, one folder of results out: read, select, ask, write. Where series come from is not known here.

The folder appears whole or not at all. A series that cannot be evaluated gets a report that says why. Errors that are
not the series' own fault (a missing bundle, a full disk) are raised, so that a caller can try again.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from pydicom import Dataset

from monai_medglip.atomic_file import atomic_file
from monai_medglip.clinic.asking import Asker
from monai_medglip.clinic.clinical_grounding import ground_as_validated, miss_rates
from monai_medglip.clinic.result_folder import whole_folder
from monai_medglip.clinic.result_set import write_result_set
from monai_medglip.clinic.selection_rules import SelectionRule, SelectionRules
from monai_medglip.clinic.series_facts import SeriesFiles, find_series
from monai_medglip.dicom import PROFILES, DestinationProfile, refusal_report, write_object
from monai_medglip.errors import GeometryError, ImageReadError
from monai_medglip.imaging import Scan
from monai_medglip.readers import read_dicom_volumes

__all__ = ["OUTCOME_FILE", "SeriesOutcome", "SeriesReader", "SeriesStatus", "process_series"]

_LOGGER = logging.getLogger(__name__)

OUTCOME_FILE = "outcome.json"
"""The file in a folder of results that says what was done; it holds no patient data."""

SeriesReader = Callable[[Path], Scan | Sequence[Scan]]
"""Reads the folder of a series into its volumes or images; raises ImageReadError when it cannot."""


class SeriesStatus(str, Enum):
    """What became of a series."""

    DONE = "done"
    """Its results are written."""
    REFUSED = "refused"
    """It cannot be evaluated; a report says why."""
    NOT_SELECTED = "not selected"
    """No rule asks for it; nothing is written."""


@dataclass(frozen=True)
class SeriesOutcome:
    """What became of a series, and where its results are.

    Attributes:
        status: done, refused or not selected.
        reason: in words, "" when done; without patient data.
        rule: name of the rule that selected it, None where none did.
        files: the files of the result folder, its ``outcome.json`` last.
    """

    status: SeriesStatus
    reason: str = ""
    rule: str | None = None
    files: tuple[Path, ...] = ()


def process_series(
    folder: Path,
    out: Path,
    *,
    asker: Asker,
    rules: SelectionRules,
    profile: DestinationProfile = PROFILES["ohif"],
    reader: SeriesReader = read_dicom_volumes,
) -> SeriesOutcome:
    """Evaluate one series.

    Args:
        folder: the files of the series, and no other series.
        out: the folder of its results; an older one is replaced.
        asker: the loaded bundles.
        rules: which series are asked what.
        profile: what the destination gets.
        reader: reads the folder.

    Returns:
        The outcome. The same inputs give the same files but for the dates and times of DICOM objects.

    Raises:
        ConfigurationError: when a rule asks a bundle that is not there.
        WeightsError: when a bundle is damaged.
        OutputError: when the results cannot be written; nothing is left of them.
    """
    series = find_series(folder)
    if len(series) != 1:
        found = f"found {len(series)} series" if series else "found no readable DICOM file"
        return _refuse(f"expected the files of one DICOM series, {found}", out, series, None)
    rule = rules.choose(series[0].facts)
    if rule is None:
        return SeriesOutcome(SeriesStatus.NOT_SELECTED, _why_not_selected(series[0]))
    try:
        read = reader(folder)
        scans = [_as_selected(scan, rule) for scan in ([read] if isinstance(read, Scan) else read)]
        answers = [(scan, ground_as_validated(scan, rule, asker)) for scan in scans]
        with whole_folder(out) as draft:
            for number, (scan, grounding) in enumerate(answers, start=1):
                mark = f"_{number}" if len(answers) > 1 else ""
                rates = miss_rates(scan, rule, asker)
                write_result_set(draft, scan, grounding, profile, miss_rates=rates, mark=mark)
            return _finish(draft, out, SeriesOutcome(SeriesStatus.DONE, rule=rule.name), series)
    except (ImageReadError, GeometryError) as error:
        return _refuse(_without_paths(str(error), folder), out, series, rule)


def _as_selected(scan: Scan, rule: SelectionRule) -> Scan:
    """Give a scan the body region that its rule states, where the header tells none."""
    if scan.body_region is None and rule.body_region is not None:
        return replace(scan, body_region=rule.body_region)
    return scan


def _refuse(reason: str, out: Path, series: Sequence[SeriesFiles], rule: SelectionRule | None) -> SeriesOutcome:
    outcome = SeriesOutcome(SeriesStatus.REFUSED, reason, None if rule is None else rule.name)
    with whole_folder(out) as draft:
        report = _refusal(series[0].head, reason) if series else None
        if report is not None:
            write_object(draft / "report.dcm", report)
        return _finish(draft, out, outcome, series)


def _refusal(head: Any, reason: str) -> Dataset | None:
    """The report, None where the header allows none; the reason then stands in the outcome file alone."""
    try:
        return refusal_report(head, reason)
    except Exception as error:  # a header of a hostile file may raise anything when it is looked at
        _LOGGER.info("no report of a refused series: %s", type(error).__name__)
        return None


def _finish(draft: Path, out: Path, outcome: SeriesOutcome, series: Sequence[SeriesFiles]) -> SeriesOutcome:
    """Write the outcome file; gives back the outcome with the names that the files will have."""
    names = [*sorted(path.name for path in draft.iterdir()), OUTCOME_FILE]
    content: dict[str, Any] = {
        "status": outcome.status.value,
        "reason": outcome.reason,
        "rule": outcome.rule,
        "series_instance_uids": [one.facts.series_uid for one in series],
        "files": names,
    }
    with atomic_file(draft / OUTCOME_FILE) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return replace(outcome, files=tuple(out / name for name in names))


def _why_not_selected(series: SeriesFiles) -> str:
    if series.facts.is_result:
        return "it is one of our own results"
    facts = series.facts
    kind = f"{facts.modality.value}, body region {facts.body_region or 'not told'}, {facts.images} image(s)"
    return f"no rule asks for such a series ({kind})"


def _without_paths(reason: str, folder: Path) -> str:
    """Take the place of the files out of an error message: it may hold a patient's name, and helps nobody elsewhere."""
    for place in {str(folder.resolve()), str(folder)}:
        reason = re.sub(rf"{re.escape(place)}(/[^\s:]*)?", "the series", reason)
    return reason
