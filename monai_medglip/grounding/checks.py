# SPDX-License-Identifier: Apache-2.0
"""What a grounding checks of its parts when it is constructed; each error says which part does not fit which."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import DataError, GeometryError
from monai_medglip.imaging import MaskRLE

__all__ = ["check_length", "check_masks", "plain_provenance", "probabilities"]


def check_length(name: str, length: int, expected: int, of: str) -> None:
    """Raise GeometryError when ``name`` has not one entry for each of the ``expected`` things called ``of``."""
    if length != expected:
        raise GeometryError(f"{name} must have {expected} entries, one for each of the {of}, got {length}")


def probabilities(
    name: str, values: npt.ArrayLike, expected: int, of: str, *, nan_allowed: bool
) -> npt.NDArray[np.float64]:
    """Give ``values`` as a read-only ``(expected,)`` float64 array of numbers in ``[0, 1]``.

    Raises:
        GeometryError: when the shape is another or a value is outside, or NaN where it is not allowed.
    """
    array = np.array(values, dtype=np.float64)
    if array.shape != (expected,):
        raise GeometryError(f"{name} must have shape ({expected},), one for each of the {of}, got {array.shape}")
    inside = (array >= 0) & (array <= 1) | (np.isnan(array) & nan_allowed)
    if not inside.all():
        position = int(np.flatnonzero(~inside)[0])
        raise GeometryError(
            f"{name} must be calibrated probabilities in [0, 1]{' or NaN' if nan_allowed else ''}, "
            f"got {array[position]} at position {position}; pass raw logits through the calibration first"
        )
    array.setflags(write=False)
    return array


def check_masks(
    name: str, masks: Sequence[MaskRLE | None], expected: int, of: str, shape: tuple[int, ...]
) -> tuple[MaskRLE | None, ...]:
    """Give one mask or None for each of ``expected`` things, all on a grid of ``shape``; ``()`` stands for no masks.

    Raises:
        GeometryError: when the count or the grid of a mask is another.
    """
    if not masks:
        return (None,) * expected
    check_length(name, len(masks), expected, of)
    for position, mask in enumerate(masks):
        if mask is not None and tuple(mask.shape) != tuple(shape):
            raise GeometryError(
                f"{name} must lie on the image's grid {tuple(shape)}, got {tuple(mask.shape)} at position {position}; "
                "resample the mask to the image first"
            )
    return tuple(masks)


def plain_provenance(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Give a copy of ``provenance`` in plain values, with tuples as lists, so that it can be written anywhere.

    Raises:
        DataError: when a value is not a text, a finite number, a bool, None, or a list or mapping of those.
    """
    return {_text_key(key, "provenance"): _plain(value, f"provenance[{key!r}]") for key, value in provenance.items()}


def _plain(value: object, where: str) -> Any:
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {_text_key(key, where): _plain(entry, f"{where}[{key!r}]") for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry, f"{where}[{position}]") for position, entry in enumerate(value)]
    raise DataError(
        f"{where} must be a text, a finite number, a bool, None, or a list or mapping of those, got {value!r}; "
        "convert it (float(...), str(...), .tolist()) first"
    )


def _text_key(key: object, where: str) -> str:
    if not isinstance(key, str):
        raise DataError(f"the keys of {where} must be texts, got {key!r}")
    return key
