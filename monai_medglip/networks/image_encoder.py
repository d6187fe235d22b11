# SPDX-License-Identifier: Apache-2.0
"""Backbones that turn an image into a pyramid of features; they know neither phrases nor modalities.

An encoder takes ``(B, 3, x, y[, z])`` in [-1, 1], MONAI's axis order, and gives ``{stride: (B, C, x/s, y/s[, z/s])}``.
It is split into ``stem`` (what an adapter replaces per modality) and ``trunk``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from monai_medglip.errors import ConfigurationError, WeightsError

__all__ = ["ImageEncoder", "MobileNetV2Encoder", "TransformersEncoder"]


class ImageEncoder(nn.Module):
    """What the network asks of a backbone.

    Attributes:
        channels: channels of each level, ``{stride: channels}``, finest first.
        spatial_dims: 2 or 3.
    """

    channels: dict[int, int]
    spatial_dims: int

    def stem(self, image: Tensor) -> Tensor:
        """Give the first features of ``image`` ``(B, 3, x, y[, z])``."""
        raise NotImplementedError

    def trunk(self, stem_features: Tensor) -> dict[int, Tensor]:
        """Give all levels ``{stride: (B, C, ...)}`` from the stem's features."""
        raise NotImplementedError

    def adapter(self) -> nn.Module:
        """Give a trainable copy of the stem, for images of one modality.

        Raises:
            ConfigurationError: when the backbone has no stem of its own.
        """
        raise ConfigurationError(f"{type(self).__name__} has no stem to adapt; use sharing 'shared' or 'separate'")

    def forward(self, image: Tensor) -> dict[int, Tensor]:
        """Give all levels ``{stride: (B, C, ...)}`` of ``image`` ``(B, 3, x, y[, z])``."""
        return self.trunk(self.stem(image))


