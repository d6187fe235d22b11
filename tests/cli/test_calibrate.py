# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

import monai_medglip.evaluation.box_sources
import monai_medglip.evaluation.raw_answers
from monai_medglip.cli.main import main
from monai_medglip.data_engine import GroundingFolder
from monai_medglip.evaluation.box_sources import BoxSource, BoxSourceFigures
from monai_medglip.inference import Bundle, OperatingPoint, ValidatedPhrases
from monai_medglip.ontology import Level
from tests.evaluation.validation_phantoms import NOWHERE, raw_predictor
from tests.phantoms import PhantomFolder, blocks


@pytest.fixture
def data(tmp_path):
    """Ten patients, eight of them with a polyp; no split but val."""
    folder = tmp_path / "data"
    folder.mkdir()
    made = PhantomFolder(folder, [{"value": 1, "label": "polyp", "level": "lesion"}])
    for i in range(10):
        pixels = blocks((32, 24), (int(i < 8), (slice(4 + i, 20), slice(3, 18))))
        made.add_labelmap(f"p{i}", pixels, split="val", modality="ES")
    return folder


@pytest.fixture
def bundle(tmp_path, data, monkeypatch):
    """A bundle whose network is replaced by one that knows the truth and shows one false box beside it."""
    definition = {
        "network": "MedGLIP",
        "image_encoder": {"type": "MobileNetV2Encoder"},
        "text_encoder": {"folder": "none"},
        "canvas": [64, 96],
    }
    folder = tmp_path / "bundle"
    for name in ("models", "configs"):
        (folder / name).mkdir(parents=True)
    (folder / "models" / "network.json").write_text(json.dumps(definition))
    oracle = raw_predictor(
        GroundingFolder(data), lambda truth: [(NOWHERE, 0.45), *((region.box, 0.55) for region in truth.instances)]
    )
    monkeypatch.setattr(Bundle, "load_network", lambda self, device=None: None)
    monkeypatch.setattr(monai_medglip.evaluation.raw_answers, "NetworkAsker", lambda network, canvas: oracle)
    monkeypatch.setattr(monai_medglip.evaluation.box_sources, "measure_box_sources", masks_are_better)
    return folder


def masks_are_better(folder, bundle, point):
    """Figures of a network whose masks bound a polyp better than its sides do, the better the wider the canvas."""
    polyp, bound = ("source", "polyp"), 0.8 + (point.canvas[0] - 64) / 1000
    overlap = {BoxSource(from_mask=False): {polyp: [0.6]}, BoxSource(from_mask=True): {polyp: [bound]}}
    return BoxSourceFigures({polyp: Level.LESION}, overlap, {False: {polyp: [0.9]}})


def test_it_writes_what_a_bundle_needs(bundle, data, capsys):
    assert main(["calibrate", "--bundle", str(bundle), "--data", str(data)]) == 0
    point = OperatingPoint.read(bundle / "models" / "operating_point.json")
    assert point.canvas == (64, 96)
    assert point.fitted_on == "val split of data: 10 images of 10 patients, 1 sources"
    listed = ValidatedPhrases.read(bundle / "configs" / "validated_phrases.json")
    assert [(row.phrase, row.patients) for row in listed.location] == [("polyp", 8)]
    printed = capsys.readouterr().out
    assert "canvas 64x96: IoU of best boxes plus Dice 1.7000 (chosen)" in printed
    assert "presence power 0: AP50 of predicted sides 1.0000 (chosen)" in printed
    assert "lesion: sides, first look 0.600, mask, first look 0.800" in printed
    assert (point.mask_boxes, point.refine) == (("lesion",), False)


def test_of_several_canvases_the_one_with_the_best_shown_boxes_is_written(bundle, data, capsys):
    tried = ["--canvas", "64", "64", "--canvas", "128", "96", "--canvas", "96", "96"]
    assert main(["calibrate", "--bundle", str(bundle), "--data", str(data), *tried]) == 0
    assert OperatingPoint.read(bundle / "models" / "operating_point.json").canvas == (128, 96)
    printed = capsys.readouterr().out
    assert "canvas 128x96: IoU of best boxes plus Dice 1.7640 (chosen)" in printed
    assert "canvas 96x96: IoU of best boxes plus Dice 1.7320\n" in printed


def test_a_canvas_that_no_bundle_can_have_is_refused_at_once(bundle, data, capsys):
    assert main(["calibrate", "--bundle", str(bundle), "--data", str(data), "--canvas", "100", "100"]) == 1
    assert "multiples of 32" in capsys.readouterr().err
    assert not (bundle / "models" / "operating_point.json").exists()
