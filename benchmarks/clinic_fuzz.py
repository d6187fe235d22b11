# SPDX-License-Identifier: Apache-2.0
"""Damaged DICOM files and series through the guarded reader: a clear error or a correct volume, nothing else.

Small good files, one for each transfer syntax at hand and several series, are damaged on their bytes and read. A case
is drawn from the seed and its number alone, so that one case can be run again. What is given back is judged by the
bytes; how far that reaches, ``benchmarks/dicom_reference.py`` says. Memory and processes are watched.

    python benchmarks/clinic_fuzz.py --data ../shared/data/dicom --out benchmarks/results/clinic_fuzz.json
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.dicom_mutations import mutate
from benchmarks.dicom_reference import Verdict, decoded_payloads, judge
from benchmarks.timing import peak_memory_of_this_process, spread
from monai_medglip.errors import ImageReadError, UnsupportedImageError
from monai_medglip.evaluation import result_head, write_result
from monai_medglip.imaging import Scan
from monai_medglip.readers.guarded_limits import ReadLimits
from monai_medglip.readers.guarded_reader import GuardedReader

LIMITS = ReadLimits(
    file_bytes=2**28, decoded_bytes=2**28, memory_bytes=2**30, cpu_seconds=10, wall_seconds=30, frames=1000
)
"""Far above what any undamaged file of the corpus takes."""

SINGLE_FILES = (
    "single/mr_small.dcm",
    "single/mr_small_implicit.dcm",
    "single/mr_small_bigendian.dcm",
    "single/ot_deflated.dcm",
    "single/mr_small_rle.dcm",
    "single/mr_small_j2k.dcm",
    "single/mr_small_jpegls.dcm",
    "single/nm_jpeg_lossless.dcm",
    "single/nm_jpeg_extended_12bit.dcm",
    "single/us_clip_jpeg_ybr_30frames.dcm",
    "single/pm_float.dcm",
    "single/dx_dog_chest_mono1.dcm",
    "enhanced/emri_small.dcm",
    "enhanced/emri_small_big_endian.dcm",
    "enhanced/emri_small_RLE.dcm",
    "enhanced/emri_small_jpeg_2k_lossless.dcm",
    "enhanced/emri_small_jpeg_ls_lossless.dcm",
    "enhanced/ct_multiframe_24x38x3.dcm",
)

SERIES = (
    "ct_tiny_24x38x3",
    "ct_oblique_tiny",
    "ct_reversed_axes",
    "mr_sts025",
    "pt_sts025",
    "ct_lung_gtv",
)
_MOST_SLICES = 4
_EXAMPLES = 40
_LIMIT_NAMED = re.compile(r"\(limit (\w+)")
_ENDED = re.compile(r"ended with (SIG\w+)|ended without a word")


@dataclass(frozen=True)
class Original:
    """Good files that are read as one, and what they are read as."""

    name: str
    files: tuple[bytes, ...]
    scans: tuple[Scan, ...]


def corpus(data: Path, reader: GuardedReader, folder: Path) -> list[Original]:
    """Return the good files that can be read; of series the first few slices."""
    originals = []
    for name in (*SINGLE_FILES, *SERIES):
        paths = sorted((data / name).iterdir())[:_MOST_SLICES] if (data / name).is_dir() else [data / name]
        files = tuple(path.read_bytes() for path in paths)
        try:
            originals.append(Original(name, files, reader.read(write_files(folder, files))))
        except UnsupportedImageError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return originals


def write_files(folder: Path, files: Sequence[bytes]) -> Path:
    """Write files into an emptied folder; return the path to read, the file itself when there is one."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, data in enumerate(files):
        (folder / f"{number:03}.dcm").write_bytes(data)
    return folder if len(files) != 1 else folder / "000.dcm"


