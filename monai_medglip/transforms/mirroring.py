# SPDX-License-Identifier: Apache-2.0
"""Mirroring that keeps the words true: left and right change places with the picture, or nothing is mirrored.

Left and right are the patient's. Which mirroring an item allows stands in the `Mirror` rule of its labels. The
patient's left-right axis is read from the affine (world x); a PNG has an identity affine, so there it is the columns,
as in every radiologically displayed picture.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
from monai.config.type_definitions import KeysCollection
from monai.transforms.spatial.array import Flip
from monai.transforms.transform import MapTransform, Randomizable

from monai_medglip.errors import GeometryError, OntologyError
from monai_medglip.ontology import Mirror, Ontology
from monai_medglip.transforms.tracked_affine import tracked_affine

__all__ = ["RandMirrorPhrasesd", "allowed_mirror_axes", "left_right_axis", "strictest_mirror"]

# An array axis within 25 degrees of the patient's left-right axis counts as it; beyond, the mirrored patient is tilted.
_LEAST_COSINE = float(np.cos(np.radians(25.0)))

_BY_STRICTNESS = (Mirror.FREE, Mirror.SWAP, Mirror.FIXED)

_SIDES = re.compile(r"\b(left|right)\b")


def strictest_mirror(rules: Iterable[Mirror]) -> Mirror:
    """Give the rule that holds for an image with labels of these rules: fixed before swap before free.

    Args:
        rules: the rules of the labels in the image; none at all gives `Mirror.FREE`, for there is nothing to name.
    """
    return max(rules, key=_BY_STRICTNESS.index, default=Mirror.FREE)


def left_right_axis(affine: np.ndarray, dims: int) -> int | None:
    """Give the array axis that runs along the patient's left-right axis.

    Args:
        affine: (4, 4) voxel index -> RAS+ [mm].
        dims: the number of array axes, 2 or 3.

    Returns:
        The spatial axis, 0 being the first after the channels; None when no axis does (a sagittal or oblique image).
    """
    directions = affine[:3, :dims] / np.linalg.norm(affine[:3, :dims], axis=0)
    axis = int(np.abs(directions[0]).argmax())
    return axis if abs(directions[0, axis]) >= _LEAST_COSINE else None


def allowed_mirror_axes(rule: Mirror, affine: np.ndarray, dims: int) -> tuple[int, ...]:
    """Give the array axes along which an image may be mirrored.

    Args:
        rule: the strictest rule of its labels.
        affine: (4, 4) voxel index -> RAS+ [mm].
        dims: the number of array axes, 2 or 3.

    Returns:
        No axis for `Mirror.FIXED`, the left-right axis for `Mirror.SWAP`, all for `Mirror.FREE`.
    """
    if rule is Mirror.FREE:
        return tuple(range(dims))
    sides = left_right_axis(affine, dims)
    return (sides,) if rule is Mirror.SWAP and sides is not None else ()


class RandMirrorPhrasesd(Randomizable, MapTransform):
    """Mirrors an item along the axes that its labels allow, and exchanges left and right in its concepts.

    When the patient's left-right axis is mirrored, each concept of the table gives its place to that of the other side,
    and ``mirrored`` is True, else False.

    The affine tells of the mirroring, so that boxes follow. What brings volumes to RAS+ order by their affine
    (`WorkingGridd`, `RandVolumeWindow`, MONAI's ``Orientationd``) would undo it, and must stand before.

    Args:
        keys: the images and instance maps, which all lie on one grid.
        prob: how often the patient's left-right axis is mirrored where that is allowed [0, 1].
        other_prob: how often each other axis is, where that is allowed. Less, because most users' images are upright.
        rule_key: where the item's strictest `Mirror` rule stands.
        table_key: the list of regions, dataclasses with a field ``concept``.
        ontology: which concepts are pairs; None for the project's own.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.5,
        other_prob: float = 0.25,
        *,
        rule_key: str = "mirror",
        table_key: str = "region_table",
        ontology: Ontology | None = None,
    ) -> None:
        super().__init__(keys)
        self.prob = prob
        self.other_prob = other_prob
        self.rule_key = rule_key
        self.table_key = table_key
        self.ontology = Ontology.default() if ontology is None else ontology
        self._chances = np.ones(3)

    def randomize(self, data: Any = None) -> None:
        """Draw a chance per axis: always three, so that one item's rule does not shift the next one's chance."""
        self._chances = self.R.uniform(size=3)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item, mirrored or not.

        Raises:
            GeometryError: when the image has no affine, or the item no rule.
            OntologyError: when a concept of the table has a side and no mirror image.
        """
        item = dict(data)
        image = item[self.keys[0]]
        affine, dims = tracked_affine(image), image.ndim - 1
        self.randomize()
        axes = self._drawn_axes(allowed_mirror_axes(self._rule(item), affine, dims), left_right_axis(affine, dims))
        item["mirrored"] = left_right_axis(affine, dims) in axes
        if axes:
            flip = Flip(spatial_axis=axes)
            for key in self.key_iterator(item):
                item[key] = flip(item[key])
        if item["mirrored"]:
            item[self.table_key] = [self._of_other_side(entry) for entry in item[self.table_key]]
        return item

    def _drawn_axes(self, allowed: tuple[int, ...], sides: int | None) -> tuple[int, ...]:
        return tuple(i for i in allowed if self._chances[i] < (self.prob if i == sides else self.other_prob))

    def _rule(self, item: Mapping[Hashable, Any]) -> Mirror:
        rule = item.get(self.rule_key)
        if not isinstance(rule, Mirror):
            raise GeometryError(
                f"expected a Mirror rule under {self.rule_key!r}, got {rule!r}; "
                "the loader puts the strictest rule of the item's labels there"
            )
        return rule

    def _of_other_side(self, entry: Any) -> Any:
        return dataclasses.replace(entry, concept=self._mirrored_name(entry.concept))

    def _mirrored_name(self, name: str) -> str:
        """The name of what a mirrored concept looks like; of one that no table knows, the same words exchanged."""
        if name not in self.ontology:
            return _SIDES.sub(lambda word: "right" if word[0] == "left" else "left", name)
        mirrored = self.ontology.mirror(name)
        if mirrored is None:
            raise OntologyError(
                f"expected {name!r} not to be mirrored, since no other concept is its mirror image; "
                "set mirror=fixed for that label, or name its pair in the concept table"
            )
        return mirrored
