# SPDX-License-Identifier: Apache-2.0
"""The concept table against the labels, sources and code tables of the shared data, which are its independent truth."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology import Ontology, Side

FOLDERS = ("2d", "3d")
# One word is all that the language has for some: it takes a second and a third from a description.
MINIMUM_OF_NAMES = 3


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def _labels(shared_data: Path) -> Iterator[dict[str, str]]:
    for folder in FOLDERS:
        yield from _rows(shared_data / folder / "LABELS.tsv")


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return Ontology.default()


def test_every_label_is_a_concept_of_its_level(ontology: Ontology, shared_data: Path) -> None:
    for row in _labels(shared_data):
        assert ontology[row["label"]].level.value == row["level"], row["label"]


def test_every_relation_of_the_labels_holds_in_the_table(ontology: Ontology, shared_data: Path) -> None:
    for row in _labels(shared_data):
        concept = ontology[row["label"]]
        related = {
            "-": ("-",),
            "is_a": ontology.ancestors(concept.name),
            "part_of": concept.part_of,
            "located_in": concept.located_in,
        }[row["relation"]]
        assert row["parent"] in related, row


def test_every_label_has_three_names_or_more(ontology: Ontology, shared_data: Path) -> None:
    for row in _labels(shared_data):
        concept = ontology[row["label"]]
        assert len({*ontology.names(concept.name)} - {*concept.plural}) >= MINIMUM_OF_NAMES, concept.name


def test_every_label_without_a_side_has_a_plural_and_a_form_with_an_adjective(
    ontology: Ontology, shared_data: Path
) -> None:
    # The side's own names, the numbered vertebrae and names that are adjectives already have no other.
    plain = [ontology[row["label"]] for row in _labels(shared_data) if ontology[row["label"]].side is Side.NONE]
    assert [concept.name for concept in plain if not concept.plural] == []
    named_by_adjective = ("breast tumor", "vertebra", "nucleus")
    lacking = {c.name for c in plain if not c.adjectives and not c.name.endswith(named_by_adjective)}
    assert lacking == set()


def test_labels_that_swap_in_a_mirror_are_mirror_pairs(ontology: Ontology, shared_data: Path) -> None:
    for row in _labels(shared_data):
        if row["mirror"] == "swap" and ontology[row["label"]].side is not Side.NONE:
            assert ontology[row["label"]].mirror_of is not None, row["label"]
        if row["mirror"] == "free":
            assert ontology[row["label"]].side is Side.NONE, row["label"]


def test_every_source_can_show_its_own_labels(ontology: Ontology, shared_data: Path) -> None:
    for folder in FOLDERS:
        regions = {row["source"]: row["body_region"] for row in _rows(shared_data / folder / "SOURCES.tsv")}
        images = _rows(shared_data / folder / "INDEX.tsv")
        modalities = {(row["source"], Modality.parse(row["modality"])) for row in images}
        for row in _rows(shared_data / folder / "LABELS.tsv"):
            for source, modality in modalities:
                if source == row["source"]:
                    assert ontology.can_show(row["label"], modality, regions[source]), (row, modality)


def test_every_body_region_of_the_sources_is_in_the_table(ontology: Ontology, shared_data: Path) -> None:
    # A region that the table lacks excludes nothing, so each must exclude something to be known.
    for folder in FOLDERS:
        for row in _rows(shared_data / folder / "SOURCES.tsv"):
            excluded = [c for c in ontology if not ontology.can_show(c.name, Modality.UNKNOWN, row["body_region"])]
            assert excluded, row


def test_every_source_has_labels_of_others_that_it_cannot_show(ontology: Ontology, shared_data: Path) -> None:
    labels = {row["label"] for row in _labels(shared_data)}
    modalities = {row["source"]: Modality.parse(row["modality"]) for row in _rows(shared_data / "2d" / "INDEX.tsv")}
    for row in _rows(shared_data / "2d" / "SOURCES.tsv"):
        shown = [ontology.can_show(label, modalities[row["source"]], row["body_region"]) for label in labels]
        assert shown.count(False) >= 20, row


def test_every_2d_source_has_a_label_with_a_held_out_name(ontology: Ontology, shared_data: Path) -> None:
    rows = _rows(shared_data / "2d" / "LABELS.tsv")
    with_held_out = {row["source"] for row in rows if ontology.names(row["label"], held_out=True)}
    assert with_held_out == {row["source"] for row in rows}


def test_every_code_stands_in_a_public_table_with_its_meaning(ontology: Ontology, shared_data: Path) -> None:
    known = _published_codes(shared_data / "text")
    for concept in ontology:
        for code in concept.codes:
            assert code.meaning.lower() in known.get((code.scheme, code.value), set()), (concept.name, code)
            if code.modifier_value is not None:
                assert (code.modifier_meaning or "").lower() == concept.side.value
                assert code.modifier_meaning.lower() in known["SCT", code.modifier_value]


def test_every_totalsegmentator_class_with_a_code_that_is_a_label_has_that_code(
    ontology: Ontology, shared_data: Path
) -> None:
    codes = {code.value for concept in ontology for code in concept.codes}
    for structure in (
        "spleen",
        "liver",
        "aorta",
        "kidney_left",
        "vertebrae_L1",
        "rib_right_12",
        "lung_upper_lobe_left",
    ):
        assert _totalsegmentator(shared_data / "text")[structure] in codes, structure


def _totalsegmentator(folder: Path) -> dict[str, str]:
    with (folder / "totalsegmentator" / "snomed_mapping.csv").open(encoding="utf-8", newline="") as table:
        return {row[0]: row[5] for row in csv.reader(table)}


def _published_codes(folder: Path) -> dict[tuple[str, str], set[str]]:
    known: dict[tuple[str, str], set[str]] = {}
    for name in ("cid_tables.tsv", "segmentation_types.tsv", "anatomic_regions.tsv"):
        for row in _rows(folder / "dicom_codes" / name):
            known.setdefault((row["scheme"], row["code"]), set()).add(row["meaning"].lower())
    with (folder / "totalsegmentator" / "snomed_mapping.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.reader(table):
            known.setdefault((row[4], row[5]), set()).add(row[6].lower())
            known.setdefault((row[7], row[8]), set()).add(row[9].lower())
    return known
