# SPDX-License-Identifier: Apache-2.0
"""The model's process with the stand-in for the model."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.medglip_pacs.errors import LaterError, ModelDiedError, QuarantineError
from apps.medglip_pacs.settings import ModelSettings
from apps.medglip_pacs.warm_model import WarmModel
from tests.apps.pacs.dicom_files import write_series

STAND_IN = ModelSettings(work="tests.apps.pacs.stand_in:open_stand_in")


@pytest.fixture
def model() -> Iterator[WarmModel]:
    model = WarmModel(STAND_IN, timeout_s=20)
    yield model
    model.close()


def _ask(model: WarmModel, folder: Path, what: str) -> str:
    write_series(folder / what, what, description=what)
    return model.run("job", folder / what, folder / f"{what}-out", hide=["Zwiebelkuchen"]).status


def test_one_process_does_series_after_series(model: WarmModel, tmp_path: Path) -> None:
    assert _ask(model, tmp_path, "good") == "done"
    assert _ask(model, tmp_path, "refuse") == "refused"
    assert model.starts == 1
    assert model.facts == {"stand-in": "grounds nothing"}


def test_an_error_is_an_answer_without_the_patient_and_not_the_end(model: WarmModel, tmp_path: Path) -> None:
    with pytest.raises(QuarantineError, match="broken") as caught:
        _ask(model, tmp_path, "raise")
    assert "Zwiebelkuchen" not in str(caught.value)
    assert _ask(model, tmp_path, "good") == "done"
    assert model.starts == 1


def test_after_a_crash_the_next_series_gets_a_new_process(model: WarmModel, tmp_path: Path) -> None:
    with pytest.raises(ModelDiedError, match="status -6"):
        _ask(model, tmp_path, "die")
    assert _ask(model, tmp_path, "good") == "done"
    assert model.starts == 2


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    model = WarmModel(STAND_IN, timeout_s=1)
    with pytest.raises(ModelDiedError, match="no result within 1 s"):
        _ask(model, tmp_path, "hang")
    model.close()


def test_a_model_that_cannot_be_loaded_is_for_later(tmp_path: Path) -> None:
    model = WarmModel(ModelSettings(work="no.such:thing"), timeout_s=1)
    with pytest.raises(LaterError, match="could not be loaded"):
        _ask(model, tmp_path, "good")
    model.close()


def test_all_that_was_printed_about_a_series_is_logged_before_the_answer_is_given(
    model: WarmModel, tmp_path: Path
) -> None:
    logged: list[str] = []

    def slow(record: logging.LogRecord) -> bool:
        time.sleep(0.1)
        logged.append(record.getMessage())
        return True

    log = logging.getLogger("apps.medglip_pacs.warm_model")
    log.addFilter(slow)
    try:
        _ask(model, tmp_path, "print")
        assert [line for line in logged if "native" in line]
        assert [line for line in logged if "output" in line]
    finally:
        log.removeFilter(slow)


def test_after_the_end_no_process_is_started_for_a_job_that_comes_late(model: WarmModel, tmp_path: Path) -> None:
    assert _ask(model, tmp_path, "good") == "done"
    model.close()
    with pytest.raises(LaterError, match="stopping"):
        _ask(model, tmp_path, "refuse")
    assert model.starts == 1
