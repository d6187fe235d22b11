# SPDX-License-Identifier: Apache-2.0
"""A small data folder of drawn images, and predictors whose figures are known beforehand."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from monai_medglip.data_engine import GroundingFolder
from monai_medglip.data_engine.phrase_truth import phrase_truth
from monai_medglip.geometry import Boxes
from monai_medglip.grounding import Grounding, Status, Support
from monai_medglip.ontology import Ontology

WIDTH, HEIGHT = 48, 32
TEST_IMAGES = 10

INDEX = "id\tsource\tmodality\timage\tannotation\tkind\tsplit\tpatient\twidth\theight\n"
LABELS = (
    "source\tvalue\tlabel\tlevel\tparent\trelation\tunion_is_whole\tinstances\texhaustive\tmirror\ttruth\n"
    "films\t1\tleft lung\torgan\tlung\tis_a\tyes\tone\tyes\tfixed\texpert\n"
    "films\t2\tright lung\torgan\tlung\tis_a\tyes\tone\tyes\tfixed\texpert\n"
    "films\t3\theart\torgan\t-\t-\t-\tone\tyes\tfixed\tautomatic\n"
    "guts\t1\tpolyp\tlesion\t-\t-\t-\tcomponents\tyes\tfree\texpert\n"
    "eyes\t1\tretinal blood vessel\tstructure\t-\t-\t-\tmask_only\tyes\tfree\texpert\n"
    "smears\tplatelet\tplatelet\tcell\t-\t-\t-\tboxes\tno\tfree\texpert\n"
)
SOURCES = (
    "source\tbody_region\torientation_known\tlaterality_known\tspacing_known\n"
    "films\tchest\tyes\tyes\tno\n"
    "guts\tcolon\tno\tno\tno\n"
    "eyes\teye\tno\tno\tno\n"
    "smears\tblood smear\tno\tno\tno\n"
)
MODALITIES = {"films": "XR", "guts": "ES", "eyes": "FU", "smears": "MI"}


def draw(source, i):
    """A label map [row, column]; every other film has no left lung, every third gut no polyp."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    if source == "films":
        mask[4:28, 2:16] = 2
        mask[14:24, 18:26] = 3
        if i % 2:
            mask[4:28, 30 + i % 3 : 46] = 1
    elif source == "guts" and i % 3:
        mask[2 + i : 12 + i, 5 : 20 + i] = 1
        mask[28:31, 40:46] = 1
        mask[0:2, 46:48] = 1  # a speck, ignored
    elif source == "eyes":
        mask[::5, :] = 1
    return mask


@pytest.fixture(scope="session")
def phantom_folder(tmp_path_factory):
    """Four sources of ten test images and two training images each, one patient per image."""
    root = tmp_path_factory.mktemp("phantom")
    index, boxes = [INDEX], ["id,label,x0,y0,x1,y1\n"]
    for source, modality in MODALITIES.items():
        (root / source).mkdir()
        for i in range(TEST_IMAGES + 2):
            split = "test" if i < TEST_IMAGES else "train"
            Image.new("L", (WIDTH, HEIGHT), 10 * i).save(root / source / f"{i}.png")
            annotation, kind = (
                (f"{source}/{i}_mask.png", "labelmap") if source != "smears" else ("smears/boxes.csv", "boxes")
            )
            if kind == "labelmap":
                Image.fromarray(draw(source, i)).save(root / annotation)
            else:
                boxes.append(f"{i},platelet,{i},2,{i + 8},10\n")
            row = (i, source, modality, f"{source}/{i}.png", annotation, kind, split, f"{source}{i}", WIDTH, HEIGHT)
            index.append("\t".join(map(str, row)) + "\n")
    (root / "smears" / "boxes.csv").write_text("".join(boxes))
    (root / "INDEX.tsv").write_text("".join(index))
    (root / "LABELS.tsv").write_text(LABELS)
    (root / "SOURCES.tsv").write_text(SOURCES)
    return GroundingFolder(root)


def answer(scan, phrases, rows, presence, masks):
    """A grounding of ``rows``, (phrase index, box, score) each."""
    return Grounding(
        boxes=Boxes(np.array([box for _, box, _ in rows], dtype=float).reshape(-1, 4), scan.frame),
        scores=np.array([score for _, _, score in rows]),
        phrase_index=np.array([index for index, _, _ in rows], dtype=np.int64),
        phrases=tuple(phrases),
        presence=np.array(presence, dtype=float),
        status=(Status.FOUND,) * len(phrases),
        support=(Support.VALIDATED,) * len(phrases),
        phrase_masks=tuple(masks),
    )


def make_oracle(folder):
    """A predictor that knows the truth of a folder."""
    ontology = Ontology.default()
    records = {str(record.image): record for record in folder.records()}

    def predict(scan, phrases):
        record = records[scan.source.path]
        regions = folder.regions(record)
        truths = [phrase_truth(folder, record, regions, phrase.text, ontology) for phrase in phrases]
        rows = [(p, region.box, 1.0) for p, truth in enumerate(truths) for region in truth.instances]
        presence = [float(bool(truth.instances)) for truth in truths]
        return answer(scan, phrases, rows, presence, [truth.mask for truth in truths])

    return predict


@pytest.fixture(scope="session")
def oracle(phantom_folder):
    return make_oracle(phantom_folder)


@pytest.fixture
def relabeled(phantom_folder, tmp_path):
    """Makes a copy of the phantom folder in which every row of LABELS.tsv was edited, and its oracle."""

    def make(edit):
        root = shutil.copytree(phantom_folder.path, tmp_path / "copy")
        rows = [edit(line.split("\t")) for line in LABELS.splitlines()]
        (root / "LABELS.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
        folder = GroundingFolder(root)
        return folder, make_oracle(folder)

    return make


@pytest.fixture(scope="session")
def blind():
    """A predictor that never finds anything."""
    return lambda scan, phrases: answer(scan, phrases, [], [0.5] * len(phrases), [None] * len(phrases))


@pytest.fixture(scope="session")
def eager():
    """A predictor that finds the whole image, whatever is asked."""

    def predict(scan, phrases):
        rows = [(p, (0, 0, WIDTH, HEIGHT), 0.9) for p in range(len(phrases))]
        return answer(scan, phrases, rows, [0.9] * len(phrases), [None] * len(phrases))

    return predict
