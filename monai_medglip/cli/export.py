# SPDX-License-Identifier: Apache-2.0
"""``medglip export``: a bundle's network as ONNX files, for runtimes without torch."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add_parser", "run"]

_EXAMPLES = """examples:
  medglip export --bundle bundles/medglip_2d --out onnx/
  medglip export --bundle bundles/medglip_2d --out onnx/ --size 320 320

It writes image_encoder.onnx and grounding_head.onnx. What goes in and comes out stands in docs/how-to/export.md.
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``export`` to the command line."""
    parser = verbs.add_parser(
        "export",
        help="write the network of a bundle as ONNX",
        description="Write the image encoder and the grounding head of a bundle as ONNX, compared with torch.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="bundle with weights")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument(
        "--size", type=int, nargs="+", metavar="N", help="the only size of images, x y [z] (default: any size)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the files and print where they are; gives back 0."""
    from monai_medglip.inference import Bundle
    from monai_medglip.networks import export_grounding_head, export_image_encoder

    network = Bundle(arguments.bundle).load_network("cpu")
    encoder, head = (arguments.out / f"{name}.onnx" for name in ("image_encoder", "grounding_head"))
    export_image_encoder(network, encoder, size=arguments.size)
    print(f"image encoder:  {encoder}")
    export_grounding_head(network, head)
    print(f"grounding head: {head}")
    return 0
