# SPDX-License-Identifier: Apache-2.0
"""How far a learning rate schedule has come, as a checkpoint entry that lets the schedule itself be changed."""

from __future__ import annotations

from collections.abc import Mapping

from torch.optim.lr_scheduler import LRScheduler

__all__ = ["ScheduleState"]


class ScheduleState:
    """Has the number of steps of a schedule and nothing of its shape.

    The schedules of torch and MONAI keep their length in their state: a run that is resumed with more epochs would go
    on with the old length, and past its end.

    Args:
        schedule: gives the rates from its steps alone, as MONAI's `WarmupCosineSchedule` does.
    """

    def __init__(self, schedule: LRScheduler) -> None:
        self._schedule = schedule

    def state_dict(self) -> Mapping[str, int]:
        """Give the number of steps."""
        return {"last_epoch": self._schedule.last_epoch}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on from a number of steps, with the rates that this schedule has there."""
        self._schedule.last_epoch = state["last_epoch"]
        rates = self._schedule.get_lr()
        for group, rate in zip(self._schedule.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
