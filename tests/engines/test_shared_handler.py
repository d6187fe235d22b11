# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from ignite.engine import Engine

from monai_medglip.engines import EngineState
from monai_medglip.engines.shared_handler import SharedHandler


def test_the_handler_that_is_named_elsewhere_is_attached():
    state, engine = EngineState(), Engine(lambda engine, batch: None)
    SharedHandler(state).attach(engine)
    engine.run([1, 2])
    assert state.state_dict()["iteration"] == 2
