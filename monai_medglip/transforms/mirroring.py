# SPDX-License-Identifier: Apache-2.0
"""Mirroring that keeps the words true: left and right change places with the picture, or nothing is mirrored.

Left and right are the patient's. Which mirroring an item allows stands in the `Mirror` rule of its labels. The
patient's left-right axis is read from the affine (world x); a PNG has an identity affine, so there it is the columns,
as in every radiologically displayed picture.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.config.type_definitions import KeysCollection
from monai.transforms.spatial.array import Flip
from monai.transforms.transform import MapTransform, RandomizableTransform

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


class RandMirrorPhrasesd(RandomizableTransform, MapTransform):
    """Mirrors an item along the axes that its labels allow, and exchanges left and right in its concepts.

    Along each allowed axis it mirrors with the same chance, independently. When the patient's left-right axis is among
    the mirrored ones, each concept of the table gives its place to that of the other side.

    Args:
        keys: the images and instance maps, which all lie on one grid.
        prob: how often an allowed axis is mirrored [0, 1].
        rule_key: where the item's strictest `Mirror` rule stands.
        table_key: the list of regions, dataclasses with a field ``concept``.
        mirrored_key: where True is put when left and right have changed places, else False.
        ontology: which concepts are pairs; None for the project's own.
    """

    def __init__(
        self,
        keys: KeysCollection,
        prob: float = 0.5,
        *,
        rule_key: str = "mirror",
        table_key: str = "region_table",
        mirrored_key: str = "mirrored",
        ontology: Ontology | None = None,
    ) -> None:
        MapTransform.__init__(self, keys)
        RandomizableTransform.__init__(self, prob)
        self.rule_key = rule_key
        self.table_key = table_key
        self.mirrored_key = mirrored_key
        self.ontology = Ontology.default() if ontology is None else ontology
        self._axes: tuple[int, ...] = ()

    def randomize(self, allowed: Sequence[int] = ()) -> None:
        """Choose the axes to mirror among the allowed ones."""
        # Three numbers whatever is allowed, so that one item's rule does not shift the next one's chance.
        chances = self.R.uniform(size=3)
        self._axes = tuple(axis for axis in allowed if chances[axis] < self.prob)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """Give the item, mirrored or not.

        Raises:
            GeometryError: when the image has no affine, or the item no rule.
            OntologyError: when a concept of the table has a side and no mirror image.
        """
        item = dict(data)
        image = item[self.keys[0]]
        affine, dims = tracked_affine(image), image.ndim - 1
        self.randomize(allowed_mirror_axes(self._rule(item), affine, dims))
        item[self.mirrored_key] = left_right_axis(affine, dims) in self._axes
        if self._axes:
            flip = Flip(spatial_axis=self._axes)
            for key in self.key_iterator(item):
                item[key] = flip(item[key])
        if item[self.mirrored_key]:
            item[self.table_key] = [self._of_other_side(entry) for entry in item[self.table_key]]
        return item

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
