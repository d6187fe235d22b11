# SPDX-License-Identifier: Apache-2.0
"""Hand-made data whose truth is known by construction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

LABEL_COLUMNS = ["source", "value", "label", "level", "parent", "relation", "union_is_whole"]
LABEL_COLUMNS += ["instances", "exhaustive", "mirror", "truth"]
INDEX_COLUMNS = ["id", "source", "modality", "image", "annotation", "kind", "split", "patient", "width", "height"]

VOLUME_COLUMNS = [*INDEX_COLUMNS[:-2], "shape"]


def write_tsv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> Path:
    """Write a table; cells that a row does not name are ``-``."""
    lines = ["\t".join(columns)] + ["\t".join(str(row.get(column, "-")) for column in columns) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_volume(path: Path, voxels: np.ndarray) -> Path:
    """Write an array (x, y, z) as NIfTI of 2 mm voxels in RAS order."""
    import nibabel

    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.asarray(voxels, np.int16), np.diag([2.0, 2.0, 2.0, 1.0])), path)
    return path


def write_grey(path: Path, pixels: np.ndarray) -> Path:
    """Write an array (x, y) as a grey PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, np.uint8).T.copy()).save(path)
    return path


class PhantomFolder:
    """A data folder of one source, written image by image.

    Args:
        path: an empty folder.
        labels: rows of LABELS.tsv: value, label, and what differs from a free organ of one instance.
        facts: cells of SOURCES.tsv; None leaves the file out.
        columns: of LABELS.tsv.
    """

    def __init__(
        self,
        path: Path,
        labels: Sequence[Mapping[str, object]],
        *,
        facts: Mapping[str, str] | None = None,
        columns: Sequence[str] = LABEL_COLUMNS,
    ) -> None:
        self.path = path
        self.rows: list[dict[str, object]] = []
        usual = {"source": "made", "level": "organ", "instances": "one", "exhaustive": "yes", "mirror": "free"}
        write_tsv(path / "LABELS.tsv", columns, [{**usual, "truth": "expert", **row} for row in labels])
        if facts is not None:
            known = {"orientation_known": "no", "laterality_known": "no", "spacing_known": "no"}
            names = ["source", "body_region", *known]
            write_tsv(path / "SOURCES.tsv", names, [{"source": "made", **known, **facts}])

    def add(self, name: str, annotation: str, kind: str, shape: tuple[int, int], /, **cells: object) -> None:
        """Write a grey image of a shape (x, y) and its row of INDEX.tsv."""
        write_grey(self.path / "images" / f"{name}.png", np.full(shape, 100))
        row = {"id": name, "source": "made", "modality": "CT", "image": f"images/{name}.png", "kind": kind}
        row |= {"annotation": annotation, "split": "train", "patient": name, "width": shape[0], "height": shape[1]}
        self.rows.append({**row, **cells})
        write_tsv(self.path / "INDEX.tsv", INDEX_COLUMNS, self.rows)

    def add_labelmap(self, name: str, pixels: np.ndarray, **cells: object) -> None:
        """Add an image with a label map (x, y)."""
        write_grey(self.path / "masks" / f"{name}.png", pixels)
        self.add(name, f"masks/{name}.png", "labelmap", pixels.shape, **cells)

    def add_volume(self, name: str, voxels: np.ndarray, **cells: object) -> None:
        """Add a volume with a label map (x, y, z)."""
        image, mask = (f"{folder}/{name}.nii.gz" for folder in ("images", "masks"))
        write_volume(self.path / image, np.full(voxels.shape, 100))
        write_volume(self.path / mask, voxels)
        row = {"id": name, "source": "made", "modality": "CT", "image": image, "annotation": mask, "kind": "labelmap"}
        row |= {"split": "train", "patient": name, "shape": "x".join(map(str, voxels.shape))}
        self.rows.append({**row, **cells})
        write_tsv(self.path / "INDEX.tsv", VOLUME_COLUMNS, self.rows)

    def add_masks(self, name: str, masks: Mapping[int, np.ndarray], **cells: object) -> None:
        """Add an image with one mask file (x, y) per value."""
        for value, mask in masks.items():
            write_grey(self.path / "masks" / f"{name}.{value}.png", mask * value)
        self.add(name, f"masks/{name}.*.png", "masks", next(iter(masks.values())).shape, **cells)

    def add_boxes(self, name: str, boxes: Sequence[tuple[str, int, int, int, int]], **cells: object) -> None:
        """Add an image of 40 x 30 with boxes (label, x0, y0, x1, y1)."""
        table = self.path / "boxes.csv"
        head = table.read_text() if table.exists() else "id,label,x0,y0,x1,y1\n"
        table.write_text(head + "".join(f"{name},{','.join(map(str, box))}\n" for box in boxes))
        self.add(name, "boxes.csv", "boxes", (40, 30), **cells)

    def add_run_lengths(self, name: str, entries: Sequence[Mapping[str, object]], shape: tuple[int, int]) -> None:
        """Add an image with a JSON list of run-length coded masks."""
        (self.path / f"{name}.json").write_text(json.dumps(list(entries)))
        self.add(name, f"{name}.json", "rle", shape)


def blocks(shape: tuple[int, ...], *regions: tuple[int, tuple[slice, ...]]) -> np.ndarray:
    """Give a label map with a block of each value."""
    pixels = np.zeros(shape, np.uint8)
    for value, place in regions:
        pixels[place] = value
    return pixels
