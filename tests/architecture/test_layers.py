# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

from importlinter.cli import lint_imports


def test_imports_point_downward_only(repository: Path) -> None:
    assert lint_imports(config_filename=str(repository / "setup.cfg"), no_cache=True) == 0
