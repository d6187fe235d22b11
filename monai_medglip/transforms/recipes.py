# SPDX-License-Identifier: Apache-2.0
"""The transforms of training, validation and inference in their order; what loads and what makes targets is given.

An item that reaches the first of these transforms has ``image`` and ``instances`` (MetaTensors), ``region_boxes``,
``region_table``, ``mirror`` and ``record``, which tells the modality. All lists may be put into any ``Compose``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from monai_medglip.transforms.box_frame import BoxesToFramed, RecordFramed
from monai_medglip.transforms.canvas import Canvasd
from monai_medglip.transforms.intensity import NormalizeIntensityd
from monai_medglip.transforms.mirroring import RandMirrorPhrasesd
from monai_medglip.transforms.random_canvas import RandCanvas, RandCanvasd
from monai_medglip.transforms.random_intensity import RandIntensity, RandIntensityd

__all__ = ["inference_transforms", "training_transforms", "validation_transforms"]

Transforms = list[Callable[..., Any]]

_PIXELS = ("image", "instances")
_INTERPOLATION = ("linear", "nearest")


def training_transforms(
    load: Sequence[Callable[..., Any]] = (),
    targets: Sequence[Callable[..., Any]] = (),
    *,
    size: Sequence[int] = (320, 320),
    view: RandCanvas | None = None,
    change: RandIntensity | None = None,
) -> Transforms:
    """Give the transforms of training: mirrored where allowed, random intensity, a random view on the canvas.

    Args:
        load: the transforms before, which read an item.
        targets: the transforms after, which make phrases and targets.
        size: of the canvas (x, y[, z]); used when no view is given.
        view: how random views are chosen.
        change: how random intensity changes are chosen.

    Returns:
        The transforms in their order.
    """
    return [
        *load,
        RecordFramed("image"),
        RandMirrorPhrasesd(_PIXELS),
        NormalizeIntensityd("image"),
        RandIntensityd("image", change),
        RandCanvasd(_PIXELS, RandCanvas(size) if view is None else view, interpolation=_INTERPOLATION),
        BoxesToFramed("region_boxes"),
        *targets,
    ]


def validation_transforms(
    load: Sequence[Callable[..., Any]] = (),
    targets: Sequence[Callable[..., Any]] = (),
    *,
    size: Sequence[int] = (320, 320),
) -> Transforms:
    """Give the transforms of validation: the whole image on the canvas, with its regions.

    Args:
        load: the transforms before, which read an item.
        targets: the transforms after, which make phrases and targets.
        size: of the canvas (x, y[, z]).

    Returns:
        The transforms in their order.
    """
    return [
        *load,
        RecordFramed("image"),
        NormalizeIntensityd("image"),
        Canvasd(_PIXELS, size, interpolation=_INTERPOLATION),
        BoxesToFramed("region_boxes"),
        *targets,
    ]


def inference_transforms(load: Sequence[Callable[..., Any]] = (), *, size: Sequence[int] = (320, 320)) -> Transforms:
    """Give the transforms of inference: the whole image on the canvas, and its valid region; nothing else is known.

    Args:
        load: the transforms before, which read an item with ``image`` and ``record`` (a `Scan` will do).
        size: of the canvas (x, y[, z]).

    Returns:
        The transforms in their order.
    """
    return [
        *load,
        RecordFramed("image"),
        NormalizeIntensityd("image"),
        Canvasd("image", size),
        BoxesToFramed(),
    ]
