# SPDX-License-Identifier: Apache-2.0
"""Calls each operator's own method outside of a graph and prints what came, as JSON: ``STUDY OUT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from monai.deploy.core import Fragment
from operators import (
    FindSeriesOperator,
    GroundSeriesOperator,
    HandOverOperator,
    SelectSeriesOperator,
)

from monai_medglip.clinic import SelectionRules, SeriesOutcome, SeriesStatus


def copy_the_number_of_files(folder: Path, result: Path) -> SeriesOutcome:
    """A process of this test: it writes down how many files it was given."""
    result.mkdir()
    (result / "count.txt").write_text(str(len(list(folder.iterdir()))), encoding="ascii")
    return SeriesOutcome(SeriesStatus.DONE)


study, out = sys.argv[1:]
fragment, draft, output = Fragment(), Path(out) / "draft", Path(out) / "output"
draft.mkdir()
output.mkdir()
found = FindSeriesOperator(fragment, input_folder=Path(study), name="find").found()
selected = SelectSeriesOperator(fragment, rules=SelectionRules.read(), name="select").selected(found)
ground = GroundSeriesOperator(fragment, process=copy_the_number_of_files, draft=draft, name="ground")
outcomes = [ground.evaluated(series) for series in selected]
HandOverOperator(fragment, draft=draft, output_folder=output, name="hand_over").hand_over()
facts = {
    "found": sorted(series.facts.series_uid for series in found),
    "selected": [series.facts.series_uid for series in selected],
    "outcomes": [outcome.status.value for outcome in outcomes],
    "counts": {path.parent.name: path.read_text(encoding="ascii") for path in output.rglob("count.txt")},
}
sys.stdout.write("\n" + json.dumps(facts) + "\n")
