# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io

import numpy as np
import pytest
from ignite.engine import Engine
from PIL import Image
from torch.utils.tensorboard import SummaryWriter

from monai_medglip.engines import OverlayHandler
from monai_medglip.phrases import Phrase
from tests.engines.batches import SIDE, batch_of
from tests.engines.test_grounding_metric import LEFT, RIGHT, answering
from tests.losses.loss_phantoms import target_of


def validate(folder, batches, **settings):
    engine = Engine(lambda engine, pair: {"pred": answering(pair, (0, 0, LEFT)), "label": pair["targets"]})
    handler = OverlayHandler(log_dir=folder, **settings)
    handler.attach(engine)
    engine.run(batches)
    handler.close()


def pictures(folder):
    """What TensorBoard reads from the folder: arrays (rows, columns, 3) by name."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder)).Reload()
    newest = {tag: events.Images(tag)[-1].encoded_image_string for tag in events.Tags()["images"]}
    return {tag: np.asarray(Image.open(io.BytesIO(content)).convert("RGB")) for tag, content in newest.items()}


@pytest.fixture
def batch():
    phrases = [[Phrase("left lung"), Phrase("right lung")]]
    return batch_of(target_of(presence=(1.0, 1.0), boxes=[(0, LEFT), (1, RIGHT)]), phrases=phrases)


def test_tensorboard_reads_a_colored_picture_of_the_canvas(batch, tmp_path):
    validate(tmp_path, [batch], images=1)
    (picture,) = pictures(tmp_path).values()
    assert picture.shape[0] >= SIDE
    assert picture.shape[1] >= SIDE
    square = picture[: picture.shape[1]].astype(int)  # without the legend under it
    assert np.ptp(square, axis=2).max() > 50  # the canvas itself is gray


def test_pictures_are_spread_over_the_set(batch, tmp_path):
    validate(tmp_path, [batch] * 5, images=2)
    assert sorted(pictures(tmp_path)) == ["validation/0", "validation/1", "validation/2"]


def test_a_set_smaller_than_the_number_of_pictures_is_drawn_whole(batch, tmp_path):
    validate(tmp_path, [batch] * 2, images=6)
    assert len(pictures(tmp_path)) == 2


def test_all_pictures_go_into_one_file(batch, tmp_path):
    validate(tmp_path, [batch] * 3, images=3)
    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 1


def test_a_writer_that_other_handlers_use_is_shared(batch, tmp_path):
    with SummaryWriter(tmp_path) as writer:
        validate("nowhere", [batch], summary_writer=writer)
    assert len(pictures(tmp_path)) == 1


@pytest.mark.parametrize("target", [target_of(presence=()), target_of(presence=(0.0, -1.0))])
def test_an_image_without_a_present_phrase_is_drawn_too(tmp_path, target):
    validate(tmp_path, [batch_of(target, target_of())], images=1)
    assert len(pictures(tmp_path)) == 1
