# SPDX-License-Identifier: Apache-2.0
"""Concepts that a short training run never met, asked by name of the network alone.

The run is the bundle's own ``train`` configuration with ``withheld_concepts``; it is short, so its figures compare with
each other and with the median box, not with the released weights.

python benchmarks/zero_shot.py --checkpoint RUN/models/model.pt --bundle bundles/medglip_2d --data ../shared/data/2d \
    --out benchmarks/results/zero_shot.json
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.evaluation import evaluate_quality, result_head, write_result
from monai_medglip.inference import Grounder, OperatingPoint, ValidatedPhrases
from monai_medglip.networks import read_network_definition

WITHHELD = ("heart", "melanoma", "lower left first molar")
"""Chosen before any result was seen: an organ among organs, a finding that only its name tells from its kin, and one of
32 teeth, whose neighbors and mirror image were trained."""

METRICS = ("R1_50", "mIoU", "AP50")


def withheld_results(quality: Mapping[str, Any], withheld: tuple[str, ...] = WITHHELD) -> dict[str, Any]:
    """Return the figures of withheld concepts beside what they must be compared with.

    Args:
        quality: the ``results`` of the protocol, with the baseline ``median_box`` per phrase.
        withheld: names of concepts.

    Returns:
        For each concept: its source, its figures, those of the median box, and the plain mean of the same run over the
        other phrases of the source that enough images show.
    """
    found = {}
    for concept in withheld:
        for source, phrases in quality["per_phrase"].items():
            if concept in phrases:
                others = [
                    measures
                    for name, measures in phrases.items()
                    if name not in withheld and quality["phrases"][source][name]["in_macro"]
                ]
                found[concept] = {
                    "source": source,
                    "positive_images": quality["phrases"][source][concept]["positive_images"],
                    "withheld": {m: phrases[concept].get(m) for m in METRICS},
                    "median_box": {
                        m: quality["baselines"]["median_box"]["per_phrase"][source][concept].get(m) for m in METRICS
                    },
                    "trained_concepts_of_the_source": {m: _mean(others, m) for m in METRICS},
                }
    return found


def _mean(rows: list[Mapping[str, Any]], metric: str) -> dict[str, Any]:
    values = [row[metric]["value"] for row in rows if metric in row and row[metric]["value"] is not None]
    return {"value": sum(values) / len(values) if values else None, "phrases": len(values)}


def plain_bundle(folder: Path, checkpoint: Path, bundle: Path) -> Path:
    """Write a bundle of a checkpoint at the default operating point, and return its folder.

    Args:
        folder: an empty folder.
        checkpoint: a state dict, or a training checkpoint that holds one as ``ema`` or ``model``.
        bundle: gives network definition and text encoder.
    """
    for part in ("models", "configs"):
        (folder / part).mkdir()
    definition = read_network_definition(bundle / "models" / "network.json")
    definition["text_encoder"]["folder"] = str(Path(definition["text_encoder"]["folder"]).resolve())
    (folder / "models" / "network.json").write_text(json.dumps(definition), encoding="utf-8")
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state = next((state[key] for key in ("ema", "model") if key in state), state)
    torch.save(state, folder / "models" / "model.pt")
    (folder / "configs" / "metadata.json").write_text(json.dumps({"name": "zero-shot run"}), encoding="utf-8")
    OperatingPoint(canvas=tuple(definition["canvas"])).write(folder / "models" / "operating_point.json")
    ValidatedPhrases().write(folder / "configs" / "validated_phrases.json")
    return folder


def main() -> None:
    """Evaluate the checkpoint on the sources of the withheld concepts and write the result file."""
    parser = argparse.ArgumentParser(description="Concepts that a training run never met.")
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="FILE", help="of the run without them")
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="network definition, text encoder")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/zero_shot.json"), metavar="FILE")
    arguments = parser.parse_args()
    folder = GroundingFolder(arguments.data)
    sources = [s for s in folder.sources if any(rule.label in WITHHELD for rule in folder.labels(s))]
    with tempfile.TemporaryDirectory() as temporary:
        grounder = Grounder(plain_bundle(Path(temporary), arguments.checkpoint, arguments.bundle), rules=False)
        quality = evaluate_quality(
            folder,
            lambda scan, phrases: grounder.ask(grounder.encode(scan), phrases, threshold=0.0),
            sources=sources,
        )
        bundle = grounder.bundle.provenance()
    command = shlex.join(["python", "benchmarks/zero_shot.py", *sys.argv[1:]])
    images = len(folder.records("test", sources))
    head = result_head(command, bundle=bundle, data={"folder": str(arguments.data), "split": "test", "images": images})
    results = {"withheld_from_training": list(WITHHELD), "chosen": "before any result", **withheld_results(quality)}
    write_result(arguments.out, head, results)


if __name__ == "__main__":
    main()
