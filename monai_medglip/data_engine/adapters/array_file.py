# SPDX-License-Identifier: Apache-2.0
"""Arrays in files of NumPy (.npy, .npz) and MATLAB (.mat up to version 7); what their axes mean is `array_form`'s."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_medglip.data_engine.adapters.layout_fields import nearest
from monai_medglip.errors import DataError, ImageReadError
from monai_medglip.readers.library_errors import import_extra, library_errors

__all__ = ["array_shape", "read_array"]

_HDF5_START = b"MATLAB 7.3"


def read_array(path: Path, key: str | None) -> npt.NDArray[Any]:
    """Read an array; of a .npy file only the parts that are used later.

    Args:
        path: a local file; objects in it are never unpacked, because they could run code.
        key: the array's name, for .npz and .mat.

    Raises:
        DataError: when the file is damaged, no such file, or has no numbers of this name.
    """
    kind = _kind(path, key)
    with _as_data_error(path, kind):
        array = _loaded(path, kind, key)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        told = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise DataError(f"{path}: expected an array of real numbers{_named(key)}, got {told}")
    return array


def array_shape(path: Path, key: str | None) -> tuple[int, ...]:
    """Give the shape of an array from its header.

    Args:
        path: a local file.
        key: the array's name, for .npz and .mat.

    Raises:
        DataError: as `read_array`.
    """
    kind = _kind(path, key)
    with _as_data_error(path, kind):
        if kind == ".npy":
            return tuple(int(size) for size in np.load(path, mmap_mode="r", allow_pickle=False).shape)
        if kind == ".npz":
            return _npz_shape(path, str(key))
        shapes = {name: shape for name, shape, _ in _scipy_io(path).whosmat(path)}
        _refuse_other_names(path, str(key), list(shapes))
        return tuple(int(size) for size in shapes[str(key)])


@contextlib.contextmanager
def _as_data_error(path: Path, kind: str) -> Iterator[None]:
    """Give whatever libraries raise as an error of the data set's."""
    try:
        with library_errors(path, f"{kind} file"):
            yield
    except ImageReadError as problem:
        raise DataError(str(problem)) from problem


def _kind(path: Path, key: str | None) -> str:
    kind = path.suffix.lower()
    if kind not in (".npy", ".npz", ".mat"):
        raise DataError(f"{path}: expected a file .npy, .npz or .mat with an array, got {kind or 'no ending'}")
    if (kind == ".npy") != (key is None):
        raise DataError(
            f"{path}: expected "
            + ("no name of an array, a .npy file has one; leave out" if kind == ".npy" else "the array's name under")
            + " 'key' in the layout"
        )
    return kind


def _loaded(path: Path, kind: str, key: str | None) -> Any:
    if kind == ".npy":
        return np.load(path, mmap_mode="r", allow_pickle=False)
    if kind == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            _refuse_other_names(path, str(key), arrays.files)
            return arrays[str(key)]
    arrays = _scipy_io(path).loadmat(path, variable_names=[str(key)])
    if key not in arrays:
        _refuse_other_names(path, str(key), [name for name, _, _ in _scipy_io(path).whosmat(path)])
    return arrays[str(key)]


def _scipy_io(path: Path) -> Any:
    with path.open("rb") as file:
        if file.read(len(_HDF5_START)) == _HDF5_START:
            raise DataError(
                f"{path}: expected a MATLAB file of a version up to 7, got 7.3; save it again by save(..., '-v7')"
            )
    return import_extra("scipy.io", "data", path)


def _npz_shape(path: Path, key: str) -> tuple[int, ...]:
    with zipfile.ZipFile(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist()]
        _refuse_other_names(path, key, names)
        with archive.open(f"{key}.npy") as entry:
            version = np.lib.format.read_magic(entry)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            return read(entry)[0]


def _refuse_other_names(path: Path, key: str, names: Sequence[str]) -> None:
    if key not in names:
        raise DataError(
            f"{path}: expected an array {key!r}, the file has {', '.join(names) or 'none'}"
            + nearest(key, dict.fromkeys(names))
        )


def _named(key: str | None) -> str:
    return "" if key is None else f" under {key!r}"
