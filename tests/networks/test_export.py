# SPDX-License-Identifier: Apache-2.0
"""The ONNX files answer as torch does, at sizes that they were not made with."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import onnxruntime
import pytest
import torch
from torch import nn

import monai_medglip.networks.export
from monai_medglip.errors import ConfigurationError, OutputError
from monai_medglip.imaging import Modality
from monai_medglip.networks import export_grounding_head, export_image_encoder
from tests.tiny_networks import noise, phrases_of, tiny_network

STRIDES = {2: (8, 16, 32), 3: (4, 8, 16)}
SHAPE = {2: (96, 32), 3: (32, 16, 48)}


def session(path):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def answers(path, **inputs):
    """What ONNX Runtime gives for tensors, as tensors by name."""
    opened = session(path)
    found = opened.run(None, {name: value.numpy() for name, value in inputs.items()})
    return {output.name: torch.from_numpy(value) for output, value in zip(opened.get_outputs(), found, strict=True)}


@pytest.fixture(scope="module", params=[2, pytest.param(3, marks=pytest.mark.slow)], ids=["2D", "3D"])
def network(request, tiny_text_encoder):
    """A network whose modalities differ: untrained, their scales and shifts are all zero."""
    dims = request.param
    made = tiny_network(tiny_text_encoder, spatial_dims=dims, region_strides=STRIDES[dims]).eval()
    for modulation in made.neck.modulations.values():
        nn.init.normal_(modulation.shift.weight, generator=torch.Generator().manual_seed(1))
    return made.requires_grad_(False)


@pytest.fixture(scope="module")
def encoder(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "image_encoder.onnx"
    export_image_encoder(network, path)
    return path


@pytest.fixture(scope="module")
def head(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "grounding_head.onnx"
    export_grounding_head(network, path)
    return path


@pytest.fixture
def batch(network):
    """Three images of one size, of known and unknown modality, one of them a part of its whole image."""
    dims = network.spatial_dims
    shape = SHAPE[dims]
    whole_image = torch.tensor([[0.0] * dims + [float(side) for side in shape]] * 3)
    whole_image[2, :dims] -= 20
    modality = torch.tensor([Modality.CT.index, Modality.UNKNOWN.index, Modality.MR.index])
    return {"image": noise(3, *shape, seed=5), "modality": modality, "whole_image": whole_image}


def encode(network, batch):
    return network.encode(batch["image"], batch["modality"], batch["whole_image"], predict_unknown=True)


def assert_close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_the_encoder_gives_the_features_of_torch(network, encoder, batch):
    found, expected = answers(encoder, **batch), encode(network, batch)
    assert list(found) == [
        *(f"regions_{stride}" for stride in network.neck.region_strides),
        "pixels",
        "modality_logits",
    ]
    assert_close(tuple(found.values()), (*expected.regions, expected.pixels, expected.modality_logits))


def test_an_image_alone_in_its_batch_is_encoded_too(network, encoder, batch):
    alone = {name: value[1:2] for name, value in batch.items()}
    assert_close(answers(encoder, **alone)["pixels"], encode(network, alone).pixels)


@pytest.mark.parametrize("texts", [["heart"], ["heart", "left lung", "spleen", "polyp"]], ids=len)
def test_encoder_and_head_in_a_row_answer_as_the_network(network, encoder, head, batch, texts):
    features = answers(encoder, **batch)
    del features["modality_logits"]
    vectors, _ = network.embed([phrases_of(*texts)] * 3)
    found = answers(head, **features, phrases=vectors)
    expected = network(batch["image"], [phrases_of(*texts)] * 3, batch["modality"], batch["whole_image"], True)
    assert found["boxes"].shape[1] == len(texts)
    for name, value in found.items():
        assert_close(value, expected[name])


def test_the_size_of_an_image_is_open(encoder):
    image = session(encoder).get_inputs()[0]
    assert image.shape[1] == 3
    assert all(isinstance(side, str) for side in (image.shape[0], *image.shape[2:]))


class Normalized(nn.Module):
    """A convolution with its normalization, as the backbones of ``transformers`` have them."""

    def __init__(self, convolution):
        super().__init__()
        self.convolution = convolution
        self.normalization = nn.BatchNorm2d(convolution.out_channels)

    def forward(self, features):
        features = self.convolution(features)
        return features if self.normalization is None else self.normalization(features)


@pytest.fixture
def tiny(tiny_text_encoder):
    """A network in training mode with a layer to fold."""
    made = tiny_network(tiny_text_encoder)
    steps = made.image_encoder.encoders[0].steps
    steps[1] = Normalized(steps[1])
    return made


@pytest.fixture
def exporter(monkeypatch):
    """In place of torch's exporter: remembers the modules that it was given, and refuses them."""
    given = []

    def export(module, *arguments, **options):
        given.append(module)
        raise torch.onnx.OnnxExporterError("no such operation\nand a page of hints")

    monkeypatch.setattr(torch.onnx, "export", export)
    return given


