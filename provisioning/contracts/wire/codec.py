"""Encodes and decodes messages. JSON for all but the snapshot, which carries its picture behind the envelope.

A snapshot message is `b"WAYS"`, contract version as u16, header length as u32 (both big endian), the envelope as UTF-8
JSON, then the JPEG to the end. An acknowledgement repeats the SHA-256 over the whole message.
"""

import hashlib
import struct
from typing import Final, TypeVar

from pydantic import ValidationError

from provisioning.contracts import CONTRACT_VERSION, SUPPORTED_VERSIONS
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire.messages import Message, Snapshot
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES

_PREAMBLE: Final = struct.Struct(">4sHI")
MAGIC: Final = b"WAYS"
MAX_HEADER_BYTES: Final = 256 * 1024
"""512 boxes of each kind are about 80 KiB of JSON."""
JPEG_START: Final = b"\xff\xd8\xff"

_M = TypeVar("_M", bound=Message)


def message_sha256(payload: bytes) -> str:
    """Returns the hash by which a message is acknowledged."""
    return hashlib.sha256(payload).hexdigest()


def encode_snapshot(snapshot: Snapshot, picture: bytes) -> bytes:
    """Frames an envelope and its picture.

    Raises:
        ContractError: `picture` is not the one the envelope describes, or the message exceeds `MAX_MESSAGE_BYTES`.
    """
    _check_picture(snapshot, picture)
    header = snapshot.model_dump_json().encode()
    payload = _PREAMBLE.pack(MAGIC, CONTRACT_VERSION, len(header)) + header + picture
    if len(header) > MAX_HEADER_BYTES or len(payload) > MAX_MESSAGE_BYTES:
        raise ContractError(
            RejectReason.TOO_LARGE,
            f"message of {len(payload)} bytes, limit {MAX_MESSAGE_BYTES}: lower the camera's JPEG quality or size",
        )
    return payload


def decode_snapshot(payload: bytes) -> tuple[Snapshot, bytes]:
    """Decodes a message and checks it against its own envelope. The picture is not decoded here.

    Raises:
        ContractError: with the reason to send back; nothing else is ever raised.
    """
    if len(payload) > MAX_MESSAGE_BYTES:
        raise ContractError(RejectReason.TOO_LARGE, f"message of {len(payload)} bytes, limit {MAX_MESSAGE_BYTES}")
    if len(payload) < _PREAMBLE.size:
        raise ContractError(
            RejectReason.MALFORMED, f"message of {len(payload)} bytes is too short", offset=len(payload)
        )
    magic, version, header_bytes = _PREAMBLE.unpack_from(payload)
    if magic != MAGIC:
        raise ContractError(RejectReason.MALFORMED, "not a snapshot message: wrong magic", offset=0)
    if version not in SUPPORTED_VERSIONS:
        known = ", ".join(str(known) for known in sorted(SUPPORTED_VERSIONS))
        raise ContractError(
            RejectReason.UNKNOWN_VERSION, f"contract version {version}, this side reads {known}: update it", offset=4
        )
    end = _PREAMBLE.size + header_bytes
    if header_bytes > MAX_HEADER_BYTES or end > len(payload):
        raise ContractError(RejectReason.MALFORMED, f"header length {header_bytes} is impossible", offset=6)
    snapshot = decode(Snapshot, payload[_PREAMBLE.size : end])
    picture = payload[end:]
    _check_picture(snapshot, picture)
    return snapshot, picture


def encode(message: Message) -> bytes:
    """Encodes any message but a snapshot as JSON."""
    return message.model_dump_json().encode()


def decode(model: type[_M], payload: bytes) -> _M:
    """Decodes `model` from JSON.

    Raises:
        ContractError: not valid JSON, or not that model. The text names fields, never their values.
    """
    if len(payload) > MAX_MESSAGE_BYTES:
        raise ContractError(
            RejectReason.TOO_LARGE, f"{model.__name__} of {len(payload)} bytes, limit {MAX_MESSAGE_BYTES}"
        )
    try:
        return model.model_validate_json(payload)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        # A JSON document can hold any integer as its version; that is a newer writer and not damage.
        if any(fault["loc"] == ("version",) and fault["type"] == "literal_error" for fault in faults):
            raise ContractError(RejectReason.UNKNOWN_VERSION, f"{model.__name__}: unknown contract version") from error
        text = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {fault['msg']}" for fault in faults[:5]
        )
        raise ContractError(RejectReason.MALFORMED, f"not a valid {model.__name__}: {text}"[:480]) from error


def _check_picture(snapshot: Snapshot, picture: bytes) -> None:
    stated = snapshot.picture
    if len(picture) != stated.bytes:
        raise ContractError(
            RejectReason.PICTURE_MISMATCH, f"picture of {len(picture)} bytes, envelope says {stated.bytes}"
        )
    if hashlib.sha256(picture).hexdigest() != stated.sha256:
        raise ContractError(RejectReason.PICTURE_MISMATCH, "picture hash differs from the envelope's")
    if picture and not picture.startswith(JPEG_START):
        raise ContractError(RejectReason.NOT_JPEG, "picture does not start like a JPEG")
