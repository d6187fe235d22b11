# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medglip.errors import WeightsError
from monai_medglip.networks import PhraseProjection, TextEncoder
from monai_medglip.networks.phrase_encoder import side_index
from monai_medglip.ontology import Side
from monai_medglip.phrases import Phrase


def test_texts_become_unit_vectors_in_their_order(text_encoder):
    vectors = text_encoder(["left lung", "heart", "left lung"])
    assert vectors.shape == (3, 32)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    assert torch.equal(vectors[0], vectors[2])
    assert not torch.allclose(vectors[0], vectors[1])


def test_no_texts_give_no_vectors(text_encoder):
    assert text_encoder([]).shape == (0, 32)


def test_the_vector_of_a_text_does_not_depend_on_its_neighbors(tiny_text_encoder):
    alone = TextEncoder(tiny_text_encoder)(["heart"])[0]
    among = TextEncoder(tiny_text_encoder)(["a much longer text about the heart", "heart"])[1]
    torch.testing.assert_close(among, alone, atol=1e-6, rtol=1e-5)


def test_a_text_is_encoded_once(tiny_text_encoder, monkeypatch):
    encoder = TextEncoder(tiny_text_encoder)
    first = encoder(["heart"])
    monkeypatch.setattr(encoder, "_model", None)
    monkeypatch.setattr(encoder, "_load_model", lambda: pytest.fail("the text was known"))
    assert torch.equal(encoder(["heart", "heart"])[1:], first)


def test_a_text_longer_than_the_limit_is_cut(tiny_text_encoder):
    encoder = TextEncoder(tiny_text_encoder, max_tokens=8)
    same_start, same_start_too = encoder(["abcdef", "abcdefghijklmnop"])
    torch.testing.assert_close(same_start, same_start_too)


def test_words_of_another_script_have_a_vector(text_encoder):
    assert text_encoder(["左肺", "легкое"]).isfinite().all()


@pytest.mark.parametrize("content", [None, "{}", "no json"])
def test_a_folder_without_a_text_encoder_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(WeightsError, match="expected a Hugging Face text encoder"):
        TextEncoder(tmp_path)


@pytest.mark.parametrize("weights", [None, b"", b"damaged"])
def test_a_folder_without_good_weights_is_refused_when_they_are_needed(tiny_text_encoder, tmp_path, weights):
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tiny_text_encoder / name).read_bytes())
    if weights is not None:
        (tmp_path / "model.safetensors").write_bytes(weights)
    with pytest.raises(WeightsError, match=r"expected the weights .* of a Hugging Face text encoder"):
        TextEncoder(tmp_path)(["heart"])


def test_the_shipped_text_encoder_tells_words_apart_and_hears_synonyms(repository):
    windpipe, trachea, polyp = TextEncoder(repository / "bundles" / "text_encoder")(["windpipe", "trachea", "polyp"])
    assert windpipe.shape == (384,)
    assert windpipe @ trachea > 0.5 > windpipe @ polyp


def test_the_side_enters_as_an_embedding_of_its_own():
    projection = PhraseProjection(32, 16).eval()
    text = torch.nn.functional.normalize(torch.ones(1, 1, 32), dim=-1)
    vectors = [projection(text, torch.tensor([[side_index(Phrase("lung", side=side))]])) for side in Side]
    assert vectors[0].shape == (1, 1, 16)
    assert len({tuple(vector.flatten().tolist()) for vector in vectors}) == len(Side)


def test_a_folder_without_a_vocabulary_is_refused(tiny_text_encoder, tmp_path):
    for name in ("config.json", "model.safetensors", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tiny_text_encoder / name).read_bytes())
    with pytest.raises(WeightsError, match="vocabulary"):
        TextEncoder(tmp_path)
