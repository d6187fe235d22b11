# SPDX-License-Identifier: Apache-2.0
"""``medglip ground``: phrases asked of image files, answers written to a folder and printed as a table."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medglip.inference.ground_files import FileOutcome

__all__ = ["add_parser", "answers_table", "run"]

_EXAMPLES = """examples:
  medglip ground chest.png -p "left lung" -p heart -o out/
  medglip ground scans/ --caption "Nodule in the left lung, no pleural effusion." --modality XR -o out/
  medglip ground jobs.csv -o out/ --report out/run.json

IMAGE is a file, a folder (all images in it and below) or a table (.csv) with the columns image and, where wanted,
phrases (separated by ;), modality and body_region. Each image NAME gives NAME.json, NAME.png (picture), NAME.nii.gz
(masks), for a volume NAME.html (to scroll through it) and, where the file tells millimeters, NAME.mrk.json (3D Slicer).
Images that are finished are not done again.
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``ground`` to the command line."""
    parser = verbs.add_parser(
        "ground",
        help="find the regions that phrases name",
        description="Find the regions of images that phrases name, and write them as JSON, picture and masks.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="image, folder of images, or table")
    words = parser.add_mutually_exclusive_group()
    words.add_argument("-p", "--phrase", action="append", default=[], metavar="TEXT", help="what to find; repeat it")
    words.add_argument("--caption", metavar="TEXT", help="a sentence; what it names is looked for")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder for the answers")
    parser.add_argument("--modality", metavar="WORD", help="kind of imaging, as CT, MR, XR (default: the file's)")
    parser.add_argument("--body-region", metavar="WORD", help="what the images show, as chest or head")
    parser.add_argument("--threshold", type=_share, metavar="SCORE", help="least score, 0 to 1 (default: the bundle's)")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="bundle to use (default: the installed one)")
    parser.add_argument("--device", metavar="NAME", help="cpu or cuda (default: the first GPU, else cpu)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report of the run (JSON)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Ground the images and print their answers; gives back 1 when an image failed, else 0."""
    from tqdm import tqdm

    from monai_medglip.inference.grounding_jobs import Question, grounding_jobs

    start = time.perf_counter()
    question = Question.parse(
        arguments.phrase,
        caption=arguments.caption,
        modality=arguments.modality,
        body_region=arguments.body_region,
    )
    jobs = grounding_jobs(arguments.images, question, output=arguments.out)

    from monai_medglip.inference import Grounder  # torch, so only now: a mistyped word is answered at once
    from monai_medglip.inference.answer_files import check_writable
    from monai_medglip.inference.ground_files import FileGrounder, Outcome

    check_writable(arguments.out)
    grounder = Grounder(arguments.bundle, device=arguments.device)
    files = FileGrounder(grounder, arguments.out, threshold=arguments.threshold)
    outcomes = [files.ground(job) for job in tqdm(jobs, unit="image", disable=None)]
    print(answers_table(outcomes))
    if arguments.report is not None:
        _write_report(arguments, grounder.bundle.provenance(), outcomes, time.perf_counter() - start)
    failed = [outcome for outcome in outcomes if outcome.outcome is Outcome.FAILED]
    if failed:
        print(f"medglip ground: {len(failed)} of {len(jobs)} images failed", file=sys.stderr)
    for outcome in failed:
        print(f"  {outcome.remark}", file=sys.stderr)
    return 1 if failed else 0


def _share(text: str) -> float:
    """Read a number between 0 and 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise ValueError(text)
    return number


_share.__name__ = "score between 0 and 1"  # argparse says this name when the text is not one


def answers_table(outcomes: Sequence[FileOutcome]) -> str:
    """Give one line for each phrase of each answered image, in columns; those of measures only where one is known."""
    head = ("image", "phrase", "answer", "regions", "best", "size of best", "volume")
    rows = [row for outcome in outcomes for row in _rows(outcome)]
    measured = [column for column in (5, 6) if any(row[column] != "-" for row in rows)]
    lines = [[row[column] for column in (*range(5), *measured)] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _rows(outcome: FileOutcome) -> Iterator[tuple[str, ...]]:
    from monai_medglip.grounding import box_sizes_mm, phrase_volumes_ml, size_text, volume_text

    found = outcome.grounding
    if found is None:
        yield outcome.job.name, "-", outcome.outcome.value, *("-" * 4)
        return
    sizes, volumes = box_sizes_mm(found), phrase_volumes_ml(found)
    for index, phrase in enumerate(found.phrases):
        rows = (found.phrase_index == index).nonzero()[0]
        best = max(rows.tolist(), key=lambda row: found.scores[row], default=None)
        score = "-" if best is None else f"{found.scores[best]:.2f}"
        size = "-" if best is None else size_text(sizes[best]) or "-"
        volume = volume_text(volumes[index]) or "-"
        yield outcome.job.name, phrase.text, found.status[index].value, str(len(rows)), score, size, volume


def _write_report(
    arguments: argparse.Namespace, bundle: dict[str, Any], outcomes: Sequence[FileOutcome], seconds: float
) -> None:
    from monai_medglip.cli.info import describe_installation
    from monai_medglip.evaluation import result_head, write_result

    head = result_head(shlex.join(["medglip", *sys.argv[1:]]), bundle=bundle, data=None)
    settings = {
        "inputs": [str(path) for path in arguments.images],
        "out": str(arguments.out),
        "threshold": arguments.threshold,
        "device": arguments.device,
    }
    results = {
        "seconds": seconds,
        "failed": sum(outcome.grounding is None for outcome in outcomes),
        "images": [outcome.to_dict() for outcome in outcomes],
    }
    write_result(arguments.report, {**head, "installation": describe_installation(), "settings": settings}, results)
