# SPDX-License-Identifier: Apache-2.0
"""How long to wait before the next try."""

from __future__ import annotations

__all__ = ["wait_s"]


def wait_s(attempt: int, *, first_s: float, longest_s: float) -> float:
    """Return the wait after a failed try [s].

    Args:
        attempt: which try has failed, from 1.
        first_s: wait after the first [s]; doubled each time.
        longest_s: longest wait [s].

    Example:
        >>> [wait_s(attempt, first_s=10, longest_s=60) for attempt in (1, 2, 3, 4, 5)]
        [10, 20, 40, 60, 60]
    """
    return min(first_s * (1 << min(attempt - 1, 30)), longest_s)
