# SPDX-License-Identifier: Apache-2.0
"""A small card whose lines a test can change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CARD = """\
title: Knees of one village
modalities: [MR]
dims: 3
body_regions: [head]
home: unknown
license: CC0
commercial_use: yes
access: free
how_to_get: Ask for the disk.
on_disk: ID.nii.gz, ID_mask.nii.gz
layout:
  reader: label_map
  confirmed: no
  images: "{id}.nii.gz"
  masks: "{id}_mask.nii.gz"
label_defaults: {exhaustive: yes}
labels:
  1: brainstem
  2: {concept: glioma, truth: automatic, attributes: {grade: "2"}}
citation: nobody
"""


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write the card with some texts in the place of others, under the name ``village``."""

    def write(*changes: tuple[str, str]) -> Path:
        text = CARD
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "village.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
