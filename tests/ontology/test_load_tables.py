# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from monai_medglip.errors import OntologyError
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology import BodyRegion, Code, Concept, Level, Side
from monai_medglip.ontology.concept_row import CONCEPT_COLUMNS
from monai_medglip.ontology.load_tables import load_body_regions, load_concepts

REGIONS = {"chest"}
LUNG = {"name": "lung", "level": "organ"}
LEFT = {"name": "left lung", "level": "organ", "is_a": "lung", "side": "left", "mirror_of": "right lung"}
RIGHT = {"name": "right lung", "level": "organ", "is_a": "lung", "side": "right", "mirror_of": "left lung"}


def _load(folder: Path, *rows: dict[str, str]) -> dict[str, Concept]:
    lines = [CONCEPT_COLUMNS, *([row.get(column, "") for column in CONCEPT_COLUMNS] for row in rows)]
    path = folder / "concepts.tsv"
    path.write_text("\n".join("\t".join(line) for line in lines) + "\n", encoding="utf-8")
    return load_concepts([path], REGIONS)


def test_a_row_becomes_a_concept(tmp_path: Path) -> None:
    row = {
        **LUNG,
        "modalities": "CT|XR",
        "body_regions": "chest",
        "synonyms": "lung field | field",
        "held_out": "lung parenchyma",
        "plural": "lungs",
        "adjectives": "pulmonary field",
        "codes": "SCT 39607008 Lung|X 1 Some lung",
    }
    assert _load(tmp_path, row)["lung"] == Concept(
        name="lung",
        level=Level.ORGAN,
        modalities=frozenset({Modality.CT, Modality.XR}),
        body_regions=frozenset({"chest"}),
        synonyms=("lung field", "field"),
        held_out_names=("lung parenchyma",),
        plural=("lungs",),
        adjectives=("pulmonary field",),
        codes=(Code("SCT", "39607008", "Lung"), Code("X", "1", "Some lung")),
    )


def test_a_code_may_carry_a_side(tmp_path: Path) -> None:
    left = {**LEFT, "codes": "SCT 39607008 Lung + 7771000 Left"}
    concepts = _load(tmp_path, {**LUNG, "codes": "SCT 39607008 Lung"}, left, RIGHT)
    assert concepts["left lung"].codes == (Code("SCT", "39607008", "Lung", "7771000", "Left"),)


def test_a_side_without_a_mirror_image_is_said_with_a_dash(tmp_path: Path) -> None:
    concept = _load(tmp_path, {"name": "left atrium", "level": "structure", "side": "left", "mirror_of": "-"})
    assert (concept["left atrium"].side, concept["left atrium"].mirror_of) == (Side.LEFT, None)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"name": "Lung", "level": "organ"}], "row 2: a name must be in lower case"),
        ([{"name": "lung", "level": "limb"}], "row 2: level: 'limb' is not a valid Level"),
        ([{**LUNG, "modalities": "CT|ZZ"}], "row 2: modalities: expected a modality, .* got 'ZZ'"),
        ([{**LUNG, "codes": "SCT39607008"}], "row 2: a code must read"),
        ([LUNG, LUNG], r"row 3: 'lung' of 'lung' also names 'lung' \(concepts.tsv row 2\)"),
        ([LUNG, {"name": "heart", "level": "organ", "synonyms": "The Lungs"}], "row 3: 'The Lungs' of 'heart' also"),
        ([{**LUNG, "held_out": "Lungs"}], "row 2: held-out name 'Lungs' is a spelling of a training name of 'lung'"),
        ([{**LUNG, "synonyms": "the left"}], "row 2: 'the left' holds no word that names a thing"),
        ([{**LUNG, "is_a": "organ"}], "row 2: 'lung' is_a 'organ', which is no concept of the tables"),
        ([{**LUNG, "located_in": "x"}], "row 2: 'lung' located_in 'x', which is no concept"),
        ([{**LUNG, "body_regions": "tail"}], "row 2: 'lung' lies in 'tail', which is no row of body_regions.tsv"),
        ([LUNG, {**LEFT, "mirror_of": ""}], "row 3: 'left lung' needs mirror_of"),
        ([LUNG, {**LEFT, "side": ""}], "row 3: 'left lung' tells the side 'left', its side column 'none'"),
        ([{**LUNG, "mirror_of": "-"}], "row 2: 'lung' has no side, so mirror_of must be empty"),
        ([{**LUNG, "side": "both"}], "row 2: 'lung': side must be left, right or empty"),
        ([LUNG, LEFT, {**RIGHT, "mirror_of": "-"}], "row 3: 'left lung' mirrors 'right lung', which mirrors None"),
        ([LUNG, LEFT, {**RIGHT, "level": "structure"}], "row 3: .* need opposite sides and the same level"),
    ],
)
def test_a_broken_rule_is_told_with_its_row(tmp_path: Path, rows: list[dict[str, str]], message: str) -> None:
    with pytest.raises(OntologyError, match=message):
        _load(tmp_path, *rows)


