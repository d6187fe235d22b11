# SPDX-License-Identifier: Apache-2.0
"""Measures each way to a phrase's best box on validation images: sides or mask, first or second look.

python benchmarks/box_sources.py --bundle bundles/medglip_3d --data ../shared/data/3d \
    --out benchmarks/results/box_sources_3d.json
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.evaluation.box_sources import measure_box_sources
from monai_medglip.inference import Bundle


def main() -> int:
    """Measure, write the result file and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True, help="bundle with an operating point")
    parser.add_argument("--data", type=Path, required=True, help="data folder with an INDEX.tsv")
    parser.add_argument("--out", type=Path, required=True, help="result file (JSON)")
    arguments = parser.parse_args()
    bundle = Bundle(arguments.bundle)
    figures = measure_box_sources(GroundingFolder(arguments.data), bundle.path, bundle.operating_point)
    data = {"folder": str(arguments.data), "split": "val"}
    head = result_head(shlex.join(["python", *sys.argv]), bundle=bundle.provenance(), data=data)
    point = bundle.operating_point
    chosen = {"mask_boxes": list(point.mask_boxes), "refine": point.refine}
    write_result(arguments.out, head, {**figures.to_dict(), "chosen": chosen})
    print(figures.table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
