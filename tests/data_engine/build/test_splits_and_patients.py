# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import stat
from collections import Counter

import pytest

from monai_medglip.data_engine.build.patient_hash import SALT_VARIABLE, hash_patient, read_or_make_salt
from monai_medglip.data_engine.build.splits import SplitShares
from monai_medglip.errors import ConfigurationError

SALT = "a salt of some length"


def test_a_patient_has_one_hash_which_nobody_can_test_without_the_salt() -> None:
    assert hash_patient("kits23", "case_1", SALT) == hash_patient("kits23", "case_1", SALT)
    others = {
        hash_patient("kits23", "case_2", SALT),
        hash_patient("lits", "case_1", SALT),
        hash_patient("kits23", "case_1", SALT + "!"),
    }
    assert len(others | {hash_patient("kits23", "case_1", SALT)}) == 4
    assert "case" not in hash_patient("kits23", "case_1", SALT)


def test_a_salt_is_made_once_and_is_the_owners_alone(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv(SALT_VARIABLE, raising=False)
    salt = read_or_make_salt(tmp_path / "salt")
    assert read_or_make_salt(tmp_path / "salt") == salt
    assert len(salt) == 64
    assert stat.S_IMODE((tmp_path / "salt").stat().st_mode) == 0o600


def test_the_environments_salt_goes_before_the_file(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(SALT_VARIABLE, SALT)
    assert read_or_make_salt(tmp_path / "salt") == SALT
    assert not (tmp_path / "salt").exists()


def test_a_short_salt_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv(SALT_VARIABLE, "short")
    with pytest.raises(ConfigurationError, match="at least 16 characters"):
        read_or_make_salt(tmp_path / "salt")


def test_splits_have_their_shares_and_a_patient_stays_in_one() -> None:
    patients = [hash_patient("made", str(number), SALT) for number in range(5000)]
    found = Counter(SplitShares().split_of(patient) for patient in patients)
    assert {split: round(count / 5000, 1) for split, count in found.items()} == {"train": 0.7, "val": 0.1, "test": 0.2}
    assert all(SplitShares().split_of(patient) == SplitShares().split_of(patient) for patient in patients[:50])


@pytest.mark.parametrize("shares", [(0.5, 0.1, 0.1), (1.2, -0.1, -0.1)])
def test_shares_that_do_not_add_up_are_refused(shares) -> None:
    with pytest.raises(ConfigurationError, match="add up to 1"):
        SplitShares(*shares)
