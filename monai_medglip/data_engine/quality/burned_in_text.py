# SPDX-License-Identifier: Apache-2.0
"""Rows of bright letter-like marks: text that was drawn into the pixels, which may name the patient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.quality.finding import Stage
from monai_medglip.data_engine.quality.image_check import CheckedImage, Remark
from monai_medglip.imaging.modality import Modality

__all__ = ["BurnedInText"]

LETTER_HEIGHT = (6, 40)
"""Height of a letter [pixels]."""
FEWEST_LETTERS = 6
"""Marks of one height on one line that make a word worth a look."""
_BRIGHT_SHARE = 0.85
_MOST_BRIGHT = 0.2

# Pictures of tissue are full of small bright spots.
_MODALITIES = (Modality.XR, Modality.US, Modality.CT, Modality.MR, Modality.PET, Modality.UNKNOWN)


class BurnedInText:
    """A suspicion: nearly saturated marks of one height side by side. It reads nothing."""

    name = "burned-in text"
    stage = Stage.PRIVACY

    def __call__(self, image: CheckedImage) -> Iterator[Remark]:
        """Say where a line of letters may stand; volumes are not looked at."""
        if image.scan.frame.spatial_dims != 2 or image.scan.modality not in _MODALITIES:
            return
        picture = image.scan.array.max(axis=0).T  # (rows, columns)
        low, high = float(picture.min()), float(picture.max())
        bright = picture >= low + _BRIGHT_SHARE * (high - low)
        if high > low and bright.mean() < _MOST_BRIGHT:
            row, letters = _longest_line(_letters(bright))
            if letters >= FEWEST_LETTERS:
                yield Remark(f"{letters} letter-like marks side by side near row {row}")


def _letters(bright: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """(N, 4) first row, last row, first column, last column of marks that are as high as a letter and not wider."""
    import cc3d

    labels = cc3d.connected_components(np.ascontiguousarray(bright), connectivity=8)
    boxes = cc3d.statistics(labels)["bounding_boxes"][1:]
    found = np.array(
        [(box[0].start, box[0].stop, box[1].start, box[1].stop) for box in boxes if box],
        dtype=np.int64,
    ).reshape(-1, 4)
    heights, widths = found[:, 1] - found[:, 0], found[:, 3] - found[:, 2]
    return found[(heights >= LETTER_HEIGHT[0]) & (heights <= LETTER_HEIGHT[1]) & (widths <= 1.5 * heights)]


def _longest_line(letters: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Row and number of marks of the line that has most: same upper edge and height, each near the one before."""
    best = (0, 0)
    for top, bottom, _, _ in letters:
        height = bottom - top
        line = letters[(abs(letters[:, 0] - top) <= 2) & (abs(letters[:, 1] - bottom) <= 2)]
        line = line[np.argsort(line[:, 2])]
        gaps = line[1:, 2] - line[:-1, 3]
        runs = np.split(np.arange(len(line)), np.flatnonzero(gaps > 2 * height) + 1)
        best = max(best, (int(top), max(len(run) for run in runs)), key=lambda found: found[1])
    return best
