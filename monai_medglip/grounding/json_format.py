# SPDX-License-Identifier: Apache-2.0
"""Groundings as JSON, version 2 of the ``medglip-grounding`` schema; nothing is lost, every float comes back exactly.

The schema lies beside this file as ``medglip_grounding_v2.schema.json``; ``docs/reference/grounding-json.md`` explains
it. Boxes are columns and rows of the source file; millimeters and milliliters stand beside them where they are known.
Version 1, which had no volumes, is read too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import DataError, MedGLIPError
from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding.measurements import box_sizes_mm, phrase_volumes_ml, region_volumes_ml
from monai_medglip.grounding.result import Grounding
from monai_medglip.grounding.status import Status, Support
from monai_medglip.imaging import MaskRLE
from monai_medglip.phrases import Phrase, Side

__all__ = [
    "SCHEMA_NAME",
    "SCHEMA_PATH",
    "SCHEMA_VERSION",
    "from_dict",
    "from_json",
    "read_json",
    "to_dict",
    "to_json",
    "write_json",
]

SCHEMA_NAME = "medglip-grounding"
SCHEMA_VERSION = 2
SCHEMA_PATH = Path(__file__).with_name("medglip_grounding_v2.schema.json")
_READ_VERSIONS = (1, 2)


def to_dict(grounding: Grounding) -> dict[str, Any]:
    """Give a grounding as plain dicts and lists, in the form of the schema."""
    return {
        "schema": SCHEMA_NAME,
        "schema_version": SCHEMA_VERSION,
        "frame": grounding.frame.to_dict(),
        "phrases": [
            _phrase_to_dict(grounding, index, volume) for index, volume in enumerate(phrase_volumes_ml(grounding))
        ],
        "regions": _regions_to_dicts(grounding),
        "provenance": grounding.provenance,
    }


def from_dict(document: Mapping[str, Any]) -> Grounding:
    """Give the grounding that `to_dict` described.

    Args:
        document: dicts and lists as the schema says; unknown extra keys, millimeters and milliliters are not read.

    Returns:
        A grounding equal to the one that was written.

    Raises:
        DataError: when it is not such a document, of a newer version, or a part is missing or malformed.
    """
    name, version = document.get("schema"), document.get("schema_version")
    if name != SCHEMA_NAME:
        raise DataError(f"expected a document whose 'schema' is {SCHEMA_NAME!r}, got {name!r}; was it another file?")
    if isinstance(version, bool) or version not in _READ_VERSIONS:
        raise DataError(
            f"expected {SCHEMA_NAME} version {' or '.join(map(str, _READ_VERSIONS))}, got {version!r}; read it with a "
            "monai_medglip that writes that version"
        )
    try:
        return _from_dict(document)
    except KeyError as error:
        raise DataError(f"expected a {SCHEMA_NAME} document, the key {error} is missing; see the schema") from error
    except MedGLIPError:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(f"expected a {SCHEMA_NAME} document, a part of it is malformed: {error}") from error


def to_json(grounding: Grounding) -> str:
    """Give a grounding as JSON text, one phrase or region a line."""
    document = to_dict(grounding)
    parts = []
    for key, value in document.items():
        if isinstance(value, list) and value:
            lines = ",\n    ".join(_compact(entry) for entry in value)
            parts.append(f"  {json.dumps(key)}: [\n    {lines}\n  ]")
        else:
            parts.append(f"  {json.dumps(key)}: {_compact(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def from_json(text: str) -> Grounding:
    """Give the grounding that `to_json` wrote.

    Raises:
        DataError: when the text is not JSON or not such a document.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise DataError(f"expected JSON, but {error}; was the file cut off?") from error
    if not isinstance(document, Mapping):
        raise DataError(f"expected a JSON object of the schema {SCHEMA_NAME}, got {type(document).__name__}")
    return from_dict(document)


def write_json(path: str | os.PathLike[str], grounding: Grounding) -> None:
    """Write a grounding as JSON, whole or not at all.

    Raises:
        OutputError: when the file cannot be written.
    """
    with atomic_file(path) as temporary:
        temporary.write_text(to_json(grounding), encoding="utf-8")


def read_json(path: str | os.PathLike[str]) -> Grounding:
    """Read a grounding that `write_json` wrote.

    Raises:
        DataError: when the file cannot be read or is not such a document.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"expected to read a grounding from {os.fspath(path)}, but {error}") from error
    try:
        return from_json(text)
    except DataError as error:
        raise DataError(f"{os.fspath(path)}: {error}") from error


def _phrase_to_dict(grounding: Grounding, index: int, volume_ml: float | None) -> dict[str, Any]:
    phrase, presence = grounding.phrases[index], float(grounding.presence[index])
    return {
        "text": phrase.text,
        "concept": phrase.concept,
        "side": phrase.side.value,
        "negated": phrase.negated,
        "span": None if phrase.span is None else list(phrase.span),
        "status": grounding.status[index].value,
        "presence": None if np.isnan(presence) else presence,
        "support": grounding.support[index].value,
        "volume_ml": volume_ml,
        "mask": _mask_to_dict(grounding.phrase_masks[index]),
    }


def _regions_to_dicts(grounding: Grounding) -> list[dict[str, Any]]:
    frame, boxes = grounding.frame, grounding.boxes
    centers = boxes.centers_mm().tolist() if frame.spacing_known and frame.orientation_known else [None] * len(boxes)
    measures = zip(box_sizes_mm(grounding), region_volumes_ml(grounding), strict=True)
    return [
        {
            "phrase": region.phrase_index,
            "score": region.score,
            "box": region.box.tolist(),
            "center_mm": center,
            "size_mm": None if size is None else list(size),
            "volume_ml": volume,
            "mask": _mask_to_dict(region.mask),
        }
        for region, center, (size, volume) in zip(grounding, centers, measures, strict=True)
    ]


def _mask_to_dict(mask: MaskRLE | None) -> dict[str, Any] | None:
    return None if mask is None else {"shape": list(mask.shape), "counts": mask.counts.decode("ascii")}


def _mask_from_dict(mask: Mapping[str, Any] | None) -> MaskRLE | None:
    return None if mask is None else MaskRLE(tuple(mask["shape"]), mask["counts"].encode("ascii"))


def _phrase_from_dict(phrase: Mapping[str, Any]) -> Phrase:
    return Phrase(
        text=phrase["text"],
        concept=phrase["concept"],
        side=Side(phrase["side"]),
        negated=phrase["negated"],
        span=None if phrase["span"] is None else tuple(phrase["span"]),
    )


def _from_dict(document: Mapping[str, Any]) -> Grounding:
    frame = Frame.from_dict(document["frame"])
    regions, phrases = document["regions"], document["phrases"]
    boxes = np.array([region["box"] for region in regions], np.float64).reshape(len(regions), 2 * frame.spatial_dims)
    return Grounding(
        boxes=Boxes(boxes, frame),
        scores=np.array([region["score"] for region in regions], np.float64),
        phrase_index=np.array([region["phrase"] for region in regions], np.int64),
        phrases=tuple(_phrase_from_dict(phrase) for phrase in phrases),
        presence=np.array([np.nan if p["presence"] is None else p["presence"] for p in phrases], np.float64),
        status=tuple(Status(phrase["status"]) for phrase in phrases),
        support=tuple(Support(phrase["support"]) for phrase in phrases),
        instance_masks=tuple(_mask_from_dict(region["mask"]) for region in regions),
        phrase_masks=tuple(_mask_from_dict(phrase["mask"]) for phrase in phrases),
        provenance=document["provenance"],
    )


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
