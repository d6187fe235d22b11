# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from monai.optimizers import WarmupCosineSchedule

from monai_medglip.engines import ScheduleState


def schedule_of(steps, *, rates=(0.5, 1.0)):
    """A schedule of some length over two groups of parameters."""
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    return WarmupCosineSchedule(torch.optim.SGD(groups), warmup_steps=2, t_total=steps)


def after(schedule, steps):
    """The rates after some steps."""
    for _ in range(steps):
        schedule.optimizer.step()
        schedule.step()
    return [group["lr"] for group in schedule.optimizer.param_groups]


def test_a_resumed_schedule_goes_on_where_it_was():
    stopped, resumed, straight = (schedule_of(10) for _ in range(3))
    after(stopped, 4)
    ScheduleState(resumed).load_state_dict(ScheduleState(stopped).state_dict())
    assert after(resumed, 0) == after(straight, 4)
    assert after(resumed, 3) == after(straight, 3)


def test_a_longer_run_follows_the_longer_schedule():
    stopped, longer, straight = schedule_of(10), schedule_of(30), schedule_of(30)
    after(stopped, 10)
    ScheduleState(longer).load_state_dict(ScheduleState(stopped).state_dict())
    assert after(longer, 5) == pytest.approx(after(straight, 15))
    assert after(longer, 15) == pytest.approx([0.0, 0.0])


def test_a_changed_rate_takes_hold():
    stopped, gentler = schedule_of(10), schedule_of(10, rates=(0.05, 0.1))
    rates = after(stopped, 4)
    ScheduleState(gentler).load_state_dict(ScheduleState(stopped).state_dict())
    assert after(gentler, 0) == pytest.approx([rate / 10 for rate in rates])


def test_checkpoints_with_the_whole_schedule_still_resume():
    stopped, longer = schedule_of(10), schedule_of(30)
    after(stopped, 4)
    ScheduleState(longer).load_state_dict(stopped.state_dict())
    assert after(longer, 0) == after(schedule_of(30), 4)
