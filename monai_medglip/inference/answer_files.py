# SPDX-License-Identifier: Apache-2.0
"""The files that hold the answers to one image: their names, writing all of them or none, finding earlier ones.

``NAME.json`` holds everything, ``NAME.png`` is the picture, ``NAME.nii.gz`` with ``NAME.labels.json`` the masks. A
volume has ``NAME.html`` besides, to scroll through it, and an image whose place in the patient is known
``NAME.mrk.json``, the boxes for 3D Slicer.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.errors import DataError, GeometryError, OutputError
from monai_medglip.grounding import Grounding, read_json, write_json, write_nifti_masks, write_slicer_markups
from monai_medglip.imaging import Scan
from monai_medglip.visualize import write_overlay, write_volume_page

__all__ = ["AnswerFiles", "check_writable"]


@dataclass(frozen=True)
class AnswerFiles:
    """The files of one image's answers.

    Attributes:
        folder: where they lie.
        name: what they are called, without suffix.
    """

    folder: Path
    name: str

    @property
    def answers(self) -> Path:
        """The JSON file, which says what the other files are of."""
        return self.folder / f"{self.name}.json"

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that may be there; the last two, page and markups, not always."""
        suffixes = (".png", ".nii.gz", ".labels.json", ".html", ".mrk.json")
        return (self.answers, *(self.folder / f"{self.name}{suffix}" for suffix in suffixes))

    @property
    def present(self) -> tuple[Path, ...]:
        """The files that are there."""
        return tuple(path for path in self.paths if path.exists())

    def are_whole(self, grounding: Grounding) -> bool:
        """Whether all files are there that such answers always have."""
        always = 5 if grounding.frame.spatial_dims == 3 else 4
        return set(self.paths[:always]) <= set(self.present)

    def read(self) -> Grounding | None:
        """Give the answers that are there already, None when no file is.

        Raises:
            OutputError: when a file has one of the names and is none of ours, which is never overwritten.
        """
        present = self.present
        if not present:
            return None
        try:
            return read_json(self.answers)
        except DataError as error:
            raise OutputError(
                f"expected {present[0]} to be an earlier answer of ours, but {error}; choose another folder"
            ) from error

    def write(self, scan: Scan, grounding: Grounding) -> str:
        """Write all files, or none of them.

        Args:
            scan: the image.
            grounding: the answers.

        Returns:
            Why there are no markups, "" where there are.

        Raises:
            OutputError: when the folder is missing or cannot be written to.
        """
        remark = ""
        try:
            with tempfile.TemporaryDirectory(prefix=".medglip-", dir=self.folder) as draft_folder:
                draft = AnswerFiles(Path(draft_folder), self.name)
                answers, picture, masks, _, page, markups = draft.paths
                write_json(answers, grounding)
                write_overlay(picture, scan, grounding)
                write_nifti_masks(masks, grounding)
                if scan.spatial_dims == 3:
                    write_volume_page(page, scan, grounding, title=self.name)
                try:
                    write_slicer_markups(markups, grounding)
                except GeometryError as error:
                    remark = f"no markups: {error}"
                # the JSON goes first: a run that is stopped between two files then finds them to be its own
                for path in draft.present:
                    path.replace(self.folder / path.name)
        except OSError as error:
            raise _not_writable(self.folder, error) from error
        return remark


def check_writable(folder: Path) -> None:
    """Make a folder where there is none and try to write in it, before hours of work.

    Raises:
        OutputError: when that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _not_writable(folder, error) from error


def _not_writable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"expected to write to the folder {folder}, but the system says: {error.strerror or error}; "
        "choose a folder that can be written to and has free space"
    )