class MobileNetV2Encoder(ImageEncoder):
    """MobileNetV2 (Sandler et al., CVPR 2018; 1.8 M parameters) from ``transformers``, levels at strides 2 to 32.

    Kernels are transposed when ImageNet weights are loaded, because a picture lies transposed in MONAI's (C, x, y)
    arrays. Normalization layers always use their stored statistics: batches here are too small and too mixed for
    batch statistics.

    Args:
        weights: a safetensors file with the keys of ``MobileNetV2ForImageClassification``, or the name of such a model
            on the Hugging Face hub, e.g. ``google/mobilenet_v2_1.0_224``; None starts at random.
        frozen_blocks: that many of the 16 blocks, and the stem, stay as they are (0 trains everything).

    Raises:
        WeightsError: when the file is missing or is not a MobileNetV2.
    """

    spatial_dims = 2
    _LEVELS = ((2, -1, 16), (4, 1, 24), (8, 4, 32), (16, 11, 96), (32, 15, 320))  # stride, block, channels

    def __init__(self, weights: str | Path | None = None, *, frozen_blocks: int = 0) -> None:
        super().__init__()
        from transformers import MobileNetV2Config, MobileNetV2Model

        if not 0 <= frozen_blocks <= 16:
            raise ConfigurationError(f"frozen_blocks must lie between 0 and 16, got {frozen_blocks}")
        backbone = MobileNetV2Model(MobileNetV2Config(), add_pooling_layer=False)
        if weights is not None:
            _load_backbone(backbone, weights)
            _transpose_kernels(backbone)
        _avoid_copies(backbone)
        self.channels = {stride: channels for stride, _, channels in self._LEVELS}
        self.first = backbone.conv_stem
        self.blocks = backbone.layer
        self.frozen_blocks = frozen_blocks
        for module in self._frozen_modules():
            module.requires_grad_(False)

    def _frozen_modules(self) -> list[nn.Module]:
        return [self.first, *self.blocks[: self.frozen_blocks]] if self.frozen_blocks else []

    def train(self, mode: bool = True) -> MobileNetV2Encoder:
        """Set the training mode; normalization layers stay in evaluation mode."""
        super().train(mode)
        _fix_statistics(self)
        return self

    def stem(self, image: Tensor) -> Tensor:
        """Give stride-2 features ``(B, 16, x/2, y/2)``."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.frozen_blocks):
            features: Tensor = self.first(image)
        return features

    def remove_levels_above(self, stride: int) -> None:
        """Take away the levels coarser than ``stride`` and the blocks that only they need."""
        last = max(block for level, block, _ in self._LEVELS if level <= stride)
        self.blocks = self.blocks[: last + 1]
        self.channels = {level: channels for level, channels in self.channels.items() if level <= stride}

    def adapter(self) -> nn.Module:
        """Give a trainable copy of the first convolutions, with fixed normalization statistics."""
        return _FixedStatistics(copy.deepcopy(self.first).requires_grad_(True))

    def trunk(self, stem_features: Tensor) -> dict[int, Tensor]:
        """Give ``{2: (B, 16, ..), 4: 24, 8: 32, 16: 96, 32: 320 channels}``."""
        block_stride = {block: stride for stride, block, _ in self._LEVELS}
        levels, features = {2: stem_features}, stem_features
        for index, block in enumerate(self.blocks):
            with torch.set_grad_enabled(torch.is_grad_enabled() and index >= self.frozen_blocks):
                features = block(features)
            if index in block_stride:
                levels[block_stride[index]] = features
        return levels


class _FixedStatistics(nn.Sequential):
    """Layers whose batch normalization never leaves evaluation mode."""

    def train(self, mode: bool = True) -> _FixedStatistics:
        super().train(mode)
        _fix_statistics(self)
        return self


def _fix_statistics(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train(False)


def _load_backbone(backbone: nn.Module, weights: str | Path) -> None:
    prefix = "mobilenet_v2."
    given = _read_state(weights)
    state = {key.removeprefix(prefix): value.float() for key, value in given.items() if key.startswith(prefix)}
    try:
        missing, unexpected = backbone.load_state_dict(state, strict=False)
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1].strip()
        raise WeightsError(f"expected tensors of a MobileNetV2's shapes in {weights}: {last}") from error
    # conv_1x1 widens the last level for classification; nothing here reads it and some files leave it out
    missing = [key for key in missing if not key.startswith("conv_1x1.") and not key.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise WeightsError(
            f"expected the keys of a MobileNetV2 in {weights}; missing {missing[:3]}, unexpected {unexpected[:3]}; "
            "use a file saved from transformers' MobileNetV2ForImageClassification"
        )


def _read_state(weights: str | Path) -> dict[str, Tensor]:
    if Path(weights).is_file():
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(weights)
        except SafetensorError as error:
            raise WeightsError(f"expected a safetensors file of MobileNetV2 weights, got {weights}: {error}") from error
    if Path(weights).suffix == ".safetensors":
        raise WeightsError(
            f"expected MobileNetV2 weights at {weights}, found no such file; give a file, a name or None"
        )
    from transformers import MobileNetV2ForImageClassification

    try:
        model = MobileNetV2ForImageClassification.from_pretrained(str(weights))
    except OSError as error:
        raise WeightsError(
            f"expected {weights!r} to be a file or a model of the Hugging Face hub that can be reached: {error}"
        ) from error
    return dict(model.state_dict())


def _avoid_copies(backbone: nn.Module) -> None:
    """Let convolutions pad and activations clip in place; ``transformers`` copies the features before each convolution.

    With a stride of 1 its padding is the same on both sides, and none for a kernel of one pixel, so results stay.
    """
    from transformers import MobileNetV2Config

    convolutions_pad = MobileNetV2Config(tf_padding=False)
    for layer in backbone.modules():
        convolution = getattr(layer, "convolution", None)
        if isinstance(convolution, nn.Conv2d) and set(convolution.stride) == {1}:
            pairs = zip(convolution.kernel_size, convolution.dilation, strict=True)
            convolution.padding = tuple((size - 1) // 2 * dilation for size, dilation in pairs)
            cast(Any, layer).config = convolutions_pad
        if isinstance(layer, nn.ReLU6):
            layer.inplace = True


def _transpose_kernels(backbone: nn.Module) -> None:
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.transpose(2, 3).contiguous()


class TransformersEncoder(ImageEncoder):
    """Any 2D backbone of ``transformers`` (Swin, ConvNeXt, ResNet, ...) by name or folder, levels at strides 4 to 32.

    The picture is turned upright before the backbone and its features are turned back, since attention windows and
    position tables of such backbones cannot be transposed as convolution kernels can.

    Args:
        backbone: a local folder, or a model name that ``transformers`` knows.
        pretrained: load its weights; False builds the architecture from ``config`` or the named configuration.
        config: model type and settings for a backbone without files, e.g. ``{"model_type": "swin", "depths": [2, 2]}``.

    Raises:
        ConfigurationError: when the backbone does not give levels at strides 4, 8, 16 and 32.
    """

    spatial_dims = 2

    def __init__(
        self, backbone: str | None = None, *, pretrained: bool = True, config: dict[str, Any] | None = None
    ) -> None:
        super().__init__()
        from transformers import AutoBackbone, AutoConfig

        settings = {"out_indices": [1, 2, 3, 4]}
        if config is not None:
            options = {key: value for key, value in config.items() if key != "model_type"}
            self.backbone = AutoBackbone.from_config(AutoConfig.for_model(config["model_type"], **options, **settings))
        elif backbone is not None and pretrained:
            self.backbone = AutoBackbone.from_pretrained(backbone, trust_remote_code=False, **settings)
        elif backbone is not None:
            named = AutoConfig.from_pretrained(backbone, trust_remote_code=False, **settings)
            self.backbone = AutoBackbone.from_config(named)
        else:
            raise ConfigurationError("expected a backbone name or folder, or a config with model_type; got neither")
        self.channels = dict(zip((4, 8, 16, 32), self.backbone.channels, strict=True))
        self._check_strides()

    def _check_strides(self) -> None:
        with torch.no_grad():
            sizes: Sequence[int] = [64 // level.shape[-1] for level in self.trunk(torch.zeros(1, 3, 64, 64)).values()]
        if list(sizes) != list(self.channels):
            raise ConfigurationError(f"expected a backbone with levels at strides 4, 8, 16, 32; it gives {sizes}")

    def stem(self, image: Tensor) -> Tensor:
        """Give the image itself: these backbones have no separate stem."""
        return image

    def trunk(self, stem_features: Tensor) -> dict[int, Tensor]:
        """Give ``{4, 8, 16, 32: (B, C, ...)}``."""
        maps = self.backbone(stem_features.transpose(2, 3)).feature_maps
        return {stride: level.transpose(2, 3) for stride, level in zip(self.channels, maps, strict=True)}
