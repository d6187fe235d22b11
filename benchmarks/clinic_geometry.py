# SPDX-License-Identifier: Apache-2.0
"""Measures whether a box drawn in a DICOM series comes back from its results in its place, on random grids.

python benchmarks/clinic_geometry.py --out benchmarks/results/clinic_geometry.json

Each grid is turned at random, has three spacings of its own, and may be flipped along any axis. The series is written,
read by the package, grounded by hand (a box with fractions of voxels, and the voxels in it), written as report in both
forms, segmentation and JSON, and read back without the package's geometry: reports by the headers of the slices that
they name, segmentations by highdicom. Errors are those of the box's faces in voxels of the source.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shlex
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from highdicom import sr
from highdicom.seg import segread
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from monai_medglip import Grounding, Phrase, Scan
from monai_medglip.dicom import RegionForm, SourceImages, segmentation, structured_report, write_object
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.geometry import Boxes
from monai_medglip.grounding import Status, Support, write_json
from monai_medglip.imaging import MaskRLE
from monai_medglip.readers import read_dicom_volumes

Array = npt.NDArray[np.float64]
RAS_FROM_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Trial:
    """A grid with a box in it.

    Attributes:
        affine: ``(4, 4)`` voxel centers to LPS [mm].
        shape: voxels (x, y, z).
        box: ``(6,)`` voxel edges.
    """

    affine: Array
    shape: tuple[int, int, int]
    box: Array

    @classmethod
    def random(cls, generator: np.random.Generator) -> Trial:
        """Draw one."""
        rotation, _ = np.linalg.qr(generator.normal(size=(3, 3)))  # of either handedness
        spacing = generator.uniform((0.4, 0.4, 0.8), (3.0, 3.0, 8.0))
        affine = np.eye(4)
        affine[:3, :3] = rotation * spacing
        affine[:3, 3] = generator.uniform(-300, 300, 3)
        shape = tuple(int(size) for size in generator.integers((24, 24, 6), (65, 65, 16)))
        low = generator.uniform(0, np.array(shape) / 2)
        high = low + generator.uniform(2, np.array(shape) / 2)
        return cls(affine, (shape[0], shape[1], shape[2]), np.concatenate([low, high]))

    def error(self, corners: Array) -> float:
        """Give how far the bounds of corners ``(n, 3)`` in LPS [mm] lie from the box [voxels]."""
        edges = (corners - self.affine[:3, 3]) @ np.linalg.inv(self.affine[:3, :3]).T + 0.5
        return float(np.abs(np.concatenate([edges.min(0), edges.max(0)]) - self.box).max())


def write_series(folder: Path, trial: Trial) -> Path:
    """Write the grid as CT slices along z."""
    folder.mkdir()
    x, y, z = trial.affine[:3, :3].T
    spacing = np.linalg.norm(trial.affine[:3, :3], axis=0)
    for index in range(trial.shape[2]):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"1.2.3.{index + 1}"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = "1.2.1", "1.2.2", "1.2.4"
        dataset.Modality, dataset.PatientName, dataset.PatientID = "CT", "Geometry^Trial", "1"
        dataset.Rows, dataset.Columns = trial.shape[1], trial.shape[0]
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
        dataset.PixelData = bytes(2 * trial.shape[0] * trial.shape[1])
        dataset.PixelSpacing = _decimals(spacing[[1, 0]])
        dataset.ImageOrientationPatient = _decimals(np.concatenate([x / spacing[0], y / spacing[1]]))
        dataset.ImagePositionPatient = _decimals(trial.affine[:3, 3] + index * z)
        dataset.SliceThickness = _decimals(spacing[2:])[0]
        dataset.save_as(folder / f"{index}.dcm", enforce_file_format=True)
    return folder


def ground_by_hand(scan: Scan, trial: Trial) -> Grounding:
    """Give the box of the trial in the voxels of the scan, with the voxels whose centers it holds."""
    to_scan = np.linalg.inv(scan.frame.affine) @ RAS_FROM_LPS @ trial.affine
    corners = _corners(trial.box) - 0.5
    edges = corners @ to_scan[:3, :3].T + to_scan[:3, 3] + 0.5
    low, high = edges.min(0), edges.max(0)
    centers = np.stack(np.indices(scan.spatial_shape), axis=-1) + 0.5
    mask = MaskRLE.encode(((centers >= low) & (centers <= high)).all(-1))
    return Grounding(
        boxes=Boxes(np.concatenate([low, high])[None], scan.frame),
        scores=np.array([0.9]),
        phrase_index=np.array([0]),
        phrases=(Phrase("left lung", "left lung"),),
        presence=np.array([0.9]),
        status=(Status.FOUND,),
        support=(Support.VALIDATED,),
        instance_masks=(mask,),
        phrase_masks=(mask,),
        provenance={"model": "by hand"},
    )


def read_outlines(path: Path, headers: Mapping[str, Dataset]) -> Array:
    """Give the corners in LPS [mm] of what a report outlines, each slice as thick as the way to the next one."""
    found = []
    content = sr.Comprehensive3DSR.from_dataset(dcmread(path)).content
    half = _slice_step(headers) / 2
    for group in content.get_planar_roi_measurement_groups():
        header = headers[group.roi.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID]
        row, column = np.reshape(header.ImageOrientationPatient, (2, 3)).astype(float)
        down, along = map(float, header.PixelSpacing)
        points = np.asarray(group.roi.value) - 0.5  # from the edge of a pixel to its center
        plane = (
            np.asarray(header.ImagePositionPatient, float) + points[:, :1] * along * row + points[:, 1:] * down * column
        )
        found += [plane - half, plane + half]
    return np.concatenate(found)


def read_surfaces(path: Path) -> Array:
    """Give the corners in LPS [mm] of the surfaces of a report."""
    content = sr.Comprehensive3DSR.from_dataset(dcmread(path)).content
    (group,) = content.get_volumetric_roi_measurement_groups()
    faces = [item.GraphicData for item in group.roi if item.ValueType == "SCOORD3D"]
    return np.concatenate([np.reshape(face, (-1, 3)).astype(float) for face in faces])


def read_segments(path: Path) -> Array:
    """Give the corners in LPS [mm] of the voxels of a segmentation."""
    volume = segread(path).get_volume(segment_numbers=[1], combine_segments=True)
    indices = np.argwhere(volume.array > 0)
    corners = _corners(np.concatenate([indices.min(0) - 0.5, indices.max(0) + 0.5]))
    return corners @ volume.affine[:3, :3].T + volume.affine[:3, 3]


def read_boxes(path: Path) -> Array:
    """Give the corners in LPS [mm] of the box of a JSON file, by its own affine."""
    content = json.loads(path.read_text(encoding="utf-8"))
    affine = RAS_FROM_LPS @ np.array(content["frame"]["affine"])
    return (_corners(np.array(content["regions"][0]["box"])) - 0.5) @ affine[:3, :3].T + affine[:3, 3]


def errors_of(trial: Trial, folder: Path) -> dict[str, float]:
    """Give the error of each kind of result of a trial [voxels]."""
    series = write_series(folder / "series", trial)
    (scan,) = read_dicom_volumes(series)
    sources, grounding = SourceImages.of(scan), ground_by_hand(scan, trial)
    report = write_object(folder / "report.dcm", structured_report(grounding, sources))
    surface = write_object(folder / "space.dcm", structured_report(grounding, sources, regions=RegionForm.SPACE))
    segments = segmentation(grounding, sources)
    assert segments is not None, "a located phrase has a segment"
    written = write_object(folder / "segmentation.dcm", segments)
    write_json(folder / "grounding.json", grounding)
    headers = {str(header.SOPInstanceUID): header for header in map(dcmread, series.iterdir())}
    return {
        "report, image coordinates": trial.error(read_outlines(report, headers)),
        "report, coordinates in space": trial.error(read_surfaces(surface)),
        "segmentation": trial.error(read_segments(written)),
        "JSON": trial.error(read_boxes(folder / "grounding.json")),
    }


def main() -> int:
    """Measure, write the result file and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grids", type=int, default=100, help="how many grids (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default: 0)")
    parser.add_argument("--out", type=Path, required=True, help="result file (JSON)")
    arguments = parser.parse_args()
    generator = np.random.default_rng(arguments.seed)
    found: list[dict[str, float]] = []
    for _ in range(arguments.grids):
        with tempfile.TemporaryDirectory() as folder:
            found.append(errors_of(Trial.random(generator), Path(folder)))
    results = {
        kind: {
            "largest_error_voxels": max(errors[kind] for errors in found),
            "median_error_voxels": float(np.median([errors[kind] for errors in found])),
            "within_half_a_voxel": sum(errors[kind] <= 0.5 for errors in found),
        }
        for kind in found[0]
    }
    head = result_head(
        shlex.join(["python", *sys.argv]), bundle=None, data={"grids": arguments.grids, "seed": arguments.seed}
    )
    write_result(arguments.out, head, results)
    for kind, figures in results.items():
        print(f"{kind:30} largest {figures['largest_error_voxels']:.4f}  within half {figures['within_half_a_voxel']}")
    return 0


def _corners(box: Array) -> Array:
    """The eight corners ``(8, 3)`` of a box ``(6,)``."""
    return np.array(list(itertools.product(*zip(box[:3], box[3:], strict=True))))


def _slice_step(headers: Mapping[str, Dataset]) -> Array:
    """The step from slice to slice ``(3,)`` [mm]."""
    places = [np.asarray(header.ImagePositionPatient, float) for _, header in sorted(headers.items(), key=_number)]
    return (places[-1] - places[0]) / (len(places) - 1)


def _number(entry: tuple[str, Dataset]) -> int:
    return int(entry[0].rsplit(".", 1)[1])


def _decimals(values: Array) -> list[str]:
    """Numbers as DICOM's decimal strings of at most 16 characters."""
    return [f"{value:.10f}"[:16] for value in values]


if __name__ == "__main__":
    sys.exit(main())
