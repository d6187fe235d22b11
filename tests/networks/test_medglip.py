# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from monai_medglip.errors import PhraseError
from monai_medglip.imaging import Modality
from monai_medglip.ontology import Side
from monai_medglip.phrases import Phrase
from tests.tiny_networks import noise, phrases_of, tiny_network

LUNGS = [Phrase("left lung", side=Side.LEFT), Phrase("right lung", side=Side.RIGHT)]
HEART = phrases_of("heart")
POINTS = 8 * 8 + 4 * 4 + 2 * 2  # cells of strides 8, 16 and 32 on a canvas of 64
PER_PHRASE = ("alignment", "quality", "boxes", "masks", "presence")


def ask(network, image, phrases, **options):
    with torch.no_grad():
        return network(image, phrases, **options)


def test_without_phrases_the_answer_is_the_pixel_map(network):
    assert ask(network, noise(2), None).shape == (2, 8, 32, 32)


def test_with_phrases_the_answer_is_a_dictionary_of_the_documented_shapes(network):
    answer = ask(network, noise(2, 64, 96), [LUNGS, HEART])
    cells = 8 * 12 + 4 * 6 + 2 * 3
    assert {name: tuple(value.shape) for name, value in answer.items()} == {
        "alignment": (2, 2, cells),
        "quality": (2, 2, cells),
        "boxes": (2, 2, cells, 4),
        "points": (cells, 2),
        "strides": (cells,),
        "masks": (2, 2, 32, 48),
        "presence": (2, 2),
        "modality": (2, len(Modality) - 1),
        "phrase_valid": (2, 2),
    }
    assert answer["phrase_valid"].tolist() == [[True, True], [True, False]]


def test_a_volume_gets_boxes_and_masks_of_three_axes(tiny_text_encoder):
    volume = tiny_network(tiny_text_encoder, spatial_dims=3).eval()
    answer = ask(volume, noise(1, 32, 64, 32), [LUNGS])
    assert answer["boxes"].shape == (1, 2, 4 * 8 * 4 + 2 * 4 * 2 + 1 * 2 * 1, 6)
    assert answer["masks"].shape == (1, 2, 16, 32, 16)


def test_a_batch_of_different_phrase_counts_equals_its_images_one_by_one(network):
    images, asked = noise(3), [[*LUNGS, *HEART], [], HEART]
    modality = torch.tensor([Modality.XR.index, Modality.UNKNOWN.index, Modality.CT.index])
    together = ask(network, images, asked, modality=modality)
    for row, phrases in enumerate(asked):
        alone = ask(network, images[row : row + 1], [phrases], modality=modality[row : row + 1])
        for name in PER_PHRASE:
            torch.testing.assert_close(together[name][row, : len(phrases)], alone[name][0], atol=1e-4, rtol=1e-4)


def test_the_answer_to_a_phrase_does_not_depend_on_what_else_is_asked(network):
    alone = ask(network, noise(1), [HEART])
    among = ask(network, noise(1), [[*LUNGS, *HEART]])
    for name in PER_PHRASE:
        torch.testing.assert_close(among[name][:, 2], alone[name][:, 0], atol=1e-4, rtol=1e-4)


def test_an_image_encoded_once_gives_the_same_answers(network):
    at_once = ask(network, noise(2), [LUNGS, LUNGS])
    with torch.no_grad():
        encoded = network.encode(noise(2))
        for position in range(2):
            vectors, _ = network.embed([LUNGS[position : position + 1]] * 2)
            later = network.ground(encoded, vectors)
            torch.testing.assert_close(later["boxes"][:, 0], at_once["boxes"][:, position])
            torch.testing.assert_close(later["masks"][:, 0], at_once["masks"][:, position])


@pytest.mark.parametrize("asked", [[[], []], [[], HEART]])
def test_an_image_may_be_asked_nothing(network, asked):
    answer = ask(network, noise(2), asked)
    assert answer["boxes"].shape == (2, max(map(len, asked)), POINTS, 4)
    assert answer["phrase_valid"].sum() == len(asked[1])


