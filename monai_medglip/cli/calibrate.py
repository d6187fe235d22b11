# SPDX-License-Identifier: Apache-2.0
"""``medglip calibrate``: choose a bundle's operating point and validated phrases on the validation split."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monai_medglip.data_engine import GroundingData
    from monai_medglip.evaluation.operating_point import FittedPoint

__all__ = ["add_parser", "run"]

_EXAMPLES = """examples:
  medglip calibrate --bundle bundles/medglip_2d --data ../shared/data/2d
  medglip calibrate --bundle bundles/medglip_2d --data ../shared/data/2d --canvas 320 320 --canvas 384 384

only images of the split 'val' are read; run it again whenever the weights change
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``calibrate`` to the command line."""
    parser = verbs.add_parser(
        "calibrate",
        help="choose thresholds of a bundle on validation images",
        description="Choose canvas, temperatures and thresholds on the validation split; write them into the bundle.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="bundle with network and weights")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="data folder or built store")
    parser.add_argument(
        "--canvas",
        type=int,
        nargs="+",
        action="append",
        metavar="SIZE",
        help="canvas to try, x y[ z]; may be given several times (default: the one of the network's definition)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Fit, write ``operating_point.json`` and ``validated_phrases.json`` into the bundle, and print what was chosen."""
    from monai_medglip.data_engine import open_grounding_data
    from monai_medglip.evaluation.box_sources import choose_box_sources, measure_box_sources
    from monai_medglip.evaluation.operating_point import MASK_THRESHOLDS, fit_operating_point
    from monai_medglip.evaluation.raw_answers import NetworkAsker
    from monai_medglip.evaluation.validated_lists import validated_phrases
    from monai_medglip.evaluation.validation_units import validation_units
    from monai_medglip.inference import Bundle, OperatingPoint
    from monai_medglip.networks import read_network_definition
    from monai_medglip.ontology import Ontology

    folder, bundle = open_grounding_data(arguments.data), Bundle(arguments.bundle)
    network, ontology = bundle.load_network(), Ontology.default()
    definition = read_network_definition(bundle.path / "models" / "network.json")
    canvases = [tuple(canvas) for canvas in arguments.canvas or [definition.get("canvas", OperatingPoint().canvas)]]
    for canvas in canvases:
        OperatingPoint(canvas=canvas)  # a canvas that no bundle may have is refused before anything is measured
    # a canvas is judged by the boxes that will be shown, which may be those of masks
    fits = {}
    for canvas in canvases:
        asker = NetworkAsker(network, canvas)
        answers = validation_units(folder, asker, mask_thresholds=MASK_THRESHOLDS, ontology=ontology)
        fits[canvas] = fit_operating_point(answers, canvas=canvas, fitted_on=_fitted_on(folder))
    sources = {canvas: measure_box_sources(folder, bundle.path, fit.operating_point) for canvas, fit in fits.items()}
    points = {canvas: choose_box_sources(sources[canvas], fit.operating_point) for canvas, fit in fits.items()}
    gains = {canvas: sources[canvas].gain(refined=point.refine) for canvas, point in points.items()}
    canvas = max(gains, key=lambda canvas: gains[canvas])  # of equals the first
    fitted, figures, point = fits[canvas], sources[canvas], points[canvas]
    lists = validated_phrases(fitted.units, point)
    lists.write(bundle.path / "configs" / "validated_phrases.json")
    point.write(bundle.path / "models" / "operating_point.json")
    for tried, gain in gains.items():
        print(
            f"canvas {'x'.join(map(str, tried))}: IoU of best boxes plus Dice {gain:.4f}"
            + " (chosen)" * (tried == canvas)
        )
    print(_summary(fitted))
    print(figures.table())
    print(f"second look: {'yes' if point.refine else 'no'}; boxes from masks: {', '.join(point.mask_boxes) or 'none'}")
    print(f"validated phrases: {len(lists.location)} for location, {len(lists.absence)} for absence")
    return 0


def _fitted_on(folder: GroundingData) -> str:
    records = folder.records("val")
    patients = len({record.patient for record in records})
    sources = len({record.source for record in records})
    return f"val split of {folder.path.name}: {len(records)} images of {patients} patients, {sources} sources"


def _summary(fitted: FittedPoint) -> str:
    point = fitted.operating_point
    chosen = point.candidates.presence_power
    lines = [
        f"presence power {power:g}: AP50 of predicted sides {score:.4f}" + (" (chosen)" if power == chosen else "")
        for power, score in fitted.scores.items()
    ]
    return "\n".join(
        [
            f"fitted on {point.fitted_on}",
            *lines,
            f"temperatures: box {point.calibration.box:.3f}, presence {point.calibration.presence:.3f}",
            f"box threshold {point.box_threshold:.3f}: mean F1 {fitted.mean_f1:.3f}, "
            f"{fitted.easy_under:.1%} of easy-absent phrases stay under it",
            f"mask threshold {point.mask_threshold:g}: mean Dice {fitted.mean_dice:.3f}",
        ]
    )
