# SPDX-License-Identifier: Apache-2.0
"""The Med-GLIP network: an image and phrases in; alignment, boxes, masks and presence out.

The image encoder never sees the phrases: an image is encoded once and can be asked many times (`MedGLIP.encode`,
`MedGLIP.ground`). No training code and no post-processing is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from monai_medglip.errors import PhraseError
from monai_medglip.imaging import Modality
from monai_medglip.networks.grounding_head import GroundingHead
from monai_medglip.networks.image_encoder import ImageEncoder
from monai_medglip.networks.modality_encoder import ModalityEncoder, ModalitySharing
from monai_medglip.networks.phrase_encoder import PhraseProjection, TextEncoder, side_index
from monai_medglip.networks.pyramid_neck import PyramidNeck
from monai_medglip.phrases import Phrase

__all__ = ["EncodedImage", "MedGLIP"]


@dataclass(frozen=True)
class EncodedImage:
    """All that phrases need to know of a batch of images.

    Attributes:
        regions: one ``(B, width, ...)`` per region stride.
        pixels: pixel map ``(B, pixel_width, ...)``.
        modality_logits: ``(B, M)`` for the known modalities.
    """

    regions: tuple[Tensor, ...]
    pixels: Tensor
    modality_logits: Tensor


class MedGLIP(nn.Module):
    """Phrase grounding by region-phrase alignment with phrase-conditioned boxes and masks.

    Args:
        image_encoder: backbone with levels at all of the region strides.
        text_encoder: frozen text encoder; its weights are not in this network's state dict.
        width: channels of region features and phrase vectors.
        pixel_width: channels of the pixel map that masks are read from.
        region_strides: strides whose cells become candidate regions; finer ones for volumes, whose grids are small.
        full_resolution: whether masks are predicted on the image's own grid, not on that of the finest level.
        sharing: what the modalities share: ``shared``, ``adapters`` or ``separate``.
        modality_dropout: share of training images whose modality is hidden, so that it may be unknown later.
    """

    def __init__(
        self,
        image_encoder: ImageEncoder,
        text_encoder: TextEncoder,
        *,
        width: int = 128,
        pixel_width: int = 32,
        region_strides: Sequence[int] = (8, 16, 32),
        full_resolution: bool = False,
        sharing: ModalitySharing | str = ModalitySharing.SHARED,
        modality_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        dims = image_encoder.spatial_dims
        self.image_encoder = ModalityEncoder(image_encoder, sharing=sharing)
        self.text_encoder = text_encoder
        self.phrase_projection = PhraseProjection(text_encoder.width, width)
        strides = tuple(region_strides)
        self.neck = PyramidNeck(
            image_encoder.channels,
            width=width,
            pixel_width=pixel_width,
            region_strides=strides,
            full_resolution=full_resolution,
            spatial_dims=dims,
        )
        self.head = GroundingHead(width=width, pixel_width=pixel_width, strides=strides, spatial_dims=dims)
        self.modality_classifier = nn.Linear(image_encoder.channels[strides[-1]], len(Modality) - 1)
        self.modality_dropout = modality_dropout
        self.spatial_dims = dims

    def forward(
        self,
        image: Tensor,
        phrases: Sequence[Sequence[Phrase]] | None = None,
        modality: Tensor | None = None,
        whole_image: Tensor | None = None,
        predict_unknown: bool = False,
    ) -> Tensor | dict[str, Tensor]:
        """Ground each image's phrases.

        Args:
            image: ``(B, 3, x, y[, z])`` in [-1, 1], sides divisible by the largest region stride.
            phrases: for each image its phrases; None asks for the pixel map alone (MONAI's bundle checks need that).
            modality: ``(B,)`` positions in `Modality`; None means unknown.
            whole_image: ``(B, 2D)`` canvas edges of the whole image, which the canvas may show a part of; None means
                that image and canvas are the same.
            predict_unknown: as in `encode`.

        Returns:
            The pixel map ``(B, pixel_width, ...)`` without phrases; else the dictionary of
            `GroundingHead.forward` with ``modality`` ``(B, M)`` logits and ``phrase_valid`` ``(B, P)`` bool, where P
            is the largest number of phrases of an image.
        """
        encoded = self.encode(image, modality, whole_image, predict_unknown=predict_unknown)
        if phrases is None:
            return encoded.pixels
        vectors, valid = self.embed(phrases)
        return {**self.ground(encoded, vectors), "modality": encoded.modality_logits, "phrase_valid": valid}

    def encode(
        self,
        image: Tensor,
        modality: Tensor | None = None,
        whole_image: Tensor | None = None,
        *,
        predict_unknown: bool = False,
    ) -> EncodedImage:
        """Encode images once.

        Args:
            image: as in `forward`.
            modality: as in `forward`.
            whole_image: as in `forward`.
            predict_unknown: whether the neck treats an image of unknown modality as one of the predicted modality.

        Returns:
            What phrases are compared with.
        """
        image, modality, whole_image = self._complete(image, modality, whole_image)
        levels = self.image_encoder(image, modality)
        pooled = levels[self.neck.region_strides[-1]].flatten(2).float().mean(2)
        modality_logits = self.modality_classifier(pooled).float()
        if predict_unknown:
            modality = torch.where(modality == Modality.UNKNOWN.index, modality_logits.argmax(1), modality)
        regions, pixels = self.neck(levels, image, modality, whole_image)
        return EncodedImage(tuple(regions), pixels, modality_logits)

    def embed(self, phrases: Sequence[Sequence[Phrase]]) -> tuple[Tensor, Tensor]:
        """Give phrase vectors ``(B, P, width)`` and which of them are phrases, not padding ``(B, P)``."""
        most = max((len(asked) for asked in phrases), default=0)
        flat = [phrase for asked in phrases for phrase in asked]
        if any(not phrase.text.strip() for phrase in flat):
            raise PhraseError("expected phrases with at least one word, got an empty one; leave it out")
        device = self.modality_classifier.weight.device
        valid = torch.tensor(
            [[i < len(asked) for i in range(most)] for asked in phrases], dtype=torch.bool, device=device
        ).reshape(len(phrases), most)
        text = torch.zeros(len(phrases), most, self.text_encoder.width, device=device)
        side = torch.zeros(len(phrases), most, dtype=torch.long, device=device)
        text[valid] = self.text_encoder([phrase.text for phrase in flat]).to(device)
        side[valid] = torch.tensor([side_index(phrase) for phrase in flat], dtype=torch.long, device=device)
        return self.phrase_projection(text, side), valid

    def ground(self, encoded: EncodedImage, phrase_vectors: Tensor) -> dict[str, Tensor]:
        """Ask encoded images for phrases ``(B, P, width)``; see `GroundingHead.forward` for what comes back."""
        return self.head(encoded.regions, encoded.pixels, phrase_vectors)  # type: ignore[no-any-return]

    def _complete(
        self, image: Tensor, modality: Tensor | None, whole_image: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        batch, dims = image.shape[0], self.spatial_dims
        unknown = Modality.UNKNOWN.index
        if modality is None:
            modality = torch.full((batch,), unknown, dtype=torch.long, device=image.device)
        if self.training and self.modality_dropout:
            hidden = torch.rand(batch, device=modality.device) < self.modality_dropout
            modality = torch.where(hidden, unknown, modality)
        if whole_image is None:
            whole = [0.0] * dims + [float(size) for size in image.shape[2:]]
            whole_image = torch.tensor([whole] * batch, device=image.device)
        layout = torch.channels_last if dims == 2 else torch.channels_last_3d
        return image.contiguous(memory_format=layout), modality, whole_image
