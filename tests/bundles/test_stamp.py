# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from monai_medglip.errors import ConfigurationError, WeightsError
from monai_medglip.inference import Bundle, stamp_bundle
from monai_medglip.inference.bundle_stamp import main


@pytest.fixture
def copied(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the tiny bundle with a checksum that is right."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / tiny_bundle.name, symlinks=True))


def metadata(bundle: Path):
    return json.loads((bundle / "configs" / "metadata.json").read_text(encoding="utf-8"))


def test_weights_that_changed_are_refused_until_they_are_stamped(copied):
    (copied / "models" / "model.pt").write_bytes(b"other weights")
    with pytest.raises(WeightsError, match="SHA-256"):
        Bundle(copied).check_weights()
    main([str(copied)])
    Bundle(copied).check_weights()


def test_the_text_encoder_is_stamped_file_by_file(copied):
    files = {path.name for path in (copied / "models" / "text_encoder").iterdir()}
    assert set(metadata(copied)["text_encoder_sha256"]) == files


def test_a_stamp_leaves_the_rest_of_the_metadata_alone(copied):
    before = metadata(copied)
    (copied / "models" / "model.pt").write_bytes(b"other weights")
    stamp_bundle(copied)
    after = metadata(copied)
    assert list(after) == list(before)
    assert {key for key in after if after[key] != before[key]} == {"weights_sha256"}


def test_a_right_stamp_is_not_written_again(copied):
    path = copied / "configs" / "metadata.json"
    before = path.stat().st_mtime_ns
    stamp_bundle(copied)
    assert path.stat().st_mtime_ns == before


def test_a_folder_without_metadata_is_not_touched(tmp_path):
    assert stamp_bundle(tmp_path) is False
    assert list(tmp_path.iterdir()) == []


def test_the_command_refuses_a_folder_that_is_no_bundle(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([str(tmp_path)])
    assert "expected a bundle folder" in capsys.readouterr().err


def test_damaged_metadata_is_reported_with_its_path(copied):
    (copied / "configs" / "metadata.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"metadata\.json"):
        stamp_bundle(copied)
