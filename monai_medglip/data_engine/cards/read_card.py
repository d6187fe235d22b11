# SPDX-License-Identifier: Apache-2.0
"""Reads a card from its YAML file and checks its form; whether it agrees with the ontology checks `check_card`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml

from monai_medglip.data_engine.cards.card import Layout, SourceCard
from monai_medglip.data_engine.cards.card_label import CardLabel
from monai_medglip.data_engine.cards.terms import Access, CommercialUse
from monai_medglip.data_engine.label_rules import InstanceRule
from monai_medglip.data_engine.record import Truth
from monai_medglip.errors import ConfigurationError, MedGLIPError
from monai_medglip.geometry.frames import AxisPair
from monai_medglip.imaging.modality import Modality
from monai_medglip.ontology.concept import Mirror

__all__ = ["CARD_KEYS", "read_card"]

_Choice = TypeVar("_Choice", bound=Enum)

# The name is that of the file; the defaults of the labels are no field of a card.
CARD_KEYS = frozenset(entry.name for entry in fields(SourceCard)) - {"name"} | {"label_defaults"}
"""The keys that a card may have."""

_REQUIRED_KEYS = [entry.name for entry in fields(SourceCard) if entry.default is MISSING and entry.name != "name"]
_TEXTS = ("title", "home", "size", "license", "how_to_get", "on_disk", "splits", "patients", "citation")
_LISTS = ("left_out", "covers", "wholes", "unpaired", "notes")
_LABEL_KEYS = {entry.name for entry in fields(CardLabel)} - {"value"}
_DEFAULT_KEYS = _LABEL_KEYS - {"concept", "attributes"}
_AXES = {axis.name.lower(): axis for axis in AxisPair}


def read_card(path: Path) -> SourceCard:
    """Read one card; its name is that of the file.

    Raises:
        ConfigurationError: when the file cannot be read or says what no card says; the message names file and key.
    """
    card = _Section(path, "", _mapping_of(path))
    card.only(CARD_KEYS)
    card.has(_REQUIRED_KEYS)
    plain: dict[str, Any] = {key: card.text(key) for key in _TEXTS if key in card.content}
    plain |= {key: card.texts(key) for key in _LISTS}
    return SourceCard(
        name=path.stem,
        **plain,
        modalities=tuple(card.modality(word) for word in card.texts("modalities", least=1)),
        dims=card.dims(),
        body_regions=card.texts("body_regions", least=1),
        commercial_use=card.choice("commercial_use", CommercialUse),
        access=card.choice("access", Access),
        layout=_layout(card) if "layout" in card.content else None,
        labels=_labels(card),
        known_axes=card.axes(),
        spacing_known=card.yes_or_no("spacing_known", default=False),
        overlaps=card.pairs("overlaps"),
    )


def _layout(card: _Section) -> Layout:
    layout = card.section("layout")
    layout.has(["reader", "confirmed"])
    settings = {key: value for key, value in layout.content.items() if key not in ("reader", "confirmed")}
    return Layout(layout.text("reader"), layout.yes_or_no("confirmed"), settings)


def _labels(card: _Section) -> tuple[CardLabel, ...]:
    defaults = card.section("label_defaults") if "label_defaults" in card.content else None
    if defaults:
        defaults.only(_DEFAULT_KEYS)
    labels = card.section("labels")
    if not labels.content:
        labels.fail("expected at least one label")
    return tuple(_label(labels, value, defaults.content if defaults else {}) for value in labels.content)


def _label(labels: _Section, value: str, defaults: Mapping[str, Any]) -> CardLabel:
    told = labels.content[value]
    own = {"concept": told} if isinstance(told, str) else labels.section(value).content
    label = _Section(labels.path, f"labels.{value}", {**defaults, **own})
    label.only(_LABEL_KEYS)
    label.has(["concept"])
    return CardLabel(
        value=value,
        concept=label.text("concept"),
        instances=label.choice("instances", InstanceRule) if "instances" in label.content else None,
        exhaustive=label.yes_or_no("exhaustive", default=False),
        truth=label.choice("truth", Truth) if "truth" in label.content else Truth.EXPERT,
        mirror=label.choice("mirror", Mirror) if "mirror" in label.content else None,
        attributes=label.pairs("attributes"),
    )


class _Section:
    """Keys and values of a card, or of a part of it, whose every problem names file and key."""

    def __init__(self, path: Path, key: str, content: Mapping[str, Any]) -> None:
        self.path = path
        self.key = key
        self.content = content

    def fail(self, problem: str, key: str = "") -> NoReturn:
        where = ".".join(part for part in (self.key, key) if part)
        raise ConfigurationError(f"{self.path}: {where + ': ' if where else ''}{problem}")

    def only(self, known: Collection[str]) -> None:
        for key in self.content:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                self.fail(f"expected keys of {', '.join(sorted(known))}; got {key!r}" + _meant(near))

    def has(self, keys: Collection[str]) -> None:
        for key in keys:
            if key not in self.content:
                self.fail(f"expected the key {key!r}, it is missing")

    def text(self, key: str) -> str:
        value = self.content[key]
        if not isinstance(value, str) or not value.strip():
            self.fail(f"expected text, got {value!r}", key)
        return value.strip()

    def texts(self, key: str, least: int = 0) -> tuple[str, ...]:
        values = self.content.get(key, [])
        if not isinstance(values, list) or len(values) < least or not all(isinstance(word, str) for word in values):
            self.fail(f"expected a list of at least {least} texts, got {values!r}", key)
        twice = [word for word in values if values.count(word) > 1]
        if twice:
            self.fail(f"expected every text once, got {twice[0]!r} twice", key)
        return tuple(values)

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        if key not in self.content:
            return ()
        inner = self.section(key)
        return tuple((name, inner.text(name)) for name in inner.content)

    def section(self, key: str) -> _Section:
        value = self.content[key]
        if not isinstance(value, Mapping):
            self.fail(f"expected keys and values, got {value!r}", key)
        return _Section(self.path, ".".join(part for part in (self.key, key) if part), value)

    def choice(self, key: str, choices: type[_Choice]) -> _Choice:
        value = self.content[key]
        # YAML takes a plain yes or no for a truth value.
        word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
        known = [str(choice.value) for choice in choices]
        if word not in known:
            near = difflib.get_close_matches(str(word), known, n=1)
            self.fail(f"expected one of {', '.join(known)}; got {value!r}" + _meant(near), key)
        return choices(word)

    def yes_or_no(self, key: str, default: bool | None = None) -> bool:
        value = self.content.get(key, default)
        if not isinstance(value, bool):
            self.fail(f"expected yes or no, got {value!r}", key)
        return value

    def modality(self, word: str) -> Modality:
        try:
            return Modality.parse(word)
        except MedGLIPError as problem:
            self.fail(str(problem), "modalities")

    def dims(self) -> tuple[int, ...]:
        value = self.content["dims"]
        dims = value if isinstance(value, list) else [value]
        if dims not in ([2], [3], [2, 3]):
            self.fail(f"expected 2, 3 or [2, 3], got {value!r}", "dims")
        return tuple(dims)

    def axes(self) -> frozenset[AxisPair]:
        if self.content.get("known_axes") == "all":
            return frozenset(AxisPair)
        words = self.texts("known_axes")
        for word in words:
            if word not in _AXES:
                self.fail(f"expected 'all' or axes of {', '.join(_AXES)}; got {word!r}", "known_axes")
        return frozenset(_AXES[word] for word in words)


def _meant(near: list[str]) -> str:
    return f"; did you mean {near[0]!r}?" if near else ""


def _mapping_of(path: Path) -> dict[str, Any]:
    try:
        tree = yaml.compose(path.read_text(encoding="utf-8"), _PARSER)
        content = _CardConstructor().construct_document(tree) if tree is not None else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise ConfigurationError(f"{path}: expected a card (YAML), but {problem}") from problem
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected a card with keys and values, got {content!r}")
    return content


# The parser in C reads all cards in a fifth of the time; not every build of PyYAML has it.
_PARSER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _CardConstructor(yaml.constructor.SafeConstructor):
    """Plain values of a card, whose keys are text and stand once; YAML itself would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "expected keys of text", key.start_mark)
            if key.value in names:
                problem = f"expected every key once, got {key.value!r} twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            names[key.value] = value
        return {name: self.construct_object(value, deep=True) for name, value in names.items()}
