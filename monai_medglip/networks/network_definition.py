# SPDX-License-Identifier: Apache-2.0
"""Building a network from a plain definition: JSON with names from a fixed list, nothing that is evaluated.

MONAI's bundle configurations may run any Python expression; a clinic must not have to trust that. A definition lies
beside the weights and can only name the classes below. Definitions that ship with the package are known by name:
``medglip_tiny`` (2 CPU cores) and ``medglip_base`` (one GPU).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from monai_medglip.errors import ConfigurationError, WeightsError
from monai_medglip.networks.image_encoder import ImageEncoder, MobileNetV2Encoder, TransformersEncoder
from monai_medglip.networks.medglip import MedGLIP
from monai_medglip.networks.phrase_encoder import TextEncoder
from monai_medglip.networks.residual_encoder import ResidualEncoder
from monai_medglip.networks.slice_encoder import SliceEncoder

__all__ = ["build_network", "load_weights", "read_network_definition"]

_SHIPPED = Path(__file__).with_name("definitions")
_IMAGE_ENCODERS: dict[str, type[ImageEncoder]] = {
    "MobileNetV2Encoder": MobileNetV2Encoder,
    "TransformersEncoder": TransformersEncoder,
    "ResidualEncoder": ResidualEncoder,
    "SliceEncoder": SliceEncoder,
}
# The argument of an encoder that names pretrained weights to start from; the others start at random.
_WEIGHTS_ARGUMENT: dict[type[ImageEncoder], str] = {
    MobileNetV2Encoder: "weights",
    TransformersEncoder: "backbone",
    SliceEncoder: "weights",
}
_REQUIRED = {"network", "image_encoder", "text_encoder"}
_OPTIONAL = {"width", "pixel_width", "region_strides", "full_resolution", "sharing", "modality_dropout", "canvas"}


def read_network_definition(definition: str | Path) -> dict[str, Any]:
    """Give the definition of a shipped network or of a JSON file.

    Args:
        definition: ``medglip_tiny``, ``medglip_base`` or the path of a JSON file.

    Returns:
        The definition; a relative text encoder folder that exists beside the file is made absolute.

    Raises:
        ConfigurationError: when the file is missing, is not JSON or lacks a key.
    """
    path = Path(definition)
    shipped = _SHIPPED / f"{definition}.json"
    if not path.suffix and shipped.is_file():
        path = shipped
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        names = ", ".join(sorted(p.stem for p in _SHIPPED.glob("*.json")))
        raise ConfigurationError(
            f"expected a network definition (a JSON file, or {names}), got {path}: {error}"
        ) from None
    if not isinstance(found, dict):
        raise ConfigurationError(f"expected a network definition (a JSON object) in {path}, got {found!r}")
    _check(found, path)
    beside = path.parent / found["text_encoder"]["folder"]
    if beside.is_dir():
        found["text_encoder"]["folder"] = str(beside)
    return found


def _check(definition: Mapping[str, Any], origin: object) -> None:
    missing, unknown = _REQUIRED - set(definition), set(definition) - _REQUIRED - _OPTIONAL
    if missing or unknown:
        raise ConfigurationError(
            f"expected a network definition with {sorted(_REQUIRED)} and at most {sorted(_OPTIONAL)} in {origin}; "
            f"missing {sorted(missing)}, unknown {sorted(unknown)}"
        )
    parts = [definition[name] for name in ("image_encoder", "text_encoder")]
    if not all(isinstance(part, Mapping) for part in parts) or "folder" not in parts[1]:
        raise ConfigurationError(
            f'expected {{"image_encoder": {{"type": ...}}, "text_encoder": {{"folder": ...}}}} in {origin}, got {parts}'
        )
    encoder = parts[0].get("type")
    if definition["network"] != "MedGLIP" or encoder not in _IMAGE_ENCODERS:
        raise ConfigurationError(
            f"expected network MedGLIP with an image encoder of {sorted(_IMAGE_ENCODERS)} in {origin}; "
            f"got {definition['network']!r} with {encoder!r}"
        )


def build_network(
    definition: str | Path | Mapping[str, Any],
    *,
    text_encoder: str | Path | None = None,
    image_weights: str | Path | None = None,
    **overrides: Any,
) -> MedGLIP:
    """Build an untrained network.

    Args:
        definition: a shipped name, a JSON file or its content.
        text_encoder: folder of the text encoder, instead of the definition's.
        image_weights: pretrained weights of the image encoder to start from; None starts at random.
        overrides: keys of the definition to replace, e.g. ``width=96``.

    Returns:
        The network, in training mode.

    Raises:
        ConfigurationError: when a key or class is unknown, or a value does not fit.
        WeightsError: when image weights or text encoder are missing.
    """
    read = dict(definition) if isinstance(definition, Mapping) else read_network_definition(definition)
    read.update(overrides)
    _check(read, "the definition")
    encoder_options = dict(read["image_encoder"])
    encoder_class = _IMAGE_ENCODERS[encoder_options.pop("type")]
    if image_weights is not None:
        if encoder_class not in _WEIGHTS_ARGUMENT:
            raise ConfigurationError(
                f"expected no image weights for {encoder_class.__name__}, which starts at random; got {image_weights}"
            )
        encoder_options[_WEIGHTS_ARGUMENT[encoder_class]] = str(image_weights)
    text_options = dict(read["text_encoder"])
    folder = text_options.pop("folder")
    folder = folder if text_encoder is None else text_encoder
    _check_text_encoder(folder)
    settings = {key: read[key] for key in _OPTIONAL - {"canvas"} if key in read}
    try:
        return MedGLIP(encoder_class(**encoder_options), TextEncoder(folder, **text_options), **settings)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"expected settings that MedGLIP, {encoder_class.__name__} and TextEncoder take: {error}"
        ) from error


def _check_text_encoder(folder: str | Path) -> None:
    """Refuse at once what is neither a folder nor, as owner/name, a model of the hub; a bundle's is a plain name."""
    if not Path(folder).is_dir() and Path(folder).name == str(folder):
        raise WeightsError(
            f"expected the text encoder in a folder {folder!r} beside the network definition, found none; download the "
            "bundle again, or name a folder or a model of the Hugging Face hub (owner/name)"
        )


def load_weights(network: torch.nn.Module, path: str | Path) -> None:
    """Load a state dict of tensors into ``network``, strictly.

    Args:
        network: the network that the weights were made for.
        path: a file written by ``torch.save(network.state_dict(), path)``.

    Raises:
        WeightsError: when the file is missing or damaged, or keys or shapes differ.
    """
    file = Path(path)
    if not file.is_file():
        raise WeightsError(f"expected network weights at {file}, found no such file; download the bundle again")
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        network.load_state_dict(state, strict=True)
    except Exception as error:  # torch raises many kinds: pickle, zip, key and shape errors all mean the same here
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(
            f"expected weights in {file} that fit the network definition beside them: {first}; "
            "the file is damaged or belongs to another version, download the bundle again"
        ) from error
