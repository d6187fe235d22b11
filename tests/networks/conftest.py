# SPDX-License-Identifier: Apache-2.0
"""One tiny network for all tests that only ask it."""

from __future__ import annotations

import pytest

from tests.tiny_networks import tiny_network


@pytest.fixture(scope="session")
def network(tiny_text_encoder):
    """In evaluation mode; nobody may change it."""
    return tiny_network(tiny_text_encoder).eval()


@pytest.fixture(scope="session")
def text_encoder(network):
    return network.text_encoder
