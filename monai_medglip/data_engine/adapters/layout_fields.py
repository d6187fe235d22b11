# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses from the words of a card's layout, every word and value checked against the fields' types."""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from monai_medglip.errors import ConfigurationError

__all__ = ["fill_fields", "nearest"]

Filled = TypeVar("Filled")


def fill_fields(kind: type[Filled], words: Mapping[str, Any], where: str) -> Filled:
    """Make a dataclass of a mapping.

    A field that is a dataclass itself takes a mapping, or the one value that its ``SHORT_FORM`` names; a field that is
    a tuple takes a list or a single value; one of several dataclasses is told by the words in it.

    Args:
        kind: the dataclass.
        words: its fields' values, as YAML gives them.
        where: what the message calls it, such as ``layout.images``.

    Raises:
        ConfigurationError: for a word that is no field, a missing one, or a value of another type.
    """
    known = {entry.name: entry for entry in fields(kind)}  # type: ignore[arg-type]  # every caller gives a dataclass
    for word in words:
        if word not in known:
            raise ConfigurationError(
                f"{where}: expected words among {', '.join(known)}, got {word!r}{nearest(str(word), known)}"
            )
    missing = [
        name
        for name, entry in known.items()
        if name not in words and entry.default is MISSING and entry.default_factory is MISSING
    ]
    if missing:
        raise ConfigurationError(f"{where}: expected {', '.join(missing)} to be told, got {', '.join(words) or 'none'}")
    hints = get_type_hints(kind)
    return kind(**{word: _value(hints[word], value, f"{where}.{word}") for word, value in words.items()})


def nearest(word: str, known: Mapping[str, Any]) -> str:
    """Give a hint at the most similar of the known words, empty where none is similar."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _value(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, where)
    if origin is tuple:
        entries = value if isinstance(value, (list, tuple)) else [value]
        return tuple(_value(arguments[0], entry, f"{where}[{number}]") for number, entry in enumerate(entries))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(arguments[1], value, where)
    if is_dataclass(kind):
        return _nested(kind, value, where)
    if issubclass(kind, Enum):
        return _choice(kind, value, where)
    return _plain(kind, value, where)


def _one_of(kinds: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    choices = [kind for kind in kinds if kind is not type(None)]
    if len(choices) == 1:
        return _value(choices[0], value, where)
    if not isinstance(value, Mapping):
        short = next((kind for kind in choices if hasattr(kind, "SHORT_FORM")), choices[0])
        return _value(short, value, where)
    fitting = [kind for kind in choices if set(value) <= {entry.name for entry in fields(kind)}]
    if not fitting:
        forms = "; or ".join(", ".join(entry.name for entry in fields(kind)) for kind in choices)
        raise ConfigurationError(f"{where}: expected the words {forms}; got {', '.join(map(str, value))}")
    return _value(fitting[0], value, where)


def _nested(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        if not hasattr(kind, "SHORT_FORM"):
            words = ", ".join(entry.name for entry in fields(kind))
            raise ConfigurationError(f"{where}: expected a mapping of {words}, got {value!r}")
        value = {kind.SHORT_FORM: value}
    return fill_fields(kind, value, where)


def _mapping(kind: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where}: expected a mapping, got {value!r}")
    return {_plain(str, key, where): _value(kind, entry, f"{where}.{key}") for key, entry in value.items()}


def _choice(kind: type[Enum], value: Any, where: str) -> Enum:
    words = {str(member.value): member for member in kind}
    if value not in words:
        raise ConfigurationError(
            f"{where}: expected one of {', '.join(words)}, got {value!r}{nearest(str(value), words)}"
        )
    return words[value]


def _plain(kind: type, value: Any, where: str) -> Any:
    """Check a text, a number or a truth value; YAML reads 12 as a number where a word is meant."""
    if kind is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        hint = "; put it in quotes" if kind is str and isinstance(value, (bool, float)) else ""
        raise ConfigurationError(f"{where}: expected a value of type {kind.__name__}, got {value!r}{hint}")
    return value
