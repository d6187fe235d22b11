# SPDX-License-Identifier: Apache-2.0
"""Who made a DICOM result and under which UIDs: the same inputs, model and phrases give the same UIDs.

A result that is made and sent again is then the same object to an archive, not a second one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from highdicom import ContributingEquipment
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID, generate_uid

from monai_medglip import __version__
from monai_medglip.dicom.clinical_answer import NOTICE
from monai_medglip.dicom.source_images import SourceImages
from monai_medglip.grounding import Grounding

__all__ = ["MANUFACTURER", "ResultIdentity"]

MANUFACTURER = "monai_medglip developers"
_LONG_STRING = 64  # characters of DICOM's LO
_TELLS_APART = ("model", "version", "weights_sha256", "threshold", "software")


@dataclass(frozen=True)
class ResultIdentity:
    """The model behind a grounding, and the UIDs of what is made of it.

    Attributes:
        model: name of the model.
        version: of the model.
        weights_sha256: checksum of its weights, "" where it is not known.
        parameters: what else a reader must know, as ``key=value``.
    """

    model: str
    version: str
    weights_sha256: str
    parameters: tuple[str, ...]
    _entropy: tuple[str, ...]

    @classmethod
    def of(cls, grounding: Grounding, sources: SourceImages) -> ResultIdentity:
        """Read who made a grounding from its provenance."""
        told = grounding.provenance
        parameters = ("threshold", "weights_license", "software", "intended_use")
        return cls(
            model=str(told.get("model", "unknown model")),
            version=str(told.get("version") or "unknown"),
            weights_sha256=str(told.get("weights_sha256") or ""),
            parameters=tuple(f"{key}={told[key]}" for key in parameters if told.get(key) is not None),
            _entropy=(
                *sorted(str(header.SOPInstanceUID) for header in sources.instances),
                *(f"frame {number}" for number in sources.frame_numbers),
                *(f"{phrase.text}/{phrase.side.value}/{phrase.negated}" for phrase in grounding.phrases),
                json.dumps({key: told.get(key) for key in _TELLS_APART}),
            ),
        )

    @classmethod
    def of_refusal(cls, header: Dataset, reason: str) -> ResultIdentity:
        """Give who refused a series, told by one of its headers, for a reason in words."""
        told = (str(header.get("SeriesInstanceUID")), str(header.SOPInstanceUID), "refused", reason)
        return cls("monai_medglip", __version__, "", (), told)

    def uid(self, *purpose: object) -> UID:
        """Give the UID of one thing, told apart by words and numbers such as ``("SEG", "instance")``."""
        return generate_uid(entropy_srcs=[*map(str, purpose), *self._entropy])

    @property
    def series_description(self) -> str:
        """At most 64 characters that say what it is, first that it is no diagnosis."""
        return f"{NOTICE}: {self.model} {self.version}"[:_LONG_STRING]

    def equipment(self) -> Sequence[ContributingEquipment]:
        """Give the program as contributing equipment."""
        return [
            ContributingEquipment(
                manufacturer=MANUFACTURER,
                purpose_of_reference=codes.DCM.ProcessingEquipment,
                manufacturer_model_name=self.model,
                software_versions=self.version,
                device_serial_number=self.weights_sha256 or "unknown",
                contribution_description=NOTICE,
            )
        ]

    def series(self, kind: str, number: int) -> dict[str, Any]:
        """Give what highdicom's objects are told of their series: one of its own for each kind of object."""
        return {
            "series_instance_uid": self.uid(kind, "series"),
            "series_number": number,
            "sop_instance_uid": self.uid(kind, "instance"),
            "instance_number": 1,
            "manufacturer": MANUFACTURER,
            "series_description": self.series_description,
            "contributing_equipment": self.equipment(),
        }
