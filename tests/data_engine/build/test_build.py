# SPDX-License-Identifier: Apache-2.0
"""Whole builds of a small data set: what is in the store, and that it is the same however it came about."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from monai_medglip.cli.main import main
from monai_medglip.data_engine.build import whole_build as build_module
from monai_medglip.data_engine.build.schedulers import LocalPool
from monai_medglip.data_engine.build.whole_build import build_store
from monai_medglip.data_engine.store.grounding_store import GroundingStore
from monai_medglip.errors import ConfigurationError, OutputError

pytest.importorskip("imagehash", reason="imagehash is in the extra 'data'")


def digest(store: Path) -> str:
    """One checksum over all files of a store but the one that says where its images lie."""
    files = sorted(path for path in store.rglob("*") if path.is_file() and path.name != "roots.json")
    return hashlib.sha256(b"".join(str(p.relative_to(store)).encode() + p.read_bytes() for p in files)).hexdigest()


def findings(store: Path) -> list[dict[str, object]]:
    return pq.read_table(store / "findings" / "00000.parquet").to_pylist()


def test_a_store_holds_the_images_and_regions_of_its_sources(plan, polyps, tmp_path) -> None:
    report = build_store(plan, tmp_path / "store", tmp_path / "work")
    assert (report.unit_count, report.done_before) == (4, 0)
    store = GroundingStore(tmp_path / "store")
    records = store.records()
    assert len(records) == 11
    region = store.regions(records[3])[0]
    assert (region.concept, region.box) == ("polyp", (5.0, 5.0, 18.0, 20.0))
    assert region.mask.area == 13 * 15
    assert np.array_equal(store.read(records[3]).array.shape, (1, 48, 40))


def test_images_named_by_a_relative_folder_are_found_from_anywhere(plan, polyps, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(polyps.parent)
    relative = replace(plan, sources=(replace(plan.sources[0], root=Path(polyps.name)),))
    build_store(relative, tmp_path / "far" / "store", tmp_path / "work")
    monkeypatch.chdir(tmp_path / "far")
    store = GroundingStore(tmp_path / "far" / "store")
    assert store.read(store.records()[0]).array.shape == (1, 48, 40)


def test_one_broken_image_is_a_finding_with_a_reason_that_names_no_folder(plan, tmp_path) -> None:
    build_store(plan, tmp_path / "store", tmp_path / "work")
    (broken,) = [row for row in findings(tmp_path / "store") if row["check"] == "unreadable"]
    assert broken["record"] == "image 7"
    assert str(tmp_path) not in str(broken["reason"])


def test_a_pool_gives_the_same_bytes(plan, tmp_path) -> None:
    build_store(plan, tmp_path / "here", tmp_path / "work1")
    build_store(plan, tmp_path / "pool", tmp_path / "work2", scheduler=LocalPool(2))
    assert digest(tmp_path / "here") == digest(tmp_path / "pool")


def test_a_build_that_was_cut_off_goes_on_and_gives_the_same_bytes(plan, tmp_path, monkeypatch) -> None:
    build_store(plan, tmp_path / "whole", tmp_path / "work1")
    done = []

    def cut_off(task):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(task)
        return work(task)

    work = build_module.work_on_unit
    monkeypatch.setattr(build_module, "work_on_unit", cut_off)
    with pytest.raises(KeyboardInterrupt):
        build_store(plan, tmp_path / "store", tmp_path / "work2")
    assert not (tmp_path / "store").exists()
    monkeypatch.setattr(build_module, "work_on_unit", work)
    assert build_store(plan, tmp_path / "store", tmp_path / "work2").done_before == 2
    assert digest(tmp_path / "store") == digest(tmp_path / "whole")


KILLED = """
import os, signal, sys
from pathlib import Path
from monai_medglip.data_engine.build.whole_build import build_store
from monai_medglip.data_engine.build.build_plan import BuildPlan, PlannedSource
from monai_medglip.data_engine.cards import source_card

root, target, work, salt, most = sys.argv[1:]
done = 0

def count(images):
    global done
    done += images
    if done >= int(most):
        os.kill(os.getpid(), signal.SIGKILL)

