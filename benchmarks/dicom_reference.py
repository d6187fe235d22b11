# SPDX-License-Identifier: Apache-2.0
"""What a scan that was read from DICOM files must be, worked out from their bytes without the package's reader.

Places are checked for classic files: every slice of the scan must lie where the instance of that UID says. Pixels are
checked where they can be known: uncompressed ones by their bytes, compressed ones when they are those of a file that
was decoded undamaged. The rest is said to be unchecked, not correct.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from benchmarks.dicom_mutations import DicomFile
from monai_medglip.imaging import Scan
from monai_medglip.readers.guarded_elements import PIXEL_DATA

__all__ = ["Judgement", "Verdict", "decoded_payloads", "judge", "payload_key"]

UNCOMPRESSED = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99")
_SOP_INSTANCE, _MODALITY = 0x00080018, 0x00080060
_POSITION, _ORIENTATION, _SPACING = 0x00200032, 0x00200037, 0x00280030
_SAMPLES, _PHOTOMETRIC, _FRAMES, _ROWS, _COLUMNS = 0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011
_ALLOCATED, _STORED, _HIGH_BIT, _SIGNED = 0x00280100, 0x00280101, 0x00280102, 0x00280103
_PADDING, _PADDING_LIMIT, _INTERCEPT, _SLOPE, _LUT = 0x00280120, 0x00280121, 0x00281052, 0x00281053, 0x00283000
_GROUPS = (0x52009229, 0x52009230)
_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
_MEASURED = ("CT", "PT")
_PLACE_TOLERANCE_MM = 0.2


class Verdict(str, Enum):
    """What is known of a scan that was given back for damaged files."""

    UNCHANGED = "equal to the undamaged one, and not contradicted by the damaged bytes"
    CONSISTENT = "place and pixels as the damaged header and bytes say"
    UNCHECKED_PIXELS = "place as the header says, pixels not checkable (damaged compressed pixels, color)"
    UNCHECKED_PLACE = "pixels not contradicted, place not checkable (functional groups, no position)"
    WRONG = "contradicts the header or the bytes"


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reason, empty unless it is `Verdict.WRONG`."""

    verdict: Verdict
    reason: str = ""


def payload_key(parsed: DicomFile) -> tuple[Any, ...]:
    """Give what the stored values of a file depend on: its pixel bytes, and how they are to be read."""
    digest = hashlib.sha1(parsed.get(PIXEL_DATA) or b"", usedforsecurity=False).hexdigest()
    tags = (_SAMPLES, _FRAMES, _ROWS, _COLUMNS, _ALLOCATED, _STORED, _HIGH_BIT, _SIGNED)
    return (digest, parsed.syntax, *(_number(parsed, tag) for tag in tags))


def decoded_payloads(files: Iterable[bytes]) -> dict[tuple[Any, ...], np.ndarray]:
    """Decode undamaged files by pydicom: stored values (frame, row, column[, 3]) by `payload_key`.

    What pydicom cannot decode with the plug-ins that are installed (JPEG of 12 bits) is left out and stays unchecked.
    """
    import io

    import pydicom

    found = {}
    for data in files:
        dataset = pydicom.dcmread(io.BytesIO(data))
        frames = int(dataset.get("NumberOfFrames") or 1)
        if "PixelData" in dataset:
            try:
                stored = dataset.pixel_array
            except RuntimeError:
                continue
            found[payload_key(DicomFile.parse(data))] = stored if frames > 1 else stored[None]
    return found


def judge(
    scans: Sequence[Scan],
    files: Sequence[bytes],
    undamaged: Sequence[Scan],
    payloads: Mapping[tuple[Any, ...], np.ndarray],
) -> Judgement:
    """Judge scans by the bytes that they were read from.

    Args:
        scans: what the reader gave.
        files: the damaged files.
        undamaged: what it gave for the undamaged ones.
        payloads: what `decoded_payloads` gave for those.

    Returns:
        The worst verdict of all slices.
    """
    by_uid: dict[str, list[DicomFile]] = {}
    for data in files:
        try:
            parsed = DicomFile.parse(data)
        except ValueError:
            continue
        by_uid.setdefault(_text(parsed, _SOP_INSTANCE), []).append(parsed)
    order = list(Verdict)
    worst = Judgement(Verdict.CONSISTENT)
    for scan in scans:
        for found in _judge_slices(scan, by_uid, payloads):
            if order.index(found.verdict) > order.index(worst.verdict):
                worst = found
    if worst.verdict is not Verdict.WRONG and _equal(scans, undamaged):
        return Judgement(Verdict.UNCHANGED)
    return worst


