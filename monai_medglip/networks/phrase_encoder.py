# SPDX-License-Identifier: Apache-2.0
"""From phrases to vectors: the text encoder, and the learned projection that adds the side.

The raw sentence vector hardly tells left from right (cosine 0.92), so the side that the parser read enters as an
embedding of its own. Negation is the parser's business and never reaches the vector.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from monai_medglip.errors import WeightsError
from monai_medglip.phrases import Phrase, Side

__all__ = ["PhraseProjection", "TextEncoder"]

_SIDES = tuple(Side)


class TextEncoder(nn.Module):
    """A frozen ``transformers`` text encoder with mean pooling; each text is encoded once and remembered.

    Args:
        folder: a Hugging Face folder with configuration, tokenizer and safetensors weights, or a model name.
        max_tokens: longer phrases are cut there.

    Raises:
        WeightsError: when the folder does not hold a text encoder.
    """

    def __init__(self, folder: str | Path, *, max_tokens: int = 64) -> None:
        super().__init__()
        from transformers import AutoConfig, AutoTokenizer

        local = Path(folder).exists()
        try:
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=local)
            self._tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=local)
        except (OSError, ValueError) as error:
            raise WeightsError(
                f"expected a Hugging Face text encoder (config.json, tokenizer.json, safetensors) in {folder}: {error}"
            ) from error
        # without its file transformers makes a tokenizer that knows no word, and every phrase would be the same
        if set(self._tokenizer.get_vocab()) <= set(self._tokenizer.all_special_tokens):
            raise WeightsError(
                f"expected the tokenizer of a text encoder with its vocabulary in {folder}, found no word"
            )
        self.folder, self.max_tokens = str(folder), max_tokens
        self.width: int = config.hidden_size
        self._model: Any = None  # kept out of the modules, so that the state dict does not hold its weights
        self._cache: dict[str, Tensor] = {}

    def _load_model(self) -> Any:
        from safetensors import SafetensorError
        from transformers import AutoModel

        options: dict[str, Any] = {"trust_remote_code": False, "dtype": torch.float32, "output_loading_info": True}
        try:
            with _quiet_transformers():
                model, loaded = AutoModel.from_pretrained(
                    self.folder, local_files_only=Path(self.folder).exists(), **options
                )
        except (OSError, RuntimeError, SafetensorError) as error:
            raise WeightsError(
                f"expected the weights (safetensors) of a Hugging Face text encoder in {self.folder}: {error}; "
                "download the bundle again"
            ) from error
        missing = sorted(name for name in loaded["missing_keys"] if not name.startswith("pooler."))  # not used here
        if missing:
            raise WeightsError(
                f"expected all weights of the text encoder in {self.folder}, {len(missing)} are missing, such as "
                f"{missing[0]}; download the bundle again"
            )
        return model.eval().requires_grad_(False)

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Give the unit vectors of ``texts``, ``(len(texts), width)`` float32 on the CPU."""
        self._remember(text for text in dict.fromkeys(texts) if text not in self._cache)
        if not texts:
            return torch.zeros(0, self.width)
        return torch.stack([self._cache[text] for text in texts])

    @torch.no_grad()
    def _remember(self, texts: Iterable[str], batch_size: int = 64) -> None:
        missing = list(texts)
        if missing and self._model is None:
            object.__setattr__(self, "_model", self._load_model())
        for start in range(0, len(missing), batch_size):
            part = missing[start : start + batch_size]
            tokens = self._tokenizer(
                part, padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
            )
            hidden = self._model(**tokens).last_hidden_state.float()
            weight = tokens["attention_mask"][..., None].float()
            pooled = (hidden * weight).sum(1) / weight.sum(1).clamp_min(1.0)
            vectors = torch.nn.functional.normalize(pooled, dim=-1)
            self._cache.update(zip(part, vectors, strict=True))


@contextlib.contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Keep away the progress bar and the table that transformers prints, also for a layer that nobody uses."""
    from transformers.utils import logging as messages

    verbosity, has_bars = messages.get_verbosity(), messages.is_progress_bar_enabled()
    messages.set_verbosity_error()
    messages.disable_progress_bar()
    try:
        yield
    finally:
        messages.set_verbosity(verbosity)
        if has_bars:
            messages.enable_progress_bar()


class PhraseProjection(nn.Module):
    """Text vectors and sides to the vectors that regions are compared with.

    Args:
        text_width: width of the text encoder's vectors.
        width: width of the phrase vectors.
    """

    def __init__(self, text_width: int, width: int) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.Linear(text_width, 2 * width), nn.GELU(), nn.Dropout(0.1))
        self.side = nn.Embedding(len(_SIDES), 2 * width)
        self.mix = nn.Sequential(
            nn.LayerNorm(2 * width), nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, width)
        )
        self.norm = nn.LayerNorm(width)
        # the sentence vectors have unit length, entries of about 0.05: bring them to the scale that layers expect
        self.text_scale = float(text_width) ** 0.5

    def forward(self, text_vectors: Tensor, sides: Tensor) -> Tensor:
        """Give ``(..., width)`` from text vectors ``(..., text_width)`` and side indices ``(...)``."""
        hidden = self.project(text_vectors * self.text_scale) + self.side(sides)
        return self.norm(self.mix(hidden))  # type: ignore[no-any-return]


def side_index(phrase: Phrase) -> int:
    """Give the position of the phrase's side in the side embedding."""
    return _SIDES.index(phrase.side)
