# SPDX-License-Identifier: Apache-2.0
"""How well the presence score of a phrase parts images that show it from images that do not; no threshold.

Images that show the phrase and images that do not may belong to the same patients or to other ones (other sources, for
phrases that an image cannot show): a pair counts as often as both of its patients together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monai_medglip.metrics.patient_bootstrap import divide

__all__ = ["PresenceAUROC"]


class PresenceAUROC:
    """The share of (present, absent) pairs of images that the score orders rightly; a tie is half right.

    Args:
        present_scores: presence scores of images that show the phrase, ``(N,)``.
        present_patients: their patient columns, ``(N,)``.
        absent_scores: presence scores of images that do not, ``(M,)``.
        absent_patients: their patient columns, ``(M,)``.

    Example:
        >>> PresenceAUROC([0.9, 0.4], [0, 1], [0.4, 0.1], [2, 3])(np.ones((1, 4)))
        array([0.875])
    """

    def __init__(
        self,
        present_scores: ArrayLike,
        present_patients: ArrayLike,
        absent_scores: ArrayLike,
        absent_patients: ArrayLike,
    ) -> None:
        self._present, rows, self._present_sizes = _clusters(present_patients)
        self._absent, columns, self._absent_sizes = _clusters(absent_patients)
        present = np.asarray(present_scores, dtype=np.float64)[:, None]
        absent = np.asarray(absent_scores, dtype=np.float64)[None]
        right = (present > absent) + 0.5 * (present == absent)
        cells = rows[:, None] * len(self._absent) + columns[None]
        shape = (len(self._present), len(self._absent))
        self._right = np.bincount(cells.ravel(), weights=right.ravel(), minlength=shape[0] * shape[1]).reshape(shape)

    def __call__(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the area for every row of ``counts``, ``(R,)``; nan where one of the two kinds is missing."""
        present, absent = counts[:, self._present], counts[:, self._absent]
        right = np.einsum("rp,rp->r", present @ self._right, absent)
        return divide(right, (present @ self._present_sizes) * (absent @ self._absent_sizes))


def _clusters(patients: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the patients' columns, the local patient of every image, and the images of every patient."""
    columns, local = np.unique(np.asarray(patients, dtype=np.int64), return_inverse=True)
    return columns, local, np.bincount(local, minlength=len(columns)).astype(np.float64)
