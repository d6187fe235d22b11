# SPDX-License-Identifier: Apache-2.0
"""The steps of the application as operators: each calls one function of the package and passes its answer on.

Ports are called as those of the SDK's operators. What passes through them are `monai_medglip.clinic` objects: files on
disk and facts, not pixels, so that a study of any size takes the memory of one series.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monai.deploy.core import Fragment, Operator, OperatorSpec

from monai_medglip.clinic import SelectionRules, SeriesFiles, SeriesOutcome, find_series
from monai_medglip.errors import ImageReadError

__all__ = ["FindSeriesOperator", "GroundSeriesOperator", "HandOverOperator", "SelectSeriesOperator"]

STUDIES, SELECTED, OUTCOMES = "dicom_study_list", "study_selected_series_list", "series_outcomes"

_LOGGER = logging.getLogger(__name__)
_UID = re.compile(r"[0-9.]{1,64}")

Process = Callable[[Path, Path], SeriesOutcome]


class FindSeriesOperator(Operator):
    """Finds the series in a folder by their headers. A source: give it a CountCondition, or it runs for ever.

    Output:
        dicom_study_list: a list of `SeriesFiles`.
    """

    def __init__(self, fragment: Fragment, *conditions: Any, input_folder: Path, **settings: Any) -> None:
        self.input_folder = input_folder
        super().__init__(fragment, *conditions, **settings)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the port."""
        spec.output(STUDIES)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Find the series; ImageReadError when there is none."""
        op_output.emit(list(self.found()), STUDIES)

    def found(self) -> tuple[SeriesFiles, ...]:
        """The series of the folder."""
        series = find_series(self.input_folder)
        if not series:
            raise ImageReadError(f"expected DICOM files in {self.input_folder} or below, found none")
        _LOGGER.info("found %d series", len(series))
        return series


class SelectSeriesOperator(Operator):
    """Keeps the series that a rule asks for.

    Input:
        dicom_study_list: a list of `SeriesFiles`.
    Output:
        study_selected_series_list: those of them that are asked.
    """

    def __init__(self, fragment: Fragment, *conditions: Any, rules: SelectionRules, **settings: Any) -> None:
        self.rules = rules
        super().__init__(fragment, *conditions, **settings)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input(STUDIES)
        spec.output(SELECTED)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Select."""
        op_output.emit(self.selected(op_input.receive(STUDIES)), SELECTED)

    def selected(self, series: Sequence[SeriesFiles]) -> list[SeriesFiles]:
        """The series that a rule asks for."""
        kept = []
        for one in series:
            rule = self.rules.choose(one.facts)
            _LOGGER.info("series of %d image(s): %s", one.facts.images, rule.name if rule else "no rule asks for it")
            if rule is not None:
                kept.append(one)
        return kept


class GroundSeriesOperator(Operator):
    """Evaluates each selected series; one that is refused does not keep the others from their results.

    Input:
        study_selected_series_list: a list of `SeriesFiles`.
    Output:
        series_outcomes: a list of `SeriesOutcome`, in that order.
    """

    def __init__(self, fragment: Fragment, *conditions: Any, process: Process, draft: Path, **settings: Any) -> None:
        self.process, self.draft = process, draft
        super().__init__(fragment, *conditions, **settings)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the ports."""
        spec.input(SELECTED)
        spec.output(OUTCOMES)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Evaluate."""
        op_output.emit([self.evaluated(series) for series in op_input.receive(SELECTED)], OUTCOMES)

    def evaluated(self, series: SeriesFiles) -> SeriesOutcome:
        """Evaluate one series into a folder of the draft that is named by its UID."""
        with _alone(series) as folder:
            outcome = self.process(folder, self.draft / folder_name(series.facts.series_uid))
        _LOGGER.info("series %s: %s %s", series.facts.series_uid, outcome.status.value, outcome.reason)
        return outcome


class HandOverOperator(Operator):
    """Puts the results of all series from the draft into the output folder: the end of a run without an error.

    Input:
        series_outcomes: a list of `SeriesOutcome`.
    """

    def __init__(self, fragment: Fragment, *conditions: Any, draft: Path, output_folder: Path, **settings: Any) -> None:
        self.draft, self.output_folder = draft, output_folder
        self.outcomes: list[SeriesOutcome] | None = None
        super().__init__(fragment, *conditions, **settings)

    def setup(self, spec: OperatorSpec) -> None:
        """Declare the port."""
        spec.input(OUTCOMES)

    def compute(self, op_input: Any, op_output: Any, context: Any) -> None:
        """Hand the results over."""
        outcomes = op_input.receive(OUTCOMES)
        self.hand_over()
        self.outcomes = outcomes

    def hand_over(self) -> None:
        """Put every folder of the draft into the output folder, over one of an earlier run.

        They are copied beside their places and then renamed: a full disk is met before the first of them is there.
        """
        with tempfile.TemporaryDirectory(prefix=".medglip-", dir=self.output_folder) as beside:
            for folder in sorted(self.draft.iterdir()):
                shutil.copytree(folder, Path(beside) / folder.name)
            for folder in sorted(Path(beside).iterdir()):
                target = self.output_folder / folder.name
                if target.exists():
                    shutil.rmtree(target)
                folder.rename(target)


def folder_name(series_uid: str) -> str:
    """Give a folder name for a series: its UID where it is one, since a header may say anything."""
    if _UID.fullmatch(series_uid) and series_uid.strip("."):
        return series_uid
    return "series-" + hashlib.sha256(series_uid.encode()).hexdigest()[:16]


@contextmanager
def _alone(series: SeriesFiles) -> Iterator[Path]:
    """A folder with the files of one series and no others; links, not copies."""
    with tempfile.TemporaryDirectory(prefix="medglip-series-") as folder:
        for number, path in enumerate(series.paths):
            (Path(folder) / f"{number:06d}.dcm").symlink_to(path.resolve())
        yield Path(folder)
