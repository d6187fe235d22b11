# SPDX-License-Identifier: Apache-2.0
"""``medglip evaluate``: how good a model is on a data folder, by the one protocol, as a result file and a table."""

from __future__ import annotations

import argparse
import hashlib
import shlex
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monai_medglip.data_engine import GroundingData

__all__ = ["add_parser", "run"]

_EXAMPLES = """examples:
  medglip evaluate --data ../shared/data/2d --out benchmarks/results/quality_2d.json
  medglip evaluate --data my_hospital --split all --bundle bundles/medglip_2d --out mine.json
  medglip evaluate --data my_hospital --out strict.json --set box_threshold=0.5 --set rules=false

Settings are those of the bundle's models/operating_point.json (box_threshold, candidates::per_phrase, ...), and device,
rules and sources; others are refused, with the nearest. MONAI's own command
  python -m monai.bundle run --config_file "['configs/train.json','configs/evaluate.json']" --dataset_dir DATA
gives the training's key metric, and accepts any key and any value.

the folder holds INDEX.tsv, LABELS.tsv and, where there is one, SOURCES.tsv; or it is a store that was built
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``evaluate`` to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="measure quality on a data folder",
        description="Measure quality on a data folder with intervals and baselines, and write a result file.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="data folder or built store")
    parser.add_argument("--split", choices=("test", "all"), default="test", help="images to read (default: test)")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="bundle to judge (default: the installed one)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="result file (JSON) to write")
    parser.add_argument(
        "--set", action="append", default=[], dest="settings", metavar="KEY=VALUE", help="change a setting; repeat it"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, write the result file and print its table; gives back 0."""
    from monai_medglip.data_engine import open_grounding_data
    from monai_medglip.evaluation import evaluate_quality, result_head, write_result
    from monai_medglip.evaluation.evaluation_settings import EvaluationSettings
    from monai_medglip.evaluation.results_table import sources_table
    from monai_medglip.inference import Grounder, find_bundle

    folder = open_grounding_data(arguments.data)
    found = find_bundle(arguments.bundle)
    settings = EvaluationSettings.from_texts(arguments.settings, found.operating_point)
    grounder = Grounder(
        found.path, device=settings.device, rules=settings.rules, operating_point=settings.operating_point
    )
    results = evaluate_quality(
        folder,
        lambda scan, phrases: grounder.ask(grounder.encode(scan), phrases, threshold=0.0),
        split=None if arguments.split == "all" else arguments.split,
        sources=settings.sources,
        operating_threshold=grounder.operating_threshold,
    )
    bundle = {**grounder.bundle.provenance(), "operating_threshold": grounder.operating_threshold}
    if settings.changes:
        bundle["settings"] = settings.changes
    head = result_head(_command(arguments), bundle=bundle, data=_data(folder, arguments, settings.sources))
    write_result(arguments.out, head, results)
    print(sources_table(results))
    return 0


def _command(arguments: argparse.Namespace) -> str:
    words = ["medglip", "evaluate", "--data", str(arguments.data), "--split", arguments.split]
    if arguments.bundle is not None:
        words += ["--bundle", str(arguments.bundle)]
    words += [word for setting in arguments.settings for word in ("--set", setting)]
    return shlex.join([*words, "--out", str(arguments.out)])


def _data(folder: GroundingData, arguments: argparse.Namespace, sources: Collection[str] | None) -> dict[str, Any]:
    records = folder.records(None if arguments.split == "all" else arguments.split, sources)
    return {
        "folder": str(arguments.data),
        "split": arguments.split,
        **_index_checksum(arguments.data),
        "images": len(records),
        "patients": len({record.patient for record in records}),
        "sources": len({record.source for record in records}),
    }


def _index_checksum(folder: Path) -> dict[str, str]:
    """Give the checksum of the file that names all images: of a data folder its index, of a store its manifest."""
    name = "index" if (folder / "INDEX.tsv").exists() else "manifest"
    file = folder / {"index": "INDEX.tsv", "manifest": "manifest.json"}[name]
    return {f"{name}_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
