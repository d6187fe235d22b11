# SPDX-License-Identifier: Apache-2.0
"""The tree that all our structured reports share (PS3.16, TID 1500): who observed what, regions, answers in words.

Answers stand under "Qualitative Evaluations", not in measurement groups without a region: OHIF 3.13 shows nothing of a
report with such a group, nor of a measurement report without any region. A report without regions therefore has a title
of its own, and OHIF shows its words.
"""

from __future__ import annotations

from collections.abc import Sequence

from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes

from monai_medglip.dicom.coded_terms import SCHEME
from monai_medglip.dicom.observation import observation_context, procedure_reported
from monai_medglip.dicom.result_identity import ResultIdentity

__all__ = ["code_item", "report_tree", "text_item"]

_ENGLISH = sr.CodedConcept("en-US", "RFC5646", "English (United States)")
_EVALUATIONS = sr.CodedConcept("C0034375", "UMLS", "Qualitative Evaluations")
_WITHOUT_REGIONS = sr.CodedConcept("REPORT", SCHEME, "AI result without regions")


def report_tree(
    identity: ResultIdentity,
    source: Dataset,
    *,
    groups: Sequence[sr.ContentSequence],
    evaluations: Sequence[sr.ContentItem],
) -> sr.ContainerContentItem:
    """Make the root of a report with all that is under it.

    Args:
        identity: who observed.
        source: header of an image that the report is of.
        groups: measurement groups of regions, in the order in which viewers show them; () where nothing is shown.
        evaluations: answers and comments.
    """
    title = codes.DCM.ImagingMeasurementReport if groups else _WITHOUT_REGIONS
    root = sr.ContainerContentItem(name=title, template_id="1500", is_content_continuous=False)
    root.ContentSequence = sr.ContentSequence(
        [
            *sr.LanguageOfContentItemAndDescendants(_ENGLISH),
            *observation_context(identity),
            sr.CodeContentItem(
                name=codes.DCM.ProcedureReported,
                value=procedure_reported(source),
                relationship_type=sr.RelationshipTypeValues.HAS_CONCEPT_MOD,
            ),
        ]
    )
    if groups:
        measured = [item for group in groups for item in group]
        root.ContentSequence.append(_container(codes.DCM.ImagingMeasurements, measured))
    root.ContentSequence.append(_container(_EVALUATIONS, evaluations))
    return root


def code_item(name: sr.CodedConcept, value: sr.CodedConcept) -> sr.CodeContentItem:
    """Make an evaluation that is a code."""
    return sr.CodeContentItem(name=name, value=value, relationship_type=sr.RelationshipTypeValues.CONTAINS)


def text_item(name: sr.CodedConcept, words: str) -> sr.TextContentItem:
    """Make an evaluation in words."""
    return sr.TextContentItem(name=name, value=words, relationship_type=sr.RelationshipTypeValues.CONTAINS)


def _container(name: sr.CodedConcept, items: Sequence[sr.ContentItem]) -> sr.ContainerContentItem:
    # items that are not continuous text are shown with their names
    container = sr.ContainerContentItem(
        name=name, is_content_continuous=False, relationship_type=sr.RelationshipTypeValues.CONTAINS
    )
    container.ContentSequence = sr.ContentSequence(items)
    return container
