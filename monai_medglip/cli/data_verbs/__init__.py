# SPDX-License-Identifier: Apache-2.0
"""The verbs of ``medglip data``, one module each."""

from __future__ import annotations

__all__: list[str] = []
