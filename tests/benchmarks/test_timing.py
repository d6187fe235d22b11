# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from benchmarks.timing import interleaved_seconds, peak_memory_of, peak_memory_of_this_process, timed


def test_systems_take_turns_and_warm_up_is_not_counted():
    order = []

    def system(name):
        def run():
            order.append(name)
            return {"first": float(len(order)), "second": 1.0}

        return run

    seconds = interleaved_seconds({"a": system("a"), "b": system("b")}, rounds=2, warm_up=1)
    assert order == ["a", "b"] * 3
    assert seconds["a"]["first"] == {"median_s": 4.0, "quartiles_s": [3.5, 4.5], "n": 2}
    assert seconds["b"]["total"]["median_s"] == 6.0


def test_memory_is_that_of_the_fresh_process():
    assert peak_memory_of(["-c", "print('words'); print(12.5)"]) == 12.5


def test_this_process_reports_mebibytes():
    assert 10 < peak_memory_of_this_process() < 100_000


def test_a_stage_gives_its_result_and_its_seconds():
    result, seconds = timed(lambda: "done")
    assert result == "done"
    assert seconds == pytest.approx(0.0, abs=0.1)
