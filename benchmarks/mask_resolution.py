# SPDX-License-Identifier: Apache-2.0
"""Measures which Dice the true masks themselves keep on the working grid and on a grid half as fine.

Each true mask is averaged over the cells of the grid, brought back to the volume by linear interpolation and cut at one
half: a network whose masks lie on that grid and hold the truth in every cell would score that, so it is a ceiling.

python benchmarks/mask_resolution.py --data ../shared/data/3d --out benchmarks/results/mask_resolution_3d.json
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections import defaultdict
from itertools import product
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tqdm import tqdm

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.geometry import Frame
from monai_medglip.transforms.affine_sampling import sample_affine
from monai_medglip.transforms.working_grid import VolumeGrid

GRIDS = (64, 80, 96)
STRIDES = (1, 2)
SOURCES = ("openkbp", "msd_hippocampus")


def kept_dice(mask: np.ndarray, frame: Frame, grid: VolumeGrid, stride: int) -> float:
    """Dice of a mask (x, y, z) with itself after a stay on the cells of a working grid."""
    place = grid.of(frame.affine, mask.shape)
    shares = sample_affine(torch.from_numpy(mask)[None].float(), place.index_map, place.shape)
    cells = F.avg_pool3d(shares, stride)
    raised = F.interpolate(cells[None], size=place.shape, mode="trilinear")[0]
    back = sample_affine(raised, np.linalg.inv(place.index_map), mask.shape)[0].numpy() > 0.5
    return float(2 * (back & mask).sum() / (back.sum() + mask.sum()))


def main() -> int:
    """Measure and write the result file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="data folder with an INDEX.tsv")
    parser.add_argument("--out", type=Path, required=True, help="result file (JSON)")
    arguments = parser.parse_args()
    folder = GroundingFolder(arguments.data)
    scores: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for record in tqdm(folder.records("val", SOURCES), desc="masks on grids", unit="volume"):
        frame = folder.read(record).frame
        for region in folder.regions(record):
            mask = region.mask.decode()
            for side, stride in product(GRIDS, STRIDES):
                kept = kept_dice(mask, frame, VolumeGrid(side**3), stride)
                scores[record.source][f"{side}^3 voxels, stride {stride}"].append(kept)
    ceilings = {
        source: {column: round(float(np.mean(kept)), 4) for column, kept in columns.items()}
        for source, columns in scores.items()
    }
    head = result_head(
        shlex.join(["python", *sys.argv]), bundle=None, data={"folder": str(arguments.data), "split": "val"}
    )
    write_result(arguments.out, head, {"ceiling": ceilings})
    return 0


if __name__ == "__main__":
    sys.exit(main())
