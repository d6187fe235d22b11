# SPDX-License-Identifier: Apache-2.0
"""A local page to look at annotated images: regions over pixels, phrases, findings; it changes nothing."""

from __future__ import annotations

from monai_medglip.errors import ConfigurationError

try:
    import fastapi  # noqa: F401
    import uvicorn  # noqa: F401
except ImportError as error:
    raise ConfigurationError(
        f"a page to look at images needs fastapi and uvicorn, but {error}; pip install monai_medglip[data]"
    ) from error

from monai_medglip.data_engine.browser.browser_app import browser_app
from monai_medglip.data_engine.browser.browser_server import BrowserServer

__all__ = ["BrowserServer", "browser_app"]
