# SPDX-License-Identifier: Apache-2.0
"""Small groundings whose boxes and masks are known by construction."""

from __future__ import annotations

import numpy as np

from monai_medglip.geometry import AxisPair, Boxes, Frame
from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.imaging import MaskRLE, Scan
from monai_medglip.phrases import Phrase, Side

LEFT_LUNG = Phrase("left lung", concept="left lung", side=Side.LEFT, span=(0, 9))
HEART = Phrase("heart", concept="heart")
POLYP = Phrase("polyp")


def rectangle(shape, box):
    """A mask that is 1 inside whole-numbered voxel edges."""
    mask = np.zeros(shape, bool)
    dims = len(shape)
    mask[tuple(slice(box[axis], box[axis + dims]) for axis in range(dims))] = True
    return mask


def chest(frame=None):
    """Two regions of the left lung, one of the heart, no polyp, in 40 columns and 30 rows (or a given frame)."""
    frame = frame or Frame.pixel((40, 30))
    boxes = [[22, 3, 36, 27], [25, 5, 30, 9], [12, 14, 26, 26]]
    if frame.spatial_dims == 3:
        boxes = [[*box[:2], 2, *box[2:], 6] for box in boxes]
    masks = [MaskRLE.encode(rectangle(frame.shape, box)) for box in boxes]
    return Grounding(
        boxes=Boxes(np.array(boxes, float), frame),
        scores=np.array([0.9, 0.4, 0.75]),
        phrase_index=np.array([0, 0, 1]),
        phrases=(LEFT_LUNG, HEART, POLYP),
        presence=np.array([0.98, 0.8, 0.03]),
        status=(Status.FOUND, Status.FOUND, Status.ABSENT),
        support=(Support.VALIDATED, Support.SYNONYM, Support.UNSEEN),
        instance_masks=(masks[0], None, masks[2]),
        phrase_masks=(masks[0], masks[2], None),
        provenance={"model": "medglip_tiny", "settings": {"threshold": 0.3, "sizes": [320, 320]}},
    )


def oblique_frame(shape=(40, 30, 8), known=True):
    """A volume turned by 30 degrees about the long axis, stored towards left, posterior and superior."""
    turn = np.deg2rad(30)
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag([-0.8, -1.1, 2.5])
    affine[:3, 3] = (31, -12, 105)
    return Frame(affine, shape, frozenset(AxisPair) if known else frozenset(), spacing_known=known)


def grey_scan(frame, dtype=np.uint8):
    """A gradient on that frame."""
    values = np.linspace(0, 200, int(np.prod(frame.shape))).reshape(1, *frame.shape)
    return Scan(values.astype(dtype), frame)
