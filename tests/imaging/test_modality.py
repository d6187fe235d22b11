# SPDX-License-Identifier: Apache-2.0
"""Tests of the modality's names and order."""

from __future__ import annotations

import pytest

from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging import KNOWN_MODALITIES, Modality


@pytest.mark.parametrize("modality", list(Modality))
def test_every_modality_is_parsed_from_its_own_code_in_any_case(modality: Modality) -> None:
    assert Modality.parse(modality.value.lower()) is modality
    assert Modality.parse(modality) is modality


@pytest.mark.parametrize(
    ("word", "code"),
    [("PT", "PET"), ("DX", "XR"), ("X-ray", "XR"), (" mri ", "MR"), ("fundus_photography", "FU"), ("SM", "MI")],
)
def test_dicom_codes_and_english_names_are_parsed(word: str, code: str) -> None:
    assert Modality.parse(word).value == code


def test_an_unknown_word_is_refused_with_the_codes_and_the_nearest_name() -> None:
    with pytest.raises(ConfigurationError, match=r"one of CT, MR, .* got 'ultrasuond' \(did you mean 'ultrasound'\?\)"):
        Modality.parse("ultrasuond")


def test_an_empty_word_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="got ''"):
        Modality.parse("")


def test_a_dicom_code_without_a_modality_is_unknown() -> None:
    assert Modality.from_dicom("NM") is Modality.UNKNOWN
    assert Modality.from_dicom(" mg ") is Modality.XR


def test_indices_count_up_and_unknown_is_last() -> None:
    assert [modality.index for modality in Modality] == list(range(11))
    assert Modality.UNKNOWN.index == len(KNOWN_MODALITIES)


def test_a_modality_prints_as_its_code() -> None:
    assert f"{Modality.CT}" == str(Modality.CT) == "CT"
