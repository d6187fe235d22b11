# SPDX-License-Identifier: Apache-2.0
"""One image of a data set before anything of it is read: where it lies, whose it is, and how its annotation is read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from monai_medglip.data_engine.adapters.annotation import AnnotationReader
from monai_medglip.data_engine.adapters.image_pixels import ImagePixels
from monai_medglip.imaging.modality import Modality
from monai_medglip.imaging.scan import Scan

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
        pixels: how its pixels are read.
    """

    id: str
    image: Path
    annotation: AnnotationReader
    modality: Modality
    body_region: str | None
    patient: str
    split: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    pixels: ImagePixels = field(default_factory=ImagePixels)

    def read(self) -> Scan:
        """Read the pixels; what the source says of modality and body region goes before what the file says.

        Raises:
            ImageReadError: when the image cannot be read.
        """
        scan = self.pixels.read(self.image)
        modality = scan.modality if self.modality is Modality.UNKNOWN else self.modality
        return replace(scan, modality=modality, body_region=self.body_region or scan.body_region)
