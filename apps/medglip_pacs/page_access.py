# SPDX-License-Identifier: Apache-2.0
"""Who may use the status page: HTTP Basic for all of it, and for changes a token that only the page itself can give."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

__all__ = ["PageAccess"]


class PageAccess:
    """Checks of one running page.

    A browser sends Basic credentials with any request, also with one that a foreign page makes it send. A change
    therefore needs a form token that fits a cookie, which foreign pages can neither read nor make.

    Args:
        user: the user's name.
        password: the user's password.
    """

    cookie = "medglip_pacs"

    def __init__(self, user: str, password: str) -> None:
        self._expected = f"{user}:{password}".encode()
        self._key = secrets.token_bytes(32)

    def is_user(self, authorization: str | None) -> bool:
        """Return whether an ``Authorization`` header is the user's; as fast for a wrong one as for the right one."""
        scheme, _, credentials = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(credentials, validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, self._expected)

    def new_cookie(self) -> str:
        """Return the value of a new cookie."""
        return secrets.token_urlsafe(24)

    def token(self, cookie: str) -> str:
        """Return the form token that fits a cookie."""
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def is_own_form(self, cookie: str | None, token: str | None, *, origin: str | None, host: str | None) -> bool:
        """Return whether a change was sent from a form of this page.

        Args:
            cookie: the cookie that came with it.
            token: the form's token.
            origin: its ``Origin`` header; old browsers send none.
            host: its ``Host`` header.
        """
        if origin is not None and origin.partition("://")[2] != host:
            return False
        return bool(cookie and token) and hmac.compare_digest(self.token(cookie or "").encode(), (token or "").encode())
