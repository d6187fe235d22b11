# SPDX-License-Identifier: Apache-2.0
"""What tells equal and nearly equal images: a checksum of the pixels, and a perceptual hash of how they look."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_medglip.errors import ConfigurationError
from monai_medglip.imaging.scan import Scan

__all__ = ["Fingerprint", "fingerprint", "perceptual_hash", "pixel_checksum"]

_PERCENTILES = (1.0, 99.0)


@dataclass(frozen=True)
class Fingerprint:
    """Both marks of one image.

    Attributes:
        checksum: SHA-256 of size and pixels as decoded, in hex; the same for one picture in two file formats.
        perceptual_hash: 16 hex digits of a picture, 48 of a volume; alike for images that look alike.
    """

    checksum: str
    perceptual_hash: str


def fingerprint(scan: Scan) -> Fingerprint:
    """Give the marks of an image.

    Raises:
        ConfigurationError: when imagehash is not installed.
    """
    return Fingerprint(pixel_checksum(scan), perceptual_hash(scan))


def pixel_checksum(scan: Scan) -> str:
    """Give the SHA-256 of shape, type and pixels in hex."""
    array = np.ascontiguousarray(scan.array)
    head = f"{array.shape} {array.dtype.str}".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()


def perceptual_hash(scan: Scan) -> str:
    """Give the 64-bit DCT hash of a picture, or those of a volume's three mean projections one after the other.

    The projections are along the array's axes as stored, so that a volume and the same one in another order of axes
    have the same three hashes at best in another order.

    Raises:
        ConfigurationError: when imagehash is not installed.
    """
    grey = scan.array.mean(axis=0, dtype=np.float32)
    if grey.ndim == 2:
        return _hash(grey)
    return "".join(_hash(grey.mean(axis=axis)) for axis in range(3))


def _hash(grey: npt.NDArray[np.float32]) -> str:
    try:
        import imagehash
    except ImportError as error:
        raise ConfigurationError(
            "expected the package imagehash for perceptual hashes; pip install 'monai_medglip[data]'"
        ) from error
    from PIL import Image

    low, high = np.percentile(grey, _PERCENTILES)
    scaled = np.clip((grey - low) / max(high - low, 1e-6), 0, 1) * 255
    return str(imagehash.phash(Image.fromarray(scaled.T.astype(np.uint8))))
