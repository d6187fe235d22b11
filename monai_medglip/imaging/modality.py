# SPDX-License-Identifier: Apache-2.0
"""The imaging modalities that the project tells apart; not how their intensities are treated."""

from __future__ import annotations

import difflib
from enum import Enum

from monai_medglip.errors import ConfigurationError

__all__ = ["KNOWN_MODALITIES", "Modality"]


class Modality(str, Enum):
    """A kind of imaging.

    The value is the short code of data sets and file formats of this project. It is not always DICOM's code, see
    `from_dicom`.
    """

    CT = "CT"
    """Computed tomography."""
    MR = "MR"
    """Magnetic resonance."""
    XR = "XR"
    """Projection X-ray: films, dental panoramas, mammography."""
    US = "US"
    """Ultrasound."""
    ES = "ES"
    """Endoscopy."""
    DS = "DS"
    """Dermoscopy."""
    FU = "FU"
    """Fundus photography."""
    MI = "MI"
    """Microscopy."""
    OCT = "OCT"
    """Optical coherence tomography."""
    PET = "PET"
    """Positron emission tomography."""
    UNKNOWN = "UNKNOWN"
    """Not told by the file, nor by the user."""

    def __str__(self) -> str:
        """The code, the same in all Python versions."""
        return self.value

    @property
    def index(self) -> int:  # type: ignore[override]  # the position in the enum, not a search in the string
        """Position in the enum, `UNKNOWN` last; the row of this modality in embeddings and logits."""
        return _POSITIONS[self.value]

    @classmethod
    def parse(cls, word: str | Modality) -> Modality:
        """Give the modality that a word names.

        Args:
            word: a code of this project, a DICOM modality code, or an English name; case does not matter.

        Returns:
            The modality.

        Raises:
            ConfigurationError: when no modality has that name; the message lists the codes and the nearest name.

        Example:
            >>> Modality.parse("x-ray"), Modality.parse("PT")
            (<Modality.XR: 'XR'>, <Modality.PET: 'PET'>)
        """
        name = str(word).strip().casefold().replace("_", " ").replace("-", " ")
        code = _NAMES.get(name)
        if code is not None:
            return cls(code)
        near = difflib.get_close_matches(name, _NAMES, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise ConfigurationError(f"expected a modality, one of {', '.join(m.value for m in cls)}; got {word!r}{hint}")

    @classmethod
    def from_dicom(cls, code: str) -> Modality:
        """Give the modality of DICOM's attribute Modality (0008,0060), `UNKNOWN` for one the project has not."""
        return cls(_DICOM_CODES.get(code.strip().upper(), "UNKNOWN"))


# PS3.3 C.7.3.1.1.1, the defined terms that make pictures of a known kind. "NM", "OT" and the like stay unknown.
_DICOM_CODES = {
    "CT": "CT",
    "MR": "MR",
    **dict.fromkeys(("CR", "DX", "RG", "XA", "RF", "MG", "PX", "IO"), "XR"),
    **dict.fromkeys(("US", "IVUS", "BDUS"), "US"),
    "ES": "ES",
    "DMS": "DS",
    "OP": "FU",
    **dict.fromkeys(("SM", "GM"), "MI"),
    **dict.fromkeys(("OPT", "OCT", "IVOCT"), "OCT"),
    "PT": "PET",
}

_ENGLISH_NAMES = {
    "CT": ("computed tomography", "cat scan"),
    "MR": ("mri", "magnetic resonance", "magnetic resonance imaging"),
    "XR": ("x ray", "xray", "radiograph", "radiography", "mammography"),
    "US": ("ultrasound", "sonography", "echography"),
    "ES": ("endoscopy", "colonoscopy"),
    "DS": ("dermoscopy", "dermatoscopy"),
    "FU": ("fundus", "fundus photography"),
    "MI": ("microscopy", "histology", "pathology"),
    "OCT": ("optical coherence tomography",),
    "PET": ("positron emission tomography",),
}

# Later entries win: a code of this project is never read as a DICOM code.
_NAMES = {
    **{code.casefold(): value for code, value in _DICOM_CODES.items()},
    **{name: code for code, names in _ENGLISH_NAMES.items() for name in names},
    **{modality.value.casefold(): modality.value for modality in Modality},
}

_POSITIONS = {modality.value: position for position, modality in enumerate(Modality)}

KNOWN_MODALITIES: tuple[Modality, ...] = tuple(modality for modality in Modality if modality is not Modality.UNKNOWN)
"""All modalities but `Modality.UNKNOWN`, in the order of `Modality.index`."""
