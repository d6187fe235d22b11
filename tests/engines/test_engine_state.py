# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from ignite.engine import Engine

from monai_medglip.engines import EngineState
from monai_medglip.errors import ConfigurationError


def engine():
    return Engine(lambda engine, batch: batch)


def test_it_stands_for_the_engine_that_it_is_attached_to():
    trainer, state = engine(), EngineState()
    state.attach(trainer)
    trainer.run([1, 2, 3], max_epochs=2)
    assert state.state_dict() == trainer.state_dict()
    assert state.state_dict()["iteration"] == 6


def test_another_engine_goes_on_where_the_first_stopped():
    first, state, seen = engine(), EngineState(), []
    state.attach(first)
    first.run([1, 2, 3], max_epochs=2)
    second = Engine(lambda engine, batch: seen.append(engine.state.epoch))
    other = EngineState()
    other.attach(second)
    other.load_state_dict({**state.state_dict(), "max_epochs": 3})
    second.run([1, 2, 3])
    assert seen == [3, 3, 3]


@pytest.mark.parametrize("use", [EngineState.state_dict, lambda state: state.load_state_dict({})])
def test_without_an_engine_it_says_where_it_belongs(use):
    with pytest.raises(ConfigurationError, match="train_handlers"):
        use(EngineState())