def _equal(scans: Sequence[Scan], others: Sequence[Scan]) -> bool:
    return len(scans) == len(others) and all(
        scan.frame == other.frame
        and scan.source.sop_instance_uids == other.source.sop_instance_uids
        and np.array_equal(scan.array, other.array)
        for scan, other in zip(scans, others, strict=True)
    )


def _judge_slices(
    scan: Scan, by_uid: Mapping[str, list[DicomFile]], payloads: Mapping[tuple[Any, ...], np.ndarray]
) -> Iterable[Judgement]:
    uids = scan.source.sop_instance_uids
    slices = scan.spatial_shape[2] if scan.spatial_dims == 3 else 1
    if len(uids) != slices:
        yield Judgement(Verdict.WRONG, f"{len(uids)} instance UIDs for {slices} slices")
        return
    lowest = float(scan.array.min())
    for z, uid in enumerate(uids):
        frame_number = scan.source.frame_numbers[z] if scan.source.frame_numbers else 1
        only = next(iter(by_uid.values())) if len(by_uid) == 1 else []
        candidates = by_uid.get(uid.strip(), only)  # a damaged UID of a single file may be read in another way
        if not candidates:
            yield Judgement(Verdict.WRONG, "a slice of an instance that is in no file")
            continue
        pixels = scan.array[..., z] if scan.spatial_dims == 3 else scan.array
        reasons = []
        for parsed in candidates:
            place = _place(scan, z, parsed)
            values = _pixels(pixels, parsed, frame_number - 1, lowest, payloads)
            wrong = [judged for judged in (place, values) if judged.verdict is Verdict.WRONG]
            if not wrong:
                yield max(place, values, key=lambda judged: list(Verdict).index(judged.verdict))
                break
            reasons.append(wrong[0])
        else:
            yield reasons[0]


def _place(scan: Scan, z: int, parsed: DicomFile) -> Judgement:
    position, cosines = _decimals(parsed, _POSITION, 3), _decimals(parsed, _ORIENTATION, 6)
    spacing = _decimals(parsed, _SPACING, 2)
    if any(parsed.get(tag) is not None for tag in _GROUPS) or position is None or cosines is None:
        return Judgement(Verdict.UNCHECKED_PLACE)
    corners = np.array([[0, 0, z], [1, 0, z], [0, 1, z]], dtype=float)
    world = scan.frame.affine[:3, :3] @ corners.T + scan.frame.affine[:3, 3:]
    origin, x_step, y_step = world[:, 0], world[:, 1] - world[:, 0], world[:, 2] - world[:, 0]
    if np.linalg.norm(origin - position * _LPS_TO_RAS) > _PLACE_TOLERANCE_MM:
        return Judgement(
            Verdict.WRONG, f"slice {z} lies at {origin.round(2)}, its header says {position * _LPS_TO_RAS}"
        )
    for name, step, cosine in (("row", x_step, cosines[:3]), ("column", y_step, cosines[3:])):
        direction = step / np.linalg.norm(step)
        if np.abs(direction - cosine * _LPS_TO_RAS).max() > 5e-3:
            return Judgement(Verdict.WRONG, f"slice {z}: {name} direction {direction.round(4)}, header {cosine}")
    if scan.frame.spacing_known:
        if spacing is None or spacing.min() <= 0:
            return Judgement(Verdict.WRONG, f"spacing said to be known, the header has {spacing}")
        told = np.array([np.linalg.norm(y_step), np.linalg.norm(x_step)])
        if not np.allclose(told, spacing, rtol=2e-3):
            return Judgement(Verdict.WRONG, f"spacing {told}, the header says {spacing}")
    return Judgement(Verdict.CONSISTENT)


