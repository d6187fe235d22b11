# SPDX-License-Identifier: Apache-2.0
"""Index files in JSON: read whole, and asked for what must be in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_medglip.errors import DataError

__all__ = ["json_value", "read_json"]


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        DataError: when it is not there, no JSON, or too large for memory.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as problem:
        raise DataError(f"{path}: expected a JSON file, got: {problem}") from problem
    except MemoryError as problem:
        raise DataError(
            f"{path}: expected a JSON file that fits into memory, it does not; divide it, or use a larger machine"
        ) from problem


def json_value(entry: Any, key: str, kind: type | tuple[type, ...], where: str) -> Any:
    """Give what a JSON object holds under a key.

    Args:
        entry: the object.
        key: the key.
        kind: what the value must be.
        where: what the message calls the object.

    Raises:
        DataError: when the object is none, or the value is missing or of another type.
    """
    if not isinstance(entry, Mapping) or key not in entry:
        raise DataError(f"{where}: expected an object with {key!r}, got {str(entry)[:80]}")
    value = entry[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        names = " or ".join(each.__name__ for each in kinds)
        raise DataError(f"{where}: expected {key!r} of type {names}, got {str(value)[:80]}")
    return value