plan = BuildPlan((PlannedSource(source_card("kvasir_seg"), Path(root)),), salt, unit_size=3)
build_store(plan, Path(target), Path(work), progress=count)
"""


@pytest.mark.slow
def test_killed_with_sigkill_again_and_again_it_ends_with_the_same_bytes(plan, polyps, tmp_path) -> None:
    build_store(plan, tmp_path / "whole", tmp_path / "work1")
    for most in (3, 6, 9):
        places = map(str, (polyps, tmp_path / "store", tmp_path / "work2"))
        process = subprocess.run([sys.executable, "-c", KILLED, *places, plan.salt, str(most)], check=False)
        assert process.returncode == -signal.SIGKILL
        assert not (tmp_path / "store").exists()
    assert build_store(plan, tmp_path / "store", tmp_path / "work2").done_before == 3
    assert digest(tmp_path / "store") == digest(tmp_path / "whole")


def test_a_build_that_was_cut_off_when_its_store_was_there_is_done(plan, tmp_path, monkeypatch) -> None:
    def cut_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(build_module.shutil, "rmtree", cut_off)
        with pytest.raises(KeyboardInterrupt):
            build_store(plan, tmp_path / "store", tmp_path / "work")
    before = digest(tmp_path / "store")
    report = build_store(plan, tmp_path / "store", tmp_path / "work")
    assert report.done_before == report.unit_count > 1
    assert report.manifest.counts["records"] == 11
    assert digest(tmp_path / "store") == before
    assert not (tmp_path / "work" / "parts").exists()


def test_the_command_line_builds_and_tells_what_it_built(polyps, tmp_path, capsys) -> None:
    assert main(["data", "build", f"kvasir_seg={polyps}", "--out", str(tmp_path / "store")]) == 0
    assert "11 images, 11 regions" in capsys.readouterr().out
    assert (tmp_path / "store.work" / "salt").exists()
    assert not (tmp_path / "store" / "salt").exists()


def test_no_patient_and_no_folder_is_in_the_store(plan, tmp_path) -> None:
    build_store(plan, tmp_path / "store", tmp_path / "work")
    tables = list((tmp_path / "store").rglob("*.parquet"))
    text = "".join(str(pq.read_table(path).to_pylist()) for path in tables)
    assert "image 3" in text
    for secret in ("Müller", "Anna", plan.salt, str(tmp_path)):
        assert secret not in text


def test_patients_stay_together_and_splits_of_the_source_are_kept(plan, tmp_path) -> None:
    build_store(plan, tmp_path / "store", tmp_path / "work")
    records = GroundingStore(tmp_path / "store").records()
    assert {record.split for record in records} == {"train", "test"}
    assert len({record.patient for record in records}) == 5


def test_another_plan_in_the_same_work_folder_is_refused(plan, tmp_path) -> None:
    (tmp_path / "work").mkdir()
    build_module.BuildFolder(tmp_path / "work").claim(plan)
    with pytest.raises(ConfigurationError, match="holds another one"):
        build_store(replace(plan, unit_size=5), tmp_path / "store", tmp_path / "work")


KEY = """
import sys
from pathlib import Path
from monai_medglip.data_engine.build.build_plan import BuildPlan, PlannedSource
from monai_medglip.data_engine.cards import source_card, source_names
print(BuildPlan(tuple(PlannedSource(source_card(name), Path()) for name in source_names()), "salt").key)
"""


def test_a_plan_has_the_same_key_in_every_process() -> None:
    keys = {
        subprocess.run(
            [sys.executable, "-c", KEY],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(keys) == 1
    assert keys.pop().strip()


def test_a_store_is_never_written_over(plan, tmp_path) -> None:
    build_store(plan, tmp_path / "store", tmp_path / "work")
    before = digest(tmp_path / "store")
    with pytest.raises(OutputError, match="without a store"):
        build_store(plan, tmp_path / "store", tmp_path / "work2")
    assert digest(tmp_path / "store") == before


@pytest.mark.parametrize(
    ("word", "reason"),
    [("kvasir_seg", "NAME=FOLDER"), ("kvasir_seg=/nowhere/at/all", "there is none"), ("kvasirseg={}", "did you mean")],
)
def test_a_wrong_source_is_told(word, reason, tmp_path, capsys) -> None:
    assert main(["data", "build", word.format(tmp_path), "--out", str(tmp_path / "store")]) == 1
    assert reason in capsys.readouterr().err
