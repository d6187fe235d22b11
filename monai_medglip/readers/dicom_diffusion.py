# SPDX-License-Identifier: Apache-2.0
"""The b-value of a plane, from the standard's attribute or from where older scanners keep it; nothing else of them."""

from __future__ import annotations

from monai_medglip.readers.dicom_plane import ImagePlane

__all__ = ["b_value"]

# Group, private creator and element: vendors' conformance statements.
_PRIVATE_ELEMENTS = (
    (0x0019, "SIEMENS MR HEADER", 0x0C),
    (0x0043, "GEMS_PARM_01", 0x39),
    (0x2001, "Philips Imaging DD 001", 0x03),
)

# GE adds this to the b-value to mark how it was computed.
_GE_MARK = 1_000_000_000


def b_value(plane: ImagePlane) -> str:
    """Give the b-value [s/mm2] as text, empty where the header has none."""
    standard = plane.text("DiffusionBValue")
    if standard:
        return standard
    return next(filter(None, (_private(plane, *element) for element in _PRIVATE_ELEMENTS)), "")


def _private(plane: ImagePlane, group: int, creator: str, offset: int) -> str:
    try:
        value = plane.instance.header.private_block(group, creator)[offset].value
    except KeyError:
        return ""
    first = value if isinstance(value, (str, bytes, int, float)) else next(iter(value or ()), "")
    words = first.decode("ascii", "replace") if isinstance(first, bytes) else str(first)
    try:
        return f"{float(words) % _GE_MARK:g}"
    except ValueError:
        return ""
