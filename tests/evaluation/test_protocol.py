# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from monai_medglip.data_engine import Presence
from monai_medglip.evaluation import Group, Protocol
from monai_medglip.evaluation.protocol import EASY_PHRASES_PER_IMAGE
from monai_medglip.ontology import Ontology


@pytest.fixture
def protocol(phantom_folder):
    return Protocol(phantom_folder, phantom_folder.records("test"), Ontology.default())


def asked(protocol, folder, source, i):
    record = folder.records("test", sources=[source])[i]
    return protocol.questions(record, folder.regions(record))


def test_labels_parents_and_other_truth_are_parted(protocol):
    assert protocol.groups["films"] == {
        "left lung": Group.NAMES,
        "right lung": Group.NAMES,
        "heart": Group.OTHER_TRUTH,
        "lung": Group.PARENTS,
    }


def test_an_image_is_asked_the_vocabulary_of_its_source(protocol, phantom_folder):
    questions = asked(protocol, phantom_folder, "films", 0)
    names = [question.name for question in questions if not question.easy]
    assert names == ["left lung", "right lung", "heart", "lung"]
    assert questions[0].truth.presence is Presence.ABSENT_HARD


def test_it_is_asked_some_phrases_that_it_cannot_show(protocol, phantom_folder):
    easy = [question for question in asked(protocol, phantom_folder, "films", 0) if question.easy]
    assert {question.name for question in easy} <= {"polyp", "retinal blood vessel", "platelet"}
    assert 0 < len(easy) <= EASY_PHRASES_PER_IMAGE
    assert all(question.truth.presence is Presence.ABSENT_EASY for question in easy)


def test_the_same_image_is_always_asked_the_same(protocol, phantom_folder):
    again = Protocol(phantom_folder, phantom_folder.records("test"), Ontology.default())
    for i in range(3):
        first, second = asked(protocol, phantom_folder, "guts", i), asked(again, phantom_folder, "guts", i)
        assert [question.name for question in first] == [question.name for question in second]


def test_where_silence_says_nothing_nothing_is_asked(protocol, phantom_folder):
    record = phantom_folder.records("test", sources=["smears"])[0]
    assert [q.name for q in protocol.questions(record, ()) if not q.easy] == []
