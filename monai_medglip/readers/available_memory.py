# SPDX-License-Identifier: Apache-2.0
"""How much memory a process may still take, as far as the system tells; it reserves nothing."""

from __future__ import annotations

from pathlib import Path

__all__ = ["available_bytes"]

_MEMORY_INFO = Path("/proc/meminfo")
_CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def available_bytes() -> int | None:
    """Give the memory that can be taken without swapping, at most the container's limit.

    Linux promises more memory than it has and ends the process when it is used, so that no `MemoryError` comes.

    Returns:
        The number of bytes, or None where the system does not tell it in Linux's way.
    """
    limits = [_container_limit(path) for path in _CONTAINER_LIMITS]
    known = [size for size in (_free_bytes(), *limits) if size is not None]
    return min(known, default=None)


def _free_bytes() -> int | None:
    try:
        lines = _MEMORY_INFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _container_limit(path: Path) -> int | None:
    try:
        words = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(words) if words.isdecimal() else None
