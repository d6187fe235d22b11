# SPDX-License-Identifier: Apache-2.0
"""LIDC-IDRI: outlines of four readers on an oblique series, their consensus, and files that are damaged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_medglip.data_engine.adapters.reader_consensus import agreed_mask, same_things
from monai_medglip.errors import ConfigurationError, DataError
from monai_medglip.imaging.mask_rle import MaskRLE
from tests.data_engine.adapters.dicom_phantom import COLUMNS, ROWS, SLICES, instance_uid, write_series
from tests.data_engine.adapters.reading import read_card, read_layout

LAYOUT = {"reader": "lidc", "images": "{patient}/{id}", "annotations": "{patient}/{id}/*.xml"}


def square(low, high):
    """The pixels of the line round those from `low` to `high`, which the readers drew just outside of a nodule."""
    first, last = low - 1, high + 1
    side = range(first, last + 1)
    return [*((x, first) for x in side), *((last, y) for y in side), *((x, last) for x in reversed(side)),
            *((first, y) for y in reversed(side))]  # fmt: skip


def roi(number, points, inclusion="TRUE"):
    edges = "".join(f"<edgeMap><xCoord>{x}</xCoord><yCoord>{y}</yCoord></edgeMap>" for x, y in points)
    return (
        f"<roi><imageZposition>0</imageZposition><imageSOP_UID>{instance_uid(number)}</imageSOP_UID>"
        f"<inclusion>{inclusion}</inclusion>{edges}</roi>"
    )


def nodule(*rois, malignancy=None):
    rating = f"<characteristics><malignancy>{malignancy}</malignancy></characteristics>" if malignancy else ""
    return f"<unblindedReadNodule><noduleID>n</noduleID>{rating}{''.join(rois)}</unblindedReadNodule>"


def message(*sessions, root="LidcReadMessage"):
    body = "".join(f"<readingSession>{''.join(nodules)}</readingSession>" for nodules in sessions)
    return f'<?xml version="1.0"?><{root} xmlns="http://www.nih.gov">{body}</{root}>'


def write(root, text, patient="LIDC-IDRI-0001"):
    write_series(root / patient / "study" / "1.2.3")
    (root / patient / "study" / "1.2.3" / "069.xml").write_text(text)
    return root


def read(root, text, **words):
    write_series(root / "p" / "ct")
    (root / "p" / "ct" / "069.xml").write_text(text)
    ((_, drawn),) = read_layout(root, {**LAYOUT, **words}).values()
    return drawn


def voxels(*blocks):
    """The truth: squares (slice, first, last pixel) of a volume."""
    mask = np.zeros((COLUMNS, ROWS, SLICES), bool)
    for number, low, high in blocks:
        mask[low : high + 1, low : high + 1, number] = True
    return mask


def test_the_line_is_outside_of_the_nodule_and_lies_in_the_slice_that_it_names(tmp_path):
    drawn = nodule(roi(1, square(5, 9)), roi(2, square(6, 8)))
    _, ((annotation),) = next(iter(read_card(write(tmp_path, message([drawn])), "lidc_idri").values()))
    assert np.array_equal(annotation.mask.decode(), voxels((1, 5, 9), (2, 6, 8)))


def test_an_outline_that_excludes_is_a_hole(tmp_path):
    (annotation,) = read(tmp_path, message([nodule(roi(2, square(4, 12)), roi(2, square(7, 9), "FALSE"))]))
    assert np.array_equal(annotation.mask.decode(), voxels((2, 4, 12)) & ~voxels((2, 7, 9)))


def test_of_overlapping_drawings_what_half_of_their_readers_have_is_one_nodule(tmp_path):
    text = message(
        [nodule(roi(2, square(4, 10)), malignancy=3), nodule(roi(4, square(14, 17)), malignancy=1)],
        [nodule(roi(2, square(5, 10)), malignancy=5)],
        [nodule(roi(2, square(6, 11)), malignancy=4)],
        [],
    )
    large, small = read(tmp_path, text)
    # Two of the three readers are at least half of them.
    assert np.array_equal(large.mask.decode(), voxels((2, 5, 10)))
    assert dict(large.attributes) == {"readers": "3", "malignancy": "3 5 4"}
    assert np.array_equal(small.mask.decode(), voxels((4, 14, 17)))
    assert dict(small.attributes) == {"readers": "1", "malignancy": "1"}


def test_the_layout_says_how_many_readers_must_have_drawn_a_nodule(tmp_path):
    text = message([nodule(roi(2, square(4, 10))), nodule(roi(4, square(14, 17)))], [nodule(roi(2, square(5, 10)))])
    (annotation,) = read(tmp_path, text, least_readers=2)
    assert annotation.mask.box.tolist()[:2] == [4, 4]
    with pytest.raises(ConfigurationError, match="expected 1 to 4 readers in 'least_readers', got 5"):
        read(tmp_path, text, least_readers=5)


def test_each_drawing_of_each_reader_where_the_layout_asks_for_it(tmp_path):
    text = message([nodule(roi(2, square(4, 10)), malignancy=3)], [nodule(roi(2, square(5, 10)), malignancy=5)])
    first, second = read(tmp_path, text, readings="each")
    assert [dict(one.attributes) for one in (first, second)] == [
        {"reader": "1", "malignancy": "3"},
        {"reader": "2", "malignancy": "5"},
    ]
    assert np.array_equal(second.mask.decode(), voxels((2, 5, 10)))


def test_a_nodule_that_is_marked_by_a_point_has_no_extent_and_is_left_out(tmp_path):
    assert read(tmp_path, message([nodule(roi(1, [(7, 7)]))])) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (message([], root="IdriReadMessage"), "069.xml: expected a reading of a CT of LIDC-IDRI"),
        (
            message([nodule(roi(1, square(5, 9)).replace(instance_uid(1), "1.2.3.4"))]),
            "reading 1, nodule 1: expected a reference to an image of the series",
        ),
        (message([nodule(roi(1, [(1, 1), ("x", 2), (3, 3)]))]), "reading 1, nodule 1: expected a number in xCoord"),
        ("<LidcReadMessage", "expected an XML file of readings of LIDC-IDRI"),
    ],
)
def test_a_bad_file_is_named(tmp_path, text, reason):
    with pytest.raises(DataError, match=reason):
        read(tmp_path, text)


def test_drawings_in_pixels_do_not_fit_a_series_whose_tilt_was_undone(tmp_path):
    write(tmp_path, message([nodule(roi(1, square(5, 9)))]))
    ((item, _),) = read_card(tmp_path, "lidc_idri").values()
    scan = item.read()
    moved = replace(scan, source=replace(scan.source, is_resampled=True))
    with pytest.raises(DataError, match=r"069.xml: expected a series whose pixels are those of its files"):
        item.annotation.read(moved)


def test_drawings_are_one_thing_through_others_in_between():
    masks = [MaskRLE.encode(np.array([row])) for row in ([1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0])]
    assert same_things(masks) == [[0, 1, 2]]
    assert same_things(masks[:2]) == [[0], [1]]


def test_several_drawings_of_one_reader_count_once():
    rows = ([1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 1, 1, 0])
    masks = [MaskRLE.encode(np.array([row])) for row in rows]
    assert agreed_mask(masks, [1, 1, 2, 3]).decode().astype(int).tolist() == [[0, 1, 1, 0]]
