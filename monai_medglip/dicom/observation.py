# SPDX-License-Identifier: Apache-2.0
"""Who observed and which procedure is reported: the head that all our structured reports share."""

from __future__ import annotations

from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes

from monai_medglip.dicom.result_identity import MANUFACTURER, ResultIdentity

__all__ = ["observation_context", "procedure_reported"]


def observation_context(identity: ResultIdentity) -> sr.ObservationContext:
    """Give the program as the device that observed."""
    observer = sr.DeviceObserverIdentifyingAttributes(
        uid=identity.uid("device"),
        name="monai_medglip",
        manufacturer_name=MANUFACTURER,
        model_name=identity.model,
        serial_number=identity.weights_sha256 or None,
    )
    context = sr.ObserverContext(observer_type=codes.DCM.Device, observer_identifying_attributes=observer)
    return sr.ObservationContext(observer_device_context=context)


def procedure_reported(source: Dataset) -> sr.CodedConcept:
    """Give the procedure that an image is of, as far as its modality tells."""
    if source.get("Modality") == "CT":
        return sr.CodedConcept("25045-6", "LN", "CT unspecified body region")
    return sr.CodedConcept(*codes.SCT.ImagingProcedure)
