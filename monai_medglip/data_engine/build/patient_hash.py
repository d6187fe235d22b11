# SPDX-License-Identifier: Apache-2.0
"""Patients in a store: a keyed hash, so that nobody without the key can test a guess of a name or number."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import ConfigurationError

__all__ = ["SALT_VARIABLE", "hash_patient", "read_or_make_salt"]

SALT_VARIABLE = "MEDGLIP_DATA_SALT"
"""The environment variable that may hold the salt; the same salt hashes a patient alike in every build."""

_SHORTEST = 16
_HEX_DIGITS = 16


def hash_patient(source: str, patient: str, salt: str) -> str:
    """Give 16 hex digits of HMAC-SHA-256 of source and patient under the salt."""
    return hmac.new(salt.encode(), f"{source}:{patient}".encode(), hashlib.sha256).hexdigest()[:_HEX_DIGITS]


def read_or_make_salt(file: Path) -> str:
    """Give the salt of the environment, else that of a file, which is made with a random one when it is not there.

    Args:
        file: readable by its owner alone; it belongs beside a build and never into the store.

    Raises:
        ConfigurationError: when the salt is too short to keep guesses out, or the file cannot be read.
    """
    salt = os.environ.get(SALT_VARIABLE)
    if salt is None and not file.exists():
        with atomic_file(file) as temporary:
            temporary.write_text(secrets.token_hex(32), encoding="ascii")
            temporary.chmod(0o600)
    try:
        salt = salt or file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"expected a salt in {SALT_VARIABLE} or {file}, got: {error}") from error
    if len(salt) < _SHORTEST:
        raise ConfigurationError(
            f"expected a salt of at least {_SHORTEST} characters in {SALT_VARIABLE} or {file}, got {len(salt)}"
        )
    return salt
