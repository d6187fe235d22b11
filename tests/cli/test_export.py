# SPDX-License-Identifier: Apache-2.0
"""The verb hands the bundle's network to the exporters, which have tests of their own."""

from __future__ import annotations

import pytest

import monai_medglip.networks
from monai_medglip.cli.main import main
from monai_medglip.errors import ConfigurationError


@pytest.fixture
def exported(monkeypatch):
    """What was exported where, and with which options."""
    calls = {}
    for name in ("export_image_encoder", "export_grounding_head"):
        monkeypatch.setattr(
            monai_medglip.networks, name, lambda network, path, **options: calls.update({path: (network, options)})
        )
    return calls


def test_it_names_the_two_files_that_it_wrote(tiny_bundle, exported, tmp_path, capsys):
    assert main(["export", "--bundle", str(tiny_bundle), "--out", str(tmp_path), "--size", "64", "96"]) == 0
    encoder, head = tmp_path / "image_encoder.onnx", tmp_path / "grounding_head.onnx"
    assert capsys.readouterr().out.splitlines() == [f"image encoder:  {encoder}", f"grounding head: {head}"]
    assert exported[encoder][1] == {"size": [64, 96]}
    assert exported[head][1] == {}
    assert not exported[encoder][0].training


def test_what_cannot_be_exported_is_a_message(tiny_bundle, monkeypatch, tmp_path, capsys):
    def refuse(*arguments, **options):
        raise ConfigurationError("writing ONNX needs onnx")

    monkeypatch.setattr(monai_medglip.networks, "export_image_encoder", refuse)
    assert main(["export", "--bundle", str(tiny_bundle), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "medglip export: writing ONNX needs onnx\n"
