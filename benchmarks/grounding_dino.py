# SPDX-License-Identifier: Apache-2.0
"""``transformers``' GroundingDINO with its tiny configuration and random weights: the same arithmetic, no download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

__all__ = ["GroundingDino"]

_THRESHOLD = 0.25


class GroundingDino:
    """The default configuration is the tiny model: Swin-tiny, BERT-base, 900 queries.

    Args:
        tokenizer: Hugging Face folder of an uncased BERT tokenizer.
    """

    def __init__(self, tokenizer: Path) -> None:
        from transformers import AutoTokenizer, GroundingDinoConfig, GroundingDinoForObjectDetection

        torch.manual_seed(0)
        self._tokenizer = AutoTokenizer.from_pretrained(tokenizer, local_files_only=True)
        self._network = GroundingDinoForObjectDetection(GroundingDinoConfig()).eval()

    @torch.inference_mode()
    def __call__(self, pixels: Tensor, phrases: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return boxes ``(N, 4)`` and scores ``(N,)``, as the model's own processor computes them from its answer.

        Args:
            pixels: ``(1, 3, x, y)``.
            phrases: asked in one prompt, each closed by a full stop.
        """
        prompt = self._tokenizer(" ".join(f"{phrase}." for phrase in phrases), return_tensors="pt")
        answer = self._network(pixel_values=pixels, **prompt)
        scores = answer.logits[0].float().sigmoid().amax(dim=-1)
        shown = scores > _THRESHOLD
        center, size = answer.pred_boxes[0].float()[shown].chunk(2, dim=-1)
        extent = torch.tensor(pixels.shape[2:]).repeat(2)
        return torch.cat([center - size / 2, center + size / 2], dim=-1) * extent, scores[shown]
