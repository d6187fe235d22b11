# SPDX-License-Identifier: Apache-2.0
"""Whether words that tell who a patient is, or what a header said, are in what a build wrote."""

from __future__ import annotations

from monai_medglip.data_engine.privacy.header_values import header_values, without_header_values
from monai_medglip.data_engine.privacy.identifier import Identifier, spellings_of_date
from monai_medglip.data_engine.privacy.privacy_scan import Leak, ScanReport, privacy_scan

__all__ = [
    "Identifier",
    "Leak",
    "ScanReport",
    "header_values",
    "privacy_scan",
    "spellings_of_date",
    "without_header_values",
]
