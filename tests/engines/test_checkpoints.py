# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from monai_medglip.engines import latest_checkpoint


def test_the_newest_is_that_of_the_highest_epoch(tmp_path):
    for name in ("checkpoint_epoch=2.pt", "checkpoint_epoch=10.pt", "checkpoint_epoch=9.pt"):
        (tmp_path / name).touch()
    assert latest_checkpoint(tmp_path) == str(tmp_path / "checkpoint_epoch=10.pt")


def test_other_files_are_no_checkpoints(tmp_path):
    for name in ("model.pt", "checkpoint_epoch=3.pt.part", "checkpoint_iteration=4.pt", "checkpoint_epoch=.pt"):
        (tmp_path / name).touch()
    assert latest_checkpoint(tmp_path) is None
