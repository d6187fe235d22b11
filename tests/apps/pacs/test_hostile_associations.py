# SPDX-License-Identifier: Apache-2.0
"""Associations that no honest sender opens, against an Orthanc as we configure it; then a good series still comes in.

On this machine alone, few, and ended by the test.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import CTImageStorage, MRImageStorage, generate_uid
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.dsutils import encode

from tests.apps.pacs.dicom_files import write_series
from tests.apps.pacs.running_site import Node, Worker, wait_until
from tests.apps.pacs.senders import send

pytestmark = [pytest.mark.clinic, pytest.mark.slow]

ASSOCIATE_RQ = 1
MOST_CONTEXTS = 128
DATA_SET_DOES_NOT_MATCH_SOP_CLASS = 0xA900


@contextlib.contextmanager
def associated(node: Node, *classes: str, statuses: list[int] | None = None) -> Iterator[Association]:
    """An association of a listed sender; the statuses of Orthanc's answers go to a list."""

    def note(event: evt.Event) -> None:
        if statuses is not None:
            statuses.append(int(event.message.command_set.Status))

    entity = ApplicationEntity("NOWHERE")
    for uid in classes:
        entity.add_requested_context(uid)
    association = entity.associate(
        "127.0.0.1", node.process.dicom_port, ae_title="MEDGLIP", evt_handlers=[(evt.EVT_DIMSE_RECV, note)]
    )
    yield association
    if association.is_established:
        association.release()


def store_pieces(association: Association, image: pydicom.Dataset, *, sop_class: str) -> list[object]:
    """The messages of one C-STORE, not yet sent."""
    context = association.accepted_contexts[0]
    order = C_STORE()
    order.MessageID, order.Priority = 1, 2
    order.AffectedSOPClassUID, order.AffectedSOPInstanceUID = sop_class, image.SOPInstanceUID
    order.DataSet = BytesIO(encode(image, is_implicit_vr=False, is_little_endian=True) or b"")
    message = C_STORE_RQ()
    message.primitive_to_message(order)
    assert context.context_id is not None
    return list(message.encode_msg(context.context_id, 4096))


def speak(node: Node, words: bytes) -> None:
    """Open a connection, say something that is no association, and hang up."""
    with socket.create_connection(("127.0.0.1", node.process.dicom_port), timeout=20) as connection:
        connection.sendall(words)


def garbage(node: Node, image: pydicom.Dataset) -> None:
    speak(node, np.random.default_rng(3).bytes(1 << 16))


def another_protocol(node: Node, image: pydicom.Dataset) -> None:
    speak(node, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")


def a_pdu_that_claims_four_gigabytes(node: Node, image: pydicom.Dataset) -> None:
    speak(node, bytes([ASSOCIATE_RQ, 0]) + b"\xff\xff\xff\xff" + bytes(64))


def many_contexts(node: Node, image: pydicom.Dataset) -> None:
    unknown = [generate_uid(entropy_srcs=[str(number)]) for number in range(MOST_CONTEXTS)]
    with associated(node, *unknown) as association:
        assert association.accepted_contexts == []


def an_unknown_kind_of_object(node: Node, image: pydicom.Dataset) -> None:
    with associated(node, generate_uid(entropy_srcs=["kind"])) as association:
        assert association.accepted_contexts == []


def hang_up_amid_an_image(node: Node, image: pydicom.Dataset) -> None:
    image.Rows = image.Columns = 512
    image.PixelData = bytes(2 * 512 * 512)
    with associated(node, CTImageStorage) as association:
        pieces = store_pieces(association, image, sop_class=CTImageStorage)
        for piece in pieces[: len(pieces) // 2]:
            association.dul.send_pdu(piece)  # type: ignore[arg-type]
        association.abort()


def call_a_ct_an_mr(node: Node, image: pydicom.Dataset) -> None:
    statuses: list[int] = []
    with associated(node, MRImageStorage, statuses=statuses) as association:
        for piece in store_pieces(association, image, sop_class=MRImageStorage):
            association.dul.send_pdu(piece)  # type: ignore[arg-type]
        wait_until(lambda: statuses != [], seconds=20)
    assert statuses == [DATA_SET_DOES_NOT_MATCH_SOP_CLASS]


ATTACKS = [
    garbage,
    another_protocol,
    a_pdu_that_claims_four_gigabytes,
    many_contexts,
    an_unknown_kind_of_object,
    hang_up_amid_an_image,
    call_a_ct_an_mr,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_it_stores_nothing_and_a_good_series_still_comes_in(
    node: Node, tmp_path: Path, attack: Callable[[Node, pydicom.Dataset], None]
) -> None:
    (path,) = write_series(tmp_path / "bad", "bad", instances=1)
    for _ in range(3):
        attack(node, pydicom.dcmread(path))
    assert list(node.client.all_series()) == []
    assert send(node.process.dicom_port, write_series(tmp_path / "in", "anna")) == [0, 0]
    assert [len(series.instances) for series in node.client.all_series()] == [2]


def test_after_all_of_them_and_a_silent_caller_a_good_series_is_grounded(
    node: Node, make_worker: Callable[..., Worker], tmp_path: Path
) -> None:
    (path,) = write_series(tmp_path / "bad", "bad", instances=1)
    make_worker().start()
    with socket.create_connection(("127.0.0.1", node.process.dicom_port)):  # holds the port for Orthanc's 30 s
        for attack in (garbage, another_protocol, a_pdu_that_claims_four_gigabytes):
            attack(node, pydicom.dcmread(path))
        wait_until(lambda: send(node.process.dicom_port, write_series(tmp_path / "in", "bert")) == [0, 0])
    wait_until(lambda: len(node.results()) == 1)
