# SPDX-License-Identifier: Apache-2.0
"""What medical things are called and how they relate: concepts, their tables and the hierarchy."""

from __future__ import annotations

from monai_medglip.ontology.body_region import BodyRegion
from monai_medglip.ontology.concept import Code, Concept, Level, Mirror, Side
from monai_medglip.ontology.hierarchy import Ontology

__all__ = ["BodyRegion", "Code", "Concept", "Level", "Mirror", "Ontology", "Side"]
