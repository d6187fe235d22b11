# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the clinic's work: it grounds nothing, and says so in the file that it writes.

What it does is told by the SeriesDescription: ``good`` gives one small report, ``refuse`` a report and a reason,
``raise`` an error that names the patient, ``die`` ends the process, ``hang`` never ends, ``print`` names the patient on
every way out.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from apps.medglip_pacs.settings import ModelSettings
from monai_medglip.clinic import SeriesOutcome, SeriesStatus
from monai_medglip.dicom import MANUFACTURER
from monai_medglip.errors import ImageReadError

BASIC_TEXT_SR = "1.2.840.10008.5.1.4.1.1.88.11"


class StandIn:
    """Gives a small report for a series."""

    model: Mapping[str, str] = {"stand-in": "grounds nothing"}

    def __call__(self, folder: Path, out: Path) -> SeriesOutcome:
        """Do what the description of the series asks for."""
        time.sleep(float(os.environ.get("STAND_IN_S", "0")))
        headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.iterdir())]
        first = min(headers, key=lambda header: header.SOPInstanceUID)
        what = str(first.get("SeriesDescription", "good"))
        if what == "hang":
            time.sleep(3600)
        if what == "die":
            os.abort()
        if what == "raise":
            raise ImageReadError(f"the series of {first.PatientName}, born {first.PatientBirthDate}, is broken")
        if what == "print":
            _name_the_patient(first)
        out.mkdir()
        report(first, len(headers)).save_as(out / "report.dcm", enforce_file_format=True)
        status = SeriesStatus.REFUSED if what == "refuse" else SeriesStatus.DONE
        reason = f"slices are missing in {first.SeriesInstanceUID}" if what == "refuse" else ""
        return SeriesOutcome(status, reason, files=(out / "report.dcm",))


def open_stand_in(settings: ModelSettings) -> StandIn:
    """Return the stand-in, as `model.work` asks for it."""
    return StandIn()


def report(source: Dataset, count: int) -> Dataset:
    """Return a report object with UIDs that follow from the series and its number of instances."""
    content = Dataset()
    content.file_meta = FileMetaDataset()
    content.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    content.SOPClassUID = content.file_meta.MediaStorageSOPClassUID = BASIC_TEXT_SR
    uid = generate_uid(entropy_srcs=[source.SeriesInstanceUID, str(count), "report"])
    content.SOPInstanceUID = content.file_meta.MediaStorageSOPInstanceUID = uid
    content.SeriesInstanceUID = generate_uid(entropy_srcs=[source.SeriesInstanceUID, str(count), "series"])
    for name in ("StudyInstanceUID", "PatientID", "PatientName", "PatientBirthDate", "StudyDate", "AccessionNumber"):
        setattr(content, name, source[name].value)
    content.Modality, content.Manufacturer = "SR", MANUFACTURER
    content.SeriesDescription = "stand-in: grounds nothing"
    return content


def _name_the_patient(header: Dataset) -> None:
    words = f"{header.PatientName} {header.PatientID} {header.PatientBirthDate} {header.StudyInstanceUID}"
    logging.getLogger("stand_in").warning("log %s", words)
    warnings.warn(f"warning {words}", stacklevel=1)
    sys.stdout.write(f"output {words}\n")
    sys.stderr.write(f"error {words}\n")
    os.write(2, f"native {words}\n".encode())
