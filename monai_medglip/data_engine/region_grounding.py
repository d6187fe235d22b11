# SPDX-License-Identifier: Apache-2.0
"""Annotated regions in the form of an answer, to be drawn; `truth_grounding` does so for what phrases mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from monai_medglip.data_engine.record import Region
from monai_medglip.geometry import Boxes, Frame
from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.phrases import Phrase

__all__ = ["region_grounding"]


def region_grounding(frame: Frame, regions: Sequence[Region]) -> Grounding:
    """Give regions as a grounding with one phrase for each concept, in the order in which they come first.

    Args:
        frame: the grid of the image.
        regions: of the image.
    """
    names = list(dict.fromkeys(region.concept for region in regions))
    return Grounding(
        boxes=Boxes(np.array([region.box for region in regions]).reshape(-1, 2 * len(frame.shape)), frame),
        scores=np.ones(len(regions)),
        phrase_index=np.array([names.index(region.concept) for region in regions], np.int64),
        phrases=tuple(Phrase(name, name) for name in names),
        presence=np.ones(len(names)),
        status=(Status.FOUND,) * len(names),
        support=(Support.VALIDATED,) * len(names),
        instance_masks=tuple(region.mask for region in regions),
        phrase_masks=(None,) * len(names),
        provenance={"truth": True},
    )
