# SPDX-License-Identifier: Apache-2.0
"""Which phrases were validated on which kind of image: for being located, and for being said to be absent.

Two lists, because finding a thing and denying it are different claims: a thing is validated for absence only where
images of at least eight patients are known to lack it. How the lists are made stands in `monai_medglip.evaluation`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from monai_medglip.atomic_file import atomic_file
from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging import Modality

__all__ = ["ValidatedPhrase", "ValidatedPhrases"]


@dataclass(frozen=True)
class ValidatedPhrase:
    """One phrase on one kind of image.

    Attributes:
        phrase: the concept's name.
        modality: code of `Modality`.
        body_region: a body region of the ontology, or None where the data do not tell.
        threshold: calibrated score from which it was counted as found, [0, 1].
        miss_rate: share of images that show it in which it was not found, [0, 1].
        false_rate: share of images that lack it in which it was found, None where none is known to lack it.
        patients: patients that this was measured on.
    """

    phrase: str
    modality: str
    body_region: str | None
    threshold: float
    miss_rate: float
    false_rate: float | None
    patients: int

    def fits(self, phrase: str, modality: Modality, body_region: str | None) -> bool:
        """Whether this row speaks of a phrase in such an image; an unknown body region of either side fits."""
        same_region = None in (body_region, self.body_region) or body_region == self.body_region
        return phrase == self.phrase and modality.value == self.modality and same_region


@dataclass(frozen=True)
class ValidatedPhrases:
    """The two lists of a bundle.

    Attributes:
        location: phrases validated for being located.
        absence: phrases validated for being said to be absent.
        data: in words, what they were measured on.
    """

    location: tuple[ValidatedPhrase, ...] = ()
    absence: tuple[ValidatedPhrase, ...] = ()
    data: str = ""

    def locates(self, phrase: str, modality: Modality, body_region: str | None = None) -> bool:
        """Whether the phrase was validated for being located in such an image."""
        return _any_fits(self.location, phrase, modality, body_region)

    def denies(self, phrase: str, modality: Modality, body_region: str | None = None) -> bool:
        """Whether the phrase was validated for being said to be absent from such an image."""
        return _any_fits(self.absence, phrase, modality, body_region)

    @classmethod
    def read(cls, path: str | Path) -> ValidatedPhrases:
        """Read the JSON file that `write` wrote.

        Raises:
            ConfigurationError: when it is missing or not in that form.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            lists = {name: tuple(ValidatedPhrase(**row) for row in content[name]) for name in ("location", "absence")}
            return cls(**lists, data=content["data"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ConfigurationError(f"expected a list of validated phrases (JSON) in {path}: {error!r}") from error

    def write(self, path: str | Path) -> None:
        """Write a JSON file, whole or not at all."""
        content = {
            "data": self.data,
            "location": [asdict(row) for row in self.location],
            "absence": [asdict(row) for row in self.absence],
        }
        with atomic_file(path) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _any_fits(rows: Iterable[ValidatedPhrase], phrase: str, modality: Modality, body_region: str | None) -> bool:
    return any(row.fits(phrase, modality, body_region) for row in rows)
