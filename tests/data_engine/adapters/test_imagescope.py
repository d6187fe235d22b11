# SPDX-License-Identifier: Apache-2.0
"""ImageScope's outlines: pixel for pixel those of matplotlib, layers with names, holes, and files that are damaged."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from monai_medglip.errors import DataError
from tests.data_engine.adapters.reading import noise, read_card, read_layout, write_picture

SHAPE = (50, 36)
LAYOUT = {"reader": "imagescope", "images": "{id}.png", "annotations": "{id}.xml", "value": "{layer}"}
CELL = [(5.25, 4.5), (14.75, 6.25), (17.5, 14.0), (9.0, 18.75), (3.5, 11.25)]
OTHER = [(x + 20.3, y + 9.6) for x, y in CELL]


def region(points, *, kind="0", negative="0", text=""):
    vertices = "".join(f'<Vertex X="{x}" Y="{y}" Z="0"/>' for x, y in points)
    return (
        f'<Region Id="1" Type="{kind}" Text="{text}" NegativeROA="{negative}"><Vertices>{vertices}</Vertices></Region>'
    )


def layer(*regions, name="", attribute=""):
    attributes = f'<Attributes><Attribute Name="{attribute}" Id="0" Value=""/></Attributes>' if attribute else ""
    return f'<Annotation Id="1" Name="{name}">{attributes}<Regions>{"".join(regions)}</Regions></Annotation>'


def xml(*layers):
    return f'<?xml version="1.0"?><Annotations MicronsPerPixel="0.25">{"".join(layers)}</Annotations>'


def inside(points):
    """The pixels whose middle matplotlib finds inside."""
    x, y = np.meshgrid(*(np.arange(size) + 0.5 for size in SHAPE), indexing="ij")
    return Outline(points).contains_points(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(SHAPE)


def read(root, text, **words):
    write_picture(root / "a.png", noise(SHAPE))
    (root / "a.xml").write_text(text, encoding="utf-8")
    ((_, drawn),) = read_layout(root, {**LAYOUT, **words}).values()
    return drawn


def test_each_outline_of_monuseg_is_a_nucleus(tmp_path):
    base, name = tmp_path / "MoNuSeg 2018 Training Data", "TCGA-A7-A13E-01Z-00-DX1"
    write_picture(base / "Tissue Images" / f"{name}.tif", noise((*SHAPE, 3)))
    (base / "Annotations").mkdir()
    (base / "Annotations" / f"{name}.xml").write_text(xml(layer(region(CELL), region(OTHER))))
    item, (first, second) = read_card(tmp_path, "monuseg")[name]
    assert item.patient == "TCGA-A7-A13E"
    assert (first.value, second.value) == ("nucleus", "nucleus")
    assert np.array_equal(first.mask.decode(), inside(CELL))
    assert np.array_equal(second.mask.decode(), inside(OTHER))
    assert first.mask.area > 80


def test_the_layers_of_monusac_bear_the_kinds_of_cells_in_their_attributes(tmp_path):
    folder = tmp_path / "MoNuSAC_images_and_annotations" / "TCGA-5P-A9K0-01Z-00-DX1"
    write_picture(folder / "TCGA-5P-A9K0-01Z-00-DX1_1.tif", noise((*SHAPE, 3)))
    text = xml(layer(region(CELL), attribute="Epithelial"), layer(region(OTHER), attribute="Lymphocyte"))
    (folder / "TCGA-5P-A9K0-01Z-00-DX1_1.xml").write_text(text)
    item, drawn = read_card(tmp_path, "monusac")["TCGA-5P-A9K0-01Z-00-DX1_1"]
    assert item.patient == "TCGA-5P-A9K0"
    assert [annotation.value for annotation in drawn] == ["Epithelial", "Lymphocyte"]


def test_a_negative_outline_is_a_hole_in_those_of_its_layer_alone(tmp_path):
    hole = [(9.0, 9.0), (13.0, 9.0), (13.0, 13.0), (9.0, 13.0)]
    text = xml(layer(region(CELL), region(hole, negative="1"), name="a"), layer(region(CELL), name="b"))
    first, second = read(tmp_path, text)
    assert np.array_equal(first.mask.decode(), inside(CELL) & ~inside(hole))
    assert first.mask.area == second.mask.area - 16


def test_an_ellipse_is_told_by_the_box_round_it_and_a_ruler_encloses_nothing(tmp_path):
    text = xml(layer(region([(30, 8), (10, 20)], kind="2"), region([(1, 1), (9, 9), (3, 8)], kind="3"), name="a"))
    (annotation,) = read(tmp_path, text)
    x, y = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    assert np.array_equal(annotation.mask.decode(), ((x - 20) / 10) ** 2 + ((y - 14) / 6) ** 2 <= 1)


def test_what_encloses_no_pixel_is_left_out_and_the_rest_is_read(tmp_path):
    text = xml(
        layer(region([(3.1, 3.1), (3.3, 3.1), (3.2, 3.3)]), region([(5, 5)]), region(CELL, text="ring"), name="a")
    )
    (annotation,) = read(tmp_path, text, value="{layer} {text}")
    assert annotation.value == "a ring"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<Annotations><Annotation>", "a.xml: expected an XML file of outlines"),
        ('<!DOCTYPE a [<!ENTITY b "c">]>' + "<Annotations/>", "without declared entities"),
        (
            xml(layer(region([("left", 1), (2, 2), (3, 3)]))),
            "layer 1, region 1: expected a number in X of a",
        ),
        (xml(layer(region([(1, "nan"), (2, 2), (3, 3)]))), "region 1: expected a number in Y of a vertex, got 'nan'"),
        (xml(layer(region(CELL))), r"region 1: expected a name in '\{layer\}', it is empty"),
    ],
)
def test_a_bad_file_is_named(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)
