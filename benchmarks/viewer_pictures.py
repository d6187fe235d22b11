# SPDX-License-Identifier: Apache-2.0
"""Takes the pictures of docs/how-to/viewers.md: what OHIF shows of results that the worker made of real images.

python -m benchmarks.viewer_pictures --data ../shared/data --ohif .ohif/3.13.2/package/dist --out docs/images

It runs ``python -m apps.medglip_pacs trial`` with the studies of `viewer_studies`, and looks when results are there.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from apps.medglip_pacs.site_secrets import PAGE_PASSWORD
from benchmarks.ohif_page import OhifPage, Picture, open_browser
from benchmarks.viewer_studies import STUDIES, ViewerStudy
from monai_medglip.atomic_file import atomic_file

VIEWER, USER = "http://127.0.0.1:18191", "medglip"
PICTURES = {
    "viewer_ct": ("ct", "SR"),
    "viewer_mr": ("mr", "SR"),
    "viewer_xray": ("xray", "SR"),
    "viewer_us": ("us", "SR"),
    "viewer_segmentation": ("mr", "SEG"),
    "viewer_picture": ("xray", "OT"),
    "viewer_words": ("oblong", "SR"),
}
"""The study and the modality of the series that each picture shows."""
WAIT_S = 900
WIDTH = 900


def main() -> int:
    """Start the site, take the pictures, and end it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the small real data sets")
    parser.add_argument("--ohif", type=Path, required=True, help="folder of a built OHIF")
    parser.add_argument("--out", type=Path, required=True, help="folder of the pictures")
    arguments = parser.parse_args()
    password = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        studies = {name: write(folder / "dicom" / name, arguments.data) for name, write in STUDIES.items()}
        with running_trial(folder, arguments.ohif, password) as trial, open_browser() as browser:
            wait_for_results(list(studies.values()), password, trial)
            for name, (study, modality) in PICTURES.items():
                page = OhifPage(browser, VIEWER, user=USER, password=password, study=studies[study].study_uid)
                page.show(modality)
                write_picture(arguments.out / f"{name}.png", page.picture())
                page.close()
                print(arguments.out / f"{name}.png")
    return 0


@contextlib.contextmanager
def running_trial(folder: Path, ohif: Path, password: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the trial on the studies in a folder; gives its process."""
    command = [sys.executable, "-m", "apps.medglip_pacs", "trial", str(folder / "trial")]
    options = ["--send", str(folder / "dicom"), "--viewer", str(ohif)]
    process = subprocess.Popen([*command, *options], env={**os.environ, PAGE_PASSWORD: password})
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)


def wait_for_results(studies: Sequence[ViewerStudy], password: str, trial: subprocess.Popen[bytes]) -> None:
    """Wait until each study has a report, a segmentation and pictures.

    Raises:
        TimeoutError: when they do not come, or the trial has ended.
    """
    end = time.monotonic() + WAIT_S
    while not all({"SR", "SEG", "OT"} <= modalities_of(study, password) for study in studies):
        if time.monotonic() > end or trial.poll() is not None:
            raise TimeoutError(f"expected results of all studies within {WAIT_S} s of a running trial")
        time.sleep(1)


def modalities_of(study: ViewerStudy, password: str) -> set[str]:
    """Give the modalities of the series that a study has, none while the site is not up."""
    address = f"{VIEWER}/dicom-web/studies/{study.study_uid}/series"
    try:
        answer = httpx.get(address, auth=(USER, password), trust_env=False, timeout=60)
    except httpx.TransportError:
        return set()
    return {one["00080060"]["Value"][0] for one in answer.json()} if answer.is_success else set()


def write_picture(path: Path, screen: Picture) -> None:
    """Write a screen as a small PNG."""
    picture = Image.fromarray(np.ascontiguousarray(screen))
    size = (WIDTH, round(WIDTH * picture.height / picture.width))
    with atomic_file(path) as temporary:
        picture.resize(size, Image.Resampling.LANCZOS).save(temporary, format="PNG", optimize=True)


if __name__ == "__main__":
    sys.exit(main())
