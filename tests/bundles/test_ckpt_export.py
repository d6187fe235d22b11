# SPDX-License-Identifier: Apache-2.0
"""MONAI's own export makes a traced image encoder of each bundle, without a network connection."""

from __future__ import annotations

import pytest
import torch
from monai.bundle import ckpt_export

from monai_medglip.inference import Bundle
from tests.bundles.conftest import SIDE, dimensions
from tests.tiny_networks import noise

pytestmark = [
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),  # sizes become constants, as always in a trace
    pytest.mark.filterwarnings("ignore:parsing config_file:UserWarning"),
]


@pytest.fixture
def image(tiny_bundle):
    return noise(1, *[SIDE] * dimensions(tiny_bundle), seed=3)


@pytest.fixture
def traced(tiny_bundle, image, tmp_path):
    ckpt_export(
        net_id="network_def",
        filepath=str(tmp_path / "model.ts"),
        config_file=str(tiny_bundle / "configs" / "inference.json"),
        use_trace=True,
        input_shape=list(image.shape),
        bundle_root=str(tiny_bundle),
    )
    return torch.jit.load(tmp_path / "model.ts")


def test_the_traced_network_gives_the_pixel_map_of_the_bundles_network(tiny_bundle, traced, image):
    with torch.no_grad():
        expected = Bundle(tiny_bundle).load_network("cpu")(image)
        torch.testing.assert_close(traced(image), expected, rtol=1e-4, atol=1e-4)