def run(
    originals: Sequence[Original], reader: GuardedReader, folder: Path, *, cases: range, seed: int
) -> dict[str, Any]:
    """Return what became of each case.

    Args:
        originals: the corpus.
        reader: under test.
        folder: where damaged files are put.
        cases: which numbers to run.
        seed: of all cases.
    """
    payloads = {key: value for original in originals for key, value in decoded_payloads(original.files).items()}
    outcomes: Counter[str] = Counter()
    by_mutation: dict[str, Counter[str]] = defaultdict(Counter)
    by_original: dict[str, Counter[str]] = defaultdict(Counter)
    limits: Counter[str] = Counter()
    examples: dict[str, list[dict[str, Any]]] = defaultdict(list)
    seconds, largest_child = [], 0.0
    for number in tqdm(cases, desc="cases", unit="case", mininterval=5):
        rng = np.random.default_rng([seed, number])
        original = originals[int(rng.integers(len(originals)))]
        names, files = mutate(rng, original.files)
        path = write_files(folder, files)
        start = time.perf_counter()
        outcome, detail = _outcome(reader, path, files, original, payloads)
        seconds.append(time.perf_counter() - start)
        largest_child = max(largest_child, _peak_mib(reader.process_id))
        outcomes[outcome] += 1
        by_original[original.name][outcome] += 1
        for name in names:
            by_mutation[name][outcome] += 1
        limits.update(_LIMIT_NAMED.findall(detail))
        limits.update("child ended" for _ in _ENDED.findall(detail))
        if outcome in (Verdict.WRONG.value, "other exception", "vague error", "child ended") and (
            len(examples[outcome]) < _EXAMPLES
        ):
            examples[outcome].append(
                {"case": number, "file": original.name, "mutations": names, "detail": detail[:400]}
            )
    return {
        "cases": len(cases),
        "outcomes": dict(outcomes),
        "limits_named_in_errors": dict(limits),
        "seconds_per_case": {**spread(seconds), "max_s": max(seconds)},
        "by_mutation": {name: dict(by_mutation[name]) for name in sorted(by_mutation)},
        "by_file": {name: dict(by_original[name]) for name in sorted(by_original)},
        "peak_memory_of_children_mib": largest_child,
        "examples": dict(examples),
    }


def _outcome(
    reader: GuardedReader, path: Path, files: Sequence[bytes], original: Original, payloads: dict[Any, np.ndarray]
) -> tuple[str, str]:
    """What became of a case, in words of the result file, and the message or reason."""
    try:
        scans = reader.read(path)
    except ImageReadError as error:
        text = str(error)
        if _ENDED.search(text):
            return "child ended", text
        clear = text.startswith(str(path)) and "expected" in text
        return ("clear error" if clear else "vague error"), text
    # Anything else would have ended a service.
    except Exception as error:
        return "other exception", f"{type(error).__name__}: {error}"
    found = judge(scans, files, original.scans, payloads)
    return found.verdict.value, found.reason


def _peak_mib(process_id: int | None) -> float:
    """The largest resident size of a child so far; one that was replaced meanwhile does not count."""
    try:
        lines = Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="folder with single, enhanced and series"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="result file")
    parser.add_argument("--cases", type=int, default=20_000, metavar="N", help="how many (default 20,000)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first case (default 0)")
    parser.add_argument("--seed", type=int, default=2026, metavar="N")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder, GuardedReader(LIMITS) as reader:
        originals = corpus(options.data, reader, Path(folder) / "case")
        before = peak_memory_of_this_process()
        cases = range(options.first, options.first + options.cases)
        results = run(originals, reader, Path(folder) / "case", cases=cases, seed=options.seed)
    results["peak_memory_of_this_process_mib"] = {"before": before, "after": peak_memory_of_this_process()}
    command = f"python benchmarks/clinic_fuzz.py {shlex.join(arguments or sys.argv[1:])}"
    head = result_head(
        command, bundle=None, data={"files": [original.name for original in originals], "seed": options.seed}
    )
    write_result(options.out, head, {"limits": LIMITS.to_dict(), **results})
    print(f"{results['cases']} cases: {results['outcomes']}", file=sys.stderr)


if __name__ == "__main__":
    main()
