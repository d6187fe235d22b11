# SPDX-License-Identifier: Apache-2.0
"""JPEG files without their words: Pillow decodes the same pixels, and nothing of the words is left."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_medglip.data_engine.store.pixels import JPEG_SUFFIX, pack_pixels
from monai_medglip.data_engine.store.plain_jpeg import plain_jpeg
from monai_medglip.readers import read_image


def _write(path: Path, mode: str, *, orientation: int = 1, **words: object) -> bytes:
    shape = (64, 48, 3) if mode == "RGB" else (64, 48, 4) if mode == "CMYK" else (64, 48)
    pixels = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "Mustermann^Anna", orientation
    written = {"quality": 90, "exif": exif, "comment": b"born 19560312", "xmp": b"<x>Mustermann</x>"}
    Image.fromarray(pixels, mode).save(path, **written, **words)
    return path.read_bytes()


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("coding", [{}, {"progressive": True}, {"restart_marker_blocks": 2}, {"optimize": True}])
@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
def test_pixels_stay_and_words_go(mode, coding, tmp_path) -> None:
    original = _write(tmp_path / "a.jpg", mode, **coding)
    plain = plain_jpeg(tmp_path / "a.jpg")
    for word in (b"Mustermann", b"19560312"):
        assert word in original
        assert word not in plain
    with Image.open(io.BytesIO(plain)) as bare, Image.open(tmp_path / "a.jpg") as whole:
        assert bare.mode == whole.mode
        assert np.array_equal(np.asarray(bare), np.asarray(whole))


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
def test_what_comes_behind_the_picture_goes_too(tmp_path) -> None:
    content = _write(tmp_path / "a.jpg", "L")
    (tmp_path / "b.jpg").write_bytes(content + b"Mustermann")
    assert plain_jpeg(tmp_path / "b.jpg") == plain_jpeg(tmp_path / "a.jpg")


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
def test_a_picture_that_its_exif_turns_is_packed_as_it_is_shown(tmp_path) -> None:
    _write(tmp_path / "a.jpg", "L", orientation=6)
    suffix, _ = pack_pixels(read_image(tmp_path / "a.jpg").array, tmp_path / "a.jpg")
    assert suffix != JPEG_SUFFIX


@pytest.mark.filterwarnings("ignore:'mode' parameter is deprecated")
def test_what_is_no_whole_jpeg_is_none(tmp_path) -> None:
    content = _write(tmp_path / "a.jpg", "L")
    for name, damaged in {"cut": content[:-300], "head": content[:20], "empty": b"", "png": b"\x89PNG\r\n"}.items():
        (tmp_path / name).write_bytes(damaged)
        assert plain_jpeg(tmp_path / name) is None
    assert plain_jpeg(tmp_path) is None
