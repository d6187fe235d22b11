# SPDX-License-Identifier: Apache-2.0
"""Grounder with random weights: what does not depend on what a network has learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from PIL import Image

from monai_medglip import Grounder
from monai_medglip.errors import ConfigurationError, ImageReadError, MedGLIPError, PhraseError
from monai_medglip.geometry import Frame
from monai_medglip.grounding import Status, Support
from monai_medglip.grounding.json_format import to_json
from monai_medglip.imaging import Modality, Scan
from monai_medglip.inference import Bundle
from monai_medglip.phrases import Phrase, parse_phrase
from tests.inference.conftest import THRESHOLD

PHRASES = ["left lung", "heart"]


@pytest.fixture(scope="session")
def picture():
    """Gray pixels (rows, columns), of a shape that no two axes share."""
    return np.random.default_rng(0).integers(0, 255, (60, 90)).astype(np.uint8)


@pytest.fixture(scope="session")
def path(picture, tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "picture.png"
    Image.fromarray(picture).save(path)
    return path


@pytest.fixture(scope="session")
def answer(grounder, path):
    return grounder.ground(path, PHRASES)


def assert_same(found, expected):
    np.testing.assert_allclose(found.boxes.data, expected.boxes.data, atol=1e-4)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-6)
    assert found.phrase_index.tolist() == expected.phrase_index.tolist()
    assert found.phrases == expected.phrases
    assert found.status == expected.status
    np.testing.assert_allclose(found.presence, expected.presence, atol=1e-6)
    assert found.phrase_masks == expected.phrase_masks


@pytest.mark.parametrize(
    "kind",
    [
        lambda path, picture: str(path),
        lambda path, picture: picture,
        lambda path, picture: picture[..., None].repeat(3, axis=2),
        lambda path, picture: Image.fromarray(picture),
        lambda path, picture: torch.tensor(picture.T[None].copy()),
        lambda path, picture: MetaTensor(torch.tensor(picture.T[None].copy())),
        lambda path, picture: Scan(picture.T[None], Frame.pixel((90, 60))),
    ],
    ids=["text", "array", "RGB array", "Pillow", "tensor", "MetaTensor", "Scan"],
)
def test_every_kind_of_image_gives_the_same_answer(grounder, answer, path, picture, kind):
    assert_same(grounder.ground(kind(path, picture), PHRASES), answer)


def test_a_list_gives_a_list(grounder, answer, path, picture):
    found = grounder.ground([path, picture], PHRASES)
    assert isinstance(found, list)
    for one in found:
        assert_same(one, answer)
    assert grounder.ground([], PHRASES) == []


def test_encoding_once_and_asking_later_gives_the_same_answer(grounder, answer, path):
    encoded = grounder.encode(path)
    assert_same(grounder.ask(encoded, PHRASES), answer)
    heart = answer.phrase_index == 1
    np.testing.assert_allclose(grounder.ask(encoded, "heart").boxes.data, answer.boxes.data[heart], atol=1e-4)


def test_boxes_lie_inside_the_image_in_its_own_pixels(answer):
    assert len(answer.boxes) > 10
    assert answer.frame.shape == (90, 60)
    low, high = answer.boxes.data[:, :2], answer.boxes.data[:, 2:]
    assert (low >= 0).all()
    assert (high <= [90, 60]).all()
    assert (high > low).all()


def test_without_a_threshold_every_phrase_has_a_mask_in_the_images_own_pixels(grounder, path):
    answer = grounder.ground(path, PHRASES, threshold=0.0)
    assert [mask.shape for mask in answer.phrase_masks] == [(90, 60)] * len(PHRASES)


def test_a_threshold_of_zero_gives_candidates_down_to_any_score(grounder, path):
    every = grounder.ground(path, PHRASES, threshold=0.0)
    assert (np.bincount(every.phrase_index) <= 100).all()
    some = grounder.ground(path, PHRASES, threshold=float(np.median(every.scores)))
    assert 0 < len(some.boxes) < len(every.boxes)
    assert some.scores.min() >= np.median(every.scores)


def test_another_operating_point_takes_the_place_of_the_bundles(random_bundle, path):
    point = replace(Bundle(random_bundle).operating_point, box_threshold=0.0, canvas=(64, 64))
    other = Grounder(random_bundle, device="cpu", operating_point=point)
    assert other.operating_threshold == 0.0
    assert other.encode(path).placed.pixels.shape == (3, 64, 64)


def test_a_phrase_may_be_one_text_or_parsed_already(grounder, path):
    for phrases in ("heart", parse_phrase("heart"), [parse_phrase("heart")], ("heart",)):
        assert grounder.ground(path, phrases).phrases == (parse_phrase("heart"),)


def test_a_caption_is_searched_for_its_phrases_with_their_places(grounder, path):
    caption = "The heart is enlarged, no polyp; the windpipe is central."
    found = grounder.ground(path, caption=caption)
    spans = {phrase.concept: caption[slice(*phrase.span)] for phrase in found.phrases}
    assert spans["heart"] == "heart"
    assert spans["trachea"] == "windpipe"
    answers = {phrase.concept: status for phrase, status in zip(found.phrases, found.status, strict=True)}
    assert answers["polyp"] is Status.NEGATED


def test_a_caption_without_a_known_phrase_gives_an_empty_answer(grounder, path):
    assert grounder.ground(path, caption="Nothing of note here").phrases == ()


def test_a_negated_phrase_has_no_boxes_even_among_all_candidates(grounder, path):
    found = grounder.ground(path, ["no polyp", "heart"], threshold=0.0)
    assert found.status == (Status.NEGATED, Status.FOUND)
    assert set(found.phrase_index.tolist()) == {1}
    assert np.isnan(found.presence[0])


def test_what_a_named_modality_cannot_show_is_not_applicable(grounder, path):
    found = grounder.ground(path, "retinal blood vessel", modality="CT", threshold=0.0)
    assert found.status == (Status.NOT_APPLICABLE,)
    assert len(found.boxes) == 0
    assert grounder.ground(path, "retinal blood vessel", modality="fundus").status == (Status.FOUND,)


def test_a_predicted_modality_is_said_and_rules_nothing_out(grounder, path):
    found = grounder.ground(path, ["retinal blood vessel", "polyp", "heart"])
    assert found.provenance["modality_predicted"] is True
    assert found.provenance["modality"] != "UNKNOWN"
    assert Status.NOT_APPLICABLE not in found.status
    assert grounder.ground(path, "heart", modality="XR").provenance["modality_predicted"] is False


def test_without_rules_the_network_alone_is_asked(random_bundle, path):
    bare = Grounder(random_bundle, device="cpu", rules=False)
    assert bare.ground(path, "retinal blood vessel", modality="CT").status == (Status.FOUND,)
    assert bare.ground(path, "no polyp").status == (Status.NEGATED,)


def test_absence_is_said_only_of_what_was_validated_for_it(grounder, path):
    colon = {"modality": "ES", "body_region": "colon", "threshold": 0.999}
    assert grounder.ground(path, ["polyp", "colonoscope"], **colon).status == (Status.ABSENT, Status.UNSUPPORTED)
    chest = {"modality": "XR", "body_region": "chest", "threshold": 0.999}
    assert grounder.ground(path, "left lung", **chest).status == (Status.UNSUPPORTED,)


def test_support_tells_validated_words_from_others(grounder, path):
    found = grounder.ground(path, ["polyp", "colorectal polyp", "gizmo"], modality="ES")
    assert found.support == (Support.VALIDATED, Support.SYNONYM, Support.UNSEEN)


def test_another_word_for_a_concept_is_asked_by_its_name(grounder, path):
    word, name = (grounder.ground(path, text, threshold=0.0) for text in ("windpipe", "trachea"))
    np.testing.assert_allclose(word.scores, name.scores)
    assert word.phrases[0].text == "windpipe"


def test_a_result_says_which_weights_made_it(grounder, answer, path):
    assert answer.provenance["weights_sha256"] == grounder.bundle.weights_sha256
    assert answer.provenance["image"] == str(path)
    assert answer.provenance["threshold"] == grounder.operating_threshold == THRESHOLD


def test_the_answer_is_the_same_every_time(grounder, answer, path):
    assert to_json(grounder.ground(path, PHRASES)) == to_json(answer)


def test_five_hundred_phrases_are_answered_as_they_are_one_by_one(grounder, picture):
    encoded = grounder.encode(picture)
    texts = [f"thing {number}" for number in range(500)]
    found = grounder.ask(encoded, texts, threshold=0.004)
    assert [phrase.text for phrase in found.phrases] == texts
    alone = grounder.ask(encoded, texts[400], threshold=0.004)
    np.testing.assert_allclose(found.boxes.data[found.phrase_index == 400], alone.boxes.data, atol=1e-4)


@pytest.mark.parametrize(
    "array",
    [
        np.full((50, 40), 7, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.full((1, 1), 1e30, np.float32),
        np.zeros((1, 2000), np.uint8),
        np.array([[0, 65535]], np.uint16),
        np.random.default_rng(0).normal(size=(40, 30)) * 1e-20,
        np.eye(33, dtype=bool),
    ],
    ids=["constant", "one pixel", "one huge value", "one row", "16 bit", "tiny values", "bool"],
)
def test_odd_images_get_a_valid_answer(grounder, array):
    found = grounder.ground(array, PHRASES, threshold=0.0)
    assert np.isfinite(found.boxes.data).all()
    assert (found.boxes.data[:, 2:] <= array.shape[::-1]).all()
    assert np.isfinite(found.presence).all()


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.full((8, 8), np.nan), "finite"),
        (np.array([[1.0, np.inf]]), "finite"),
        (np.zeros((0, 8)), r"at least one pixel|none of them 0"),
        (np.zeros((8, 8, 8, 8)), r"\(rows, columns"),
        (np.zeros((8, 8), complex), "real"),
        (np.array([["a"]]), "real"),
        (torch.zeros(8, 8), r"\(C, x, y\)"),
        (torch.zeros(2, 3, 8, 8), r"\(C, x, y\)"),
        (torch.full((1, 8, 8), torch.nan), "finite"),
        (torch.zeros(1, 8, 8, 8), "expected an image with 2 axes"),
        (MetaTensor(torch.zeros(1, 8, 8), affine=torch.zeros(4, 4)), "affine"),
        (3, "got int"),
        (None, "got NoneType"),
        ({"image": 1}, "got dict"),
        ("no/such/file.png", "no/such/file"),
    ],
)
def test_what_is_no_image_is_refused_in_words(grounder, image, message):
    with pytest.raises(ImageReadError, match=message):
        grounder.ground(image, PHRASES)


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", "a.png"), (b"\x89PNG\r\n\x1a\n", "a.png"), (b"not a volume", "a.nii.gz"), (b"x", "a.dcm")],
)
def test_a_damaged_file_is_refused_in_words(grounder, tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageReadError, match=name):
        grounder.ground(tmp_path / name, PHRASES)


@pytest.mark.parametrize("phrase", ["", "   ", "?!", "x" * 513, "lung " * 2000, None, 3, b"lung"])
def test_what_is_no_phrase_is_refused_in_words(grounder, path, phrase):
    with pytest.raises(PhraseError, match="phrase"):
        grounder.ground(path, [phrase])


@pytest.mark.parametrize("text", ["左肺", "سرطان الرئة", "lung \N{LUNGS}", "x" * 512, "4", "naïve cœur", "a\nb\tc\0d"])
def test_words_of_any_script_get_a_valid_answer(grounder, path, text):
    found = grounder.ground(path, text, threshold=0.0)
    assert np.isfinite(found.scores).all()
    assert found.phrases[0].text == text


def test_a_caption_of_ten_thousand_characters_is_read(grounder, path):
    found = grounder.ground(path, caption="the heart and some other words " * 323)
    assert {phrase.concept for phrase in found.phrases} == {"heart"}


def test_no_phrase_at_all_gives_an_empty_answer(grounder, path):
    found = grounder.ground(path, [])
    assert (found.phrases, len(found.boxes)) == ((), 0)
    assert found.provenance["model"] == "tiny"


@pytest.mark.parametrize("words", [{}, {"phrases": ["heart"], "caption": "heart"}])
def test_either_phrases_or_a_caption_are_needed(grounder, path, words):
    with pytest.raises(PhraseError, match="either phrases or a caption"):
        grounder.ground(path, **words)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"modality": "XX"}, "expected a modality, one of CT"),
        ({"modality": "ultrasoun"}, "did you mean 'ultrasound'"),
        ({"body_region": "chset"}, "expected a body region, one of .*chest"),
        ({"threshold": 1.5}, r"threshold must lie in \[0, 1\], got 1.5"),
        ({"threshold": float("nan")}, "threshold must lie"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(grounder, path, setting, message):
    with pytest.raises(ConfigurationError, match=message):
        grounder.ground(path, PHRASES, **setting)


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "meta:x"])
def test_a_device_that_is_not_there_is_refused_in_words(random_bundle, device):
    with pytest.raises(ConfigurationError, match=f"expected a device of this machine, cpu or cuda, got '{device}'"):
        Grounder(random_bundle, device=device)


def test_a_folder_that_is_no_bundle_is_refused_in_words(tmp_path):
    with pytest.raises(MedGLIPError, match="expected a bundle folder"):
        Grounder(tmp_path)


def test_the_named_modality_overrules_the_scans(grounder, picture):
    scan = Scan(picture.T[None], Frame.pixel((90, 60)), Modality.CT, body_region="head")
    assert grounder.ground(scan, "heart").status == (Status.NOT_APPLICABLE,)
    found = grounder.ground(scan, [Phrase("heart", concept="heart")], modality="XR", body_region="chest")
    assert found.status == (Status.FOUND,)
    assert found.provenance["modality"] == "XR"
