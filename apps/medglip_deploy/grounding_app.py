# SPDX-License-Identifier: Apache-2.0
"""The application: a DICOM study in, results as DICOM out; what is asked and written is `monai_medglip.clinic`'s."""

from __future__ import annotations

import functools
import logging
import sys
import tempfile
from pathlib import Path

from monai.deploy.conditions import CountCondition
from monai.deploy.core import Application
from operators import (
    OUTCOMES,
    SELECTED,
    STUDIES,
    FindSeriesOperator,
    GroundSeriesOperator,
    HandOverOperator,
    SelectSeriesOperator,
)
from run_options import RunOptions

from monai_medglip.clinic import DEFAULT_RULES, BundleAsker, SelectionRules, SeriesOutcome, process_series
from monai_medglip.dicom import destination_profile
from monai_medglip.errors import MedGLIPError
from monai_medglip.readers import GuardedReader

__all__ = ["GroundingApp", "run_application"]

_LOGGER = logging.getLogger(__name__)


class GroundingApp(Application):
    """Four operators in a row: find series, select, ground, hand over.

    Args:
        options: of this run.
        reader: reads the pixels of files that nobody vouches for.
        draft: an empty folder for results until all series are done. Not below the output folder, where a run that is
            killed would leave it.
    """

    def __init__(self, options: RunOptions, reader: GuardedReader, draft: Path) -> None:
        self.run_options, self.reader, self.draft = options, reader, draft
        super().__init__(list(options.argv))

    @property
    def outcomes(self) -> list[SeriesOutcome] | None:
        """What became of the selected series, None before the end of a run without an error."""
        return self._end.outcomes

    def compose(self) -> None:
        """Connect the operators."""
        context = Application.init_app_context(list(self.run_options.argv))
        output = Path(context.output_path)
        output.mkdir(parents=True, exist_ok=True)
        rules = SelectionRules.read(self.run_options.rules or DEFAULT_RULES)
        if self.run_options.phrases:
            rules = rules.asking(self.run_options.phrases)
        asker = BundleAsker.of_folder(Path(context.model_path), device=self.run_options.device)
        asker.check(rules.bundles)
        process = functools.partial(
            process_series,
            asker=asker,
            rules=rules,
            profile=destination_profile(self.run_options.profile),
            reader=self.reader.read,
        )
        find = FindSeriesOperator(self, CountCondition(self, 1), input_folder=Path(context.input_path), name="find")
        select = SelectSeriesOperator(self, rules=rules, name="select")
        ground = GroundSeriesOperator(self, process=process, draft=self.draft, name="ground")
        self._end = HandOverOperator(self, draft=self.draft, output_folder=output, name="hand_over")
        self.add_flow(find, select, {(STUDIES, STUDIES)})
        self.add_flow(select, ground, {(SELECTED, SELECTED)})
        self.add_flow(ground, self._end, {(OUTCOMES, OUTCOMES)})


def run_application(options: RunOptions) -> int:
    """Run it once.

    Returns:
        0 when every series has results, a report that says why not, or was not asked for; 1 when the run failed, which
        leaves nothing in the output folder.
    """
    logging.getLogger("highdicom").setLevel(logging.WARNING)  # it names every module of every object
    try:
        with GuardedReader() as reader, tempfile.TemporaryDirectory(prefix="medglip-results-") as draft:
            app = GroundingApp(options, reader, Path(draft))
            app.run()
            outcomes = app.outcomes
    except (MedGLIPError, OSError, RuntimeError) as error:
        return _failed(str(error))
    if outcomes is None:
        return _failed("an operator ended without results; the log says why")
    for outcome in outcomes:
        sys.stdout.write(f"{outcome.status.value}: {outcome.reason or outcome.rule}\n")
    sys.stdout.write(f"{len(outcomes)} series asked\n")
    return 0


def _failed(reason: str) -> int:
    sys.stderr.write(f"medglip_deploy: {reason}\n")
    return 1
