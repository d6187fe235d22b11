# SPDX-License-Identifier: Apache-2.0
"""The network as two ONNX files for runtimes without torch: one encodes an image, one asks it for phrase vectors.

They are apart because an image is encoded once and asked many times. The text encoder is not exported: phrase vectors
come from `MedGLIP.embed` and can be kept in a file. Batch size, image size and number of phrases stay open. Every file
is compared with torch in ONNX Runtime, at another size, before it takes its name. TorchScript is not written here:
MONAI's ``ckpt_export`` does that.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from monai.utils.module import optional_import
from torch import Tensor, nn
from torch.export import Dim

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import ConfigurationError, OutputError
from monai_medglip.imaging import Modality
from monai_medglip.networks.medglip import MedGLIP
from monai_medglip.networks.modality_encoder import ModalitySharing
from monai_medglip.networks.normalization_folding import fold_normalization

__all__ = ["TOLERANCE", "export_grounding_head", "export_image_encoder"]

TOLERANCE = 1e-4
"""Largest difference to torch that an output may have, as a share of its largest value (of 1 where that is less)."""

_ANSWERS = ("alignment", "quality", "boxes", "points", "strides", "masks", "presence")
# Cells of the coarsest stride along each axis. The size of the comparison is a usual one: attention windows are cut off
# on small images, and a file that is right for those alone must not pass.
_EXAMPLE_CELLS = {2: (2, 3), 3: (2, 3, 4)}
_COMPARED_CELLS = {2: (10, 9), 3: (4, 3, 2)}

Tensors = dict[str, Tensor]


def export_image_encoder(network: MedGLIP, path: str | Path, *, size: Sequence[int] | None = None) -> None:
    """Write the image encoder with the neck as ONNX.

    Inputs: ``image`` ``(B, 3, x, y[, z])`` in [-1, 1], sides divisible by the largest region stride; ``modality``
    ``(B,)`` int64, where the position of `Modality.UNKNOWN` has it predicted; ``whole_image`` ``(B, 2D)`` canvas edges.
    Outputs: ``regions_S`` ``(B, width, ...)`` for every region stride S, ``pixels`` ``(B, pixel_width, ...)`` and
    ``modality_logits`` ``(B, M)``.

    Args:
        network: with its weights; it is not changed. Batch normalization is folded, as for inference.
        path: the file to write.
        size: the only size (x, y[, z]) that images will have; None leaves it open. Attention windows (Swin) need one.

    Raises:
        ConfigurationError: when an export library is missing, the size cannot be, or the encoder cannot be written.
        OutputError: when the file cannot be written, or ONNX Runtime gives other answers than torch.
    """
    ready = _ready(network)
    _check_size(ready, size)
    batch = Dim("batch", min=1)
    _write(
        Path(path),
        _Interface(
            module=_Encoder(ready),
            example=_images(ready, size or _in_voxels(ready, _EXAMPLE_CELLS), count=2),
            other=_images(ready, size or _in_voxels(ready, _COMPARED_CELLS), count=3),
            open_axes=({0: batch} if size else _open_axes(ready, 1, batch), {0: batch}, {0: batch}),
            outputs=(*_region_names(ready), "pixels", "modality_logits"),
        ),
    )


def export_grounding_head(network: MedGLIP, path: str | Path) -> None:
    """Write the grounding head as ONNX.

    Inputs: ``regions_S`` and ``pixels`` as the image encoder gives them, ``phrases`` ``(B, P, width)`` as
    `MedGLIP.embed` gives them. Outputs: what `GroundingHead.forward` gives, by the same names.

    Args:
        network: with its weights; it is not changed.
        path: the file to write.

    Raises:
        ConfigurationError: when an export library is missing.
        OutputError: when the file cannot be written, or ONNX Runtime gives other answers than torch.
    """
    ready = _ready(network)
    batch, phrases = Dim("batch", min=1), Dim("phrases", min=1)
    maps = [_open_axes(ready, stride, batch) for stride in (*ready.neck.region_strides, ready.neck.pixel_stride)]
    _write(
        Path(path),
        _Interface(
            module=_Head(ready),
            example=_features(ready, _images(ready, _in_voxels(ready, _EXAMPLE_CELLS), count=2), phrases=3),
            other=_features(ready, _images(ready, _in_voxels(ready, _COMPARED_CELLS), count=3), phrases=5),
            # one entry: all inputs are collected in *features
            open_axes=((*maps, {0: batch, 1: phrases}),),
            outputs=_ANSWERS,
        ),
    )


@dataclass(frozen=True)
class _Interface:
    """What torch's exporter is told: a module, inputs by name to run it with, other inputs to compare, open axes."""

    module: nn.Module
    example: Tensors
    other: Tensors
    open_axes: tuple[Any, ...]
    outputs: Sequence[str]


class _Encoder(nn.Module):
    """Image, modality and whole image in; regions, pixel map and modality logits out."""

    def __init__(self, network: MedGLIP) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, modality: Tensor, whole_image: Tensor) -> tuple[Tensor, ...]:
        encoded = self.network.encode(image, modality, whole_image, predict_unknown=True)
        return *encoded.regions, encoded.pixels, encoded.modality_logits


class _Head(nn.Module):
    """Regions, then the pixel map, then the phrase vectors in; the answers out."""

    def __init__(self, network: MedGLIP) -> None:
        super().__init__()
        self.head = network.head

    def forward(self, *features: Tensor) -> tuple[Tensor, ...]:
        *regions, pixels, phrases = features
        answer = self.head(regions, pixels, phrases)
        return tuple(answer[name] for name in _ANSWERS)


