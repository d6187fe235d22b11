# SPDX-License-Identifier: Apache-2.0
"""Sockets that pynetdicom leaves to the garbage collector when a TLS handshake fails."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

__all__ = ["collected_sockets"]


@pytest.fixture
def collected_sockets() -> Iterator[None]:
    """Has them collected with the test that expects their warnings, and not during another one."""
    yield
    gc.collect()
