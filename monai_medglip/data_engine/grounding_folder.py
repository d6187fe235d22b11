# SPDX-License-Identifier: Apache-2.0
"""A folder of images with INDEX.tsv, LABELS.tsv and SOURCES.tsv: records, labels, regions and pixels.

The format is described in ``docs/reference/data-folder.md``. Nothing is trained and nothing is transformed here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from monai_medglip.data_engine.annotation_files import read_boxes, read_labelmap, read_masks, read_run_lengths
from monai_medglip.data_engine.folder_record import AnnotationKind, FolderRecord
from monai_medglip.data_engine.instances import regions_from_boxes, regions_from_masks
from monai_medglip.data_engine.label_rules import LabelRule, SourceFacts, read_label_rules, read_source_facts
from monai_medglip.data_engine.licenses import permissive_sources
from monai_medglip.data_engine.record import Record, Region
from monai_medglip.data_engine.tables import TableRow, read_table
from monai_medglip.errors import DataError, MedGLIPError
from monai_medglip.geometry.frames import AxisPair, Frame
from monai_medglip.imaging.modality import Modality
from monai_medglip.imaging.scan import Scan
from monai_medglip.readers import read_frame, read_image
from monai_medglip.readers.single_slice import kept_axes

__all__ = ["GroundingFolder"]

INDEX_COLUMNS = ("id", "source", "modality", "image", "annotation", "kind", "split", "patient")
SPLITS = ("train", "val", "test")

# A picture "displayed in radiological convention": columns run to the patient's left. Which way the rows run (to the
# feet on a film, to the back on an axial slice) is not told, so only left and right count as known.
_RADIOLOGICAL_AFFINE = np.diag([-1.0, -1.0, 1.0, 1.0])


class GroundingFolder:
    """A data folder: what its images are, and what is annotated in them.

    Args:
        path: the folder that holds INDEX.tsv, LABELS.tsv and, where there is one, SOURCES.tsv.
        source: the only source that is looked at; None for all.

    Raises:
        DataError: when the tables break their own rules; the message names file and line.

    Example::

        folder = GroundingFolder("shared/data/2d")
        record = folder.records("test", sources=["jsrt"])[0]
        folder.read(record), folder.regions(record)
    """

    def __init__(self, path: str | Path, *, source: str | None = None) -> None:
        self.path = Path(path)
        rows = read_table(self.path / "INDEX.tsv", INDEX_COLUMNS)
        if source is not None:
            rows = [row for row in rows if row.required("source") == source]
        self._facts = read_source_facts(self.path / "SOURCES.tsv")
        self._records = tuple(self._record(row) for row in rows)
        _check_unique(rows)
        _check_splits(rows)
        kinds: dict[str, set[AnnotationKind]] = {}
        for record in self._records:
            kinds.setdefault(record.source, set()).add(record.kind)
        self._rules = read_label_rules(self.path / "LABELS.tsv", kinds)
        for row in rows:
            if row.required("source") not in self._rules:
                row.fail(f"expected labels of source {row.required('source')!r} in LABELS.tsv, it lists none")

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that have images, in the order of INDEX.tsv."""
        return tuple(dict.fromkeys(record.source for record in self._records))

    def records(self, split: str | None = None, sources: Collection[str] | None = None) -> list[FolderRecord]:
        """Give the records, of one split and of some sources only if asked.

        Raises:
            DataError: for a split or a source that is not there.
        """
        if split is not None and split not in SPLITS:
            raise DataError(f"expected one of the splits {', '.join(SPLITS)}, got {split!r}")
        for source in sources or ():
            if source not in self.sources:
                raise DataError(f"{self.path}: expected one of the sources {', '.join(self.sources)}, got {source!r}")
        return [
            record
            for record in self._records
            if split in (None, record.split) and (sources is None or record.source in sources)
        ]

    def labels(self, source: str) -> tuple[LabelRule, ...]:
        """Give the rules of a source's labels, in the order of LABELS.tsv.

        Raises:
            DataError: for a source without labels.
        """
        if source not in self._rules:
            raise DataError(
                f"{self.path / 'LABELS.tsv'}: expected one of the sources {', '.join(self._rules)}, got {source!r}"
            )
        return self._rules[source]

    def permissive_sources(self) -> list[str]:
        """Give the sources whose terms allow commercial use, by their cards.

        Raises:
            ConfigurationError: when there is none.
        """
        return permissive_sources(self.sources)

    def facts(self, source: str) -> SourceFacts:
        """Give what is known of a source; nothing, where SOURCES.tsv does not list it."""
        return self._facts.get(source, SourceFacts(source))

    def regions(self, record: Record) -> tuple[Region, ...]:
        """Give the annotated regions of an image in its own pixels, label by label in the order of LABELS.tsv.

        Raises:
            DataError: when an annotation is missing, does not fit the image, or holds an unknown label.
        """
        rules = {rule.value: rule for rule in self.labels(record.source)}
        row = self._own(record)
        if row.kind is AnnotationKind.BOXES:
            boxes = read_boxes(row, rules)
            return tuple(region for value, rule in rules.items() for region in regions_from_boxes(rule, boxes[value]))
        reader = {
            AnnotationKind.LABELMAP: read_labelmap,
            AnnotationKind.MASKS: read_masks,
            AnnotationKind.RLE: read_run_lengths,
        }[row.kind]
        masks = reader(row, rules)
        return tuple(region for value, rule in rules.items() for region in regions_from_masks(rule, masks[value]))

    def read(self, record: Record) -> Scan:
        """Read the pixels of an image; the frame claims no more than SOURCES.tsv says.

        Raises:
            DataError: when the image cannot be read or has another size than INDEX.tsv says.
        """
        try:
            scan = read_image(record.image)
        except MedGLIPError as problem:
            raise DataError(f"{self.path / 'INDEX.tsv'}: {record.name}: {problem}") from problem
        if scan.spatial_shape != record.shape:
            raise DataError(
                f"{record.image}: expected an image of {record.shape} as INDEX.tsv says of {record.name}, "
                f"got {scan.spatial_shape}"
            )
        frame = _known_frame(scan.frame, self.facts(record.source))
        return replace(scan, frame=frame, modality=record.modality, body_region=record.body_region)

    def _own(self, record: Record) -> FolderRecord:
        if not isinstance(record, FolderRecord):
            raise DataError(f"{self.path}: expected a record of this folder, got {record.name} of another collection")
        return record

    def _record(self, row: TableRow) -> FolderRecord:
        source, split = row.required("source"), row.required("split")
        if split not in SPLITS:
            row.fail(f"expected one of {', '.join(SPLITS)} in column 'split', got {split!r}")
        kind = row.choice("kind", AnnotationKind)
        try:
            modality = Modality.parse(row.required("modality"))
        except MedGLIPError as problem:
            row.fail(str(problem))
        image = self._file(row, row.required("image"))
        return FolderRecord(
            id=row.required("id"),
            source=source,
            modality=modality,
            body_region=self.facts(source).body_region,
            image=image,
            annotation=self._annotation(row, kind),
            kind=kind,
            patient=_patient_hash(source, row.required("patient")),
            split=split,
            shape=_shape(row) or _stored_shape(row, image),
        )

    def _annotation(self, row: TableRow, kind: AnnotationKind) -> tuple[Path, ...]:
        pattern = row.required("annotation")
        if kind is not AnnotationKind.MASKS:
            return (self._file(row, pattern),)
        self._inside(row, pattern)
        # The star is part of the pattern, any other sign that globbing knows is part of a name.
        files = sorted(self.path.glob(pattern.replace("[", "[[]").replace("?", "[?]")))
        return tuple(files) or row.fail(f"expected mask files {pattern}, there are none")

    def _file(self, row: TableRow, name: str) -> Path:
        path = self._inside(row, name)
        return path if path.is_file() else row.fail(f"expected a file {name}, it is not there")

    def _inside(self, row: TableRow, name: str) -> Path:
        if Path(name).is_absolute() or ".." in Path(name).parts:
            row.fail(f"expected a path below the data folder, got {name!r}")
        return self.path / name