def normalizations(module):
    return [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]


def test_normalization_is_folded_in_a_copy(tiny, exporter, tmp_path):
    with pytest.raises(ConfigurationError):
        export_image_encoder(tiny, tmp_path / "encoder.onnx")
    (exported,) = exporter
    assert normalizations(exported) == []
    assert not exported.training
    assert len(normalizations(tiny)) == 1
    assert tiny.training
    assert all(parameter.requires_grad for parameter in tiny.parameters())


@pytest.mark.parametrize("size", [(64,), (64, 64, 64), (64, 48), (0, 64)])
def test_a_size_that_no_image_can_have_is_refused(tiny, tmp_path, size):
    with pytest.raises(ConfigurationError, match="2 multiples of 32, got"):
        export_image_encoder(tiny, tmp_path / "encoder.onnx", size=size)


@pytest.mark.parametrize("sharing", ["adapters", "separate"])
def test_parts_that_depend_on_the_modality_cannot_be_exported(tiny_text_encoder, tmp_path, sharing):
    with pytest.raises(ConfigurationError, match=f"share one encoder, got sharing '{sharing}'"):
        export_image_encoder(tiny_network(tiny_text_encoder, sharing=sharing), tmp_path / "encoder.onnx")


def test_a_missing_library_is_named_with_the_remedy(tiny, tmp_path, monkeypatch):
    found = {"onnx": True, "onnxscript": False, "onnxruntime": False}
    monkeypatch.setattr(monai_medglip.networks.export, "optional_import", lambda name: (None, found[name]))
    with pytest.raises(ConfigurationError, match=r"needs onnxscript, onnxruntime; pip install monai_medglip\[export\]"):
        export_grounding_head(tiny, tmp_path / "head.onnx")


def test_a_size_that_was_given_is_the_only_one(tiny, tmp_path):
    path, image = tmp_path / "fixed.onnx", noise(1, 64, 96)
    export_image_encoder(tiny, path, size=(64, 96))
    assert session(path).get_inputs()[0].shape[2:] == [64, 96]
    whole_image = torch.tensor([[0.0, 0.0, 64.0, 96.0]])
    found = answers(path, image=image, modality=torch.tensor([Modality.CT.index]), whole_image=whole_image)
    with torch.no_grad():
        assert_close(found["pixels"], tiny.eval()(image, None, torch.tensor([Modality.CT.index])))


def test_what_the_exporter_cannot_express_is_said(tiny, exporter, tmp_path):
    with pytest.raises(ConfigurationError, match="exporter says: no such operation; give a size"):
        export_image_encoder(tiny, tmp_path / "encoder.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """Replaces what is exported by a stub, and ONNX Runtime by a function of outputs and inputs."""
    stub = SimpleNamespace(save=lambda path: Path(path).write_bytes(b"wrong"))
    monkeypatch.setattr(torch.onnx, "export", lambda *arguments, **options: stub)

    def replace(run):
        monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *arguments, **options: SimpleNamespace(run=run))

    return replace


def test_a_file_with_other_answers_is_not_written(tiny, runtime, tmp_path):
    runtime(lambda names, inputs: [torch.full((1,), 1e6).numpy()] * len(names))
    old = tmp_path / "head.onnx"
    old.write_bytes(b"earlier")
    with pytest.raises(OutputError, match="torch's 'alignment', they differ by 1e"):
        export_grounding_head(tiny, old)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("head.onnx", b"earlier")]


def test_a_file_that_does_not_run_at_other_sizes_is_not_written(tiny, runtime, tmp_path):
    def fail(names, inputs):
        raise ValueError("27 by 243")

    runtime(fail)
    with pytest.raises(OutputError, match=r"image \(3, 3, 320, 288\), .* it says: 27 by 243; .* give the size"):
        export_image_encoder(tiny, tmp_path / "encoder.onnx")
    assert list(tmp_path.iterdir()) == []
