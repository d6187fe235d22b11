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
from concurrent.futures import ThreadPoolExecutor
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
_ENDED = re.compile(r"ended with (SIG\w+)|ended (without a word)")
_TO_BE_LOOKED_AT = (Verdict.WRONG.value, "other exception", "vague error", "child ended")


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


@dataclass(frozen=True)
class Case:
    """What became of one case."""

    number: int
    original: str
    mutations: tuple[str, ...]
    outcome: str
    detail: str
    seconds: float
    child_mib: float


class Fuzzer:
    """Runs cases one after the other with a reader of its own.

    Args:
        originals: the corpus.
        folder: where damaged files are put.
        seed: of all cases.
    """

    def __init__(self, originals: Sequence[Original], folder: Path, *, seed: int) -> None:
        self._originals, self._folder, self._seed = originals, folder, seed
        self._payloads = {
            key: value for original in originals for key, value in decoded_payloads(original.files).items()
        }
        self._reader = GuardedReader(LIMITS)

    def run(self, number: int) -> Case:
        """Run the case with this number."""
        rng = np.random.default_rng([self._seed, number])
        original = self._originals[int(rng.integers(len(self._originals)))]
        names, files = mutate(rng, original.files)
        path = write_files(self._folder, files)
        start = time.perf_counter()
        outcome, detail = _outcome(self._reader, path, files, original, self._payloads)
        seconds = time.perf_counter() - start
        return Case(number, original.name, tuple(names), outcome, detail, seconds, _peak_mib(self._reader.process_id))

    def close(self) -> None:
        """End the reader's process."""
        self._reader.close()


def run(originals: Sequence[Original], folder: Path, *, cases: range, seed: int, workers: int) -> list[Case]:
    """Return what became of each case, run by so many readers at once."""
    fuzzers = [Fuzzer(originals, folder / str(number), seed=seed) for number in range(workers)]
    try:
        with ThreadPoolExecutor(workers) as pool:
            parts = [pool.submit(_run_part, fuzzer, cases[n::workers], n) for n, fuzzer in enumerate(fuzzers)]
            return sorted((case for part in parts for case in part.result()), key=lambda case: case.number)
    finally:
        for fuzzer in fuzzers:
            fuzzer.close()


def summary(cases: Sequence[Case]) -> dict[str, Any]:
    """Return the counts, and the first examples of what should not be."""
    by_mutation: dict[str, Counter[str]] = defaultdict(Counter)
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    examples: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for case in cases:
        by_file[case.original][case.outcome] += 1
        for name in case.mutations:
            by_mutation[name][case.outcome] += 1
        if case.outcome in _TO_BE_LOOKED_AT and len(examples[case.outcome]) < _EXAMPLES:
            mutations = list(case.mutations)
            examples[case.outcome].append(
                {"case": case.number, "file": case.original, "mutations": mutations, "detail": case.detail[:400]}
            )
    seconds = [case.seconds for case in cases]
    return {
        "cases": len(cases),
        "outcomes": dict(Counter(case.outcome for case in cases)),
        "limits_named_in_errors": dict(Counter(name for case in cases for name in _LIMIT_NAMED.findall(case.detail))),
        "children_ended_by": dict(Counter("".join(end) for case in cases for end in _ENDED.findall(case.detail))),
        "seconds_per_case": {**spread(seconds), "max_s": max(seconds)},
        "peak_memory_of_children_mib": max(case.child_mib for case in cases),
        "by_mutation": {name: dict(by_mutation[name]) for name in sorted(by_mutation)},
        "by_file": {name: dict(by_file[name]) for name in sorted(by_file)},
        "examples": dict(examples),
    }


def _run_part(fuzzer: Fuzzer, numbers: range, position: int) -> list[Case]:
    label = f"reader {position}"
    return [fuzzer.run(number) for number in tqdm(numbers, desc=label, unit="case", mininterval=30, position=position)]


def _outcome(
    reader: GuardedReader, path: Path, files: Sequence[bytes], original: Original, payloads: dict[Any, np.ndarray]
) -> tuple[str, str]:
    """What became of a case, in words of the result file, and the message or reason."""
    try:
        scans = reader.read(path)
    except ImageReadError as error:
        text = str(error)
        if _ENDED.search(text):
            return "child ended", text.replace(str(path), path.name)
        clear = text.startswith(str(path)) and ("expected" in text or "cannot be" in text)
        return ("clear error" if clear else "vague error"), text.replace(str(path), path.name)
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
    parser.add_argument("--readers", type=int, default=1, metavar="N", help="how many work at once (default 1)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        with GuardedReader(LIMITS) as reader:
            originals = corpus(options.data, reader, Path(folder) / "corpus")
        before = peak_memory_of_this_process()
        numbers = range(options.first, options.first + options.cases)
        cases = run(originals, Path(folder), cases=numbers, seed=options.seed, workers=options.readers)
    results = summary(cases)
    results["peak_memory_of_this_process_mib"] = {"before": before, "after": peak_memory_of_this_process()}
    command = f"python benchmarks/clinic_fuzz.py {shlex.join(arguments or sys.argv[1:])}"
    head = result_head(
        command, bundle=None, data={"files": [original.name for original in originals], "seed": options.seed}
    )
    write_result(options.out, head, {"limits": LIMITS.to_dict(), **results})
    print(f"{results['cases']} cases: {results['outcomes']}", file=sys.stderr)


if __name__ == "__main__":
    main()
