# SPDX-License-Identifier: Apache-2.0
"""Run-length columns in the codings of competitions, each written here by a rule of its own."""

from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import block, noise, read_layout, write_picture

SHAPE = (16, 12)
MASK = block(SHAPE, (3, 7), (2, 9)) | block(SHAPE, (0, 1), (11, 12)) | block(SHAPE, (15, 16), (10, 12))


def _runs(flat):
    """Start and length of each run of a flat mask, counted from 0."""
    edges = np.flatnonzero(np.diff(flat.astype(int), prepend=0, append=0))
    return edges.reshape(-1, 2)[:, 0], np.diff(edges.reshape(-1, 2))[:, 0]


def _text(starts, lengths):
    return " ".join(f"{start} {length}" for start, length in zip(starts, lengths, strict=True))


def _layout(**words):
    layout = {
        "reader": "rle_table",
        "images": "images/{ImageId}.png",
        "table": {"file": "rle.csv", "image": "ImageId"},
        "runs": {"thing": "EncodedPixels"},
    }
    return {**layout, **words}


def _drawn(root, cell, **words):
    write_picture(root / "images" / "a.png", noise(SHAPE))
    (root / "rle.csv").write_text(f"ImageId,EncodedPixels\na,{cell}\n")
    ((_, drawn),) = read_layout(root, _layout(**words)).values()
    return drawn


def test_runs_down_the_columns_counted_from_one(tmp_path):
    """As on Kaggle: ultrasound nerve, Data Science Bowl 2018."""
    starts, lengths = _runs(MASK.ravel())  # (x, y) in C order runs down the columns of the picture
    (annotation,) = _drawn(tmp_path, _text(starts + 1, lengths))
    assert np.array_equal(annotation.mask.decode(), MASK)


def test_starts_counted_from_the_run_before(tmp_path):
    """As in SIIM-ACR's pneumothorax table."""
    starts, lengths = _runs(MASK.ravel())
    steps = starts - np.concatenate([[0], (starts + lengths)[:-1]])
    coding = {"order": "columns", "first": 0, "relative": True}
    (annotation,) = _drawn(tmp_path, _text(steps, lengths), coding=coding)
    assert np.array_equal(annotation.mask.decode(), MASK)


def test_runs_along_the_rows_with_a_column_for_each_organ(tmp_path):
    """As in CheXmask."""
    write_picture(tmp_path / "images" / "a.png", noise(SHAPE))
    organs = {"Left Lung": block(SHAPE, (9, 15), (1, 10)), "Heart": block(SHAPE, (5, 11), (4, 10))}
    cells = []
    for mask in organs.values():
        starts, lengths = _runs(mask.T.ravel())
        cells.append(_text(starts + 1, lengths))
    (tmp_path / "rle.csv").write_text(f"ImageId,Dice RCA (Mean),Left Lung,Heart\na,0.91,{','.join(cells)}\n")
    layout = _layout(
        runs={"left lung": "Left Lung", "heart": "Heart"},
        coding={"order": "rows"},
        attributes={"dice": "{Dice RCA (Mean)}"},
    )
    ((_, drawn),) = read_layout(tmp_path, layout).values()
    assert [annotation.value for annotation in drawn] == ["left lung", "heart"]
    for annotation, mask in zip(drawn, organs.values(), strict=True):
        assert np.array_equal(annotation.mask.decode(), mask)
        assert annotation.attributes == (("dice", "0.91"),)


@pytest.mark.parametrize("cell", ["", "-1", " -1 "])
def test_an_empty_cell_or_minus_one_is_nothing(tmp_path, cell):
    assert _drawn(tmp_path, cell) == ()


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("1 2 3", "expected pairs of start and length in column 'EncodedPixels', got 3 numbers"),
        ("1 two", "expected run lengths in column 'EncodedPixels', got '1 two'"),
        ("190 4", r"expected runs of at least one pixel inside an image of \(16, 12\)"),
        ("0 4", "expected runs of at least one pixel inside"),
        ("5 0", "expected runs of at least one pixel inside"),
        ("99999999999999999999 1", "expected run lengths"),
    ],
)
def test_bad_runs_name_file_and_line(tmp_path, cell, message):
    with pytest.raises(DataError, match=rf"rle.csv, line 2: {message}"):
        _drawn(tmp_path, cell)
