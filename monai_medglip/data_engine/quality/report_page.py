# SPDX-License-Identifier: Apache-2.0
"""What the checks found as one page: counts by stage and source, a row for each finding, pictures of some."""

from __future__ import annotations

import base64
import io
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine.grounding_data import GroundingData
from monai_medglip.data_engine.quality.finding import Finding
from monai_medglip.data_engine.quality.waivers import Waiver
from monai_medglip.data_engine.record import Record
from monai_medglip.data_engine.region_grounding import region_grounding
from monai_medglip.errors import MedGLIPError
from monai_medglip.visualize import overlay
from monai_medglip.visualize.page_template import page_template

__all__ = ["QualityReport", "write_report_page"]

PICTURES_PER_CHECK = 6
"""Findings of a check and source that are shown with a picture."""
ROWS_PER_CHECK = 200
"""Findings of a check and source that are listed; the page says how many there are."""
_THUMBNAIL = (420, 420)
_JPEG_QUALITY = 82


@dataclass(frozen=True)
class QualityReport:
    """What a page says.

    Attributes:
        title: of the page.
        findings: all findings, waived ones among them.
        image_counts: number of images by source.
        unused_waivers: waivers that covered nothing.
    """

    title: str
    findings: tuple[Finding, ...]
    image_counts: Mapping[str, int]
    unused_waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True)
class _Group:
    """The findings of one check in one source, as the page shows them."""

    check: str
    stage: str
    source: str
    findings: Sequence[Finding]
    pictures: Sequence[tuple[Finding, str]]

    @property
    def anchor(self) -> str:
        return f"{self.check}-{self.source}".replace(" ", "-")

    @property
    def listed(self) -> Sequence[Finding]:
        return self.findings[:ROWS_PER_CHECK]


def write_report_page(path: str | os.PathLike[str], report: QualityReport, data: GroundingData) -> None:
    """Write the page in one file that needs no other, whole or not at all.

    Args:
        path: of the HTML file.
        report: what it says.
        data: where pictures come from.

    Raises:
        OutputError: when the file cannot be written.
    """
    page = page_template("quality_report.html", "monai_medglip.data_engine.quality").render(
        report=report,
        groups=_groups(report, data),
        checks=_table(report),
        sources=list(report.image_counts),
        waived=sum(finding.waived_by is not None for finding in report.findings),
    )
    with atomic_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _groups(report: QualityReport, data: GroundingData) -> list[_Group]:
    together: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        together.setdefault((finding.check, finding.source), []).append(finding)
    named = {(finding.source, finding.record) for finding in report.findings}
    records = {key: record for record in data.records() if (key := (record.source, record.id)) in named}
    return [
        _Group(check, found[0].stage.value, source, found, _pictures(found, data, records))
        for (check, source), found in together.items()
    ]


def _pictures(
    findings: Sequence[Finding], data: GroundingData, records: Mapping[tuple[str, str], Record]
) -> list[tuple[Finding, str]]:
    """The first findings of a group whose image can be drawn, with the region that each is about."""
    drawn: list[tuple[Finding, str]] = []
    for finding in findings:
        record = records.get((finding.source, finding.record or ""))
        if record is None or len(drawn) == PICTURES_PER_CHECK:
            continue
        try:
            scan, regions = data.read(record), data.regions(record)
            shown = regions if finding.region is None else regions[finding.region : finding.region + 1]
            drawn.append((finding, _thumbnail(overlay(scan, region_grounding(scan.frame, shown)))))
        except MedGLIPError:
            continue  # what cannot be read has no picture; its reason stands in the list
    return drawn


def _thumbnail(picture: npt.NDArray[np.uint8]) -> str:
    image = Image.fromarray(picture)
    image.thumbnail(_THUMBNAIL)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _table(report: QualityReport) -> list[tuple[str, str, list[int]]]:
    """Stage, check and number of findings by source that are not waived."""
    counts = Counter((f.check, f.source) for f in report.findings if f.waived_by is None)
    stages = {finding.check: finding.stage.value for finding in report.findings}
    return [
        (stage, check, [counts[check, source] for source in report.image_counts]) for check, stage in stages.items()
    ]
