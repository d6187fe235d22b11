# SPDX-License-Identifier: Apache-2.0
"""Properties of run-length masks: nothing is lost, and COCO's own code agrees."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco_mask

from monai_medglip.imaging import MaskRLE

masks = arrays(np.bool_, array_shapes(min_dims=2, max_dims=3, max_side=12), elements=st.booleans())


@settings(deadline=None, max_examples=60)
@given(masks)
def test_decoding_gives_the_mask_that_was_coded(mask: np.ndarray) -> None:
    rle = MaskRLE.encode(mask)
    np.testing.assert_array_equal(rle.decode(), mask)
    assert rle.area == mask.sum()


@settings(deadline=None, max_examples=60)
@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.booleans()))
def test_coco_decodes_the_picture(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(coco_mask.decode(MaskRLE.encode(mask).to_coco()), mask.T)
