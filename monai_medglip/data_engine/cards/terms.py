# SPDX-License-Identifier: Apache-2.0
"""The closed choices in which a card tells the terms of a data set; they record what was found, no legal advice."""

from __future__ import annotations

from enum import Enum

__all__ = ["Access", "CommercialUse"]


class CommercialUse(str, Enum):
    """Whether a source's terms allow commercial use."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """No clear terms were found; it counts as no."""


class Access(str, Enum):
    """What stands between a user and the files."""

    FREE = "free"
    """A download that a script can do."""
    REGISTRATION = "registration"
    """An account, or a form that is granted without a look at the person."""
    CREDENTIALED = "credentialed"
    """A signed agreement, at times with a course on human subjects."""
    REQUEST = "request"
    """The authors are asked, and decide."""
