# SPDX-License-Identifier: Apache-2.0
"""What a rule asks, asked of a scan: only phrases that the bundle was validated for on exactly such images.

Other phrases never reach the network. They stay in the result as not supported, which reports call "not evaluated".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monai_medglip.clinic.asking import Asker, BundleFacts
from monai_medglip.clinic.selection_rules import SelectionRule
from monai_medglip.clinic.slice_wise import ground_slices
from monai_medglip.errors import UnsupportedImageError
from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.imaging import Scan
from monai_medglip.inference import ValidatedPhrase
from monai_medglip.phrases import Phrase, parse_phrase

__all__ = ["ground_as_validated", "miss_rates"]


def ground_as_validated(scan: Scan, rule: SelectionRule, asker: Asker) -> Grounding:
    """Ask a scan what a rule says.

    Args:
        scan: with the body region that is known of it.
        rule: says which bundle is asked what.
        asker: has the bundle.

    Returns:
        A grounding of all phrases of the rule, first those that were asked.

    Raises:
        ImageReadError: when the bundle is for volumes and the scan an image.
        UnsupportedImageError: when the rule asks what was validated, and on such images nothing was.
        ConfigurationError: when there is no such bundle.
    """
    facts = asker.facts(rule.bundle)
    phrases = _validated_phrases(facts, scan) if rule.phrases is None else rule.phrases
    if not phrases:
        raise UnsupportedImageError(
            f"expected phrases that {rule.bundle} was validated for on {scan.modality.value} images of body region "
            f"{scan.body_region or 'not told'}, there are none; such a series is not evaluated: let another bundle or "
            f"no rule ask it, or name phrases in the rule {rule.name!r}"
        )
    asked = [phrase for phrase in phrases if _is_validated(phrase, facts, scan)]
    others = [phrase for phrase in phrases if phrase not in asked]
    provenance = {**facts.provenance, "modality": scan.modality.value, "body_region": scan.body_region}
    found = _ask(scan, asked, rule.bundle, asker, facts) if asked else None
    if found is not None:
        provenance = {**found.provenance, **provenance}
    provenance["image"] = None  # a path of this machine, which may hold a patient's name
    rest = Grounding.empty(scan.frame, others, status=Status.UNSUPPORTED, support=Support.UNSEEN, provenance=provenance)
    return rest if found is None else Grounding.merge([replace(found, provenance=provenance), rest])


def miss_rates(scan: Scan, rule: SelectionRule, asker: Asker) -> dict[str, float]:
    """Give for each phrase validated for absence on such images how often it is missed where it is, [0, 1]."""
    rows = asker.facts(rule.bundle).validated.absence
    return {row.phrase: row.miss_rate for row in rows if _is_of(row, scan)}


def _ask(scan: Scan, phrases: Sequence[Phrase], bundle: str, asker: Asker, facts: BundleFacts) -> Grounding:
    if scan.spatial_dims == 3 and facts.spatial_dims == 2:
        return ground_slices(scan, lambda image: asker.ask(bundle, image, phrases))
    return asker.ask(bundle, scan, phrases)


def _validated_phrases(facts: BundleFacts, scan: Scan) -> tuple[Phrase, ...]:
    return tuple(parse_phrase(row.phrase) for row in facts.validated.location if _is_of(row, scan))


def _is_validated(phrase: Phrase, facts: BundleFacts, scan: Scan) -> bool:
    words = phrase.text.strip().casefold()
    return any(row.phrase == words and _is_of(row, scan) for row in facts.validated.location)


def _is_of(row: ValidatedPhrase, scan: Scan) -> bool:
    """Whether a row speaks of such images; unlike a notebook, a clinic does not take an unknown region for a match."""
    return row.modality == scan.modality.value and row.body_region in (None, scan.body_region)
