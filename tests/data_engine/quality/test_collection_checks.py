# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import zoom

from monai_medglip.data_engine.quality.checks import check_collection
from monai_medglip.data_engine.quality.collection_check import ImageSummary
from monai_medglip.data_engine.quality.fingerprint import fingerprint, pixel_checksum
from monai_medglip.data_engine.quality.license_checks import check_licenses
from monai_medglip.geometry import Frame
from monai_medglip.imaging import ImageSource, Modality, Scan

pytest.importorskip("imagehash", reason="imagehash is in the extra 'data'")


def picture(seed: int, size: int = 128) -> Image.Image:
    """Smooth blobs, as different from seed to seed as patients are."""
    coarse = np.random.default_rng(seed).uniform(0, 255, (8, 8)).astype(np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)


def summary(
    name: str, image: Image.Image, patient: str = "", split: str = "train", source: str = "made"
) -> ImageSummary:
    array = np.asarray(image).T[None]
    marks = fingerprint(Scan(array, Frame.pixel(array.shape[1:]), Modality.XR, ImageSource(name)))
    return ImageSummary(source, name, patient or name, split, marks.checksum, marks.perceptual_hash)


def compressed(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


def found(*images: ImageSummary) -> list[tuple[str, str | None]]:
    return [(finding.check, finding.record) for finding in check_collection(images)]


def test_different_patients_are_left_alone() -> None:
    assert found(*(summary(str(seed), picture(seed)) for seed in range(40))) == []


def test_equal_pixels_are_found_across_splits_and_sources() -> None:
    one = summary("a", picture(0))
    other = summary("b", picture(0), split="test", source="elsewhere")
    (finding,) = check_collection([one, other])
    assert (finding.check, finding.source, finding.record) == ("equal images", "elsewhere", "b")
    assert "across splits: test and train, across sources" in finding.reason


@pytest.mark.parametrize(
    "change", [lambda p: compressed(p, 40), lambda p: p.resize((90, 90)), lambda p: p.point(lambda v: v * 0.7 + 20)]
)
def test_a_picture_compressed_resized_or_darkened_is_similar(change) -> None:
    assert found(summary("a", picture(3)), summary("b", change(picture(3)))) == [("similar images", "b")]


def test_alike_slices_of_one_patient_in_one_split_are_fine_but_not_across_splits() -> None:
    first, second = summary("a", picture(5), "p"), summary("b", compressed(picture(5), 60), "p")
    assert found(first, second) == []
    checks = found(first, replace(second, split="test"))
    assert checks == [("patient leakage", "b"), ("similar images", "b")]


def test_of_thousands_of_pictures_the_planted_pair_is_found() -> None:
    rng = np.random.default_rng(0)
    images = [
        ImageSummary("made", str(i), str(i), "train", None, f"{rng.integers(0, 2**63):016x}") for i in range(5000)
    ]
    near = f"{int(str(images[17].perceptual_hash), 16) ^ 0b1000_0000_0100_0000_0001:016x}"
    assert found(*images, ImageSummary("made", "planted", "other", "test", None, near)) == [
        ("similar images", "planted")
    ]


def test_a_volume_is_compared_by_its_three_projections() -> None:
    rng = np.random.default_rng(2)
    volume = zoom(rng.uniform(0, 255, (8, 8, 8)), 5)[None].astype(np.float32)
    noisy = volume + rng.normal(0, 2, volume.shape).astype(np.float32)
    scans = [Scan(v, Frame.pixel(v.shape[1:]), Modality.CT, ImageSource("v")) for v in (volume, noisy)]
    first, second = (fingerprint(scan) for scan in scans)
    assert len(first.perceptual_hash) == 48
    assert found(
        ImageSummary("made", "a", "a", "train", first.checksum, first.perceptual_hash),
        ImageSummary("made", "b", "b", "test", second.checksum, second.perceptual_hash),
    ) == [("similar images", "b")]


def test_the_checksum_is_of_the_pixels_not_of_the_file(tmp_path) -> None:
    from monai_medglip.readers import read_image

    picture(1).save(tmp_path / "a.png")
    picture(1).save(tmp_path / "b.bmp")
    assert pixel_checksum(read_image(tmp_path / "a.png")) == pixel_checksum(read_image(tmp_path / "b.bmp"))


def test_terms_that_are_missing_forbid_derivatives_or_cannot_be_met_together() -> None:
    licenses = {
        "free": "CC BY 4.0",
        "nobody": None,
        "hidden": "not established: no license file",
        "fixed": "CC BY-NC-ND 4.0",
        "share": "CC BY-SA 4.0",
        "share more": "CC BY-NC-SA 4.0",
    }
    assert [(finding.check, finding.source) for finding in check_licenses(licenses)] == [
        ("missing license", "nobody"),
        ("missing license", "hidden"),
        ("licenses cannot be combined", "fixed"),
        ("licenses cannot be combined", "share more"),
    ]
