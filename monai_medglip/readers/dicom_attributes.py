# SPDX-License-Identifier: Apache-2.0
"""Looking up and checking attributes of a DICOM data set; knows nothing of pixels or geometry."""

from __future__ import annotations

import contextlib
import csv
import functools
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ImageReadError

__all__ = ["attribute", "body_region", "numbers", "pydicom_warnings_logged", "text"]

_LOGGER = logging.getLogger(__name__)
_BODY_PARTS = Path(__file__).with_name("body_parts.tsv")


def attribute(dataset: Any, keyword: str) -> Any:
    """Give an attribute's value, or None when it is absent or empty.

    An object with functional groups and a single frame keeps geometry and rescale there; they are looked through too.
    """
    places = [dataset]
    for groups in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        for group in list(dataset.get(groups) or [])[:1]:
            places += [element.value[0] for element in group if element.VR == "SQ" and element.value]
    values = (place.get(keyword) for place in places)
    return next((value for value in values if value is not None and value != "" and value != []), None)


def text(dataset: Any, keyword: str) -> str:
    """Give an attribute as text, empty when it is absent."""
    value = attribute(dataset, keyword)
    return "" if value is None else str(value).strip()


def numbers(path: Path, dataset: Any, keyword: str, count: int) -> npt.NDArray[np.float64] | None:
    """Give an attribute of decimal numbers.

    Args:
        path: the file, named in the message.
        dataset: the data set.
        keyword: the attribute.
        count: how many numbers it must have.

    Returns:
        The numbers, or None when the attribute is absent or empty.

    Raises:
        ImageReadError: when it is not ``count`` finite numbers.
    """
    value = attribute(dataset, keyword)
    if value is None:
        return None
    try:
        found = np.atleast_1d(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError):
        found = np.array([np.nan])
    if found.shape != (count,) or not np.isfinite(found).all():
        raise ImageReadError(f"{path}: expected {count} finite number(s) in {keyword}, got {value}; correct the header")
    return found


def body_region(dataset: Any) -> str | None:
    """Give the project's body region for BodyPartExamined, None where it is absent, unknown or several regions."""
    return _body_parts().get(text(dataset, "BodyPartExamined").upper().replace("_", "").replace(" ", ""))


@functools.cache
def _body_parts() -> dict[str, str]:
    with _BODY_PARTS.open(encoding="utf-8", newline="") as file:
        return {row["body_part"]: row["body_region"] for row in csv.DictReader(file, delimiter="\t")}


@contextlib.contextmanager
def pydicom_warnings_logged(path: Path) -> Iterator[None]:
    """Send pydicom's many warnings on harmless breaches of the standard to the log at level INFO."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        _LOGGER.info("%s: %s", path, warning.message)
