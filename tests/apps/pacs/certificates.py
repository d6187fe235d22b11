# SPDX-License-Identifier: Apache-2.0
"""An authority of the test's own, and the certificates that it issues."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

from apps.medglip_pacs.dicom_tls import DicomTls


@dataclass(frozen=True)
class Identity:
    """Files of a certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """Issues certificates for this machine into a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._authority = trustme.CA()
        self.file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.file))

    def issue(self, name: str) -> Identity:
        issued = self._authority.issue_cert("127.0.0.1", "localhost", common_name=name)
        identity = Identity(*(self._folder / f"{name}.{end}" for end in ("crt", "key")))
        issued.cert_chain_pems[0].write_to_path(str(identity.certificate))
        issued.private_key_pem.write_to_path(str(identity.key))
        return identity

    def node(self, name: str) -> DicomTls:
        """What a DICOM node needs that trusts this authority."""
        issued = self.issue(name)
        return DicomTls(issued.certificate, issued.key, trusted=self.file)

    def context(self, purpose: ssl.Purpose, identity: Identity | None = None) -> ssl.SSLContext:
        """A context that trusts this authority, and shows an identity where there is one."""
        context = ssl.create_default_context(purpose, cafile=str(self.file))
        if purpose is ssl.Purpose.CLIENT_AUTH:
            context.verify_mode = ssl.CERT_REQUIRED
        if identity is not None:
            context.load_cert_chain(identity.certificate, identity.key)
        return context
