# SPDX-License-Identifier: Apache-2.0
"""Networks: image encoders, text encoder, neck and heads, and `MedGLIP` that joins them; no training code."""

from __future__ import annotations

from monai_medglip.networks.export import export_grounding_head, export_image_encoder
from monai_medglip.networks.grounding_head import GroundingHead
from monai_medglip.networks.image_encoder import ImageEncoder, MobileNetV2Encoder, TransformersEncoder
from monai_medglip.networks.medglip import EncodedImage, MedGLIP
from monai_medglip.networks.memory_layout import use_channels_last
from monai_medglip.networks.modality_encoder import ModalityEncoder, ModalitySharing
from monai_medglip.networks.network_definition import build_network, load_weights, read_network_definition
from monai_medglip.networks.normalization_folding import fold_normalization
from monai_medglip.networks.phrase_encoder import PhraseProjection, TextEncoder
from monai_medglip.networks.pyramid_neck import ModalityModulation, PyramidNeck
from monai_medglip.networks.residual_encoder import ResidualEncoder
from monai_medglip.networks.slice_encoder import SliceEncoder

__all__ = [
    "EncodedImage",
    "GroundingHead",
    "ImageEncoder",
    "MedGLIP",
    "MobileNetV2Encoder",
    "ModalityEncoder",
    "ModalityModulation",
    "ModalitySharing",
    "PhraseProjection",
    "PyramidNeck",
    "ResidualEncoder",
    "SliceEncoder",
    "TextEncoder",
    "TransformersEncoder",
    "build_network",
    "export_grounding_head",
    "export_image_encoder",
    "fold_normalization",
    "load_weights",
    "read_network_definition",
    "use_channels_last",
]
