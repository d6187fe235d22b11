# SPDX-License-Identifier: Apache-2.0
"""Patterns of paths: what they fit, what they tell, and in which order."""

from __future__ import annotations

import pytest

from monai_medglip.data_engine.adapters.file_pattern import FilePattern
from monai_medglip.errors import ConfigurationError


def _touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def _found(root, text):
    return [(str(file.path.relative_to(root)), file.groups) for file in FilePattern(text).find(root)]


@pytest.mark.parametrize(
    ("pattern", "path", "words"),
    [
        ("a/{id}.png", "a/7.png", {"id": "7"}),
        ("a/{id}.png", "a/b/7.png", None),
        ("a/{id}.png", "a/7.png.txt", None),
        ("{p}/{p}_{n:\\d+}.nii", "x/x_12.nii", {"p": "x", "n": "12"}),
        ("{p}/{p}_{n:\\d+}.nii", "x/y_12.nii", None),
        ("{id:[0-9]{4}(a|b)}.png", "0123b.png", {"id": "0123b"}),
        ("{id:[0-9]{4}(a|b)}.png", "123b.png", None),
        ("**/{id}.dcm", "x/y/1.dcm", {"id": "1"}),
        ("**/{id}.dcm", "1.dcm", {"id": "1"}),
        ("x*/{id}.dcm", "xyz/1.dcm", {"id": "1"}),
        ("{id}+(1).png", "a+(1).png", {"id": "a"}),
        ("{id}+(1).png", "aa1.png", None),
    ],
)
def test_a_pattern_fits_or_not(pattern, path, words):
    assert FilePattern(pattern).match(path) == words


def test_files_come_in_the_order_of_their_names_and_hidden_ones_do_not(tmp_path):
    _touch(tmp_path, "b/2.png", "b/10.png", "a/1.png", "a/.hidden.png", ".git/1.png", "a/1.txt")
    assert _found(tmp_path, "{folder}/{id}.png") == [
        ("a/1.png", {"folder": "a", "id": "1"}),
        ("b/10.png", {"folder": "b", "id": "10"}),
        ("b/2.png", {"folder": "b", "id": "2"}),
    ]


def test_a_file_where_a_folder_is_meant_is_passed_over(tmp_path):
    _touch(tmp_path, "notes", "p1/ct.nii")
    assert [path for path, _ in _found(tmp_path, "{patient}/ct.nii")] == ["p1/ct.nii"]


def test_folders_are_found_like_files(tmp_path):
    _touch(tmp_path, "p1/series/1.dcm", "p2/series/1.dcm")
    assert [path for path, _ in _found(tmp_path, "{patient}/series")] == ["p1/series", "p2/series"]


def test_known_words_settle_their_parts(tmp_path):
    _touch(tmp_path, "1_a.png", "1_b.png", "10_a.png")
    files = FilePattern("{id}_{value}.png").find(tmp_path, {"id": "1"})
    assert [file.groups["value"] for file in files] == ["a", "b"]


@pytest.mark.parametrize("text", ["", "/", "/data/{id}.png", "../{id}.png", "a/../../{id}.png", "{id:[}.png"])
def test_a_pattern_that_cannot_be_is_refused(text):
    with pytest.raises(ConfigurationError):
        FilePattern(text)
