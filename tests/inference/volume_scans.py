# SPDX-License-Identifier: Apache-2.0
"""Small volumes in the patient's space."""

from __future__ import annotations

import numpy as np

from monai_medglip.geometry import AxisPair, Frame
from monai_medglip.imaging import Modality, Scan


def volume_scan(array: np.ndarray, affine: np.ndarray | None = None, modality: Modality = Modality.CT) -> Scan:
    """Give a scan (x, y, z) whose place is known; 1 mm voxels in RAS order when nothing else is said."""
    place = np.eye(4) if affine is None else affine
    frame = Frame(place, array.shape, frozenset(AxisPair), spacing_known=True)
    return Scan(array[None], frame, modality)


def random_volume(*shape: int, seed: int = 0) -> np.ndarray:
    """Give an array (x, y, z) int16 of values that CT windows do not cut off."""
    return np.random.default_rng(seed).integers(-60, 60, shape).astype(np.int16)
