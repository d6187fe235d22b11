# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from monai_medglip.evaluation.trial_subject import NOTHING, GrounderSubject
from monai_medglip.geometry import Frame
from monai_medglip.imaging import ImageSource, Modality, Scan
from monai_medglip.inference import Bundle, Grounder, OperatingPoint, ValidatedPhrases
from monai_medglip.phrases import parse_phrase
from tests.tiny_networks import CANVAS, tiny_network, write_text_encoder

PHRASES = [parse_phrase(text) for text in ("heart", "lung on the left side", "polyp")]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle folder whose network is a tiny one."""
    folder = tmp_path_factory.mktemp("bundle")
    for name in ("models", "configs"):
        (folder / name).mkdir()
    for name, text in {"models/network.json": "{}", "models/model.pt": "", "configs/metadata.json": "{}"}.items():
        (folder / name).write_text(text)
    OperatingPoint(canvas=(CANVAS, CANVAS)).write(folder / "models" / "operating_point.json")
    ValidatedPhrases().write(folder / "configs" / "validated_phrases.json")
    network = tiny_network(write_text_encoder(tmp_path_factory.mktemp("text"))).eval()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bundle, "load_network", lambda self, device=None: network)
        yield folder


@pytest.fixture(scope="module")
def scan():
    pixels = np.random.default_rng(0).integers(0, 255, (1, 50, 40)).astype(np.uint8)
    return Scan(pixels, Frame.pixel((50, 40)), Modality.XR, ImageSource(None), body_region="chest")


@pytest.mark.parametrize("rules", [False, True])
def test_top_boxes_are_the_best_ones_of_the_product(bundle, scan, rules):
    subject = GrounderSubject(Grounder(bundle, device="cpu"))
    tops = subject.top_boxes(subject.encode(scan), PHRASES, rules=rules)
    grounder = Grounder(bundle, device="cpu", rules=rules)
    product = grounder.ask(grounder.encode(scan), PHRASES, threshold=0.0)
    for index, top in enumerate(tops):
        rows = np.flatnonzero(product.phrase_index == index)
        if len(rows):
            best = rows[product.scores[rows].argmax()]
            assert top.score == pytest.approx(product.scores[best])
            np.testing.assert_allclose(top.box, product.boxes.data[best], atol=1e-3)
        else:
            assert top is NOTHING


def test_rules_look_for_no_polyp_on_a_chest_film(bundle, scan):
    subject = GrounderSubject(Grounder(bundle, device="cpu"))
    encoded = subject.encode(scan)
    assert subject.top_boxes(encoded, PHRASES, rules=True)[2] is NOTHING
    assert subject.top_boxes(encoded, PHRASES, rules=False)[2].box is not None


def test_the_modality_is_predicted_only_where_it_is_not_told(bundle, scan):
    subject = GrounderSubject(Grounder(bundle, device="cpu"))
    assert subject.modality(subject.encode(scan)) is Modality.XR


def test_a_negated_phrase_shows_nothing(bundle, scan):
    subject = GrounderSubject(Grounder(bundle, device="cpu"))
    assert subject.region_counts(subject.encode(scan), [parse_phrase("no heart")]) == [0]
