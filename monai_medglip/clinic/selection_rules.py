# SPDX-License-Identifier: Apache-2.0
"""Which series are asked what: rules in a YAML file that a site writes, checked when they are read; no pixel is seen.

The first rule that fits a series is taken. ``default_rules.yaml`` beside this file is what is used without a file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import NoReturn

import yaml

from monai_medglip.clinic.series_facts import SeriesFacts
from monai_medglip.errors import ConfigurationError, MedGLIPError
from monai_medglip.imaging import Modality
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import Phrase, parse_phrase

__all__ = ["DEFAULT_RULES", "SelectionRule", "SelectionRules"]

DEFAULT_RULES = Path(__file__).with_name("default_rules.yaml")
"""The file of rules that ships with the package."""

_VERSION = 1
_ALL_VALIDATED = "validated"


@dataclass(frozen=True)
class SelectionRule:
    """One rule: conditions that must all hold, and what is then asked.

    Attributes:
        name: for reports and logs.
        modality: of the series.
        bundle: name of the bundle that is asked.
        phrases: what to look for; None for all that the bundle was validated for on such images.
        body_region: of the series, None for any. Where the header does not tell, the rule states it itself if it has
            words of the description, else it does not fit.
        description: words of which one must stand in the descriptions of series, protocol or study; () for any.
        image_type: values that ImageType must have.
        without_image_type: values that ImageType must not have.
        least_images: files of the series, at least.
        most_images: at most, None for any number.
    """

    name: str
    modality: Modality
    bundle: str
    phrases: tuple[Phrase, ...] | None = None
    body_region: str | None = None
    description: tuple[str, ...] = ()
    image_type: tuple[str, ...] = ()
    without_image_type: tuple[str, ...] = ("LOCALIZER",)
    least_images: int = 1
    most_images: int | None = None

    def fits(self, facts: SeriesFacts) -> bool:
        """Whether a series fulfils all conditions."""
        return (
            facts.modality is self.modality
            and self._fits_region(facts)
            and self._fits_description(facts.description)
            and set(self.image_type) <= set(facts.image_type)
            and not set(self.without_image_type) & set(facts.image_type)
            and self.least_images <= facts.images
            and (self.most_images is None or facts.images <= self.most_images)
        )

    def _fits_region(self, facts: SeriesFacts) -> bool:
        if self.body_region is None:
            return True
        return facts.body_region == self.body_region or (facts.body_region is None and bool(self.description))

    def _fits_description(self, text: str) -> bool:
        words = (rf"(?<!\w){re.escape(word)}(?!\w)" for word in self.description)
        return not self.description or any(re.search(word, text, re.IGNORECASE) for word in words)


@dataclass(frozen=True)
class SelectionRules:
    """The rules in order.

    Attributes:
        rules: the first one that fits is taken.
    """

    rules: tuple[SelectionRule, ...]

    @classmethod
    def read(cls, path: str | Path = DEFAULT_RULES) -> SelectionRules:
        """Read a file of rules.

        Args:
            path: YAML, in the form of ``default_rules.yaml``.

        Raises:
            ConfigurationError: when it cannot be read or a rule makes no sense; the message names file, rule and key.
        """
        try:
            content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigurationError(f"{path}: expected selection rules (YAML), but {error}") from error
        if (
            not isinstance(content, Mapping)
            or content.get("version") != _VERSION
            or set(content) != {"version", "rules"}
        ):
            raise ConfigurationError(
                f"{path}: expected 'version: {_VERSION}' and 'rules:' with a list of rules, got {_shown(content)}"
            )
        rows = content["rules"]
        if not isinstance(rows, list) or not rows:
            raise ConfigurationError(f"{path}: expected at least one rule in 'rules', got {_shown(rows)}")
        found = tuple(_Row(path, number, row).rule() for number, row in enumerate(rows, start=1))
        names = [rule.name for rule in found]
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(f"{path}: expected rules of different names, got {name!r} twice")
        return cls(found)

    def choose(self, facts: SeriesFacts) -> SelectionRule | None:
        """Give the first rule that fits a series, None where none does; our own results are never chosen."""
        if facts.is_result:
            return None
        return next((rule for rule in self.rules if rule.fits(facts)), None)

    def asking(self, phrases: Sequence[str]) -> SelectionRules:
        """Give the same rules with other phrases, those of somebody who asks for this run alone.

        Raises:
            PhraseError: when a phrase cannot be asked.
            ConfigurationError: when one says that something is absent.
        """
        asked = tuple(_positive(parse_phrase(text)) for text in phrases)
        return SelectionRules(tuple(replace(rule, phrases=asked) for rule in self.rules))

    @property
    def bundles(self) -> tuple[str, ...]:
        """Names of the bundles that the rules ask, each once."""
        return tuple(dict.fromkeys(rule.bundle for rule in self.rules))


class _Row:
    """One rule of a file, checked key by key."""

    def __init__(self, path: str | Path, number: int, row: object) -> None:
        self.where = f"{path}: rule {number}"
        if not isinstance(row, Mapping):
            self.fail(f"expected keys and values, got {_shown(row)}")
        self.row = dict(row)
        known = [entry.name for entry in fields(SelectionRule)]
        for key in self.row:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                self.fail(f"expected keys of {', '.join(known)}; got {key!r}" + (f", meant {near[0]}?" if near else ""))
        for key in ("name", "modality", "bundle", "phrases"):
            if key not in self.row:
                self.fail(f"expected the key {key!r}, it is missing")

    def fail(self, problem: str) -> NoReturn:
        raise ConfigurationError(f"{self.where}: {problem}")

    def rule(self) -> SelectionRule:
        given = {key: self.words(key) for key in ("description", "image_type", "without_image_type") if key in self.row}
        for key in ("image_type", "without_image_type"):
            if key in given:
                given[key] = tuple(word.upper() for word in given[key])
        rule = SelectionRule(
            name=self.word("name"),
            modality=self.modality(),
            bundle=self.word("bundle"),
            phrases=self.phrases(),
            body_region=self.body_region(),
            least_images=self.count("least_images", 1) or 1,
            most_images=self.count("most_images", None),
            **given,
        )
        if rule.most_images is not None and rule.most_images < rule.least_images:
            self.fail(f"expected most_images of at least least_images, got {rule.most_images} < {rule.least_images}")
        return rule

    def word(self, key: str) -> str:
        value = self.row[key]
        if not isinstance(value, str) or not value.strip():
            self.fail(f"expected a word in {key!r}, got {_shown(value)}")
        return value.strip()

    def words(self, key: str) -> tuple[str, ...]:
        value = self.row[key]
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(word, str) and word.strip() for word in listed):
            self.fail(f"expected a word or a list of words in {key!r}, got {_shown(value)}")
        return tuple(word.strip() for word in listed)

    def count(self, key: str, default: int | None) -> int | None:
        value = self.row.get(key, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            self.fail(f"expected a whole number from 1 in {key!r}, got {_shown(value)}")
        return value

    def modality(self) -> Modality:
        try:
            found = Modality.parse(self.word("modality"))
        except MedGLIPError as error:
            self.fail(str(error))
        if found is Modality.UNKNOWN:
            self.fail("expected a known modality, got UNKNOWN")
        return found

    def body_region(self) -> str | None:
        if "body_region" not in self.row:
            return None
        name, regions = self.word("body_region"), Ontology.default().body_regions
        if name not in regions:
            self.fail(f"expected a body region, one of {', '.join(regions)}; got {name!r}")
        return name

    def phrases(self) -> tuple[Phrase, ...] | None:
        texts = self.words("phrases")
        if self.row["phrases"] == _ALL_VALIDATED:
            return None
        if not texts:
            self.fail(f"expected phrases, or the word {_ALL_VALIDATED!r}; got none")
        try:
            return tuple(_positive(parse_phrase(text)) for text in texts)
        except MedGLIPError as error:
            self.fail(str(error))


def _positive(phrase: Phrase) -> Phrase:
    if phrase.negated:
        raise ConfigurationError(f"expected a phrase that names something, got {phrase.text!r}; leave out the negation")
    return phrase


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
