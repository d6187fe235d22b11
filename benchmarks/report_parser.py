# SPDX-License-Identifier: Apache-2.0
"""How well findings are read out of report sentences: on hand-checked sentences of our own, and on real reports.

The sentences in ``tests/phrases/report_sentences.tsv`` were written and labeled by hand; those marked ``tune`` were
looked at while the rules were written, those marked ``heldout`` were not. The real reports are those of Open-i in a
folder of ours, with labels of 14 findings made by another program from their index terms.

    python benchmarks/report_parser.py --reports ../shared/data/reports/openi_text/reports.jsonl
"""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from monai_medglip.evaluation import result_head, write_result
from monai_medglip.ontology import Ontology
from monai_medglip.phrases.report_findings import Certainty, report_findings

SENTENCES = Path(__file__).resolve().parents[1] / "tests" / "phrases" / "report_sentences.tsv"
LABELS = {
    "Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly",
    "Consolidation": "consolidation",
    "Edema": "pulmonary edema",
    "Effusion": "pleural effusion",
    "Emphysema": "emphysema",
    "Fibrosis": "lung fibrosis",
    "Hernia": "hiatal hernia",
    "Mass": "lung tumor",
    "Nodule": "lung nodule",
    "Pleural_Thickening": "pleural thickening",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
}
"""The labels of Open-i's reports as concepts; "Infiltration" has no single concept."""

Told = tuple[str, str, str]


def read_sentences(path: Path = SENTENCES) -> list[tuple[str, str, Counter[Told]]]:
    """Give part, text and findings (concept, certainty, side) of each hand-checked sentence."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [(row["part"], row["sentence"].replace("\\n", "\n"), _findings(row["findings"])) for row in rows]


def _findings(cell: str) -> Counter[Told]:
    told = [tuple(one.strip().split("|")) for one in cell.split(";")]
    return Counter((_concept(name), certainty, side) for name, certainty, side in told)


def _concept(name: str) -> str:
    """The ontology's name of what was labeled by one of its synonyms."""
    found = Ontology.default().resolve(name)
    return name if found is None else found.name


def sentence_figures(sentences: Iterable[tuple[str, str, Counter[Told]]]) -> dict[str, Any]:
    """Compare what is read with what was labeled: findings alone, with their certainty, with certainty and side."""
    parts: dict[str, dict[str, Counter[str]]] = {}
    for part, text, labeled in sentences:
        read = Counter((f.concept, f.certainty.value, f.side.value) for f in report_findings(text))
        for name, length in (("finding", 1), ("finding, certainty", 2), ("finding, certainty, side", 3)):
            counts = parts.setdefault(part, {}).setdefault(name, Counter())
            counts.update(_counts(_cut(read, length), _cut(labeled, length)))
    return {
        part: {name: _precision_and_recall(counts) for name, counts in found.items()} for part, found in parts.items()
    }


def report_figures(path: Path) -> dict[str, Any]:
    """Compare affirmed findings of real reports with their labels."""
    counts: dict[str, Counter[str]] = {concept: Counter() for concept in LABELS.values()}
    reports = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    ontology = Ontology.default()
    for report in reports:
        text = f"FINDINGS: {report['findings']}\nIMPRESSION: {report['impression']}"
        affirmed = {f.concept for f in report_findings(text, ontology) if f.certainty is not Certainty.DENIED}
        wide = affirmed | {name for concept in affirmed for name in ontology.ancestors(concept)}
        labeled = {LABELS[label] for label in report["labels14"] if label in LABELS}
        for concept, count in counts.items():
            count["hit"] += concept in wide and concept in labeled
            count["extra"] += concept in wide and concept not in labeled
            count["missed"] += concept not in wide and concept in labeled
    every = sum(counts.values(), Counter())
    return {
        "reports": len(reports),
        "all": _precision_and_recall(every),
        **{concept: _precision_and_recall(count) for concept, count in counts.items()},
    }


def _cut(told: Counter[Told], length: int) -> Counter[tuple[str, ...]]:
    cut: Counter[tuple[str, ...]] = Counter()
    for one, count in told.items():
        cut[one[:length]] += count
    return cut


def _counts(read: Counter[tuple[str, ...]], labeled: Counter[tuple[str, ...]]) -> dict[str, int]:
    hits = (read & labeled).total()
    return {"hit": hits, "extra": read.total() - hits, "missed": labeled.total() - hits}


def _precision_and_recall(counts: Mapping[str, int]) -> dict[str, float | int | None]:
    read, labeled = counts["hit"] + counts["extra"], counts["hit"] + counts["missed"]
    return {
        "precision": counts["hit"] / read if read else None,
        "recall": counts["hit"] / labeled if labeled else None,
        "labeled": labeled,
    }


def main() -> None:
    """Measure and write the result file."""
    parser = argparse.ArgumentParser(description="How well findings are read out of reports.")
    parser.add_argument("--reports", type=Path, metavar="JSONL", help="real reports with labels14")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/report_parser.json"), metavar="FILE")
    arguments = parser.parse_args()
    results: dict[str, Any] = {"sentences": sentence_figures(read_sentences())}
    if arguments.reports is not None:
        results["openi"] = report_figures(arguments.reports)
    command = shlex.join(["python", "benchmarks/report_parser.py", *sys.argv[1:]])
    data = {"sentences": f"tests/phrases/{SENTENCES.name}", "reports": arguments.reports and arguments.reports.name}
    write_result(arguments.out, result_head(command, bundle=None, data=data), results)


if __name__ == "__main__":
    main()
