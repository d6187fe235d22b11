# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from monai_medglip.data_engine.grounding_dataset import grounding_items
from monai_medglip.data_engine.licenses import LICENSE_TABLE, CommercialUse, permissive_sources, read_licenses
from monai_medglip.errors import ConfigurationError, DataError
from tests.phantoms import PhantomFolder, blocks

HEAD = "source\tcommercial_use\tlicense\tcitation\n"


def table(folder: Path, *rows: str) -> Path:
    path = folder / "licenses.tsv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_only_a_clear_yes_is_permissive(tmp_path):
    rows = table(tmp_path, "a\tyes\tCC0\tA.", "b\tno\tresearch\tB.", "c\tunknown\tnone\tC.")
    assert permissive_sources(["c", "b", "a", "never heard of"], rows) == ["a"]


def test_without_a_permissive_source_the_message_names_what_was_there(tmp_path):
    rows = table(tmp_path, "b\tno\tresearch\tB.")
    with pytest.raises(ConfigurationError, match="got b, mine; name the sources"):
        permissive_sources(["b", "mine"], rows)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (["a\tmaybe\tCC0\tA."], "line 2: expected one of yes, no, unknown"),
        (["a\tyes\t-\tA."], "line 2: expected a value in column 'license'"),
        (["a\tyes\tCC0\tA.", "a\tno\tCC0\tA."], "line 3: expected every source once"),
    ],
)
def test_a_table_that_breaks_its_rules_is_refused_with_the_line(tmp_path, rows, problem):
    with pytest.raises(DataError, match=problem):
        read_licenses(table(tmp_path, *rows))


def test_the_shipped_table_is_in_order_and_holds_every_kind():
    licenses = read_licenses()
    assert list(licenses) == sorted(licenses)
    assert {terms.commercial_use for terms in licenses.values()} == set(CommercialUse)
    assert LICENSE_TABLE.is_file()


def test_items_of_permissive_sources_are_asked_for_by_one_word(tmp_path):
    made = PhantomFolder(tmp_path, [{"value": 1, "label": "heart", "source": source} for source in ("hc18", "drive")])
    for source in ("hc18", "drive"):
        made.add_labelmap(f"of_{source}", blocks((40, 30)), source=source)
    assert [item["record"].source for item in grounding_items(tmp_path, sources="permissive")] == ["hc18"]
    assert [item["record"].source for item in grounding_items(tmp_path, sources="drive")] == ["drive"]
