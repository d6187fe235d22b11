# SPDX-License-Identifier: Apache-2.0
"""From C-STORE to the screen of a radiologist: Orthanc, the worker with the shipped weights, and OHIF in a browser.

Where an outline belongs on the screen is computed from the numbers in the report and from three squares that lie in the
images themselves; neither OHIF's geometry nor ours is asked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from highdicom import sr
from pydicom import Dataset, dcmread

from apps.medglip_pacs.local_orthanc import find_dicomweb
from apps.medglip_pacs.page_access import PageAccess
from apps.medglip_pacs.viewer_server import ViewerServer, viewer_app
from benchmarks.viewer_studies import STUDIES, ViewerStudy
from tests.apps.pacs.running_site import (
    PAGE_PASSWORD,
    PASSWORD,
    REPOSITORY,
    Node,
    Worker,
    free_port,
    running_node,
    wait_until,
)
from tests.apps.pacs.senders import storescu
from tests.dicom.validators import pixelmed_said, said

pytest.importorskip("playwright", reason="playwright is not installed (extra dev)")
from benchmarks.ohif_page import OhifPage, Outline, find_chromium, open_browser, square_centers

pytestmark = [pytest.mark.clinic, pytest.mark.slow]

OHIF = Path(os.environ.get("MEDGLIP_OHIF") or REPOSITORY / ".ohif" / "3.13.2" / "package" / "dist")
USER = "medglip"
PHRASES = {
    "ct": "left parotid gland",
    "mr": "left ventricular cavity",
    "oblong": "left ventricular cavity",
    "xray": "left lung",
    "us": "fetal head",
}
OUTLINED = ("ct", "mr", "xray", "us")


@dataclass(frozen=True)
class Outlined:
    """A region of a report on one image.

    Attributes:
        phrase: what it is.
        score: as the report has it.
        instance: SOPInstanceUID of the image.
        points: ``(n, 2)`` columns and rows.
    """

    phrase: str
    score: float
    instance: str
    points: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Site:
    """Everything that a hospital would have.

    Attributes:
        studies: what was sent, by name.
        results: the objects of each study that came back, by their modality.
        url: where OHIF is served.
    """

    studies: Mapping[str, ViewerStudy]
    results: Mapping[str, Mapping[str, Dataset]]
    url: str

    def regions(self, name: str) -> list[Outlined]:
        """The regions of a study's report, in its order."""
        content = sr.Comprehensive3DSR.from_dataset(self.results[name]["SR"]).content
        return [
            Outlined(
                group.finding_sites[0].value.meaning,
                group.get_measurements()[0].value,
                str(group.roi.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID),
                np.asarray(group.roi.value),
            )
            for group in content.get_planar_roi_measurement_groups()
        ]


@dataclass(frozen=True)
class Shown:
    """What a browser shows of a series.

    Attributes:
        picture: the screen.
        plain: the screen without words and lines over the image.
        outlines: what is drawn over it.
        words: the text of the page.
        asked_elsewhere: addresses that are not of this machine.
    """

    picture: npt.NDArray[np.uint8]
    plain: npt.NDArray[np.uint8]
    outlines: list[Outline]
    words: str
    asked_elsewhere: list[str]

    def on_screen(self, study: ViewerStudy, places: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Where columns and rows ``(n, 2)`` are on the screen ``(n, 2)``, told by the squares in the image."""
        squares = np.column_stack([study.marks, np.ones(3)])
        return np.column_stack([places, np.ones(len(places))]) @ np.linalg.solve(squares, square_centers(self.plain))

    def pixels(self, study: ViewerStudy, picture: npt.NDArray[np.uint8], shape: tuple[int, int]) -> npt.NDArray[Any]:
        """The screen at the centers of an image's pixels ``(rows, columns, 3)``."""
        rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
        places = self.on_screen(study, np.column_stack([columns.ravel(), rows.ravel()]))
        x, y = np.floor(places).astype(int).T
        return picture[y, x].reshape(*shape, 3)

    def slice_on_screen(self, study: ViewerStudy) -> int:
        """The slice that resembles the screen most, which it must do closely."""
        images = [study.shown(index) for index in range(len(study.paths))]
        seen = self.pixels(study, self.plain, images[0].shape).min(axis=-1)
        likeness = [np.corrcoef(seen.ravel(), image.ravel())[0, 1] for image in images]
        assert max(likeness) > 0.9
        return int(np.argmax(likeness))


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ViewerStudy]:
    """The studies whose data are there; that of the ultrasound always is."""
    data = REPOSITORY.parent / "shared" / "data"
    names = STUDIES if data.is_dir() else ("us",)
    return {name: STUDIES[name](tmp_path_factory.mktemp(name), data) for name in names}


