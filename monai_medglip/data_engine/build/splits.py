# SPDX-License-Identifier: Apache-2.0
"""Which split an image is in, where its source does not say: by patient, the same for every build with one salt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from monai_medglip.errors import ConfigurationError

__all__ = ["SplitShares"]


@dataclass(frozen=True)
class SplitShares:
    """Shares of the patients of a source without splits of its own.

    Attributes:
        train: share for training.
        val: share for validation.
        test: share for the test.

    Raises:
        ConfigurationError: when they are negative or do not add up to 1.

    Example:
        >>> SplitShares().split_of("0123456789abcdef")
        'train'
    """

    train: float = 0.7
    val: float = 0.1
    test: float = 0.2

    def __post_init__(self) -> None:
        shares = (self.train, self.val, self.test)
        if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
            raise ConfigurationError(f"expected shares of train, val and test that add up to 1, got {shares}")

    def split_of(self, patient: str) -> str:
        """Give the split of a patient by the hash of its hash; no other patient has a say in it."""
        place = int(hashlib.sha256(patient.encode()).hexdigest()[:8], 16) / 2**32
        if place < self.train:
            return "train"
        return "val" if place < self.train + self.val else "test"
