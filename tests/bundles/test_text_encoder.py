# SPDX-License-Identifier: Apache-2.0
"""The committed float16 text encoder gives the similarities that its float32 original was measured to give."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_medglip.networks import TextEncoder


@pytest.fixture(scope="module")
def encoder(repository: Path) -> TextEncoder:
    return TextEncoder(repository / "bundles" / "text_encoder")


@pytest.mark.parametrize(
    ("one", "other", "cosine"),
    [
        ("left lung", "right lung", 0.919),
        ("left kidney", "right kidney", 0.873),
        ("polyp", "no polyp", 0.879),
        ("kidney", "renal", 0.923),
        ("optic disc", "optic cup", 0.604),
        ("polyp", "adenoma", 0.243),
        ("gallbladder", "urinary bladder", 0.388),
    ],
)
def test_similarities_are_those_of_the_original(encoder: TextEncoder, one: str, other: str, cosine: float) -> None:
    vectors = encoder([one, other])
    assert float(vectors[0] @ vectors[1]) == pytest.approx(cosine, abs=0.002)


def test_vectors_have_unit_length_and_do_not_depend_on_company(encoder: TextEncoder) -> None:
    alone = TextEncoder(encoder.folder)(["heart"])
    together = encoder(["heart", "a much longer phrase about the cardiac silhouette"])
    assert float(alone.norm()) == pytest.approx(1.0, abs=1e-5)
    assert float(alone[0] @ together[0]) == pytest.approx(1.0, abs=1e-5)


def test_no_file_breaks_the_model_zoos_limit(repository: Path) -> None:
    sizes = [file.stat().st_size for file in (repository / "bundles" / "text_encoder").iterdir()]
    assert max(sizes) < 25e6
