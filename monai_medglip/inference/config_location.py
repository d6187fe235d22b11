# SPDX-License-Identifier: Apache-2.0
"""Where a bundle lies whose MONAI configuration is being evaluated.

The Model Zoo's ``"bundle_root": "."`` works from the bundle's own folder only, and `monai.bundle.load`, which gives the
caller no way to say another one, cannot build a network that is defined by files. MONAI's `ConfigWorkflow` knows the
folder of its configuration but does not tell the expressions in it; it is looked up among the running calls.
"""

from __future__ import annotations

import inspect
from pathlib import Path

__all__ = ["config_root"]


def config_root() -> str:
    """Give the folder above ``configs`` of the bundle that MONAI is running.

    Returns:
        Its path; ``.`` where no `ConfigWorkflow` is at work, as with a `ConfigParser` alone.

    Example:
        >>> config_root()
        '.'
    """
    from monai.bundle import ConfigWorkflow

    frame = inspect.currentframe()
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, ConfigWorkflow):
            folder = Path(caller.config_root_path)
            return str(folder.parent if folder.name == "configs" else folder)
        frame = frame.f_back
    return "."
