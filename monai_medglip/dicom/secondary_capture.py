# SPDX-License-Identifier: Apache-2.0
"""Finished pictures as DICOM secondary captures, which every archive keeps and every viewer shows; nothing is drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from highdicom.sc import SCImage
from pydicom import Dataset

from monai_medglip.dicom.clinical_answer import NOTICE
from monai_medglip.dicom.patient_orientation import orientation_letters
from monai_medglip.dicom.patient_text import write_in_utf8
from monai_medglip.dicom.result_identity import ResultIdentity
from monai_medglip.dicom.source_images import SourceImages
from monai_medglip.errors import GeometryError
from monai_medglip.grounding import Grounding

__all__ = ["secondary_capture"]

_SERIES_NUMBER = 9103


def secondary_capture(
    picture: npt.NDArray[np.uint8], grounding: Grounding, sources: SourceImages, *, index: int = 0, number: int = 1
) -> SCImage:
    """Make one picture of a grounding an object of the series of its pictures.

    Args:
        picture: ``(rows, columns, 3)`` RGB, in the directions of the source image, all text burnt in.
        grounding: what it shows.
        sources: the images of the grounding.
        index: of the source image on the grounding's last axis that it was drawn on.
        number: of the picture in its series, from 1.

    Returns:
        The object; the same inputs give the same UIDs.

    Raises:
        GeometryError: when the picture is none.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise GeometryError(f"expected a picture (rows, columns, 3) uint8, got {picture.dtype} {picture.shape}")
    identity, source = ResultIdentity.of(grounding, sources), sources.slice_of(index)
    series = identity.series("SC", _SERIES_NUMBER) | {
        "sop_instance_uid": identity.uid("SC", "instance", number),
        "instance_number": number,
    }
    result = SCImage.from_ref_dataset(
        ref_dataset=source,
        pixel_array=picture,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "P"),  # asked for by highdicom also where it is not known; set below
        **series,
    )
    result.PatientOrientation = orientation_letters(source)
    result.Laterality = source.get("Laterality", "")
    result.BurnedInAnnotation = "NO"  # the standard means words that identify the patient
    result.ImageComments = NOTICE
    result.DerivationDescription = NOTICE
    result.SourceImageSequence = [_reference(source, sources.frames_of(index))]
    return write_in_utf8(result)


def _reference(source: Dataset, frames: list[int] | None) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    if frames is not None:
        item.ReferencedFrameNumber = frames
    return item
