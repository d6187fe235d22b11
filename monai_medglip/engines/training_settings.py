# SPDX-License-Identifier: Apache-2.0
"""Changes to the settings of a training or an evaluation, checked against them; MONAI itself accepts any key and value.

A setting is known when the configuration has its key, nested keys as ``train::trainer::max_epochs`` or with ``#``
between. Its value must be of the type of the value that it replaces, unless that one is computed when the run begins.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monai_medglip.errors import ConfigurationError

__all__ = ["checked_settings", "known_settings"]

_SEPARATOR = "::"
_OLD_SEPARATOR = "#"
# What MONAI evaluates, refers to or copies has no type before the run begins.
_COMPUTED = ("$", "@", "%")


def checked_settings(
    texts: Sequence[str], configuration: Mapping[str, Any], *, what: str = "the training configuration"
) -> dict[str, Any]:
    """Give the changes that texts like ``max_epochs=3`` ask for.

    Args:
        texts: ``key=value`` each; the value is JSON, or else taken as text; ``null`` in the place of text is None.
        configuration: what may be changed, as plain values: the bundle's configuration as its JSON file holds it.
        what: what that is called in messages.

    Returns:
        The values by key, with MONAI's own separator.

    Raises:
        ConfigurationError: when a text is no setting, its key is unknown, or its value is of another type.

    Example:
        >>> checked_settings(["train#epochs=3"], {"train": {"epochs": 20}})
        {'train::epochs': 3}
    """
    known = known_settings(configuration)
    return dict(_checked(text, known, what) for text in texts)


def known_settings(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Give every key of a configuration with its value, nested ones with ``::`` between; notes on itself left out."""
    return {key: value for key, value in _walk(configuration, "") if not key.startswith("_meta_")}


def _walk(node: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    entries = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for name, value in entries:
        yield f"{prefix}{name}", value
        yield from _walk(value, f"{prefix}{name}{_SEPARATOR}")


def _checked(text: str, known: Mapping[str, Any], what: str) -> tuple[str, Any]:
    name, equals, written = text.partition("=")
    if not (name and equals):
        example = next(iter(known), "key")
        raise ConfigurationError(f"expected a setting as key=value, got {text!r}; for example {example}=...")
    key = name.strip().replace(_OLD_SEPARATOR, _SEPARATOR)
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
        hint = (
            f"did you mean {near[0]!r}?" if near else f"there are {', '.join(k for k in known if _SEPARATOR not in k)}"
        )
        raise ConfigurationError(f"expected a key of {what}, got {name!r}; {hint}")
    return key, _value(key, written, _default(key, known))


def _default(key: str, known: Mapping[str, Any]) -> Any:
    """Give the value of a key, or that of the key which it plainly refers to (``@batch_size``)."""
    value = known[key]
    seen = {key}
    while isinstance(value, str) and value.startswith("@") and value[1:] in known and value[1:] not in seen:
        seen.add(value[1:])
        value = known[value[1:]]
    return value


def _value(key: str, written: str, default: Any) -> Any:
    try:
        value = json.loads(written)
    except ValueError:
        value = written
    if _is_computed(default) or _is_computed(value):
        return value
    if isinstance(default, str):
        return None if value is None else written
    if not _is_of_type(value, default):
        raise ConfigurationError(
            f"expected a value like {json.dumps(default)} for {key!r}, got {written!r}; "
            f"write it as JSON of type {type(default).__name__}"
        )
    return value


def _is_computed(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_COMPUTED)


def _is_of_type(value: Any, default: Any) -> bool:
    if default is None:
        return True
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    if not isinstance(value, type(default)):
        return False
    if not isinstance(default, list):
        return True
    return all(any(_is_of_type(entry, example) for example in default) for entry in value) or not default
