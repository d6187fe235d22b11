# SPDX-License-Identifier: Apache-2.0
"""Networks with random weights that run in milliseconds, in 2D and 3D."""

from __future__ import annotations

import copy
import string
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from monai.networks.layers.factories import Conv
from torch import Tensor, nn

from monai_medglip.networks import ImageEncoder, MedGLIP, TextEncoder
from monai_medglip.phrases import Phrase

CANVAS = 64


class TinyEncoder(ImageEncoder):
    """One convolution per level, strides 2 to 32."""

    def __init__(self, spatial_dims: int = 2) -> None:
        super().__init__()
        convolution = Conv[Conv.CONV, spatial_dims]
        self.spatial_dims = spatial_dims
        self.channels = {2: 8, 4: 8, 8: 16, 16: 16, 32: 16}
        widths = [3, *self.channels.values()]
        self.steps = nn.ModuleList(
            convolution(before, after, 3, stride=2, padding=1) for before, after in pairwise(widths)
        )

    def stem(self, image: Tensor) -> Tensor:
        return self.steps[0](image).tanh()

    def adapter(self) -> nn.Module:
        return nn.Sequential(copy.deepcopy(self.steps[0]), nn.Tanh())

    def trunk(self, stem_features: Tensor) -> dict[int, Tensor]:
        levels = {2: stem_features}
        for stride, step in zip((4, 8, 16, 32), self.steps[1:], strict=True):
            levels[stride] = step(levels[stride // 2]).tanh()
        return levels


def write_text_encoder(folder: Path) -> Path:
    """Write a Hugging Face folder with a BERT of one layer that spells words letter by letter."""
    from transformers import BertConfig, BertModel, BertTokenizer

    letters = string.ascii_lowercase + string.digits
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    BertTokenizer(vocab={word: index for index, word in enumerate(words)}).save_pretrained(folder)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(folder)
    return folder


def tiny_network(text_encoder: Path, *, spatial_dims: int = 2, seed: int = 0, **settings: Any) -> MedGLIP:
    """Give an untrained network of width 32 in training mode, the same for the same seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        options = {"width": 32, "pixel_width": 8, **settings}
        return MedGLIP(TinyEncoder(spatial_dims), TextEncoder(text_encoder), **options)


def noise(batch: int, *shape: int, seed: int = 0) -> Tensor:
    """Give random images ``(B, 3, *shape)`` in [-1, 1]; the canvas when no shape is given."""
    size = shape or (CANVAS, CANVAS)
    return torch.rand(batch, 3, *size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def phrases_of(*texts: str) -> list[Phrase]:
    """Give phrases that the ontology was not asked about."""
    return [Phrase(text) for text in texts]
