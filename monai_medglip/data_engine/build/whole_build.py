# SPDX-License-Identifier: Apache-2.0
"""A whole build: units to parts wherever they are worked on, checks of all images together, and the finished store.

Killed at any point and begun again with the same plan, it does what is missing and gives the same bytes. The store
appears whole, when the last unit is done.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.data_engine.build.build_folder import BuildFolder
from monai_medglip.data_engine.build.build_plan import BuildPlan
from monai_medglip.data_engine.build.schedulers import InProcess, Scheduler
from monai_medglip.data_engine.build.unit_work import UnitTask, work_on_unit
from monai_medglip.data_engine.quality.checks import check_collection
from monai_medglip.data_engine.quality.collection_check import ImageSummary
from monai_medglip.data_engine.quality.license_checks import check_licenses
from monai_medglip.data_engine.store.arrow import pq
from monai_medglip.data_engine.store.manifest import MANIFEST, Manifest
from monai_medglip.data_engine.store.part_writer import Part
from monai_medglip.data_engine.store.schema import SCHEMA_VERSION
from monai_medglip.data_engine.store.store_writer import STORE_KIND, finish_store
from monai_medglip.data_engine.store.stored_source import StoredSource
from monai_medglip.errors import OutputError
from monai_medglip.ontology import Ontology

__all__ = ["BuildReport", "build_store"]

_SUMMARY_COLUMNS = ("source", "id", "patient", "split", "checksum", "perceptual_hash")


@dataclass(frozen=True)
class BuildReport:
    """What a build gave.

    Attributes:
        manifest: of the store.
        unit_count: number of its units.
        done_before: how many of them were done by an earlier start.
    """

    manifest: Manifest
    unit_count: int
    done_before: int


def build_store(
    plan: BuildPlan,
    target: Path,
    work_folder: Path,
    *,
    scheduler: Scheduler | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> BuildReport:
    """Build a store.

    Args:
        plan: what is built.
        target: folder of the store; it must not hold one, unless it is that of this build.
        work_folder: for what is done so far; all workers see it. Its parts are removed when the store is finished.
        scheduler: where units are worked on; here by default.
        progress: is called with the number of images of each unit when it is done.

    Raises:
        ConfigurationError: when the work folder holds another build, or no reader knows a layout.
        DataError: when the layout of a data set is not there.
        OutputError: when a store is there already, or something cannot be written.
    """
    folder = BuildFolder(work_folder)
    if (target / MANIFEST).exists():
        return _finished_before(plan, target, folder, progress)
    folder.claim(plan)
    parts: list[Part] = []
    sizes: dict[str, int] = {}
    before = 0

    def tasks() -> Iterator[UnitTask]:
        nonlocal before
        for unit in plan.units():
            part = folder.part(unit.name)
            parts.append(part)
            sizes[part.name] = len(unit.items)
            if part.is_complete:
                before += 1
                progress(len(unit.items))
            else:
                yield UnitTask(unit, plan, work_folder)

    for part in (scheduler or InProcess()).run(work_on_unit, tasks()):
        progress(sizes[part.name])
    manifest = _finish(plan, target, parts)
    shutil.rmtree(folder.parts)
    return BuildReport(manifest, len(parts), before)


def _finished_before(
    plan: BuildPlan, target: Path, folder: BuildFolder, progress: Callable[[int], object]
) -> BuildReport:
    """The report of a build that was cut off, if at all, when its store was there; only the parts may be left of it."""
    if not folder.holds(plan):
        raise OutputError(f"{target}: expected a folder without a store, there is one; remove it or name another")
    sizes = [len(unit.items) for unit in plan.units()]
    progress(sum(sizes))
    shutil.rmtree(folder.parts, ignore_errors=True)
    return BuildReport(Manifest.read(target, STORE_KIND, SCHEMA_VERSION), len(sizes), len(sizes))


def _finish(plan: BuildPlan, target: Path, parts: Sequence[Part]) -> Manifest:
    ontology = Ontology.default()
    cards = [source.card for source in plan.sources]
    findings = [
        *check_collection([summary for part in parts for summary in _summaries(part)]),
        *check_licenses({card.name: card.license for card in cards}),
    ]
    return finish_store(
        target,
        parts,
        labels=[rule for card in cards for rule in card.label_rules(ontology)],
        sources=[StoredSource(c.facts(), c.license, c.commercial_use, c.citation, c.home) for c in cards],
        roots={source.card.name: _absolute(source.root) for source in plan.sources},
        findings=plan.waivers.apply(findings),
    )


def _absolute(root: Path) -> Path:
    """A folder as it is found from anywhere, because the store would look for a relative one below itself."""
    return root if "://" in str(root) else root.resolve()


def _summaries(part: Part) -> Iterator[ImageSummary]:
    """What is known of the images of a part when all are compared."""
    table = pq.read_table(part.table("records"), columns=list(_SUMMARY_COLUMNS))
    for row in zip(*(table[name].to_pylist() for name in _SUMMARY_COLUMNS), strict=True):
        yield ImageSummary(*row)
