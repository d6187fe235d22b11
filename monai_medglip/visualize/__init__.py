# SPDX-License-Identifier: Apache-2.0
"""Pictures of groundings to look at: overlays, montages and an index page; no window, no notebook widget."""

from __future__ import annotations

from monai_medglip.grounding.colors import PHRASE_COLORS, phrase_color
from monai_medglip.visualize.index_page import PageEntry, render_index_page, write_index_page
from monai_medglip.visualize.montage import montage
from monai_medglip.visualize.orthogonal_planes import orthogonal_planes
from monai_medglip.visualize.overlay import overlay, write_overlay
from monai_medglip.visualize.picture_file import write_picture
from monai_medglip.visualize.volume_page import render_volume_page, write_volume_page

__all__ = [
    "PHRASE_COLORS",
    "PageEntry",
    "montage",
    "orthogonal_planes",
    "overlay",
    "phrase_color",
    "render_index_page",
    "render_volume_page",
    "write_index_page",
    "write_overlay",
    "write_picture",
    "write_volume_page",
]
