# SPDX-License-Identifier: Apache-2.0
"""JPEG lossless, JPEG-LS and JPEG 2000 by imagecodecs, as a decoder plug-in of pydicom.

Its decoders are faster than those that pydicom knows, and let go of Python's lock, so that several cores decode.
"""

from __future__ import annotations

import functools
import importlib.util
from typing import Any

import numpy as np

__all__ = ["DECODER_DEPENDENCIES", "FAST_DECODER", "FAST_SYNTAXES", "decode_frame", "is_available", "register"]

FAST_DECODER = "imagecodecs"
"""The plug-in's name."""

_DECODERS = {
    "1.2.840.10008.1.2.4.57": "jpeg8_decode",
    "1.2.840.10008.1.2.4.70": "jpeg8_decode",
    "1.2.840.10008.1.2.4.80": "jpegls_decode",
    "1.2.840.10008.1.2.4.81": "jpegls_decode",
    "1.2.840.10008.1.2.4.90": "jpeg2k_decode",
    "1.2.840.10008.1.2.4.91": "jpeg2k_decode",
}

FAST_SYNTAXES = frozenset(_DECODERS)
"""UIDs of the transfer syntaxes that it decodes."""

DECODER_DEPENDENCIES = dict.fromkeys(_DECODERS, ("imagecodecs>=2024.1",))

_END_MARKER, _FILLING = b"\xff\xd9", b"\0\xff"


@functools.cache
def register(syntax: str) -> None:
    """Make the plug-in known to pydicom's decoder of a transfer syntax."""
    from pydicom.pixels.decoders.base import get_decoder

    get_decoder(syntax).add_plugin(FAST_DECODER, (__name__, "decode_frame"))


def is_available(uid: str) -> bool:
    """Tell pydicom whether a transfer syntax is decoded here and imagecodecs is installed."""
    return uid in _DECODERS and importlib.util.find_spec("imagecodecs") is not None


def decode_frame(source: bytes, runner: Any) -> bytearray:
    """Decode one grey frame.

    Args:
        source: the encoded frame.
        runner: pydicom's description of the image.

    Returns:
        Pixels, little endian.

    Raises:
        Exception: of imagecodecs, when the frame is damaged, or is not of the size and bits that the header says.
        ValueError: when the frame is in color or cut off.
    """
    import imagecodecs

    if runner.samples_per_pixel != 1:
        raise ValueError("expected a grey frame, color is left to other decoders")
    # The decoder of JPEG makes up what is missing without a word.
    if not source.rstrip(_FILLING).endswith(_END_MARKER):
        raise ValueError("expected a frame with a marker at its end, it is cut off")
    # Only JPEG 2000 tells signed from unsigned. Memory is taken by the header, not by what the frame claims.
    sign = "ui"[bool(runner.get_option("j2k_is_signed", False))]
    pixels = np.empty((runner.rows, runner.columns), f"<{sign}{runner.bits_allocated // 8}")
    getattr(imagecodecs, _DECODERS[str(runner.transfer_syntax)])(source, out=pixels)
    return bytearray(pixels.data)
