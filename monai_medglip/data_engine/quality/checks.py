# SPDX-License-Identifier: Apache-2.0
"""The checks that are run, in order. A new one is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monai_medglip.data_engine.quality.box_mask_disagreement import BoxMaskDisagreement
from monai_medglip.data_engine.quality.box_outside import BoxOutside
from monai_medglip.data_engine.quality.burned_in_text import BurnedInText
from monai_medglip.data_engine.quality.collection_check import CollectionCheck, ImageSummary
from monai_medglip.data_engine.quality.equal_images import EqualImages
from monai_medglip.data_engine.quality.finding import Finding
from monai_medglip.data_engine.quality.image_check import CheckedImage, ImageCheck
from monai_medglip.data_engine.quality.implausible_geometry import ImplausibleGeometry
from monai_medglip.data_engine.quality.lesion_outside_organ import LesionOutsideOrgan
from monai_medglip.data_engine.quality.patient_leakage import PatientLeakage
from monai_medglip.data_engine.quality.region_extent import RegionExtent
from monai_medglip.data_engine.quality.repeated_regions import RepeatedRegions
from monai_medglip.data_engine.quality.side_against_position import SideAgainstPosition
from monai_medglip.data_engine.quality.similar_images import SimilarImages

__all__ = ["COLLECTION_CHECKS", "IMAGE_CHECKS", "check_collection", "check_image"]

IMAGE_CHECKS: tuple[ImageCheck, ...] = (
    ImplausibleGeometry(),
    BoxOutside(),
    RegionExtent(),
    BoxMaskDisagreement(),
    RepeatedRegions(),
    LesionOutsideOrgan(),
    SideAgainstPosition(),
    BurnedInText(),
)
COLLECTION_CHECKS: tuple[CollectionCheck, ...] = (PatientLeakage(), EqualImages(), SimilarImages())


def check_image(image: CheckedImage, source: str, record: str) -> Iterator[Finding]:
    """Give what the checks of single images find in one.

    Args:
        image: the image and its regions.
        source: the data set.
        record: the image's id in it.
    """
    for check in IMAGE_CHECKS:
        for remark in check(image):
            yield Finding(check.stage, check.name, source, record, remark.reason, region=remark.region)


def check_collection(images: Sequence[ImageSummary]) -> Iterator[Finding]:
    """Give what the checks of all images together find."""
    for check in COLLECTION_CHECKS:
        yield from check(images)
