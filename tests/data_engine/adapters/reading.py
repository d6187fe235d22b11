# SPDX-License-Identifier: Apache-2.0
"""What every test of a layout does: read all images and annotations below a folder."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from monai_medglip.data_engine.adapters import Annotation, SourceItem, adapter_from_layout
from monai_medglip.data_engine.cards.catalog import CARD_FOLDER
from monai_medglip.data_engine.cards.read_card import read_card as parse_card


def read_layout(root: Path, layout: Mapping[str, Any]) -> dict[str, tuple[SourceItem, tuple[Annotation, ...]]]:
    """Read a folder by a layout; items go to another process before they are read, as in a build."""
    return _read(list(adapter_from_layout(layout).items(root)))


def read_card(root: Path, name: str) -> dict[str, tuple[SourceItem, tuple[Annotation, ...]]]:
    """Read a folder by the layout of a data set's card, whose labels must list every value that is there."""
    card = parse_card(CARD_FOLDER / f"{name}.yaml")
    read = _read(list(card.adapter().items(root)))
    listed = {label.value for label in card.labels} | set(card.left_out)
    strange = {annotation.value for _, drawn in read.values() for annotation in drawn} - listed
    assert not strange, f"values that the card of {name} does not list: {strange}"
    return read


def _read(items):
    return {item.id: (item, item.annotation.read(item.read())) for item in pickle.loads(pickle.dumps(items))}


def write_picture(path: Path, pixels: np.ndarray, **options: Any) -> Path:
    """Write (x, y) or (x, y, 3) numbers as a picture of the format that the name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels).swapaxes(0, 1).copy()).save(path, **options)
    return path


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Give grey pixels that are an image's and no mask's."""
    return np.random.default_rng(seed).integers(0, 255, shape, np.uint8)


def block(shape: tuple[int, ...], *ranges: tuple[int, int]) -> np.ndarray:
    """Give a bool array that is set in a block, one (low, high) for each axis."""
    mask = np.zeros(shape, bool)
    mask[tuple(slice(low, high) for low, high in ranges)] = True
    return mask
