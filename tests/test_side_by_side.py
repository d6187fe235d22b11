# SPDX-License-Identifier: Apache-2.0
"""Tests of work in several threads."""

from __future__ import annotations

from collections import Counter

import pytest

from monai_medglip.side_by_side import side_by_side


def test_each_task_is_done_once() -> None:
    done: Counter[int] = Counter()
    side_by_side(lambda task: done.update([task]), range(1000))
    assert done == Counter(range(1000))


def test_no_task_is_no_work() -> None:
    side_by_side(lambda task: pytest.fail(f"got {task}"), ())


@pytest.mark.parametrize("error", [ValueError, IndexError])
def test_an_error_ends_the_work(error: type[Exception]) -> None:
    done = []

    def work(task: int) -> None:
        if task == 3:
            raise error("the fourth")
        done.append(task)

    with pytest.raises(error, match="the fourth"):
        side_by_side(work, range(100_000))
    assert len(done) < 99_999
