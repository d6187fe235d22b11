# SPDX-License-Identifier: Apache-2.0
"""What a grounding says of each phrase besides its regions; not how it was decided."""

from __future__ import annotations

from enum import Enum

__all__ = ["Status", "Support"]


class Status(str, Enum):
    """The answer to one phrase.

    * ``FOUND``: at least one region, or a mask, is named by it.
    * ``ABSENT``: it is not in the image, and its absence can be told for this kind of image.
    * ``UNSUPPORTED``: nothing was found, and whether it is absent cannot be told.
    * ``NOT_APPLICABLE``: this modality or body region cannot show it.
    * ``NEGATED``: the phrase itself says that it is absent ("no polyp"), so nothing was looked for.
    """

    FOUND = "found"
    ABSENT = "absent"
    UNSUPPORTED = "unsupported"
    NOT_APPLICABLE = "not applicable"
    NEGATED = "negated"


class Support(str, Enum):
    """How well the wording of a phrase was tested.

    * ``VALIDATED``: measured on validation images in these words.
    * ``SYNONYM``: another name of something that was measured.
    * ``UNSEEN``: neither; treat its regions as a guess.
    """

    VALIDATED = "validated"
    SYNONYM = "synonym"
    UNSEEN = "unseen"
