# SPDX-License-Identifier: Apache-2.0
"""Images and their phrases as a MONAI data set: items, transforms and collate; the network is called by an evaluator.

`Grounder` asks one image after another. The names here do the same in the stock parts of a bundle's configuration.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from monai.transforms.transform import Transform

from monai_medglip.errors import ConfigurationError
from monai_medglip.inference.grounding_jobs import GroundingJob, Question, grounding_jobs
from monai_medglip.inference.phrase_rules import PhraseRules
from monai_medglip.inference.placed_scan import PlacedScan
from monai_medglip.readers import read_image

__all__ = ["AskPhrasesd", "PlaceScand", "collate_scans", "scan_items"]


def scan_items(
    inputs: str | Path | Sequence[str | Path],
    prompt: str | Sequence[str],
    *,
    modality: str | None = None,
    body_region: str | None = None,
    output: str | Path | None = None,
) -> list[dict[str, Any]]:
    """Give one item ``{"job": GroundingJob}`` per image, for MONAI's `Dataset`.

    Args:
        inputs: image files, folders of images, tables of images; see `grounding_jobs`.
        prompt: one phrase or several, asked of every image for which a table does not say otherwise.
        modality: overrules what the files say of themselves.
        body_region: a body region of the ontology.
        output: a folder whose content is never an input.

    Returns:
        The items, in the order of the inputs.

    Raises:
        ConfigurationError: when modality or body region is none.
        DataError: when a table cannot be read.
        ImageReadError: when a folder holds no image.
        PhraseError: when a phrase cannot be asked, or an image is asked nothing.
    """
    paths = [Path(path) for path in ([inputs] if isinstance(inputs, str | Path) else inputs)]
    texts = [prompt] if isinstance(prompt, str) else list(prompt)
    question = Question.parse(texts, modality=modality, body_region=body_region)
    jobs = grounding_jobs(paths, question, output=None if output is None else Path(output))
    return [{"job": job} for job in jobs]


class PlaceScand(Transform):
    """Reads the image of an item's ``job`` and adds it as ``placed``, a `PlacedScan`.

    Args:
        canvas: size of the network's canvas (x, y[, z]) [voxels].
    """

    def __init__(self, canvas: Sequence[int]) -> None:
        self.canvas = tuple(canvas)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give a copy of the item with its image on the canvas."""
        job: GroundingJob = data["job"]
        scan = read_image(job.image, modality=job.question.modality)
        if job.question.body_region is not None:
            scan = replace(scan, body_region=job.question.body_region)
        return {**data, "placed": PlacedScan.on_canvas(scan, self.canvas)}


class AskPhrasesd(Transform):
    """Adds ``asked``: the phrases of an item's ``job`` in the words that the network gets.

    Args:
        rules: what is known of phrases without looking.
    """

    def __init__(self, rules: PhraseRules) -> None:
        self.rules = rules

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give a copy of the item with the phrases to ask."""
        job: GroundingJob = data["job"]
        return {**data, "asked": [self.rules.as_asked(phrase) for phrase in job.question.phrases]}


def collate_scans(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the batch of some items.

    Args:
        items: results of `PlaceScand` and `AskPhrasesd`.

    Returns:
        ``image`` ``(B, 3, *canvas)``; ``modality`` ``(B,)`` int64; ``whole_image`` ``(B, 2D)`` float32; ``phrases``, B
        lists of what the network is asked; ``placed``, B `PlacedScan`; ``jobs``, B `GroundingJob`.

    Raises:
        ConfigurationError: when the canvases differ in size.
    """
    placed: list[PlacedScan] = [item["placed"] for item in items]
    sizes = {tuple(one.pixels.shape[1:]) for one in placed}
    if len(sizes) > 1:
        raise ConfigurationError(
            f"expected images on one canvas in a batch, got {sorted(sizes)}; "
            "each volume has a working grid of its own, so set batch_size to 1 for volumes"
        )
    return {
        "image": torch.stack([one.pixels for one in placed]),
        "modality": torch.tensor([one.modality.index for one in placed]),
        "whole_image": torch.stack([one.whole_image for one in placed]),
        "phrases": [item["asked"] for item in items],
        "placed": placed,
        "jobs": [item["job"] for item in items],
    }