def test_mirrors_must_name_the_same_thing(tmp_path: Path) -> None:
    left = {**LEFT, "mirror_of": "right rib"}
    right = {"name": "right rib", "level": "organ", "side": "right", "mirror_of": "left lung"}
    with pytest.raises(OntologyError, match="row 3: 'left lung' and its mirror 'right rib' differ in more than"):
        _load(tmp_path, LUNG, left, right)


def test_a_cycle_through_two_relations_is_found(tmp_path: Path) -> None:
    first, second = {**LUNG, "is_a": "lobe"}, {"name": "lobe", "level": "structure", "part_of": "lung"}
    with pytest.raises(OntologyError, match="cycle: lung > lobe > lung"):
        _load(tmp_path, first, second)


def test_two_concepts_do_not_share_a_code(tmp_path: Path) -> None:
    code = "SCT 39607008 Lung"
    with pytest.raises(OntologyError, match=r"row 3: code SCT 39607008 also belongs to 'lung' \(concepts.tsv row 2\)"):
        _load(tmp_path, {**LUNG, "codes": code}, {"name": "heart", "level": "organ", "codes": code})


def test_one_concept_has_one_code_of_a_scheme(tmp_path: Path) -> None:
    with pytest.raises(OntologyError, match="row 2: 'lung' has more than one code of SCT"):
        _load(tmp_path, {**LUNG, "codes": "SCT 1 Lung|SCT 2 Lung"})


def test_all_broken_rows_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(OntologyError, match=r"(?s)row 2: .*row 3: "):
        _load(tmp_path, {**LUNG, "is_a": "x"}, {"name": "heart", "level": "organ", "part_of": "y"})


def test_more_than_twenty_broken_rows_are_counted(tmp_path: Path) -> None:
    with pytest.raises(OntologyError, match="and 5 more"):
        _load(
            tmp_path,
            *({"name": f"thing {letter}", "level": "organ", "is_a": "x"} for letter in "bcdefghijklmnopqrstuvwxyz"),
        )


def test_a_row_with_a_missing_cell_is_told(tmp_path: Path) -> None:
    path = tmp_path / "concepts.tsv"
    path.write_text("\t".join(CONCEPT_COLUMNS) + "\nlung\torgan\n", encoding="utf-8")
    with pytest.raises(OntologyError, match="row 2 must have 14 cells, got 2"):
        load_concepts([path], REGIONS)


def test_a_table_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "concepts.tsv").write_text("name\tlevel\n", encoding="utf-8")
    with pytest.raises(OntologyError, match=r"expected the columns name, level, is_a.* got name, level"):
        load_concepts([tmp_path / "concepts.tsv"], REGIONS)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_table_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "concepts.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OntologyError, match="expected a tab-separated table in UTF-8 at"):
        load_concepts([path], REGIONS)


def test_a_body_region_shows_itself_and_what_its_row_says(tmp_path: Path) -> None:
    path = tmp_path / "body_regions.tsv"
    path.write_text("name\tshows\topen_to\tnote\nchest\theart\tES\tx\nheart\t\t\t\n", encoding="utf-8")
    assert load_body_regions(path) == {
        "chest": BodyRegion("chest", frozenset({"chest", "heart"}), frozenset({Modality.ES})),
        "heart": BodyRegion("heart", frozenset({"heart"})),
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("chest\ttail\t\t\n", "row 2: shows 'tail', which is no body region"),
        ("chest\t\t\t\nchest\t\t\t\n", "row 3: body region 'chest' is also in row 2"),
    ],
)
def test_a_broken_body_region_is_told_with_its_row(tmp_path: Path, rows: str, message: str) -> None:
    path = tmp_path / "body_regions.tsv"
    path.write_text(f"name\tshows\topen_to\tnote\n{rows}", encoding="utf-8")
    with pytest.raises(OntologyError, match=message):
        load_body_regions(path)


def test_a_row_may_speak_of_a_concept_of_another_table(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    _load(tmp_path / "a", LUNG)
    with pytest.raises(OntologyError, match="'left lung' is_a 'lung', which is no concept of the tables"):
        _load(tmp_path / "b", LEFT, RIGHT)
    both = load_concepts([tmp_path / "a" / "concepts.tsv", tmp_path / "b" / "concepts.tsv"], REGIONS)
    assert list(both) == ["lung", "left lung", "right lung"]
