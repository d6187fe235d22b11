# SPDX-License-Identifier: Apache-2.0
"""Seconds of reading a CT series of 300 slices, 512 x 512, guarded, beside SimpleITK in the same rounds.

The three slices of a scanner's series are repeated with their header, each time moved by other pixels, and stored
without loss in the transfer syntaxes that archives send. The guarded reader's process is warm, its time includes that
the pixels are at hand in this process; SimpleITK's includes sorting the files by its own headers, as its series reader
asks for. Every volume is compared with SimpleITK's, voxel by voxel.

    python benchmarks/clinic_reading.py --data ../shared/data/dicom --out benchmarks/results/clinic_reading.json
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import numpy.typing as npt
import SimpleITK
from pydicom import Dataset, dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)
from tqdm import tqdm

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.timing import spread, timed
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.imaging import Scan
from monai_medglip.readers import GuardedReader

SERIES = "ct_3slice"
SLICES = 300
SYNTAXES = {
    "uncompressed": ExplicitVRLittleEndian,
    "RLE": RLELossless,
    "JPEG lossless": JPEGLosslessSV1,
    "JPEG-LS": JPEGLSLossless,
    "JPEG 2000": JPEG2000Lossless,
    "deflated": DeflatedExplicitVRLittleEndian,
}
_PAGE_BYTES = 4096
_ENCODERS = {RLELossless: "pylibjpeg", JPEGLSLossless: "pyjpegls", JPEG2000Lossless: "pylibjpeg"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help=f"folder with the series {SERIES}")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="result file")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each is measured (default 5)")
    options = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, GuardedReader() as reader:
        series = written_series(made_slices(options.data / SERIES), Path(folder))
        voxels = {name: compared(reader, path) for name, path in series.items()}
        seconds = {name: measured(reader, path, rounds=options.rounds) for name, path in series.items()}
    command = f"python benchmarks/clinic_reading.py {shlex.join(arguments or sys.argv[1:])}"
    head = result_head(command, bundle=None, data={"series": SERIES, "slices": SLICES})
    write_result(options.out, head, {"load_average_before": load, "reading": seconds, "voxels": voxels})


def made_slices(folder: Path) -> list[Dataset]:
    """Return the slices of a series over and over, uncompressed, one millimeter apart; no two have the same pixels."""
    originals = [dcmread(path) for path in sorted(folder.iterdir())]
    for original in originals:
        original.decompress()
    made = []
    for number in range(SLICES):
        dataset = deepcopy(originals[number % len(originals)])
        moved = np.roll(dataset.pixel_array, (number, -2 * number), axis=(0, 1))
        dataset.PixelData = moved.tobytes()
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber = number + 1
        dataset.ImagePositionPatient[2] = number
        dataset.SliceLocation = number
        made.append(dataset)
    return made


def written_series(slices: Sequence[Dataset], folder: Path) -> dict[str, Path]:
    """Write a series once in each transfer syntax; return the folders by the names of the syntaxes."""
    written = {}
    for name, syntax in SYNTAXES.items():
        written[name] = folder / name.replace(" ", "_")
        written[name].mkdir()
        # One after the other: encoders of JPEG 2000 crash in two threads.
        for number, plain in enumerate(tqdm(slices, desc=f"writing {name}", unit="slice")):
            _write_slice(plain, syntax, written[name] / f"{number:03}.dcm")
    return written


def _write_slice(plain: Dataset, syntax: str, path: Path) -> None:
    dataset = deepcopy(plain)
    if syntax in _ENCODERS:
        dataset.compress(syntax, encoding_plugin=_ENCODERS[syntax], generate_instance_uid=False)
    elif syntax != JPEGLosslessSV1:
        dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path)
    if syntax == JPEGLosslessSV1:
        _pack_by_gdcm(path, gdcm.TransferSyntax.JPEGLosslessProcess14_1)


def _pack_by_gdcm(path: Path, syntax: int) -> None:
    """Pack the pixels of a file in place."""
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(path))
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    if not reader.Read():
        raise RuntimeError(f"{path}: expected a file that GDCM reads")
    change.SetInput(reader.GetImage())
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    if not change.Change():
        raise RuntimeError(f"{path}: expected pixels that GDCM packs")
    writer.SetImage(change.GetOutput())
    if not writer.Write():
        raise RuntimeError(f"{path}: expected a file that GDCM writes")


def compared(reader: GuardedReader, folder: Path) -> dict[str, int]:
    """Return how many voxels are SimpleITK's, and how many are padding, which is filled here and not by SimpleITK."""
    (scan,), image = reader.read(folder), _read_by_simpleitk(folder)
    ours, theirs = scan.array[0].T, SimpleITK.GetArrayViewFromImage(image)
    first = dcmread(min(folder.iterdir()), stop_before_pixels=True)
    stored_padding = first.PixelPaddingValue * first.RescaleSlope + first.RescaleIntercept
    is_padding = theirs == stored_padding
    filled = int(np.count_nonzero(ours[is_padding] == ours[~is_padding].min()))
    equal = int(np.count_nonzero(ours[~is_padding] == theirs[~is_padding]))
    return {"voxels": ours.size, "equal": equal, "padding": filled, "other": ours.size - equal - filled}


def measured(reader: GuardedReader, folder: Path, *, rounds: int) -> dict[str, dict[str, Any]]:
    """Return the seconds of both, in turns, and the ratio of each turn."""
    ours, theirs = [], []
    for number in tqdm(range(1 + rounds), desc=f"reading {folder.name}", unit="round"):
        scan, our_seconds = timed(lambda: _read_by_guarded_reader(reader, folder))
        del scan  # outside of the time
        image, their_seconds = timed(lambda: _read_by_simpleitk(folder))
        del image
        if number:
            ours.append(our_seconds)
            theirs.append(their_seconds)
    low, middle, high = np.percentile(np.divide(ours, theirs), (0, 50, 100))
    ratio = {"value": float(middle), "low": float(low), "high": float(high), "n": rounds}
    return {"guarded reader": spread(ours), "SimpleITK": spread(theirs), "ratio": ratio}


def _read_by_guarded_reader(reader: GuardedReader, folder: Path) -> Scan:
    (scan,) = reader.read(folder)
    _look_at(scan.array[0].T)
    return scan


def _read_by_simpleitk(folder: Path) -> SimpleITK.Image:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    _look_at(SimpleITK.GetArrayViewFromImage(image))
    return image


def _look_at(volume: npt.NDArray[Any]) -> None:
    """Touch each page of memory, so that all are there when the time ends."""
    volume.ravel()[:: _PAGE_BYTES // volume.itemsize].sum(dtype=np.float64)


if __name__ == "__main__":
    main()
