# SPDX-License-Identifier: Apache-2.0
"""What people type: phrases with their concept, side and negation, alone or found in a sentence."""

from __future__ import annotations

from monai_medglip.ontology.concept import Side
from monai_medglip.phrases.caption import find_phrases
from monai_medglip.phrases.laterality import side_of
from monai_medglip.phrases.parsing import parse_phrase
from monai_medglip.phrases.phrase import Phrase

__all__ = ["Phrase", "Side", "find_phrases", "parse_phrase", "side_of"]
