# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import doctest
import re
from pathlib import Path

from monai_medglip.ontology.concept_row import CONCEPT_COLUMNS


def test_the_reference_page_tells_every_column(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "ontology.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))[: len(CONCEPT_COLUMNS)] == CONCEPT_COLUMNS


def test_the_examples_of_the_reference_page_give_what_they_say(repository: Path) -> None:
    page = (repository / "docs" / "reference" / "ontology.md").read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"```pycon\n(.*?)```", page, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, "ontology.md", None, 0)
    assert len(test.examples) > 5
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0
