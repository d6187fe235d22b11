# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.data_engine.cards import CommercialUse, source_card
from monai_medglip.data_engine.grounding_dataset import grounding_items
from monai_medglip.data_engine.licenses import permissive_sources
from monai_medglip.errors import ConfigurationError
from tests.phantoms import PhantomFolder, blocks


def test_only_a_clear_yes_is_permissive():
    uses = {name: source_card(name).commercial_use for name in ("busi", "drive", "hc18")}
    assert uses == {"busi": CommercialUse.UNKNOWN, "drive": CommercialUse.NO, "hc18": CommercialUse.YES}
    assert permissive_sources(["busi", "drive", "hc18", "never heard of"]) == ["hc18"]


def test_without_a_permissive_source_the_message_names_what_was_there():
    with pytest.raises(ConfigurationError, match="got drive, mine; name the sources"):
        permissive_sources(["drive", "mine"])


def test_items_of_permissive_sources_are_asked_for_by_one_word(tmp_path):
    made = PhantomFolder(tmp_path, [{"value": 1, "label": "heart", "source": source} for source in ("hc18", "drive")])
    for source in ("hc18", "drive"):
        made.add_labelmap(f"of_{source}", blocks((40, 30)), source=source)
    assert [item["record"].source for item in grounding_items(tmp_path, sources="permissive")] == ["hc18"]
    assert [item["record"].source for item in grounding_items(tmp_path, sources="drive")] == ["drive"]