def _patient_hash(source: str, patient: str) -> str:
    """Hash source and patient; ``acdc:patient005`` and ``patient005`` of acdc are one person."""
    own = patient.removeprefix(f"{source}:")
    return hashlib.sha256(f"{source}:{own}".encode()).hexdigest()[:16]


def _shape(row: TableRow) -> tuple[int, ...] | None:
    """Read the size from ``width`` and ``height``, or from ``shape`` as in 165x167x10; None where neither is there."""
    if row.optional("width"):
        sizes = [row.required("width"), row.required("height")]
    elif row.optional("shape"):
        sizes = row.required("shape").split("x")
    else:
        return None
    if len(sizes) not in (2, 3) or not all(size.isdecimal() and int(size) > 0 for size in sizes):
        row.fail(f"expected two or three sizes of at least 1, got {'x'.join(sizes)}")
    shape = tuple(int(size) for size in sizes)
    # A volume of one slice is read as an image with its place in space.
    return tuple(shape[axis] for axis in kept_axes(shape))


def _stored_shape(row: TableRow, image: Path) -> tuple[int, ...]:
    try:
        return read_frame(image).shape
    except MedGLIPError as problem:
        row.fail(str(problem))


def _known_frame(frame: Frame, facts: SourceFacts) -> Frame:
    """Take from a frame what the source does not vouch for; a picture has only the sides that the source tells."""
    is_plain_picture = len(frame.shape) == 2 and not (frame.known_axes or frame.spacing_known)
    if not (is_plain_picture and AxisPair.LEFT_RIGHT in facts.known_axes):
        spacing_known = frame.spacing_known and facts.spacing_known
        return replace(frame, known_axes=frame.known_axes & facts.known_axes, spacing_known=spacing_known)
    return Frame(_RADIOLOGICAL_AFFINE, frame.shape, frozenset({AxisPair.LEFT_RIGHT}))


def _check_unique(rows: list[TableRow]) -> None:
    lines: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.required("source"), row.required("id"))
        if key in lines:
            row.fail(f"expected every id once in a source, {'/'.join(key)} is already in line {lines[key]}")
        lines[key] = row.line


def _check_splits(rows: list[TableRow]) -> None:
    first: dict[str, TableRow] = {}
    for row in rows:
        patient = row.required("patient")
        other = first.setdefault(_patient_hash(row.required("source"), patient), row)
        if other.cells["split"] != row.cells["split"]:
            row.fail(
                f"expected every patient in one split, {patient!r} of {row.cells['source']} is in "
                f"{row.cells['split']} here and in {other.cells['split']} in line {other.line}"
            )
