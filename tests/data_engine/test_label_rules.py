# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.data_engine.folder_record import AnnotationKind
from monai_medglip.data_engine.label_rules import InstanceRule, Relation, read_label_rules, read_source_facts
from monai_medglip.data_engine.record import Truth
from monai_medglip.errors import DataError
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.ontology.concept import Level, Mirror
from tests.phantoms import LABEL_COLUMNS, write_tsv

PLAIN = {"source": "made", "value": "1", "label": "polyp", "level": "lesion"}


def rule_of(tmp_path, row, kinds=frozenset(), columns=LABEL_COLUMNS):
    (rule,) = read_label_rules(write_tsv(tmp_path / "LABELS.tsv", columns, [row]), {"made": kinds})["made"]
    return rule


def test_every_column_of_a_full_row_is_kept(tmp_path):
    extra = {"parent": "colon", "relation": "located_in", "union_is_whole": "yes", "instances": "mask_only"}
    rule = rule_of(tmp_path, {**PLAIN, **extra, "exhaustive": "yes", "mirror": "swap", "truth": "atlas"})
    assert (rule.level, rule.parent, rule.relation) == (Level.LESION, "colon", Relation.LOCATED_IN)
    assert (rule.union_is_whole, rule.instances, rule.exhaustive) == (True, InstanceRule.MASK_ONLY, True)
    assert (rule.mirror, rule.truth) == (Mirror.SWAP, Truth.ATLAS)


@pytest.mark.parametrize(
    ("level", "kind", "instances"),
    [
        ("lesion", "labelmap", InstanceRule.COMPONENTS),
        ("cell", "masks", InstanceRule.COMPONENTS),
        ("organ", "labelmap", InstanceRule.ONE),
        ("lesion", "boxes", InstanceRule.BOXES),
    ],
)
def test_an_older_table_gets_the_cautious_values(tmp_path, level, kind, instances):
    columns = ["source", "value_or_name", "label", "level", "parent"]
    row = {"source": "made", "value_or_name": "1", "label": "thing", "level": level, "parent": "wider"}
    rule = rule_of(tmp_path, row, {AnnotationKind(kind)}, columns)
    assert (rule.instances, rule.relation, rule.parent) == (instances, None, "wider")
    assert (rule.union_is_whole, rule.exhaustive, rule.mirror) == (False, False, Mirror.FIXED)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"level": "orgn"}, r"line 2: expected one of body region, organ, .*'orgn'"),
        ({"exhaustive": "maybe"}, r"line 2: expected yes or no in column 'exhaustive', got 'maybe'"),
        ({"relation": "is_a"}, r"line 2: expected a parent"),
        ({"label": "-"}, r"line 2: expected a value in column 'label'"),
        ({"instances": "some"}, r"one, components, boxes, mask_only"),
    ],
)
def test_a_row_that_cannot_be_understood_is_named(tmp_path, cells, message):
    with pytest.raises(DataError, match=message):
        rule_of(tmp_path, {**PLAIN, **cells})


def test_a_value_listed_twice_is_refused(tmp_path):
    path = write_tsv(tmp_path / "LABELS.tsv", LABEL_COLUMNS, [PLAIN, {**PLAIN, "label": "adenoma"}])
    with pytest.raises(DataError, match=r"line 3: .*lists '1' twice"):
        read_label_rules(path, {})


def test_a_truncated_row_is_named(tmp_path):
    path = write_tsv(tmp_path / "LABELS.tsv", LABEL_COLUMNS, [PLAIN])
    path.write_text(path.read_text() + "made\t2\tcolo")
    with pytest.raises(DataError, match=r"LABELS.tsv, line 3: expected 11 cells .* got 3; was it cut off"):
        read_label_rules(path, {})


def test_a_missing_column_is_named(tmp_path):
    path = write_tsv(tmp_path / "LABELS.tsv", ["source", "value", "label"], [PLAIN])
    with pytest.raises(DataError, match=r"line 1: expected a column level"):
        read_label_rules(path, {})


def facts_of(tmp_path, **cells):
    columns = ["source", "body_region", "orientation_known", "laterality_known", "spacing_known"]
    path = write_tsv(tmp_path / "SOURCES.tsv", columns, [{"source": "made", "body_region": "head", **cells}])
    return read_source_facts(path)["made"]


def test_reasons_in_brackets_do_not_change_a_no(tmp_path):
    facts = facts_of(tmp_path, orientation_known="no (nominal)", laterality_known="no", spacing_known="no (inferred)")
    assert (facts.known_axes, facts.spacing_known) == (frozenset(), False)


def test_a_source_may_know_two_of_three_axes(tmp_path):
    facts = facts_of(tmp_path, orientation_known="A/P and S/I only", laterality_known="no", spacing_known="yes")
    assert facts.known_axes == {AxisPair.POSTERIOR_ANTERIOR, AxisPair.INFERIOR_SUPERIOR}
    assert facts.spacing_known


def test_left_and_right_are_known_by_their_own_column(tmp_path):
    assert facts_of(tmp_path, orientation_known="yes", laterality_known="yes").known_axes == set(AxisPair)
    assert AxisPair.LEFT_RIGHT not in facts_of(tmp_path, orientation_known="yes", laterality_known="no").known_axes


def test_a_folder_without_the_file_knows_nothing(tmp_path):
    assert read_source_facts(tmp_path / "SOURCES.tsv") == {}
