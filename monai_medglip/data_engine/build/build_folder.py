# SPDX-License-Identifier: Apache-2.0
"""The folder in which a build lies while it is not finished: whose it is, and which units are done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from monai_medglip.atomic_file import atomic_file
from monai_medglip.data_engine.build.build_plan import BuildPlan
from monai_medglip.data_engine.store.part_writer import Part
from monai_medglip.errors import ConfigurationError, OutputError

__all__ = ["BuildFolder"]


@dataclass(frozen=True)
class BuildFolder:
    """A folder beside the store.

    Attributes:
        path: of the folder.
    """

    path: Path

    @property
    def parts(self) -> Path:
        """The folder of the parts."""
        return self.path / "parts"

    @property
    def _plan_file(self) -> Path:
        return self.path / "plan.json"

    @property
    def salt_file(self) -> Path:
        """Where the salt is kept, unless the environment has one."""
        return self.path / "salt"

    def part(self, name: str) -> Part:
        """Give the part of a unit, there or not."""
        return Part(self.parts, name)

    def holds(self, plan: BuildPlan) -> bool:
        """Whether a build of this plan was begun here."""
        if not self._plan_file.exists():
            return False
        return bool(json.loads(self._plan_file.read_text(encoding="utf-8")).get("key") == plan.key)

    def claim(self, plan: BuildPlan) -> None:
        """Take the folder for a plan, or go on in one that was begun for the same.

        Raises:
            ConfigurationError: when it holds a build of other settings or data sets.
            OutputError: when it cannot be written.
        """
        if self._plan_file.exists():
            if not self.holds(plan):
                raise ConfigurationError(
                    f"expected an empty folder or a build of the same data sets and settings in {self.path}, it holds "
                    "another one; name another folder, or remove it"
                )
            return
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"expected to write {self.path}, but the system says: {error.strerror}; name another folder"
            ) from error
        content = {"key": plan.key, "sources": [source.card.name for source in plan.sources]}
        with atomic_file(self._plan_file) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
