# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from monai_medglip.cli.ground import answers_table
from monai_medglip.cli.main import main
from monai_medglip.grounding import read_json
from monai_medglip.inference.ground_files import FileOutcome, Outcome
from monai_medglip.inference.grounding_jobs import GroundingJob, Question
from tests.grounding_phantoms import chest, oblique_frame
from tests.phantoms import write_grey

ANSWER_SUFFIXES = (".json", ".labels.json", ".nii.gz", ".png")


@pytest.fixture(autouse=True)
def _model(tiny_grounder, tmp_path, monkeypatch):
    """Run in an empty folder, with a model that is loaded already."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def picture(tmp_path):
    """A noisy picture of 40 columns and 30 rows."""
    return write_grey(tmp_path / "film.png", np.random.default_rng(0).integers(0, 255, (40, 30)))


def ground(*words):
    return main(["ground", *map(str, words), "-o", "out"])


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_image_gives_answers_picture_and_masks(picture, tmp_path, capsys):
    assert ground(picture, "-p", "heart", "-p", "no polyp") == 0
    assert names_in(tmp_path / "out") == [f"film{suffix}" for suffix in ANSWER_SUFFIXES]
    answers = read_json(tmp_path / "out" / "film.json")
    assert [phrase.text for phrase in answers.phrases] == ["heart", "no polyp"]
    assert answers.frame.shape == (40, 30)
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["image", "phrase", "answer", "regions", "best"]
    assert table[2].split() == ["film", "no", "polyp", "negated", "0", "-"]


def test_the_files_are_of_the_image(picture, tmp_path):
    ground(picture, "-p", "heart", "--threshold", 0)
    with Image.open(tmp_path / "out" / "film.png") as overlay:
        assert overlay.width == 800
    masks = nibabel.load(tmp_path / "out" / "film.nii.gz")
    assert masks.shape == (40, 30, 1)


def test_a_slice_that_knows_millimeters_gives_markups_too(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (40, 30, 1)).astype(np.uint8)
    nibabel.save(nibabel.Nifti1Image(pixels, np.diag([-2.0, -2.0, 5.0, 1.0])), tmp_path / "slice.nii.gz")
    assert ground("slice.nii.gz", "-p", "heart", "--threshold", 0, "--modality", "CT") == 0
    markups = json.loads((tmp_path / "out" / "slice.mrk.json").read_text())["markups"]
    assert len(markups) == len(read_json(tmp_path / "out" / "slice.json")) > 0


def outcome_of(grounding):
    return FileOutcome(GroundingJob(Path("neck.nii.gz"), Question(), "neck"), Outcome.DONE, 1.0, grounding)


def test_the_table_tells_sizes_and_volumes_of_a_volume_with_known_spacing():
    lines = [re.split(r"  +", line) for line in answers_table([outcome_of(chest(oblique_frame()))]).splitlines()]
    assert lines == [
        ["image", "phrase", "answer", "regions", "best", "size of best", "volume"],
        ["neck", "left lung", "found", "2", "0.90", "11 x 26 x 10 mm", "3.0 ml"],
        ["neck", "heart", "found", "1", "0.75", "11 x 13 x 10 mm", "1.5 ml"],
        ["neck", "polyp", "absent", "0", "-", "-", "-"],
    ]


def test_the_table_has_no_measures_where_the_spacing_is_not_known():
    assert answers_table([outcome_of(chest(oblique_frame(known=False)))]).splitlines()[0].split()[-1] == "best"


def test_a_caption_gives_its_phrases_with_their_places(picture, tmp_path):
    assert ground(picture, "--caption", "The heart and the left lung") == 0
    spans = [phrase.span for phrase in read_json(tmp_path / "out" / "film.json").phrases]
    assert spans == [(4, 9), (18, 27)]


def test_a_folder_stands_for_its_images_and_equal_names_do_not_collide(tmp_path):
    for name in ("in/a/x.png", "in/b/x.png", "in/b/.hidden.png"):
        write_grey(tmp_path / name, np.zeros((20, 20)))
    (tmp_path / "in" / "notes.txt").write_text("no image")
    assert ground("in", "-p", "heart") == 0
    assert [name for name in names_in(tmp_path / "out") if name.endswith("x.json")] == ["a_x.json", "b_x.json"]


def test_a_table_says_what_each_image_is_asked(picture, tmp_path):
    rows = "image,phrases,modality,body_region\nfilm.png,heart; left lung,XR,chest\n"
    (tmp_path / "jobs.csv").write_text(rows)
    assert ground("jobs.csv") == 0
    answers = read_json(tmp_path / "out" / "film.json")
    assert [phrase.text for phrase in answers.phrases] == ["heart", "left lung"]
    assert answers.provenance["modality"] == "XR"


def test_a_finished_image_is_not_done_again(picture, tmp_path, tiny_grounder, monkeypatch, capsys):
    ground(picture, "-p", "heart")
    first = capsys.readouterr().out
    monkeypatch.setattr(tiny_grounder, "encode", None)
    assert ground(picture, "-p", "heart", "--report", "run.json") == 0
    assert capsys.readouterr().out == first
    assert json.loads((tmp_path / "run.json").read_text())["results"]["images"][0]["outcome"] == "unchanged"


@pytest.mark.parametrize("change", ["question", "threshold", "pixels", "a file is gone"])
def test_a_changed_job_is_done_again(change, picture, tmp_path, capsys):
    ground(picture, "-p", "heart", "--report", "run.json")
    if change == "pixels":
        write_grey(picture, np.zeros((40, 30)))
    if change == "a file is gone":
        (tmp_path / "out" / "film.nii.gz").unlink()
    phrase = "polyp" if change == "question" else "heart"
    words = ["--threshold", 0.9] if change == "threshold" else []
    assert ground(picture, "-p", phrase, *words, "--report", "run.json") == 0
    assert json.loads((tmp_path / "run.json").read_text())["results"]["images"][0]["outcome"] == "done"
    assert names_in(tmp_path / "out") == [f"film{suffix}" for suffix in ANSWER_SUFFIXES]


def test_the_report_has_the_checksums_of_all_files(picture, tmp_path, tiny_grounder):
    ground(picture, "-p", "heart", "--report", "run.json")
    report = json.loads((tmp_path / "run.json").read_text())
    (image,) = report["results"]["images"]
    assert image["image_sha256"] == hashlib.sha256(picture.read_bytes()).hexdigest()
    assert {name: hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() for name in image["files"]} == (
        image["files"]
    )
    assert image["remark"].startswith("no markups: ")
    assert report["bundle"]["weights_sha256"] == tiny_grounder.bundle.weights_sha256
    assert {"command", "date", "machine", "installation", "settings"} <= set(report)


def truncated_png(path):
    path.write_bytes(path.read_bytes()[:200])


def text_as_nifti(path):
    path.with_name("film.nii.gz").write_text("not a volume")


def cut_nifti(path):
    path.with_name("film.nii.gz").write_bytes(gzip.compress(b"\x5c\x01\x00\x00" + bytes(100)))


def empty_file(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [truncated_png, text_as_nifti, cut_nifti, empty_file])
def test_a_bad_file_is_reported_at_the_end_and_the_others_are_done(spoil, tmp_path, capsys):
    write_grey(tmp_path / "in" / "good.png", np.zeros((20, 20)))
    spoil(write_grey(tmp_path / "in" / "film.png", np.random.default_rng(0).integers(0, 255, (40, 30))))
    assert ground("in", "-p", "heart") == 1
    error = capsys.readouterr().err
    assert "medglip ground: 1 of " in error
    assert "film" in error.splitlines()[-1]
    assert "expected" in error.splitlines()[-1]
    assert "good.json" in names_in(tmp_path / "out")


def test_a_missing_file_is_a_message(tmp_path, capsys):
    assert ground("nothing.png", "-p", "heart") == 1
    printed = capsys.readouterr()
    assert "nothing.png: expected an image file" in printed.err
    assert printed.out.splitlines()[1].split() == ["nothing", "-", "failed", "-", "-"]
    assert names_in(tmp_path / "out") == []


def test_an_empty_folder_is_a_message(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert ground("in", "-p", "heart") == 1
    assert "expected images in this folder or below, found none among 0 files" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("picture\nfilm.png\n", "line 1: expected a column image, got picture"),
        ("image,phrases\nfilm.png,\n", "line 2: expected phrases in column 'phrases'"),
        ("image,phrases\nfilm.png,?\n", "line 2: "),
        ("image,phrases,modality\nfilm.png,heart,sonar\n", "line 2: expected a modality"),
        ("image,phrases,body_region\nfilm.png,heart,moon\n", "line 2: expected a body region"),
    ],
)
def test_a_table_that_makes_no_sense_is_a_message(table, message, picture, tmp_path, capsys):
    (tmp_path / "jobs.csv").write_text(table)
    assert ground("jobs.csv") == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "expected something to look for"),
        (["-p", "   "], "a phrase must hold a word"),
        (["-p", "x" * 10_000], "10000"),
        (["--caption", "Nothing to see"], "expected a caption that names something"),
        (["-p", "heart", "--modality", "sonar"], "expected a modality"),
        (["-p", "heart", "--body-region", "moon"], "expected a body region"),
    ],
)
def test_a_question_that_cannot_be_asked_is_a_message(words, message, picture, tmp_path, capsys):
    assert ground(picture, *words) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [["--threshold", "2"], ["--threshold", "high"], ["--caption", "a heart"]])
def test_wrong_usage_is_status_2(words, picture, capsys):
    with pytest.raises(SystemExit, match="2"):
        ground(picture, "-p", "heart", *words)
    assert "usage: medglip ground" in capsys.readouterr().err


def test_a_file_in_the_place_of_the_folder_is_a_message(picture, tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    assert ground(picture, "-p", "heart") == 1
    assert "expected to write to the folder out, but the system says: " in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "mine"


def test_a_full_disk_leaves_no_partial_answer(picture, tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("monai_medglip.grounding.nifti_masks._save_nifti", full)
    assert ground(picture, "-p", "heart") == 1
    assert "No space left on device" in capsys.readouterr().err
    assert names_in(tmp_path / "out") == []


def test_a_folder_without_permission_is_a_message(picture, tmp_path, capsys, monkeypatch):
    def denied(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", denied)
    assert ground(picture, "-p", "heart") == 1
    assert "Permission denied" in capsys.readouterr().err


def test_the_image_itself_is_never_written_over(picture, tmp_path, capsys):
    before = picture.read_bytes()
    assert main(["ground", str(picture), "-p", "heart", "-o", str(tmp_path)]) == 1
    assert "that is the image itself; choose another folder" in capsys.readouterr().err
    assert picture.read_bytes() == before


def test_a_file_of_the_user_is_never_written_over(picture, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "film.json").write_text('{"mine": 1}')
    assert ground(picture, "-p", "heart") == 1
    assert "choose another folder" in capsys.readouterr().err
    assert (tmp_path / "out" / "film.json").read_text() == '{"mine": 1}'


def test_the_answers_of_another_image_are_never_written_over(picture, tmp_path, capsys):
    ground(picture, "-p", "heart")
    other = write_grey(tmp_path / "other" / "film.png", np.zeros((20, 20)))
    assert ground(other, "-p", "heart") == 1
    assert f"it is of {picture}; choose another folder" in capsys.readouterr().err
    assert read_json(tmp_path / "out" / "film.json").frame.shape == (40, 30)