def test_five_hundred_phrases_are_answered(network):
    answer = ask(network, noise(1), [phrases_of(*(f"thing {i}" for i in range(500)))])
    assert answer["boxes"].shape == (1, 500, POINTS, 4)
    assert all(bool(answer[name].isfinite().all()) for name in PER_PHRASE)


def test_an_empty_phrase_is_refused(network):
    with pytest.raises(PhraseError, match="at least one word"):
        ask(network, noise(1), [phrases_of(" ")])


def test_the_side_of_a_phrase_changes_the_answer_to_the_same_words(network):
    answer = ask(network, noise(1), [[Phrase("lung", side=side) for side in (Side.LEFT, Side.RIGHT)]])
    assert not torch.allclose(answer["alignment"][0, 0], answer["alignment"][0, 1])


def test_boxes_lie_round_their_points_up_to_half_a_stride(network):
    answer = ask(network, noise(1), [HEART])
    low, high = answer["boxes"][0, 0].chunk(2, dim=1)
    reach = answer["strides"][:, None] / 2
    assert ((low <= answer["points"] + reach) & (high >= answer["points"] - reach)).all()


def test_without_a_modality_the_image_is_of_an_unknown_one(network):
    unknown = torch.full((2,), Modality.UNKNOWN.index)
    torch.testing.assert_close(
        ask(network, noise(2), [HEART, HEART])["boxes"],
        ask(network, noise(2), [HEART, HEART], modality=unknown)["boxes"],
    )


def modulated(tiny_text_encoder, **settings):
    """A network whose modalities differ: untrained, their scales and shifts are all zero."""
    network = tiny_network(tiny_text_encoder, **settings)
    with torch.no_grad():
        for modulation in network.neck.modulations.values():
            torch.nn.init.normal_(modulation.shift.weight, generator=torch.Generator().manual_seed(1))
    return network


def test_the_modality_changes_the_answer(tiny_text_encoder):
    network = modulated(tiny_text_encoder).eval()
    pixels = ask(network, noise(1).expand(2, -1, -1, -1), None, modality=torch.tensor([0, 1]))
    assert not torch.allclose(pixels[0], pixels[1])


def test_an_unknown_modality_can_be_predicted_and_a_known_one_stays(tiny_text_encoder):
    network = modulated(tiny_text_encoder).eval()
    given = torch.tensor([Modality.UNKNOWN.index, Modality.PET.index])
    with torch.no_grad():
        encoded = network.encode(noise(2), given, predict_unknown=True)
        named = torch.tensor([int(encoded.modality_logits[0].argmax()), Modality.PET.index])
        told = network.encode(noise(2), named)
    torch.testing.assert_close(encoded.pixels, told.pixels)


def test_modalities_are_hidden_in_training_only(tiny_text_encoder):
    network = modulated(tiny_text_encoder, modality_dropout=1.0)
    image, known = noise(1), torch.tensor([Modality.CT.index])
    assert torch.equal(ask(network, image, None, modality=known), ask(network, image, None))
    network.eval()
    assert not torch.allclose(ask(network, image, None, modality=known), ask(network, image, None))


def test_the_state_dict_holds_no_weights_of_the_text_encoder(network):
    ask(network, noise(1), [HEART])
    assert not [key for key in network.state_dict() if "text_encoder" in key]
    assert not [name for name, _ in network.named_parameters() if "text_encoder" in name]


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # sizes become constants, as always in a trace
def test_the_image_path_can_be_traced(network):
    traced = torch.jit.trace(network, noise(1))
    torch.testing.assert_close(traced(noise(1, seed=1)), ask(network, noise(1, seed=1), None))


def test_a_view_of_a_part_is_placed_in_the_whole_image(network):
    part = torch.tensor([[-64.0, 0.0, 64.0, 64.0]])
    whole = ask(network, noise(1), None)
    assert not torch.allclose(ask(network, noise(1), None, whole_image=part), whole)
    assert torch.equal(ask(network, noise(1), None, whole_image=torch.tensor([[0.0, 0.0, 64.0, 64.0]])), whole)
