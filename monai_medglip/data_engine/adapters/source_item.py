# SPDX-License-Identifier: Apache-2.0
"""One image of a data set before anything of it is read: where it lies, whose it is, and how its annotation is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import AnnotationReader
from monai_medglip.imaging.modality import Modality

__all__ = ["SourceItem"]


@dataclass(frozen=True)
class SourceItem:
    """One image of a data set.

    Args:
        id: name of the image, unique in its source.
        image: an image file, or the folder of a DICOM series; a `pathlib.Path` or, for remote data, a `upath.UPath`.
        annotation: reads what is drawn in it.
        modality: kind of imaging, UNKNOWN where neither card nor file tells.
        body_region: what it shows, a name of the ontology's body regions, or None.
        patient: the source's own word for the patient; the build hashes it. The id where the source tells none.
        split: train, val or test as the source divides its images; None where it does not.
        attributes: what the source says of the image besides (view, sequence, report text).
    """

    id: str
    image: Path
    annotation: AnnotationReader
    modality: Modality
    body_region: str | None
    patient: str
    split: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
