# SPDX-License-Identifier: Apache-2.0
"""What a storage says when it fails, told apart: no such file, no answer, no library; see adapters/test_remote too."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_medglip.data_engine.local_copy import local_copy, storage_errors
from monai_medglip.errors import ConfigurationError, DataError, ImageReadError, StorageError

UPath = pytest.importorskip("upath", reason="universal-pathlib (extra data) is not installed").UPath

REMOTE = UPath("memory://bucket/a.png")


class AnswerError(Exception):
    """As the libraries of storages have them."""


def test_a_file_that_is_not_there_is_an_image_that_cannot_be_read() -> None:
    expected = r"memory://bucket/a\.png: expected a file that can be read"
    with pytest.raises(ImageReadError, match=expected), local_copy(REMOTE):
        raise AssertionError("there is no such file")


@pytest.mark.parametrize("error", [OSError(16, "slow down"), TimeoutError("slow down"), AnswerError("slow down")])
def test_a_storage_that_does_not_answer_is_told_from_data_that_are_wrong(error: Exception) -> None:
    with pytest.raises(StorageError, match=r"memory://bucket/a\.png: .*slow down") as raised, storage_errors(REMOTE):
        raise error
    assert raised.value.__cause__ is error


@pytest.mark.parametrize("error", [DataError("wrong"), FileNotFoundError("gone"), PermissionError("no"), KeyError("x")])
def test_what_is_no_matter_of_the_storage_passes(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, storage_errors(REMOTE):
        raise error
    assert raised.value is error


def test_errors_of_a_local_path_pass() -> None:
    with pytest.raises(OSError, match="full"), storage_errors(Path("a.png")):
        raise OSError(28, "full")


def test_the_extra_of_a_storage_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"monai_medglip\[data,s3\]"), storage_errors("s3://bucket"):
        raise ImportError("Install s3fs to access S3")
