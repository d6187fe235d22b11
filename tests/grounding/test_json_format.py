# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import json

import jsonschema
import numpy as np
import pytest

from monai_medglip.errors import DataError, GeometryError, OutputError
from monai_medglip.geometry import Frame
from monai_medglip.grounding import Grounding, from_json, read_json, to_json, write_json
from monai_medglip.grounding.json_format import SCHEMA_PATH, from_dict, to_dict
from tests.grounding_phantoms import POLYP, chest, oblique_frame

SCHEMA = json.loads(SCHEMA_PATH.read_text(encoding="utf-8"))
EXAMPLES = {
    "2D": chest(),
    "oblique volume": chest(oblique_frame()),
    "no regions": Grounding.empty(Frame.pixel((3, 3)), (POLYP,)),
    "no phrases": Grounding.empty(oblique_frame()),
}


def document(**changes):
    return {**to_dict(chest()), **changes}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", EXAMPLES)
def test_documents_follow_the_committed_schema(name):
    jsonschema.validate(json.loads(to_json(EXAMPLES[name])), SCHEMA)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_was_written_comes_back(name):
    assert from_json(to_json(EXAMPLES[name])) == EXAMPLES[name]


def test_boxes_are_columns_and_rows():
    assert to_dict(chest())["regions"][2]["box"] == [12, 14, 26, 26]


def test_millimeters_are_left_out_where_they_are_not_known():
    assert {(region["center_mm"], region["size_mm"]) for region in to_dict(chest())["regions"]} == {(None, None)}


def test_sizes_alone_are_given_where_only_the_spacing_is_known():
    frame = dataclasses.replace(oblique_frame(), known_axes=frozenset())
    region = to_dict(chest(frame))["regions"][2]
    assert region["center_mm"] is None
    assert region["size_mm"] == pytest.approx([14 * 0.8, 12 * 1.1, 4 * 2.5])


def test_volumes_are_given_where_a_mask_and_the_spacing_are_known():
    written = to_dict(chest(oblique_frame()))
    heart_ml = 14 * 12 * 4 * 0.8 * 1.1 * 2.5 / 1000
    assert [phrase["volume_ml"] for phrase in written["phrases"]][1:] == [pytest.approx(heart_ml), None]
    assert [region["volume_ml"] for region in written["regions"]][1:] == [None, pytest.approx(heart_ml)]


@pytest.mark.parametrize("frame", [Frame.pixel((40, 30)), oblique_frame(known=False)], ids=["2D", "3D"])
def test_no_volume_is_made_up(frame):
    written = to_dict(chest(frame))
    assert {entry["volume_ml"] for entry in (*written["phrases"], *written["regions"])} == {None}


def test_a_document_of_version_1_is_read():
    older = document(schema_version=1)
    for entry in (*older["phrases"], *older["regions"]):
        del entry["volume_ml"]
    assert from_dict(older) == chest()


def test_the_center_in_the_patient_is_that_of_the_masks_voxels():
    frame = oblique_frame()
    voxels = np.argwhere(chest(frame).instance_masks[2].decode())
    mean = (frame.affine @ [*voxels.mean(axis=0), 1])[:3]
    assert to_dict(chest(frame))["regions"][2]["center_mm"] == pytest.approx(mean)


def test_no_presence_is_null():
    assert to_dict(Grounding.empty(Frame.pixel((3, 3)), (POLYP,)))["phrases"][0]["presence"] is None


def test_the_text_has_a_line_for_each_phrase_and_region():
    lines = to_json(chest()).splitlines()
    assert sum('"text":' in line for line in lines) == 3
    assert sum('"box":' in line for line in lines) == 3


def test_a_file_is_read_back(tmp_path):
    write_json(tmp_path / "new" / "result.json", chest())
    assert read_json(tmp_path / "new" / "result.json") == chest()


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="expected to write"):
        write_json(tmp_path / "file" / "result.json", chest())


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(DataError, match=r"missing\.json"):
        read_json(tmp_path / "missing.json")


def test_a_cut_file_is_told_with_its_name(tmp_path):
    path = tmp_path / "cut.json"
    path.write_text(to_json(chest())[:200])
    with pytest.raises(DataError, match=r"cut.json: expected JSON"):
        read_json(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "coco"}, "'medglip-grounding', got 'coco'"),
        ({"schema_version": 3}, "version 1 or 2, got 3"),
        ({"schema_version": True}, "version 1 or 2, got True"),
        ({"regions": 3}, "malformed"),
        ({"regions": [{}]}, "the key 'box' is missing"),
        ({"regions": [{"box": [1, 2, 3]}]}, "malformed"),
        ({"phrases": [{"text": "heart"}]}, "is missing"),
        ({"phrases": ["heart"]}, "malformed"),
    ],
)
def test_other_documents_are_refused(changes, message):
    with pytest.raises(DataError, match=message):
        from_dict(document(**changes))


def test_values_that_cannot_be_keep_their_own_message():
    broken = document()
    broken["regions"][0]["score"] = 3
    with pytest.raises(GeometryError, match="calibrated probabilities"):
        from_dict(broken)


@pytest.mark.parametrize("text", ["[]", "3", "null"])
def test_json_that_is_no_object_is_refused(text):
    with pytest.raises(DataError, match="expected a JSON object"):
        from_json(text)


def test_the_example_of_the_reference_page_follows_the_schema_and_is_read(repository):
    page = (repository / "docs" / "reference" / "grounding-json.md").read_text(encoding="utf-8")
    example = page.split("```json\n")[1].split("```")[0]
    jsonschema.validate(json.loads(example), SCHEMA)
    assert repr(from_json(example)).startswith("Grounding: 1 region of 2 phrases in 40 x 30")
