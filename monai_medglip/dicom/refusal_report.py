# SPDX-License-Identifier: Apache-2.0
"""A report that says in words why images were not evaluated, so that silence is never taken for an answer."""

from __future__ import annotations

from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes

from monai_medglip.dicom.clinical_answer import NOTICE, ClinicalAnswer
from monai_medglip.dicom.coded_terms import ANSWER, answer_concept
from monai_medglip.dicom.patient_text import write_in_utf8
from monai_medglip.dicom.report_tree import code_item, report_tree, text_item
from monai_medglip.dicom.result_identity import ResultIdentity
from monai_medglip.dicom.source_images import completed_header

__all__ = ["refusal_report"]

_SERIES_NUMBER = 9104
_TAKEN = (
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SpecificCharacterSet", "Modality"),
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "IssuerOfPatientID"),
    *("StudyID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber", "ReferringPhysicianName"),
)


def refusal_report(header: Dataset, reason: str) -> sr.Comprehensive3DSR:
    """Make the report of a series that was refused.

    Args:
        header: of one of its images; the elements before those of the pixels are enough.
        reason: in words, without the patient's name or a path.

    Returns:
        The object, of no group and no region; the same header and reason give the same UIDs.

    Raises:
        ImageReadError: when the header does not even name its study and itself.
    """
    source = completed_header(_plain_part(header))
    identity = ResultIdentity.of_refusal(source, reason)
    evaluations = [
        code_item(ANSWER, answer_concept(ClinicalAnswer.NOT_EVALUATED)),
        *(text_item(codes.DCM.Comment, words) for words in (f"Not evaluated: {reason}", NOTICE)),
    ]
    report = sr.Comprehensive3DSR(
        evidence=[source],
        content=report_tree(identity, source, groups=(), evaluations=evaluations),
        is_complete=True,
        is_final=False,
        is_verified=False,
        **identity.series("refusal", _SERIES_NUMBER),
    )
    return write_in_utf8(report)


def _plain_part(header: Dataset) -> Dataset:
    """What the report takes from a header, and nothing that is nested: it may be of a hostile file."""
    part = Dataset()
    for keyword in _TAKEN:
        if keyword in header:
            setattr(part, keyword, header.get(keyword))
    return part
