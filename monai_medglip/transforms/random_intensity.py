# SPDX-License-Identifier: Apache-2.0
"""Random changes of brightness, contrast, gamma, color, sharpness and noise in [-1, 1]; nothing moves."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from monai.config.type_definitions import KeysCollection
from monai.transforms.transform import MapTransform, Randomizable, RandomizableTransform

from monai_medglip.transforms.tracked_affine import TensorT, with_affine

__all__ = ["RandIntensity", "RandIntensityd"]

_AVERAGE_POOLS = {2: F.avg_pool2d, 3: F.avg_pool3d}

# Blur and noise are the exception in images, and cost the most.
_CHANCE_OF_BLUR = 0.2
_CHANCE_OF_NOISE = 0.2


class RandIntensity(RandomizableTransform):
    """Changes the values of an image as other scanners, gains and lamps would.

    A grey image stays grey. Each change is drawn evenly between none and the largest.

    Args:
        prob: how often anything is changed [0, 1].
        gamma: the largest change of the logarithm of gamma.
        contrast: the largest relative change of contrast about mid-grey.
        brightness: the largest shift, in the range [0, 1] of black to white.
        noise: the largest standard deviation of Gaussian noise, in the same range.
        color: the largest relative gain of one color channel.
    """

    def __init__(
        self,
        prob: float = 0.8,
        *,
        gamma: float = 0.35,
        contrast: float = 0.25,
        brightness: float = 0.12,
        noise: float = 0.03,
        color: float = 0.1,
    ) -> None:
        super().__init__(prob)
        self.gamma, self.contrast, self.brightness = gamma, contrast, brightness
        self.noise, self.color = noise, color
        self._draws = np.zeros(10)

    def randomize(self, data: Any = None) -> None:
        """Draw the changes; as many numbers are drawn whether it fires or not."""
        super().randomize(None)
        self._draws = self.R.uniform(size=10)

    def __call__(self, image: TensorT, *, randomize: bool = True) -> TensorT:
        """Change an image.

        Args:
            image: (3, x, y[, z]) float32 in [-1, 1].
            randomize: draw new changes; otherwise the last ones are used again.

        Returns:
            An image of the same shape and place, in [-1, 1].
        """
        if randomize:
            self.randomize()
        if not self._do_transform:
            return image
        values = image.as_subclass(torch.Tensor)
        # One channel stands for three equal ones: a third of the work, and the image stays grey.
        is_grey = bool(torch.equal(values[0], values[1]) and torch.equal(values[0], values[2]))
        changed = self._changed(values[:1] if is_grey else values)
        return with_affine(changed.expand(values.shape), image)

    def _changed(self, values: torch.Tensor) -> torch.Tensor:
        """The changes applied to black 0 and white 1, in the order of a camera: optics, light, curve, noise."""
        sharpness, gain, shift, bend, has_blur, has_noise, spread = self._draws[:7]
        even = 2.0 * self._draws - 1.0
        light = (values + 1.0) / 2.0
        if has_blur < _CHANCE_OF_BLUR:
            light = torch.lerp(light, _box_mean(light), float(sharpness))
        contrast = np.full(len(light), 1.0 + self.contrast * (2.0 * gain - 1.0))
        if len(light) == 3:
            contrast = contrast * (1.0 + self.color * even[7:])
        scale = torch.as_tensor(contrast, dtype=light.dtype, device=light.device).view(-1, *[1] * (light.ndim - 1))
        light = (light - 0.5) * scale + (0.5 + self.brightness * (2.0 * shift - 1.0))
        light = light.clamp_(0.0, 1.0).pow_(float(np.exp(self.gamma * (2.0 * bend - 1.0))))
        if has_noise < _CHANCE_OF_NOISE:
            # Seeded by the draws, so that a seeded run is reproducible whatever else uses torch's generator.
            generator = torch.Generator().manual_seed(int(spread * 2**31))
            grain = torch.randn((1, *light.shape[1:]), generator=generator).to(light.device)
            light = light + grain * (self.noise * float(spread))
        result: torch.Tensor = (light * 2.0 - 1.0).clamp_(-1.0, 1.0)
        return result


class RandIntensityd(Randomizable, MapTransform):
    """Changes the values of an item's images, all in the same way.

    It stands before the canvas, so that padding stays what it is, and noise is the scanner's, before any resampling.

    Args:
        keys: the images.
        change: how changes are drawn.
        allow_missing_keys: whether an item without some of the images passes.
    """

    def __init__(
        self, keys: KeysCollection, change: RandIntensity | None = None, *, allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, allow_missing_keys)
        self.change = RandIntensity() if change is None else change

    def set_random_state(self, seed: int | None = None, state: np.random.RandomState | None = None) -> RandIntensityd:
        """Seed the changes, for reproducible runs."""
        self.change.set_random_state(seed, state)
        return self

    def randomize(self, data: Any = None) -> None:
        """Draw the changes."""
        self.change.randomize()

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item with its images changed."""
        item = dict(data)
        self.randomize()
        for key in self.key_iterator(item):
            item[key] = self.change(item[key], randomize=False)
        return item


def _box_mean(values: torch.Tensor) -> torch.Tensor:
    """The mean of each voxel and its neighbors."""
    pool = _AVERAGE_POOLS[values.ndim - 1]
    mean: torch.Tensor = pool(values[None], 3, stride=1, padding=1, count_include_pad=False)[0]
    return mean
