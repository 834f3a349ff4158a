"""Foreign bytes end as a typed error with a reason, and as nothing else."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire.codec import (
    MAGIC,
    MAX_HEADER_BYTES,
    decode,
    decode_snapshot,
    encode,
    encode_snapshot,
    message_sha256,
)
from provisioning.contracts.wire.messages import Archived, Heartbeat, Message, Observed, Rejected
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES
from tests.contracts.examples import MESSAGES, PICTURE, SNAPSHOT, golden

PAYLOAD = encode_snapshot(SNAPSHOT, PICTURE)
HEADER_END = 10 + struct.unpack_from(">I", PAYLOAD, 6)[0]


def _framed(header: bytes, picture: bytes = PICTURE, version: int = 1) -> bytes:
    return struct.pack(">4sHI", MAGIC, version, len(header)) + header + picture


def _edited(**changes: object) -> bytes:
    return _framed(json.dumps({**json.loads(PAYLOAD[10:HEADER_END]), **changes}).encode())


def _reason(payload: bytes) -> RejectReason:
    with pytest.raises(ContractError) as caught:
        decode_snapshot(payload)
    return caught.value.reason


@given(st.binary(max_size=400))
def test_any_bytes_give_a_contract_error(data: bytes) -> None:
    with pytest.raises(ContractError):
        decode_snapshot(data)


@given(st.integers(0, len(PAYLOAD) - 1), st.integers(1, 255))
def test_one_flipped_byte_never_passes_unseen(position: int, flip: int) -> None:
    damaged = bytearray(PAYLOAD)
    damaged[position] ^= flip
    try:
        snapshot, picture = decode_snapshot(bytes(damaged))
    except ContractError:
        return
    # A flip inside the envelope can give another valid envelope, never another picture; the acknowledged hash differs.
    assert picture == PICTURE
    assert snapshot != SNAPSHOT
    assert message_sha256(bytes(damaged)) != message_sha256(PAYLOAD)


@given(st.integers(0, len(PAYLOAD) - 1))
def test_a_cut_message_never_passes(length: int) -> None:
    with pytest.raises(ContractError):
        decode_snapshot(PAYLOAD[:length])


@pytest.mark.parametrize("model", [Archived, Rejected, Observed, Heartbeat])
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_any_json_gives_a_contract_error(model: type[Message], data: bytes) -> None:
    with pytest.raises(ContractError):
        decode(model, data)


def test_each_fault_has_its_reason() -> None:
    header = PAYLOAD[10:HEADER_END]
    assert _reason(b"WAY") is RejectReason.MALFORMED
    assert _reason(b"JUNK" + PAYLOAD[4:]) is RejectReason.MALFORMED
    assert _reason(_framed(header, version=2)) is RejectReason.UNKNOWN_VERSION
    assert _reason(_edited(version=2)) is RejectReason.UNKNOWN_VERSION
    assert _reason(_framed(header, PICTURE[:-1] + b"x")) is RejectReason.PICTURE_MISMATCH
    assert _reason(_framed(header, PICTURE + b"more")) is RejectReason.PICTURE_MISMATCH
    assert _reason(_framed(b"{}")) is RejectReason.MALFORMED
    assert _reason(_edited(extra=1)) is RejectReason.MALFORMED
    assert _reason(_edited(observation_id="0" * 32)) is RejectReason.MALFORMED
    assert _reason(_edited(source_key="DSC 1.jpg")) is RejectReason.MALFORMED
    assert _reason(struct.pack(">4sHI", MAGIC, 1, MAX_HEADER_BYTES + 1)) is RejectReason.MALFORMED
    assert _reason(bytes(MAX_MESSAGE_BYTES + 1)) is RejectReason.TOO_LARGE


def test_a_picture_that_is_no_jpeg_is_named_so() -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(32)
    stated = SNAPSHOT.picture.model_copy(update={"bytes": len(png), "sha256": message_sha256(png)})
    with pytest.raises(ContractError) as caught:
        encode_snapshot(SNAPSHOT.model_copy(update={"picture": stated}), png)
    assert caught.value.reason is RejectReason.NOT_JPEG


def test_an_error_names_fields_and_never_values() -> None:
    with pytest.raises(ContractError) as caught:
        decode_snapshot(_edited(camera_id="sec/ret", observation_id="0" * 32))
    assert "camera_id" in str(caught.value)
    assert "sec/ret" not in str(caught.value)


def test_a_newer_message_in_json_is_an_unknown_version_and_not_damage() -> None:
    data = json.loads(golden()["archived.json"])
    with pytest.raises(ContractError) as caught:
        decode(Archived, json.dumps({**data, "version": 99}).encode())
    assert caught.value.reason is RejectReason.UNKNOWN_VERSION


def test_roundtrip_of_every_message() -> None:
    for name, message in MESSAGES.items():
        assert decode(type(message), golden()[f"{name}.json"]) == message


def test_a_hint_of_a_cluster_of_before_still_reads() -> None:
    data = json.loads(encode(MESSAGES["observed"]))
    for name in ("width", "height", "clock", "times", "followed"):
        del data["items"][0][name]
    item = decode(Observed, json.dumps(data).encode()).items[0]
    assert (item.width, item.height, item.clock, item.times, item.followed) == (None, None, None, None, ())
