# SPDX-License-Identifier: Apache-2.0
"""The files with which Orthanc speaks DICOM by TLS, as the one that is called and as the one that calls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["DicomTls"]


@dataclass(frozen=True)
class DicomTls:
    """Certificates of one DICOM node; every other node has to show one of its own.

    Attributes:
        certificate: PEM file of this node's certificate.
        key: PEM file of its private key.
        trusted: PEM file of the authorities by whose certificates others are known.
    """

    certificate: Path
    key: Path
    trusted: Path

    def orthanc_settings(self) -> dict[str, Any]:
        """Return the entries of Orthanc's configuration; ``UseDicomTls`` is each destination's own."""
        return {
            "DicomTlsEnabled": True,
            "DicomTlsCertificate": str(self.certificate.resolve()),
            "DicomTlsPrivateKey": str(self.key.resolve()),
            "DicomTlsTrustedCertificates": str(self.trusted.resolve()),
            "DicomTlsRemoteCertificateRequired": True,
        }
