# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from monai_medglip.errors import PhraseError
from monai_medglip.inference.grounding_jobs import Question, grounding_jobs, output_names
from tests.architecture.fresh_process import heavy_modules_after

HEART = Question.parse(["heart"])


@pytest.mark.parametrize(
    ("images", "names"),
    [
        (["a/x.png", "b/y.png"], ["x", "y"]),
        (["a/x.png", "b/x.png"], ["a_x", "b_x"]),
        (["in/a/c/x.png", "in/b/c/x.png", "in/y.png"], ["a_c_x", "b_c_x", "y"]),
        (["x.png", "x.jpg", "x.nii.gz"], ["x", "x_2", "x_3"]),
        (["a/x.png", "b/X.png"], ["a_x", "b_X"]),
        (["a/b_x.png", "a_b/x.png", "x.png"], ["b_x", "a_b_x", "x"]),
        (["x.png", "x.labels.nii.gz", "x.mrk.png"], ["x", "x.labels_2", "x.mrk_2"]),
        (["1.2.840.1", "1.2.840.2"], ["1.2.840.1", "1.2.840.2"]),
        ([], []),
    ],
)
def test_every_image_gets_a_name_of_its_own(images, names):
    assert output_names([Path(image) for image in images]) == names


def test_listing_jobs_needs_no_heavy_library():
    code = "from monai_medglip.inference.grounding_jobs import Question\nQuestion.parse(['heart'], modality='CT')"
    assert heavy_modules_after(code) == set()


def test_an_image_that_is_named_twice_is_one_job(tmp_path):
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert len(grounding_jobs([tmp_path / "x.png", tmp_path, tmp_path / "." / "x.png"], HEART)) == 1


def test_answers_of_an_earlier_run_are_no_input(tmp_path):
    for name in ("x.png", "out/y.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    jobs = grounding_jobs([tmp_path], HEART, output=tmp_path / "out")
    assert [job.name for job in jobs] == ["x"]


def test_images_of_a_table_lie_beside_it_and_blank_cells_take_the_common_question(tmp_path):
    (tmp_path / "jobs.csv").write_text("image,phrases,modality\nsub/x.png,,\ny.png,polyp;no ulcer,ES\n")
    first, second = grounding_jobs([tmp_path / "jobs.csv"], HEART)
    assert (first.image, first.question) == (tmp_path / "sub" / "x.png", HEART)
    assert second.question.to_dict() == {
        "phrases": ["polyp", "no ulcer"],
        "caption": None,
        "modality": "ES",
        "body_region": None,
    }


def test_one_image_may_be_asked_two_questions(tmp_path):
    (tmp_path / "jobs.csv").write_text("image,phrases\nx.png,heart\nx.png,polyp\n")
    assert [job.name for job in grounding_jobs([tmp_path / "jobs.csv"], Question())] == ["x", "x_2"]


def test_phrases_and_caption_together_are_refused():
    with pytest.raises(PhraseError, match="either phrases or a caption, got both"):
        Question.parse(["heart"], caption="the heart")