@pytest.fixture(scope="module")
def site(studies: dict[str, ViewerStudy], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site, after all results have come."""
    if find_dicomweb() is None:
        pytest.skip("Orthanc's DICOMweb plugin is not installed (Debian: apt install orthanc-dicomweb)")
    if not (OHIF / "index.html").is_file():
        pytest.skip("OHIF is not there (.ci/test_clinic.sh fetches it by npm)")
    folder = tmp_path_factory.mktemp("site")
    with running_node(folder / "orthanc", dicomweb=True) as node:
        worker = Worker(
            folder,
            node,
            model={"bundles": str(REPOSITORY / "bundles")},
            limits={"job_timeout_s": 600, "disk_high_water": 1.0},
        )
        for study in studies.values():
            storescu(node.process.dicom_port, study.paths)
        worker.start()
        try:
            wait_until(lambda: worker.jobs("done") == len(studies), seconds=600)
        finally:
            worker.kill()
        access = PageAccess(USER, PAGE_PASSWORD)
        viewer = ViewerServer(
            viewer_app(OHIF, orthanc=node.process.url, user=USER, password=PASSWORD, access=access), free_port()
        )
        viewer.start()
        yield Site(studies, _results(node, studies, folder), viewer.url)
        viewer.stop()


def _results(node: Node, studies: Mapping[str, ViewerStudy], folder: Path) -> dict[str, dict[str, Dataset]]:
    found: dict[str, dict[str, Dataset]] = {name: {} for name in studies}
    names = {study.study_uid: name for name, study in studies.items()}
    for number, instance in enumerate(node.results()):
        node.client.download(instance, folder / f"{number}.dcm")
        result = dcmread(folder / f"{number}.dcm")
        found[names[result.StudyInstanceUID]].setdefault(result.Modality, result)
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless browser."""
    if find_chromium() is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with open_browser() as running:
        yield running


@pytest.fixture(scope="module")
def look(site: Site, browser: Any) -> Any:
    """Shows series in OHIF, each once."""
    seen: dict[tuple[str, str], Shown] = {}

    def show(name: str, modality: str) -> Shown:
        if name not in site.studies:
            pytest.skip("shared data set not beside the checkout")
        if (name, modality) not in seen:
            study = site.studies[name].study_uid
            page = OhifPage(browser, site.url, user=USER, password=PAGE_PASSWORD, study=study)
            page.show(modality)
            picture, plain = page.picture(), page.picture(plain=True)
            seen[name, modality] = Shown(picture, plain, page.outlines(), page.words(), page.asked_elsewhere)
            page.close()
        return seen[name, modality]

    return show


def phrase_of(outline: Outline) -> str:
    """The phrase beside an outline."""
    return outline.words[-1].partition(": ")[2]


@pytest.mark.parametrize("name", OUTLINED)
def test_every_outline_of_the_image_is_drawn_where_its_pixels_are(name: str, site: Site, look: Any) -> None:
    shown, regions = look(name, "SR"), site.regions(name)
    expected = [region for region in regions if region.instance == regions[0].instance]
    assert PHRASES[name] in {region.phrase for region in regions}
    assert sorted(map(phrase_of, shown.outlines)) == sorted(region.phrase for region in expected)
    for region in expected:
        (drawn,) = (one for one in shown.outlines if phrase_of(one) == region.phrase)
        away = np.abs(drawn.points - shown.on_screen(site.studies[name], region.points))
        assert away.max() < 1.5  # pixels of the screen; a pixel of the image has 1.3 or more


@pytest.mark.parametrize("name", OUTLINED)
def test_the_image_under_the_outlines_is_the_one_that_they_belong_to(name: str, site: Site, look: Any) -> None:
    study = site.studies[name]
    assert study.instance_uids[look(name, "SR").slice_on_screen(study)] == site.regions(name)[0].instance


@pytest.mark.parametrize("name", OUTLINED)
def test_phrase_and_score_stand_beside_their_outline(name: str, site: Site, look: Any) -> None:
    shown, regions = look(name, "SR"), site.regions(name)
    for region in (region for region in regions if region.instance == regions[0].instance):
        (words,) = (one.words for one in shown.outlines if phrase_of(one) == region.phrase)
        assert f"Detection score: {region.score:.2f} 1" in words
        assert region.phrase in shown.words


@pytest.mark.parametrize("name", OUTLINED)
def test_the_outline_is_seen_in_color(name: str, look: Any) -> None:
    shown = look(name, "SR")
    for outline in shown.outlines:
        ends = zip(outline.points[:-1], outline.points[1:], strict=True)
        places = np.concatenate([np.linspace(*pair, 200) for pair in ends])
        x, y = np.floor(places).astype(int).T
        near = np.stack([shown.picture[y + dy, x + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)]).astype(int)
        is_colored = (np.ptp(near, axis=-1) > 80).any(axis=0)
        assert is_colored.mean() > 0.5  # the line is dashed


@pytest.mark.parametrize("name", OUTLINED)
def test_the_words_point_at_what_experts_annotated(name: str, site: Site) -> None:
    if name not in site.studies:
        pytest.skip("shared data set not beside the checkout")
    region = next(region for region in site.regions(name) if region.phrase == PHRASES[name])
    truth = site.studies[name].true_box(region.phrase, region.instance)
    low, high = region.points.min(axis=0), region.points.max(axis=0)
    shared_sides = np.minimum(high, truth[2:]) - np.maximum(low, truth[:2])
    common = np.prod(np.maximum(shared_sides, 0))
    union = np.prod(high - low) + np.prod(truth[2:] - truth[:2]) - common
    assert common / union > 0.5


def test_on_oblong_pixels_words_are_shown_and_no_outline_in_the_wrong_place(site: Site, look: Any) -> None:
    shown = look("oblong", "SR")
    assert shown.outlines == []
    assert site.regions("oblong") == []
    assert "AI result without regions" in shown.words
    assert re.search(r"left ventricular cavity:\s*located", shown.words)
    assert "AI result, not for diagnosis" in shown.words


@pytest.mark.parametrize("name", ["mr", "oblong"])
def test_segments_are_colored_where_their_voxels_are(name: str, site: Site, look: Any) -> None:
    shown = look(name, "SEG")
    study, segments = site.studies[name], site.results[name]["SEG"]
    index = shown.slice_on_screen(study)
    mask = _voxels_of(segments, study.instance_uids[index])
    seen = shown.pixels(study, shown.plain, mask.shape).astype(int)
    colored = np.ptp(seen, axis=-1) > 24
    assert mask.any()
    assert (colored & mask).sum() / (colored | mask).sum() > 0.9


def _voxels_of(segments: Dataset, instance: str) -> npt.NDArray[np.bool_]:
    """Whether each pixel of an image is in one of the segments ``(rows, columns)``."""
    frames = np.atleast_3d(segments.pixel_array).reshape(-1, segments.Rows, segments.Columns)
    chosen = [
        frame
        for frame, group in zip(frames, segments.PerFrameFunctionalGroupsSequence, strict=True)
        if group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID == instance
    ]
    return np.any(chosen, axis=0) if chosen else np.zeros((segments.Rows, segments.Columns), bool)


def test_pictures_are_shown_as_images(site: Site, look: Any) -> None:
    shown = look("us", "OT")
    assert (np.ptp(shown.plain[100:800, 300:1300].astype(int), axis=-1) > 80).sum() > 1000


@pytest.mark.parametrize(("name", "modality"), [("us", "SR"), ("mr", "SEG")])
def test_nothing_is_asked_of_other_machines(name: str, modality: str, look: Any) -> None:
    assert look(name, modality).asked_elsewhere == []


@pytest.mark.parametrize("name", STUDIES)
def test_validators_find_no_error_in_results_that_went_by_orthanc(name: str, site: Site, tmp_path: Path) -> None:
    if name not in site.studies:
        pytest.skip("shared data set not beside the checkout")
    for modality in ("SR", "SEG", "OT"):
        site.results[name][modality].save_as(tmp_path / f"{modality}.dcm", enforce_file_format=True)
        process = said("dciodvfy", "-new", tmp_path / f"{modality}.dcm")
        assert "Error" not in process.stdout + process.stderr
    assert said("dsrdump", tmp_path / "SR.dcm").returncode == 0
    words = pixelmed_said(tmp_path / "SR.dcm")
    assert "TID_1500" in words
    assert "Error" not in words
