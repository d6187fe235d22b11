# SPDX-License-Identifier: Apache-2.0
"""Each check finds the one fault that was put into an image, and nothing in the image without it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from monai_medglip.data_engine.quality.checks import check_image
from monai_medglip.data_engine.quality.image_check import CheckedImage
from monai_medglip.data_engine.record import Region
from monai_medglip.geometry import AxisPair, Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.imaging.mask_rle import MaskRLE
from monai_medglip.ontology import Ontology

SHAPE = (120, 100)
NOISE = np.random.default_rng(0).normal(100, 20, (1, *SHAPE)).astype(np.float32)


def scan(array=NOISE, frame=None, modality=Modality.XR) -> Scan:
    return Scan(array, frame or Frame.pixel(array.shape[1:]), modality, ImageSource("made"), "chest")


def found(regions=(), image=None) -> list[tuple[str, int | None]]:
    checked = CheckedImage(image or scan(), tuple(regions), Ontology.default())
    return [(finding.check, finding.region) for finding in check_image(checked, "made", "1")]


def masked(concept: str, low: tuple[int, int], high: tuple[int, int]) -> Region:
    mask = np.zeros(SHAPE, bool)
    mask[low[0] : high[0], low[1] : high[1]] = True
    return Region(concept, (*map(float, low), *map(float, high)), MaskRLE.encode(mask))


def test_nothing_is_found_in_a_plain_image_with_plain_regions() -> None:
    assert found([masked("left lung", (10, 10), (40, 90)), masked("right lung", (60, 10), (100, 90))]) == []


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 80.0), (0.2, 0.2, 20.0), (1e-5, 1e-5, 1e-5)])
def test_voxels_that_no_scanner_makes(spacing) -> None:
    frame = Frame(np.diag([*spacing, 1.0]), (8, 8, 8), frozenset(AxisPair), True)
    volume = np.random.default_rng(1).normal(size=(1, 8, 8, 8)).astype(np.float32)
    assert found(image=scan(volume, frame)) == [("implausible geometry", None)]


def test_an_image_of_one_value() -> None:
    assert found(image=scan(np.full((1, *SHAPE), 7, np.float32))) == [("implausible geometry", None)]


@pytest.mark.parametrize(
    "box", [(-5.0, 10, 30, 40), (130.0, 10, 140, 40), (10.0, 10, 10, 40), (10.0, 10, float("nan"), 40)]
)
def test_a_box_that_does_not_lie_inside(box) -> None:
    assert ("box outside", 0) in found([Region("polyp", box, None)])


def test_a_speck_of_a_mask_also_in_a_volume() -> None:
    mask = np.zeros((20, 20, 20), bool)
    mask[3:5, 3:5, 3:6] = True
    volume = np.random.default_rng(2).normal(size=(1, 20, 20, 20)).astype(np.float32)
    speck = Region("liver", (3.0, 3, 3, 5, 5, 6), MaskRLE.encode(mask))
    assert found([speck], scan(volume, Frame.pixel((20, 20, 20)), Modality.CT)) == [("region extent", 0)]


def test_a_sliver_and_a_region_that_is_the_whole_image() -> None:
    assert found([Region("polyp", (10.0, 10, 12, 40), None)]) == [("region extent", 0)]
    assert found([masked("polyp", (0, 0), SHAPE)]) == [("region extent", 0)]


def test_a_box_apart_from_its_mask() -> None:
    good = masked("polyp", (10, 10), (40, 40))
    assert found([Region(good.concept, (60.0, 60, 90, 90), good.mask)]) == [("box and mask disagree", 0)]
    assert found([Region(good.concept, (10.0, 9, 40, 40), good.mask)]) == []


def test_one_drawing_twice_by_one_name() -> None:
    assert found([masked("polyp", (10, 10), (40, 40))] * 2) == [("repeated regions", 1)]


def test_one_drawing_by_two_names_that_cannot_both_be() -> None:
    assert found([masked("heart", (10, 10), (40, 40)), masked("left lung", (10, 10), (40, 40))]) == [
        ("repeated regions", 1)
    ]


def test_one_drawing_by_a_name_and_a_wider_name_is_no_conflict() -> None:
    assert found([masked("lung", (10, 10), (40, 40)), masked("left lung", (10, 10), (40, 40))]) == []


def test_a_finding_far_from_the_organ_that_it_lies_in() -> None:
    lung = masked("left lung", (10, 10), (40, 90))
    assert found([lung, masked("lung tumor", (20, 20), (30, 30))]) == []
    assert found([lung, masked("lung tumor", (80, 20), (90, 30))]) == [("lesion outside organ", 1)]
    assert found([masked("lung tumor", (80, 20), (90, 30))]) == []


@pytest.mark.parametrize("is_flipped", [False, True])
def test_left_and_right_that_lie_exchanged_where_sides_are_known(is_flipped) -> None:
    # Columns run to the patient's left as films are shown; flipped, they run to the right.
    affine = np.diag([1.0 if is_flipped else -1.0, -1.0, 1.0, 1.0])
    told = Frame(affine, SHAPE, frozenset({AxisPair.LEFT_RIGHT}))
    lungs = [masked("right lung", (10, 10), (40, 90)), masked("left lung", (60, 10), (100, 90))]
    assert found(lungs, scan(frame=told)) == ([("side against position", 1)] if is_flipped else [])
    assert found(lungs, scan(frame=Frame(affine, SHAPE))) == []


def test_a_line_of_letters_is_suspected_and_a_film_without_is_not() -> None:
    picture = Image.fromarray(np.clip(NOISE[0].T, 0, 200).astype(np.uint8))
    ImageDraw.Draw(picture).text((5, 5), "DOE JANE 70", fill=255, font_size=16)
    written = np.asarray(picture).T[None]
    assert found(image=scan(written)) == [("burned-in text", None)]
    assert found(image=scan(written, modality=Modality.MI)) == []


def test_a_drawn_box_is_held_against_all_parts_of_the_mask_beside_it() -> None:
    parts = [masked("polyp", (10, 10), (20, 20)), masked("polyp", (60, 60), (80, 80))]
    whole = [replace(part, drawn_box=(10.0, 10.0, 80.0, 80.0)) for part in parts]
    assert found(whole) == []
    of_one_part = [replace(part, drawn_box=(60.0, 60.0, 80.0, 80.0)) for part in parts]
    assert found(of_one_part) == [("box and mask disagree", 0)]
    assert found([replace(parts[0], drawn_box=(10.0, 10.0, 21.0, 20.0))]) == []


def test_a_box_that_was_rounded_agrees_with_a_small_mask() -> None:
    small = masked("polyp", (10, 10), (14, 14))
    assert found([replace(small, drawn_box=(9.0, 9.0, 14.0, 14.0))]) == []
    assert found([replace(small, drawn_box=(8.0, 9.0, 14.0, 14.0))]) == [("box and mask disagree", 0)]
