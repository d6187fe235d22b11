# SPDX-License-Identifier: Apache-2.0
"""Tests of picture files in every Pillow mode."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.readers import read_image

GREY = np.random.default_rng(0).integers(0, 256, (4, 6), dtype=np.uint8)
COLOR = np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8)


def saved(folder: Path, name: str, picture: Image.Image, **options: object) -> Path:
    picture.save(folder / name, **options)
    return folder / name


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_grey_stays_one_channel_with_columns_first(tmp_path: Path, suffix: str) -> None:
    scan = read_image(saved(tmp_path, f"a.{suffix}", Image.fromarray(GREY)))
    assert scan.array.dtype == np.uint8
    np.testing.assert_array_equal(scan.array, GREY.T[None])


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_color_is_three_channels(tmp_path: Path, suffix: str) -> None:
    scan = read_image(saved(tmp_path, f"a.{suffix}", Image.fromarray(COLOR)))
    np.testing.assert_array_equal(scan.array, COLOR.transpose(2, 1, 0))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_stays_uint16(tmp_path: Path, suffix: str) -> None:
    wide = GREY.astype(np.uint16) * 257
    scan = read_image(saved(tmp_path, f"a.{suffix}", Image.fromarray(wide)))
    assert scan.array.dtype == np.uint16
    np.testing.assert_array_equal(scan.array[0].T, wide)


def tiff(values: np.ndarray, byteorder: str) -> bytes:
    """An uncompressed grey TIFF of one strip, in either byte order."""
    sample_format = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    rows, columns = values.shape
    tags = [(256, columns), (257, rows), (258, values.itemsize * 8), (259, 1), (262, 1), (273, 200), (277, 1)]
    tags += [(278, rows), (279, values.nbytes), (339, sample_format)]
    # type 4: one unsigned 32-bit number
    entries = b"".join(struct.pack(byteorder + "HHII", tag, 4, 1, value) for tag, value in tags)
    head = (b"II" if byteorder == "<" else b"MM") + struct.pack(byteorder + "HIH", 42, 8, len(tags)) + entries
    return head.ljust(200, b"\0") + values.astype(values.dtype.newbyteorder(byteorder)).tobytes()


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_wide_tiffs_of_another_writer_keep_their_values(tmp_path: Path, dtype: type, byteorder: str) -> None:
    values = (GREY.astype(np.float64) * 200).astype(dtype)
    (tmp_path / "a.tif").write_bytes(tiff(values, byteorder))
    scan = read_image(tmp_path / "a.tif")
    assert scan.array.dtype == dtype
    np.testing.assert_array_equal(scan.array[0].T, values)


def test_1_bit_becomes_0_and_255(tmp_path: Path) -> None:
    picture = Image.fromarray(GREY > 100)
    assert picture.mode == "1"
    scan = read_image(saved(tmp_path, "a.png", picture))
    np.testing.assert_array_equal(scan.array[0].T, np.where(GREY > 100, 255, 0))


def test_a_palette_gives_its_colors_not_its_indices(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    picture.putpalette([10, 20, 30, 200, 100, 0])
    scan = read_image(saved(tmp_path, "a.png", picture))
    np.testing.assert_array_equal(scan.array[:, :, 0].T, [[10, 20, 30], [200, 100, 0]])


def test_transparent_parts_are_laid_over_black(tmp_path: Path) -> None:
    alpha = np.array([[0, 51, 255]], np.uint8)
    rgba = np.dstack([np.full((1, 3), 100, np.uint8)] * 3 + [alpha])
    color = read_image(saved(tmp_path, "a.png", Image.fromarray(rgba)))
    grey = read_image(saved(tmp_path, "b.png", Image.fromarray(rgba).convert("LA")))
    np.testing.assert_array_equal(color.array[:, :, 0], [[0, 20, 100]] * 3)
    np.testing.assert_array_equal(grey.array[:, :, 0], [[0, 20, 100]])


def test_a_transparent_palette_entry_is_black(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    picture.putpalette([10, 20, 30, 200, 100, 0])
    scan = read_image(saved(tmp_path, "a.png", picture, transparency=0))
    np.testing.assert_array_equal(scan.array[:, :, 0].T, [[0, 0, 0], [200, 100, 0]])


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB", "RGBX"])
def test_other_color_spaces_become_rgb(tmp_path: Path, mode: str) -> None:
    flat = Image.new("RGB", (6, 4), (200, 40, 90))
    if mode == "LAB":
        rgb_to_lab = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )
        picture = ImageCms.applyTransform(flat, rgb_to_lab)
    else:
        picture = flat.convert(mode)
    scan = read_image(saved(tmp_path, "a.tif", picture))
    assert np.abs(scan.array[:, 2, 2].astype(int) - [200, 40, 90]).max() <= 3


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_is_read_in_grey_and_color(tmp_path: Path, mode: str) -> None:
    flat = Image.new("RGB", (16, 8), (200, 40, 90)).convert(mode)
    scan = read_image(saved(tmp_path, "a.jpg", flat, quality=95))
    expected = np.asarray(flat.convert("L" if mode == "L" else "RGB"))[0, 0]
    assert scan.array.shape == (1 if mode == "L" else 3, 16, 8)
    assert np.abs(scan.array[:, 8, 4].astype(int) - expected).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_exif_orientation_is_applied(tmp_path: Path, suffix: str, orientation: int) -> None:
    stored = np.zeros((16, 32), np.uint8)
    stored[:8, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    array = read_image(saved(tmp_path, f"a.{suffix}", Image.fromarray(stored), exif=exif)).array[0]
    # Where the stored upper left corner is displayed, by the EXIF standard: (right?, lower?).
    right, lower = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}[orientation]
    assert array.shape == ((32, 16) if orientation < 5 else (16, 32))
    assert array[-4 if right else 3, -4 if lower else 3] > 200
    assert (array > 200).mean() < 0.2


def test_a_phones_photograph_with_a_second_picture_gives_the_first(tmp_path: Path) -> None:
    first, second = Image.new("L", (8, 8), 200), Image.new("L", (8, 8), 10)
    path = saved(tmp_path, "a.jpg", first, format="MPO", save_all=True, append_images=[second])
    assert read_image(path).array.min() > 190


@pytest.mark.parametrize(("suffix", "kind"), [("tif", "2 pages"), ("png", "2 frames of an animation")])
def test_several_pictures_in_a_file_are_refused(tmp_path: Path, suffix: str, kind: str) -> None:
    several = [Image.fromarray(255 - GREY)]
    path = saved(tmp_path, f"a.{suffix}", Image.fromarray(GREY), save_all=True, append_images=several)
    with pytest.raises(UnsupportedImageError, match=kind):
        read_image(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "bmp"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (64, 64), dtype=np.uint8)
    whole = saved(tmp_path, f"a.{suffix}", Image.fromarray(noise)).read_bytes()
    (tmp_path / f"b.{suffix}").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageReadError, match=f"b.{suffix}: expected a whole and readable") as caught:
        read_image(tmp_path / f"b.{suffix}")
    assert caught.value.__cause__ is not None


def test_a_picture_of_one_pixel_is_read(tmp_path: Path) -> None:
    scan = read_image(saved(tmp_path, "a.png", Image.new("L", (1, 1), 7)))
    assert scan.array.tolist() == [[[7]]]


def test_a_picture_above_pillows_own_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, "a.png", Image.fromarray(GREY))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(path)
    assert read_image(path).array.shape == (1, 6, 4)


def test_a_picture_above_our_limit_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, "a.png", Image.fromarray(GREY))
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">2I", 24000, 24000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    path.write_bytes(content)
    with pytest.raises(UnsupportedImageError, match=r"at most 536,870,912 pixels, the header says \(24000, 24000\)"):
        read_image(path)


def test_nothing_of_space_is_made_up_for_a_picture(tmp_path: Path) -> None:
    frame = read_image(saved(tmp_path, "a.png", Image.fromarray(GREY), dpi=(300, 300))).frame
    assert not frame.known_axes
    assert not frame.spacing_known
