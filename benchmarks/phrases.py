# SPDX-License-Identifier: Apache-2.0
"""Whether the phrase matters: wording, sides, absent things, modality and negation on the test split.

python benchmarks/phrases.py --bundle bundles/medglip_2d --data ../shared/data/2d --out benchmarks/results/phrases.json
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.evaluation.phrase_trials import phrase_trials
from monai_medglip.evaluation.trial_subject import GrounderSubject
from monai_medglip.inference import Grounder


def main() -> None:
    """Run the trials and write the result file."""
    parser = argparse.ArgumentParser(description="Whether the phrase matters, on the test split.")
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/phrases.json"), metavar="FILE")
    arguments = parser.parse_args()
    folder, grounder = GroundingFolder(arguments.data), Grounder(arguments.bundle)
    results = phrase_trials(folder, GrounderSubject(grounder))
    command = shlex.join(["python", "benchmarks/phrases.py", *sys.argv[1:]])
    data = {"folder": str(arguments.data), "split": "test", "images": len(folder.records("test"))}
    bundle = {**grounder.bundle.provenance(), "operating_threshold": grounder.operating_threshold}
    write_result(arguments.out, result_head(command, bundle=bundle, data=data), results)


if __name__ == "__main__":
    main()
