# SPDX-License-Identifier: Apache-2.0
"""`Grounder`: an image and words in, regions out. The front door of the package; no training and no file writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from monai_medglip.errors import ConfigurationError, ImageReadError, PhraseError
from monai_medglip.grounding import Grounding
from monai_medglip.imaging import Modality, Scan
from monai_medglip.inference.answer_reader import AnswerReader
from monai_medglip.inference.bundle_location import find_bundle
from monai_medglip.inference.operating_point import OperatingPoint
from monai_medglip.inference.phrase_rules import PhraseRules
from monai_medglip.inference.placed_scan import PlacedScan
from monai_medglip.inference.refinement import Refiner
from monai_medglip.networks import EncodedImage
from monai_medglip.ontology import Ontology
from monai_medglip.phrases import Phrase, find_phrases, parse_phrase
from monai_medglip.readers import read_image, scan_from_array, scan_from_pil, scan_from_tensor

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    ImageLike = str | Path | Scan | npt.NDArray[Any] | Image | Tensor

__all__ = ["EncodedScan", "Grounder"]

_PHRASES_AT_ONCE = 64


@dataclass(frozen=True)
class EncodedScan:
    """An image that was encoded once and can be asked many phrases; made by `Grounder.encode`.

    Attributes:
        placed: the scan on the network's canvas.
        features: what phrases are compared with.
    """

    placed: PlacedScan
    features: EncodedImage


class Grounder:
    """Finds the regions of medical images that phrases name.

    Args:
        bundle: folder of a bundle; None finds one as `find_bundle` says.
        device: torch device; None takes the first GPU, else the CPU.
        rules: use what the ontology knows: other words for a concept are asked by its name, and what the modality or
            body region cannot show is not looked for. False asks the network alone.
        operating_point: thresholds, canvas and the like; None takes the bundle's.

    Raises:
        WeightsError: when no bundle is found or its weights do not fit.
        ConfigurationError: when there is no such device.

    Example:
        >>> grounder = Grounder("bundles/medglip_2d")  # doctest: +SKIP
        >>> grounder.ground("chest.png", ["left lung", "heart"])  # doctest: +SKIP
    """

    def __init__(
        self,
        bundle: str | Path | None = None,
        *,
        device: str | torch.device | None = None,
        rules: bool = True,
        operating_point: OperatingPoint | None = None,
    ) -> None:
        self.bundle = find_bundle(bundle)
        self.device = _usable_device(device)
        self.operating_point = operating_point or self.bundle.operating_point
        self.network = self.bundle.load_network(self.device)
        phrase_rules = PhraseRules(self.bundle.validated_phrases, active=rules)
        refiner = Refiner(self.network) if self.network.spatial_dims == 3 else None
        self.reader = AnswerReader(self.operating_point, phrase_rules, self.bundle.provenance(), refiner)

    @property
    def operating_threshold(self) -> float:
        """Calibrated score from which a box counts as found, chosen on validation data."""
        return self.operating_point.box_threshold

    def ground(
        self,
        image: ImageLike | Sequence[ImageLike],
        phrases: str | Phrase | Sequence[str | Phrase] | None = None,
        *,
        caption: str | None = None,
        modality: Modality | str | None = None,
        body_region: str | None = None,
        threshold: float | None = None,
    ) -> Grounding | list[Grounding]:
        """Ground phrases, or the phrases of a caption, in one image or several.

        Args:
            image: a path, an array ``(rows, columns[, 3])``, a Pillow image, a tensor or MetaTensor ``(C, x, y)``, a
                `Scan`, or a list of these.
            phrases: what to look for.
            caption: a sentence instead; the phrases that the ontology knows in it are looked for, each with its span.
            modality: overrules what the image says of itself; where neither tells, it is predicted.
            body_region: a body region of the ontology; rules out what cannot be there.
            threshold: calibrated score from which boxes are kept, [0, 1]; None takes the bundle's, 0 gives all
                candidates.

        Returns:
            One `Grounding` in the image's own pixels, or a list of them for a list of images.

        Raises:
            ImageReadError: when an image cannot be read.
            PhraseError: when there is no phrase, or one cannot be asked.
            ConfigurationError: when modality, body region or threshold is none.
        """
        asked = _phrases_to_ask(phrases, caption)
        if isinstance(image, list | tuple):
            return [self._ground_one(one, asked, modality, body_region, threshold) for one in image]
        return self._ground_one(image, asked, modality, body_region, threshold)  # type: ignore[arg-type]

    def _ground_one(
        self,
        image: ImageLike,
        phrases: Sequence[Phrase],
        modality: Modality | str | None,
        body_region: str | None,
        threshold: float | None,
    ) -> Grounding:
        encoded = self.encode(image, modality=modality, body_region=body_region)
        return self.ask(encoded, phrases, threshold=threshold)

    @torch.inference_mode()
    def encode(
        self, image: ImageLike, *, modality: Modality | str | None = None, body_region: str | None = None
    ) -> EncodedScan:
        """Read and encode an image once; ask it with `ask` as often as you like. Arguments as in `ground`."""
        scan = _scan_of(image, modality, body_region)
        placed = PlacedScan.on_canvas(scan, self.operating_point.canvas)
        position = torch.tensor([scan.modality.index], device=self.device)
        pixels, region = placed.pixels[None].to(self.device), placed.whole_image[None].to(self.device)
        features = self.network.encode(pixels, position, region, predict_unknown=True)
        return EncodedScan(placed.with_predicted_modality(features.modality_logits[0]), features)

    @torch.inference_mode()
    def ask(
        self, encoded: EncodedScan, phrases: str | Phrase | Sequence[str | Phrase], *, threshold: float | None = None
    ) -> Grounding:
        """Ground phrases in an encoded image. Arguments and result as in `ground`."""
        if threshold is not None and not 0 <= threshold <= 1:
            raise ConfigurationError(f"threshold must lie in [0, 1], got {threshold}")
        asked, placed = _phrases_to_ask(phrases, None), encoded.placed
        parts = []
        for start in range(0, len(asked), _PHRASES_AT_ONCE):
            some = asked[start : start + _PHRASES_AT_ONCE]
            vectors, _ = self.network.embed([[self.reader.rules.as_asked(phrase) for phrase in some]])
            prediction = self.network.ground(encoded.features, vectors)
            parts.append(self.reader.read(prediction, placed, some, threshold=threshold))
        if parts:
            return Grounding.merge(parts)
        return Grounding.empty(placed.scan.frame, provenance=self.reader.provenance(placed, threshold))


def _usable_device(device: str | torch.device | None) -> torch.device:
    try:
        found = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(0, device=found)  # a GPU that is not there is told only when it is used
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise ConfigurationError(
            f"expected a device of this machine, cpu or cuda, got {str(device)!r}: {reason}"
        ) from error
    return found


def _phrases_to_ask(phrases: str | Phrase | Sequence[str | Phrase] | None, caption: str | None) -> list[Phrase]:
    if (phrases is None) == (caption is None):
        raise PhraseError("expected either phrases or a caption; give phrases=['left lung'] or caption='...'")
    if caption is not None:
        return list(find_phrases(caption))
    listed = [phrases] if isinstance(phrases, str | Phrase) else list(phrases or ())
    return [phrase if isinstance(phrase, Phrase) else parse_phrase(phrase) for phrase in listed]


def _scan_of(image: ImageLike, modality: Modality | str | None, body_region: str | None) -> Scan:
    told = None if modality is None else Modality.parse(modality)
    regions = Ontology.default().body_regions
    if body_region is not None and body_region not in regions:
        raise ConfigurationError(f"expected a body region, one of {', '.join(regions)}; got {body_region!r}")
    scan = _read(image, told)
    changes: dict[str, Any] = {}
    if told is not None:
        changes["modality"] = told
    if body_region is not None:
        changes["body_region"] = body_region
    return replace(scan, **changes) if changes else scan


def _read(image: ImageLike, modality: Modality | None) -> Scan:
    if isinstance(image, Scan):
        return image
    if isinstance(image, str | Path):
        return read_image(image, modality=modality)
    if isinstance(image, Tensor):
        return scan_from_tensor(image, modality=modality)
    if isinstance(image, np.ndarray):
        return scan_from_array(image, modality=modality)
    if hasattr(image, "convert") and hasattr(image, "size"):
        return scan_from_pil(image, modality=modality)
    raise ImageReadError(
        f"expected an image as path, array, Pillow image, tensor or Scan, got {type(image).__name__}; "
        "for several images give a list"
    )
