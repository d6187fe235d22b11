# SPDX-License-Identifier: Apache-2.0
"""Messages between a process and its child: JSON of limited length, with open files beside it; nothing is pickled."""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

from monai_medglip.errors import ConfigurationError, ImageReadError, UnsupportedImageError

__all__ = ["TOLD_ERRORS", "receive_message", "send_message"]

TOLD_ERRORS = (UnsupportedImageError, ImageReadError, ConfigurationError)
"""The errors that go from the child to its parent by name, special ones first."""

_LENGTH = struct.Struct("<I")
_LONGEST_MESSAGE = 64 * 2**20
_PART_BYTES = 2**20


def send_message(channel: socket.socket, message: Any, descriptors: Sequence[int] = ()) -> None:
    """Send JSON values, and with them open files."""
    text = json.dumps(message).encode()
    socket.send_fds(channel, [_LENGTH.pack(len(text))], list(descriptors))
    channel.sendall(text)


def receive_message(
    channel: socket.socket, *, seconds: float = math.inf, descriptors: int = 0
) -> tuple[Any, list[int]] | None:
    """Receive what `send_message` sent.

    Args:
        channel: the connection.
        seconds: how long the whole message may take [s].
        descriptors: how many open files may come with it.

    Returns:
        The values and the open files' descriptors, or None when the other side is gone.

    Raises:
        TimeoutError: when the message is not complete in time.
        ValueError: when it is too long or not JSON.
    """
    deadline = time.monotonic() + seconds
    _wait_until(channel, deadline)
    head, files, _, _ = socket.recv_fds(channel, _LENGTH.size, descriptors)
    head += _receive_bytes(channel, _LENGTH.size - len(head), deadline) if head else b""
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > _LONGEST_MESSAGE:
        raise ValueError(f"expected a message of at most {_LONGEST_MESSAGE} bytes, got {length}")
    text = _receive_bytes(channel, length, deadline)
    return (json.loads(text), files) if len(text) == length else None


def _receive_bytes(channel: socket.socket, count: int, deadline: float) -> bytes:
    """So many bytes, fewer when the other side is gone."""
    received = bytearray()
    while len(received) < count:
        _wait_until(channel, deadline)
        part = channel.recv(min(count - len(received), _PART_BYTES))
        if not part:
            break
        received += part
    return bytes(received)


def _wait_until(channel: socket.socket, deadline: float) -> None:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("expected a message in time, none is complete")
    channel.settimeout(None if math.isinf(remaining) else remaining)
