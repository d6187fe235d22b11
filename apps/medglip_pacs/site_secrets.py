# SPDX-License-Identifier: Apache-2.0
"""Secrets of a site: from an environment variable, or from the file that ``<variable>_FILE`` names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from monai_medglip.errors import ConfigurationError

__all__ = ["ORTHANC_PASSWORD", "PAGE_PASSWORD", "QUEUE_URL", "secret"]

ORTHANC_PASSWORD = "MEDGLIP_PACS_ORTHANC_PASSWORD"
PAGE_PASSWORD = "MEDGLIP_PACS_PAGE_PASSWORD"
QUEUE_URL = "MEDGLIP_PACS_QUEUE_URL"
"""``postgresql://...`` for several workers; unset, the queue is a file in the state folder."""


def secret(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return a secret, or None where the site gives none.

    Args:
        name: one of this module's names.
        environment: where variables are looked up.

    Raises:
        ConfigurationError: when both the variable and its ``_FILE`` are set, or the file cannot be read or is empty.
    """
    value, file = environment.get(name), environment.get(f"{name}_FILE")
    if value and file:
        raise ConfigurationError(f"expected {name} or {name}_FILE, got both; unset one")
    if not file:
        return value or None
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"expected {name}_FILE to name a file that can be read: {error}") from error
    if not text:
        raise ConfigurationError(f"expected a secret in the file that {name}_FILE names, got an empty file")
    return text
