# SPDX-License-Identifier: Apache-2.0
"""Tables of spheres in millimeters, as LUNA16 marks nodules: a center in the patient and a diameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np

from monai_medglip.data_engine.adapters.annotation import Annotation
from monai_medglip.data_engine.adapters.image_files import ImageFiles
from monai_medglip.data_engine.adapters.source_item import SourceItem
from monai_medglip.data_engine.adapters.table_rows import AnnotationTable, Unlisted, table_items
from monai_medglip.data_engine.adapters.template import fill_template, template_names
from monai_medglip.data_engine.tables import TableRow
from monai_medglip.errors import GeometryError
from monai_medglip.imaging.scan import Scan

__all__ = ["SphereColumns", "SphereTable", "SphereTableReader", "World"]


class World(str, Enum):
    """To which sides of the patient x and y grow; z grows to the head."""

    LPS = "LPS"
    """Left and back, as in DICOM and ITK."""
    RAS = "RAS"
    """Right and front, as in NIfTI."""


@dataclass(frozen=True)
class SphereColumns:
    """The columns of a sphere.

    Args:
        x: of the center [mm].
        y: of the center [mm].
        z: of the center [mm].
        diameter: of the sphere [mm].
    """

    x: str
    y: str
    z: str
    diameter: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must be there."""
        return (self.x, self.y, self.z, self.diameter)


@dataclass(frozen=True)
class SphereTable:
    """A layout of volumes and a table of spheres; the bounds of a sphere are the annotation's box.

    Args:
        images: the volumes; the columns of a row are known of each.
        table: the table.
        spheres: the columns of the spheres.
        value: what a sphere stands for, a template of columns or one word for all.
        world: to which sides x and y grow.
        attributes: templates of what else is told of a sphere, by the name that it is kept under.
        unlisted: what a volume without any row is.
    """

    images: ImageFiles
    table: AnnotationTable
    spheres: SphereColumns
    value: str
    world: World = World.LPS
    attributes: Mapping[str, str] = field(default_factory=dict)
    unlisted: Unlisted = Unlisted.LEAVE_OUT

    def items(self, root: Path) -> Iterator[SourceItem]:
        """List the volumes, see `Adapter`."""
        told = tuple(self.attributes.items())
        named = tuple(name for text in (self.value, *self.attributes.values()) for name in template_names(text))
        yield from table_items(
            self.images,
            self.table,
            root,
            (*self.spheres.columns, *named),
            self.unlisted,
            lambda rows: SphereTableReader(rows, self.spheres, self.value, self.world, told),
        )


@dataclass(frozen=True)
class SphereTableReader:
    """Reads the spheres of one volume.

    Args:
        rows: the volume's rows.
        spheres: the columns of the spheres.
        value: template of what a sphere stands for.
        world: to which sides x and y grow.
        attributes: names and templates of what else is told.
    """

    rows: tuple[TableRow, ...]
    spheres: SphereColumns
    value: str
    world: World = World.LPS
    attributes: tuple[tuple[str, str], ...] = ()

    def read(self, scan: Scan) -> tuple[Annotation, ...]:
        """Give the bounds of each sphere, see `AnnotationReader`."""
        annotations = []
        for row in self.rows:
            told = ((name, fill_template(text, row.cells)) for name, text in self.attributes)
            attributes = (
                *((name, word) for name, word in told if word),
                ("diameter_mm", row.required(self.spheres.diameter)),
            )
            annotations.append(Annotation(fill_template(self.value, row.cells), self._box(row, scan), None, attributes))
        return tuple(annotations)

    def _box(self, row: TableRow, scan: Scan) -> tuple[float, ...]:
        try:
            scan.frame.require_position()
        except GeometryError as problem:
            row.fail(f"expected a volume with a place in the patient, {scan.source.path} has none: {problem}")
        *center, diameter = (row.number(column) for column in self.spheres.columns)
        if not np.isfinite([*center, diameter]).all() or diameter <= 0:
            row.fail(f"expected a place and a diameter above 0 mm, got {center} and {diameter}")
        sides = np.array([-1.0, -1.0, 1.0] if self.world is World.LPS else [1.0, 1.0, 1.0])
        middle = scan.frame.world_to_edge(np.array([center]) * sides)[0]
        if not ((middle >= 0) & (middle <= scan.spatial_shape)).all():
            row.fail(
                f"expected a center inside {scan.source.path}, got {center}, which is the voxel "
                f"{np.floor(middle).astype(int).tolist()} of {scan.spatial_shape}; is it of this volume?"
            )
        # How far a sphere of radius 1 mm reaches along each axis of the grid: the length of that axis's row.
        reach = np.linalg.norm(np.linalg.inv(scan.frame.affine[:3, :3]), axis=1) * diameter / 2
        low = np.maximum(middle - reach, 0)
        high = np.minimum(middle + reach, scan.spatial_shape)
        return (*low.tolist(), *high.tolist())
