# SPDX-License-Identifier: Apache-2.0
"""``medglip demo``: real test images with truth beside prediction, as pictures and a page to open."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from monai_medglip.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from monai_medglip.evaluation.demonstration import Demonstration
    from monai_medglip.inference import Grounder
    from monai_medglip.visualize import PageEntry

__all__ = ["add_parser", "run"]

_EXAMPLES = Path("examples")
_CHECKOUT_BUNDLE = Path("bundles/medglip_2d")
_SHARED = Path("../shared/data/2d")
# Of each source the first test image that shows most of its labels, and one breast without a tumor.
_SHARED_IMAGES = (
    "kvasir_seg/cju14hjh2ob2o0835ouz3r5aa",
    "ph2/IMD016",
    "drive/05_test",
    "jsrt/JPCLN001",
    "ufba425_teeth/cate1-00011",
    "openkbp/pt_201_z039",
    "acdc/patient009_frame01_s02",
    "busi/benign_003",
    "busi/normal_001",
)
_MONTAGE_SIDE = 500  # pixels of the longer side; smaller, and the labels cannot be read
_MOST_NAMES = 3  # in the title of a picture
_INTRODUCTION = (
    "Test images, which no weights were trained on. Colors are what the model answers, dashes what experts drew. Each "
    "image is asked for what it shows, for something that is not in it, for something that such an image cannot show, "
    "and for a negated phrase. The images were chosen by their annotation, not by the answers."
)
_HELP = f"""examples:
  medglip demo
  medglip demo --out demo --montage docs/images/demo.png

It runs in a checkout: the images lie in {_EXAMPLES}/, more are taken from {_SHARED} where that is there.
"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb ``demo`` to the command line."""
    parser = verbs.add_parser(
        "demo",
        help="show answers for real test images",
        description="Ground phrases in real test images and draw truth beside prediction.",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR", help="folder to write (default: demo)")
    parser.add_argument(
        "--bundle",
        type=Path,
        metavar="DIR",
        help=f"bundle to use (default: {_CHECKOUT_BUNDLE}, else the installed one)",
    )
    parser.add_argument("--montage", type=Path, metavar="FILE", help="also write one picture of the images in examples")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write pictures, answers and the page, and print where to open it; gives back 0."""
    if not _EXAMPLES.is_dir():
        raise DataError(f"expected the folder {_EXAMPLES}/ of a checkout here in {Path.cwd()}; change to the checkout")
    from tqdm import tqdm

    from monai_medglip.grounding import write_json
    from monai_medglip.inference import Grounder
    from monai_medglip.visualize import montage, write_index_page, write_picture

    own_bundle = _CHECKOUT_BUNDLE if (_CHECKOUT_BUNDLE / "models" / "model.pt").is_file() else None
    grounder = Grounder(arguments.bundle or own_bundle)
    entries: list[PageEntry] = []
    panels: list[npt.NDArray[np.uint8]] = []
    for shown in tqdm(_demonstrations(grounder), unit="image", disable=None):
        file = arguments.out / f"{shown.record.source}_{shown.record.id}"
        write_picture(file.with_name(f"{file.name}.png"), shown.picture)
        write_json(file.with_name(f"{file.name}.json"), shown.grounding)
        entries.append(_entry(shown))
        if shown.record.image.is_relative_to(_EXAMPLES):
            panels.append(shown.picture)
    page = arguments.out / "index.html"
    write_index_page(page, entries, title="Regions that phrases name", introduction=_INTRODUCTION)
    if arguments.montage is not None:
        write_picture(arguments.montage, montage([_small(panel) for panel in panels], [""] * len(panels), columns=3))
    print(f"{len(entries)} images; open {page.resolve()}")
    return 0


def _demonstrations(grounder: Grounder) -> Iterator[Demonstration]:
    from monai_medglip.data_engine import GroundingFolder
    from monai_medglip.evaluation.demonstration import demonstrations
    from monai_medglip.ontology import Ontology

    chosen = [(_EXAMPLES, None), *([(_SHARED, _SHARED_IMAGES)] if _SHARED.is_dir() else [])]
    for path, names in chosen:
        folder = GroundingFolder(path)
        records = [record for record in folder.records("test") if names is None or record.name in names]
        yield from demonstrations(
            folder,
            records,
            lambda scan, phrases: grounder.ask(grounder.encode(scan), phrases),
            Ontology.default(),
        )


def _entry(shown: Demonstration) -> PageEntry:
    from monai_medglip.data_engine.cards import source_card
    from monai_medglip.visualize import PageEntry

    terms = source_card(shown.record.source)
    title = f"{shown.record.modality}: {_shown_things(shown)}"
    return PageEntry(title, shown.picture, shown.grounding, f"{shown.record.name}. {terms.citation}. {terms.license}.")


def _shown_things(shown: Demonstration) -> str:
    """Give the annotated things in the picture, so that the reader knows what to look for."""
    names = [phrase.text for row, phrase in enumerate(shown.truth.phrases) if row in shown.truth.phrase_index]
    rest = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + rest if names else "nothing that is annotated"


def _small(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((_MONTAGE_SIDE, _MONTAGE_SIDE), Image.Resampling.LANCZOS)
    return np.asarray(image)
