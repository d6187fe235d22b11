# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.data_engine.quality.finding import Finding, Stage
from monai_medglip.data_engine.quality.waivers import Waivers
from monai_medglip.errors import ConfigurationError

RULES = """
- check: region extent
  source: dsb*
  record: "15*"
  because: nuclei at the border are cut
- check: box outside
  source: bccd
  because: mended upstream
"""


def finding(check: str, source: str, record: str) -> Finding:
    return Finding(Stage.REGIONS, check, source, record, "a reason")


@pytest.fixture
def waivers(tmp_path) -> Waivers:
    (tmp_path / "waivers.yaml").write_text(RULES)
    return Waivers.read(tmp_path / "waivers.yaml")


def test_a_rule_waives_what_it_names_and_nothing_else(waivers) -> None:
    told = waivers.apply(
        [
            finding("region extent", "dsb2018", "15a"),
            finding("region extent", "dsb2018", "2"),
            finding("box outside", "dsb2018", "15a"),
        ]
    )
    assert [one.waived_by for one in told] == ["nuclei at the border are cut", None, None]


def test_a_rule_that_covers_nothing_is_told(waivers) -> None:
    assert [rule.because for rule in waivers.unused([finding("region extent", "dsb2018", "15a")])] == [
        "mended upstream"
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("- {check: box outside, source: bccd}", "missing 'because'"),
        ("- {check: a, source: b, because: c, sauce: d}", "unknown 'sauce'"),
        ("- {check: a, source: 3, because: c}", "expected words and texts"),
        ("a: b", "expected a YAML list"),
        ("- [", "expected a YAML list"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tmp_path, content, reason) -> None:
    (tmp_path / "w.yaml").write_text(content)
    with pytest.raises(ConfigurationError, match=reason):
        Waivers.read(tmp_path / "w.yaml")


def test_a_missing_file_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.yaml"):
        Waivers.read(tmp_path / "missing.yaml")