def _pixels(
    pixels: np.ndarray,
    parsed: DicomFile,
    frame: int,
    lowest: float,
    payloads: Mapping[tuple[Any, ...], np.ndarray],
) -> Judgement:
    known = payloads.get(payload_key(parsed))
    if known is None:
        known = _uncompressed(parsed)
    if known is None or known.ndim != 3 or frame >= len(known) or parsed.get(_LUT) is not None:
        return Judgement(Verdict.UNCHECKED_PIXELS)
    stored = known[frame]
    slope, intercept = (_decimals(parsed, tag, 1) for tag in (_SLOPE, _INTERCEPT))
    if any(parsed.get(tag) is not None for tag in _GROUPS) or _text(parsed, _PHOTOMETRIC) == "PALETTE COLOR":
        return Judgement(Verdict.UNCHECKED_PIXELS)
    values = stored.astype(np.float64)
    if _text(parsed, _PHOTOMETRIC) == "MONOCHROME1" and _text(parsed, _MODALITY) not in _MEASURED:
        bits = _number(parsed, _STORED) or 16
        values = (-1 if _number(parsed, _SIGNED) else 2**bits - 1) - values
    values = values * (1.0 if slope is None else slope[0]) + (0.0 if intercept is None else intercept[0])
    if pixels.shape != (1, *stored.shape[::-1]):
        return Judgement(Verdict.WRONG, f"pixels of shape {pixels.shape}, the header says {stored.shape}")
    given = pixels[0].T.astype(np.float64)
    same = np.isclose(given, values, rtol=1e-5, atol=1e-6 * max(1.0, float(np.abs(values).max())))
    if _number(parsed, _PADDING) is not None:
        same |= given == lowest  # padding becomes the lowest value
    if not same.all():
        where = tuple(int(index[0]) for index in np.nonzero(~same))
        return Judgement(
            Verdict.WRONG,
            f"{int((~same).sum())} of {same.size} pixels differ, at {where} {given[where]} not {values[where]}",
        )
    return Judgement(Verdict.CONSISTENT)


def _uncompressed(parsed: DicomFile) -> np.ndarray | None:
    """Stored values (frame, row, column) of grey uncompressed pixels by PS3.5 chapter 8, else None."""
    allocated, stored_bits, high = (_number(parsed, tag) for tag in (_ALLOCATED, _STORED, _HIGH_BIT))
    rows, columns, samples = (_number(parsed, tag) for tag in (_ROWS, _COLUMNS, _SAMPLES))
    body = parsed.get(PIXEL_DATA)
    if parsed.syntax not in UNCOMPRESSED or body is None or not rows or not columns or samples not in (None, 1):
        return None
    if allocated not in (8, 16, 32) or not stored_bits or high != stored_bits - 1 or stored_bits > allocated:
        return None
    words = np.frombuffer(body[: len(body) // (allocated // 8) * (allocated // 8)], f"{parsed.order}u{allocated // 8}")
    frames = len(words) // (rows * columns)
    if frames < 1:
        return None
    values = words[: frames * rows * columns].astype(np.int64).reshape(frames, rows, columns) & (2**stored_bits - 1)
    return (
        np.where(values >> (stored_bits - 1), values - 2**stored_bits, values) if _number(parsed, _SIGNED) else values
    )


def _text(parsed: DicomFile, tag: int) -> str:
    return (parsed.get(tag) or b"").decode("latin-1").strip(" \0")


def _number(parsed: DicomFile, tag: int) -> int | None:
    value = parsed.get(tag)
    if value is None:
        return None
    if tag == _FRAMES:
        text = value.decode("latin-1").strip(" \0")
        return int(text) if text.isdecimal() else None
    return int.from_bytes(value[:2], "big" if parsed.order == ">" else "little") if len(value) >= 2 else None


def _decimals(parsed: DicomFile, tag: int, count: int) -> np.ndarray | None:
    try:
        values = np.array([float(word) for word in _text(parsed, tag).split("\\")])
    except ValueError:
        return None
    return values if values.shape == (count,) and np.isfinite(values).all() else None
