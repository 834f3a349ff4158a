"""Writes and signs the body of a webhook, and reads the answer. Pure; `webhook` does the I/O.

Signed as standardwebhooks.com has it: HMAC-SHA256 over `id.timestamp.body`. The receiver refuses a time stamp that is
old and an id that it has seen.
"""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Final

from center.notify.channels.base import Parcel
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict
from center.notify.message import Message, moment

PREFIX: Final = "whsec_"
MIN_KEY_BYTES: Final = 24
MAX_KEY_BYTES: Final = 64
GONE: Final = 410
THROTTLED: Final = 429
UNKNOWN: Final = frozenset({408, 500, 502, 503, 504})
"""Statuses after which the receiver may have taken the request."""


def key_of(text: str) -> bytes | None:
    """Reads the key in a key file's text; None if it holds none."""
    if not text.startswith(PREFIX):
        return None
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES else None


def body(message: Message, parcel_id: str, offset_minutes: int) -> bytes:
    """Writes the body as UTF-8 JSON; the same bytes at each attempt."""
    data = {
        "type": "alarm",
        "id": parcel_id,
        "alarm_id": message.id,
        "camera_id": message.camera_id,
        "camera_name": message.camera_name,
        "rule": message.rule,
        "at_ms": message.at_ms,
        "at": moment(message.at_ms, offset_minutes),
        "link": message.link,
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def signature(key: bytes, parcel_id: str, timestamp_s: int, content: bytes) -> str:
    """Signs a body: `v1,` and the Base64 of the HMAC."""
    signed = f"{parcel_id}.{timestamp_s}.".encode() + content
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(key: bytes, parcel: Parcel, timestamp_s: int, content: bytes) -> dict[str, str]:
    """Returns the headers of a request with `content`."""
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "wayside",
        "webhook-id": parcel.parcel_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": signature(key, parcel.parcel_id, timestamp_s, content),
    }


def read(status: int) -> AttemptOutcome:
    """Reads an answer's status as an outcome. Its body is not read."""
    code = f"http_{status}"
    if 200 <= status < 300:
        return AttemptOutcome(AttemptVerdict.TAKEN, code)
    if status == GONE:
        return AttemptOutcome(AttemptVerdict.REFUSED, code)
    if status == THROTTLED:
        return AttemptOutcome(AttemptVerdict.THROTTLED, code)
    return AttemptOutcome(AttemptVerdict.UNKNOWN if status in UNKNOWN else AttemptVerdict.NOT_TAKEN, code)
