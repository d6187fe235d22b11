# SPDX-License-Identifier: Apache-2.0
"""The result files of one scan: report, segmentation, pictures and JSON, as a destination wants them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from highdicom.seg import Segmentation
from pydicom import Dataset

from monai_medglip.clinic.pictures import result_pictures
from monai_medglip.dicom import (
    NOTICE,
    DestinationProfile,
    SegmentationKind,
    SourceImages,
    clinical_answers,
    secondary_capture,
    segmentation,
    stated_miss_rate,
    structured_report,
    write_object,
)
from monai_medglip.errors import GeometryError, ImageReadError, MedGLIPError
from monai_medglip.grounding import Grounding, write_json
from monai_medglip.imaging import Scan

__all__ = ["write_result_set"]

_QUOTED = re.compile(r"(['\"]).*?\1")
"""Values that an error message quotes: they may be the patient's, and the message goes into files and logs."""


def write_result_set(
    folder: Path,
    scan: Scan,
    grounding: Grounding,
    profile: DestinationProfile,
    *,
    miss_rates: Mapping[str, float],
    mark: str = "",
) -> None:
    """Write ``report.dcm``, ``segmentation.dcm``, ``picture_01.dcm`` ... and ``grounding.json``.

    Args:
        folder: an empty folder, or one that holds results of other marks.
        scan: read from DICOM files that are still there.
        grounding: its answers.
        profile: what the destination gets.
        miss_rates: how often a phrase validated for absence is missed, by phrase, [0, 1].
        mark: put behind the stems of the names, to tell the volumes of a series apart.

    Raises:
        ImageReadError: when the files of the scan are gone, or no result can be made of what their headers say.
        OutputError: when a file cannot be written.
    """
    with _header_errors():
        sources = SourceImages.of(scan)
        for name, made in _objects(scan, grounding, sources, profile, miss_rates):
            write_object(folder / f"{name}{mark}.dcm", made)
    write_json(folder / f"grounding{mark}.json", _explained(grounding, sources, miss_rates))


@contextlib.contextmanager
def _header_errors() -> Iterator[None]:
    """Say that it is the headers when an object cannot be made: highdicom and pydicom raise what they please."""
    try:
        yield
    except MedGLIPError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason = _QUOTED.sub("...", str(error))
        raise ImageReadError(
            f"expected headers that results can be made of, but {type(error).__name__}: {reason}; correct the headers"
        ) from error


def _objects(
    scan: Scan,
    grounding: Grounding,
    sources: SourceImages,
    profile: DestinationProfile,
    miss_rates: Mapping[str, float],
) -> Iterator[tuple[str, Dataset]]:
    """The objects of a result, each with the name of its kind."""
    yield "report", structured_report(grounding, sources, miss_rates=miss_rates, regions=profile.regions_on(sources))
    segments = None if profile.segmentation is None else _segmentation(grounding, sources, profile.segmentation)
    if segments is not None:
        yield "segmentation", segments
    if profile.picture:
        for number, (index, picture) in enumerate(result_pictures(scan, grounding, miss_rates), start=1):
            capture = secondary_capture(picture, grounding, sources, index=index, number=number)
            yield f"picture_{number:02d}", capture


def _segmentation(grounding: Grounding, sources: SourceImages, kind: SegmentationKind) -> Segmentation | None:
    """As wished, or as bits where masks overlap, which a label map cannot hold."""
    try:
        return segmentation(grounding, sources, kind=kind)
    except GeometryError:
        if kind is SegmentationKind.BINARY:
            raise
        return segmentation(grounding, sources, kind=SegmentationKind.BINARY)


def _explained(grounding: Grounding, sources: SourceImages, miss_rates: Mapping[str, float]) -> Grounding:
    """Say in the JSON, which names no patient, which images it is of and what may be said of each phrase."""
    references: dict[str, object] = {
        "study_instance_uid": str(sources.first.StudyInstanceUID),
        "series_instance_uid": str(sources.first.SeriesInstanceUID),
        "sop_instance_uids": [str(header.SOPInstanceUID) for header in sources.headers],
    }
    if sources.frame_numbers:
        references["frame_numbers"] = list(sources.frame_numbers)
    answers = [
        {"phrase": phrase.text, "answer": answer.value, "miss_rate": stated_miss_rate(phrase, answer, miss_rates)}
        for phrase, answer in zip(grounding.phrases, clinical_answers(grounding), strict=True)
    ]
    told = {"notice": NOTICE, "clinical_answers": answers, "dicom": references}
    return replace(grounding, provenance={**grounding.provenance, **told})