def _ready(network: MedGLIP) -> MedGLIP:
    """A folded copy on the CPU, ready to answer; the text encoder, which is large and not exported, is shared."""
    sharing = network.image_encoder.sharing
    if sharing is not ModalitySharing.SHARED:
        raise ConfigurationError(
            f"expected a network whose modalities share one encoder, got sharing {sharing.value!r}; "
            "ONNX knows no parts of a network that are chosen by its input"
        )
    copied = copy.deepcopy(network, {id(network.text_encoder): network.text_encoder}).cpu().float().eval()
    fold_normalization(copied)
    return copied.requires_grad_(False)


def _check_size(network: MedGLIP, size: Sequence[int] | None) -> None:
    dims, coarsest = network.spatial_dims, max(network.neck.region_strides)
    if size is not None and (len(size) != dims or any(side < 1 or side % coarsest for side in size)):
        raise ConfigurationError(f"expected a size of {dims} multiples of {coarsest}, got {tuple(size)}")


def _open_axes(network: MedGLIP, stride: int, batch: Any) -> dict[int, Any]:
    """The axes of a map at a stride, counted in cells of the coarsest stride, so that all maps fit together."""
    ratio = max(network.neck.region_strides) // stride
    cells = [Dim(f"{axis}_cells", min=1) for axis in "xyz"[: network.spatial_dims]]
    return {0: batch, **{axis + 2: ratio * cell if ratio > 1 else cell for axis, cell in enumerate(cells)}}


def _in_voxels(network: MedGLIP, cells: dict[int, tuple[int, ...]]) -> list[int]:
    return [count * max(network.neck.region_strides) for count in cells[network.spatial_dims]]


def _region_names(network: MedGLIP) -> list[str]:
    return [f"regions_{stride}" for stride in network.neck.region_strides]


def _images(network: MedGLIP, size: Sequence[int], *, count: int) -> Tensors:
    """Images, the second of unknown modality and a part of the whole."""
    dims = network.spatial_dims
    whole_image = torch.tensor([[0.0] * dims + [float(side) for side in size]] * count)
    whole_image[1, 0] = -float(size[0])
    modality = torch.full((count,), Modality.CT.index)
    modality[1] = Modality.UNKNOWN.index
    image = torch.rand(count, 3, *size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return {"image": image, "modality": modality, "whole_image": whole_image}


def _features(network: MedGLIP, images: Tensors, *, phrases: int) -> Tensors:
    """Features of images, and phrase vectors."""
    with torch.no_grad():
        *features, _ = _Encoder(network)(**images)
    width = network.head.align_phrase.in_features
    vectors = torch.randn(len(features[0]), phrases, width, generator=torch.Generator().manual_seed(0))
    return dict(zip([*_region_names(network), "pixels", "phrases"], [*features, vectors], strict=True))


def _write(path: Path, interface: _Interface) -> None:
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if not optional_import(name)[1]]
    if missing:
        raise ConfigurationError(f"writing ONNX needs {', '.join(missing)}; pip install monai_medglip[export]")
    program = _program(interface)
    with atomic_file(path) as temporary:
        program.save(temporary)
        _compare(temporary, interface)


def _program(interface: _Interface) -> torch.onnx.ONNXProgram:
    try:
        with _quiet_exporter(), torch.no_grad():
            program = torch.onnx.export(
                interface.module.eval(),
                tuple(interface.example.values()),
                dynamo=True,
                input_names=list(interface.example),
                output_names=list(interface.outputs),
                dynamic_shapes=interface.open_axes,
                external_data=False,
                verbose=False,
            )
    except torch.onnx.OnnxExporterError as error:
        reason = str(error.__cause__ or error).strip().partition("\n")[0]
        raise ConfigurationError(
            f"expected a network that ONNX can express, torch's exporter says: {reason}; "
            "give a size if the image encoder works with windows"
        ) from error
    return cast(torch.onnx.ONNXProgram, program)  # None with the older exporter alone


def _compare(path: Path, interface: _Interface) -> None:
    with torch.no_grad():
        expected = interface.module(*interface.other.values())
    for name, theirs, ours in zip(interface.outputs, _answers(path, interface), expected, strict=True):
        difference = float((theirs - ours).abs().max())
        if not difference <= TOLERANCE * max(1.0, float(ours.abs().max())):
            raise OutputError(
                f"expected ONNX Runtime to give torch's {name!r}, they differ by {difference:.2g}; nothing was "
                "written, give the size that images will have, or try another version of torch or onnxscript"
            )


def _answers(path: Path, interface: _Interface) -> list[Tensor]:
    import onnxruntime

    inputs = {name: value.numpy() for name, value in interface.other.items()}
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return [torch.from_numpy(value) for value in session.run(interface.outputs, inputs)]
    except Exception as error:  # ONNX Runtime has a class of its own for every cause, below Exception alone
        shapes = ", ".join(f"{name} {value.shape}" for name, value in inputs.items())
        raise OutputError(
            f"expected ONNX Runtime to run the network on {shapes}, it says: {error}; nothing was written, "
            "give the size that images will have"
        ) from error


@contextlib.contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Keep away what torch's exporter says of its own parts: deprecated types, libraries that nobody asked for."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
