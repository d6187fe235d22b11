# SPDX-License-Identifier: Apache-2.0
"""JPEG of 12 bits by GDCM, as a decoder plug-in of pydicom.

GDCM decodes it, as SimpleITK shows, but pydicom's own plug-in leaves it to pylibjpeg-libjpeg, which is GPL-3.
"""

from __future__ import annotations

import functools
import importlib.util
from typing import Any

__all__ = ["DECODER_DEPENDENCIES", "JPEG_EXTENDED", "decode_frame", "is_available", "register"]

JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
DECODER_DEPENDENCIES = {JPEG_EXTENDED: ("gdcm>=3.0.10",)}


@functools.cache
def register() -> None:
    """Make the plug-in known to pydicom's decoder of JPEG Extended."""
    from pydicom.pixels.decoders.base import get_decoder

    get_decoder(JPEG_EXTENDED).add_plugin("gdcm of 12 bits", (__name__, "decode_frame"))


def is_available(uid: str) -> bool:
    """Tell pydicom whether a transfer syntax is decoded here and GDCM is installed."""
    return uid in DECODER_DEPENDENCIES and importlib.util.find_spec("gdcm") is not None


def decode_frame(source: bytes, runner: Any) -> bytes:
    """Decode one frame.

    Args:
        source: the encoded frame.
        runner: pydicom's description of the image.

    Returns:
        Pixels of 16 bits, little endian.

    Raises:
        ValueError: when GDCM cannot decode it.
    """
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(source)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(str(runner.photometric_interpretation))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(JPEG_EXTENDED)))
    bits = (16, runner.bits_stored, runner.bits_stored - 1, runner.pixel_representation)
    image.SetPixelFormat(gdcm.PixelFormat(runner.samples_per_pixel, *bits))
    pixels: bytes = image.GetBuffer().encode("utf-8", "surrogateescape")
    expected = runner.rows * runner.columns * runner.samples_per_pixel * 2
    if len(pixels) != expected:
        raise ValueError(f"expected {expected} bytes of decoded pixels, GDCM gave {len(pixels)}")
    return pixels
