# SPDX-License-Identifier: Apache-2.0
"""``medglip train``: a bundle's own training configuration on a data folder, with checked settings."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add_parser", "run"]

_EXAMPLES = """examples:
  medglip train --bundle bundles/medglip_2d --data ../shared/data/2d --image-weights mobilenet_v2.safetensors
  medglip train --bundle bundles/medglip_2d --data my_hospital --out runs/mine --set max_epochs=5 --set batch_size=8

It runs configs/train.json of the bundle as MONAI does:
  python -m monai.bundle run --config_file configs/train.json --bundle_root . --dataset_dir DATA
but that command accepts any key and any value, and goes on with the default when a key is mistyped; this one refuses
what the configuration does not have, nested keys (validate::dataloader::batch_size) included.
Progress, curves and pictures go to DIR/eval for TensorBoard; --set tracking_uri=sqlite:///mlruns.db, or the address of
a server, sends the figures to MLflow as well.
A run that was stopped goes on from the newest checkpoint in DIR. DIR becomes a bundle:
  medglip calibrate --bundle DIR --data DATA
chooses its thresholds, and then it can be used.
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``train`` to the command line."""
    parser = verbs.add_parser(
        "train",
        help="train a bundle on a data folder",
        description="Train the network of a bundle on a data folder, by the bundle's own configuration.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="bundle with configs/train.json")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="data folder with an INDEX.tsv")
    parser.add_argument("--image-weights", type=Path, metavar="FILE", help="where the image encoder starts")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results (default: runs/BUNDLE)")
    parser.add_argument(
        "--set", action="append", default=[], dest="settings", metavar="KEY=VALUE", help="change a setting; repeat it"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train and print where the weights are; gives back 0."""
    from monai_medglip.engines.bundle_training import train_bundle

    out = arguments.out or Path("runs") / arguments.bundle.resolve().name
    weights = train_bundle(
        arguments.bundle,
        arguments.data,
        out,
        image_weights=arguments.image_weights,
        settings=arguments.settings,
    )
    print(f"weights: {weights}")
    return 0
