"""Writes the answers to devices, in GA/T 1400's JSON."""

import json
from dataclasses import dataclass, replace
from enum import IntEnum
from http import HTTPStatus
from typing import Final

from edge_agent.viid.shot_time import written

CONTENT_TYPE: Final = "application/VIID+JSON;charset=UTF-8"


class StatusCode(IntEnum):
    """ConfirmStatusType. An error makes some devices send the same again for ever: only what that helps gets one."""

    OK = 0
    """Stored, or dropped on purpose, or of no use however often it comes."""
    BUSY = 2
    """To be sent again, later."""
    INVALID_OPERATION = 4
    INVALID_JSON = 7


_TEXTS: Final = {
    StatusCode.OK: "OK",
    StatusCode.BUSY: "Device Busy",
    StatusCode.INVALID_OPERATION: "Invalid Operation",
    StatusCode.INVALID_JSON: "Invalid JSON Format",
}


@dataclass(frozen=True, slots=True)
class ViidAnswer:
    """One HTTP response to a device."""

    status: int
    body: bytes
    challenge: str = ""
    """The `WWW-Authenticate` header; empty without a challenge."""


def single(code: StatusCode, subject: str, path: str, now_ms: int, status: int = HTTPStatus.OK) -> ViidAnswer:
    """Answers about one device or request."""
    return ViidAnswer(status, _json({"ResponseStatusObject": _status(code, subject, path, now_ms)}))


def busy(subject: str, path: str, now_ms: int) -> ViidAnswer:
    """Answers that the request is to come again later; the body of this one is not read."""
    return single(StatusCode.BUSY, subject, path, now_ms, HTTPStatus.TOO_MANY_REQUESTS)


def unauthorized(challenge: str, subject: str, path: str, now_ms: int) -> ViidAnswer:
    """Answers with a challenge: the password has to be shown first."""
    refusal = single(StatusCode.INVALID_OPERATION, subject, path, now_ms, HTTPStatus.UNAUTHORIZED)
    return replace(refusal, challenge=challenge)


def several(codes: list[tuple[str, StatusCode]], path: str, now_ms: int) -> ViidAnswer:
    """Answers about the objects of a list, by id. When all have to wait, the HTTP status is 429 too."""
    all_busy = bool(codes) and all(code is StatusCode.BUSY for _, code in codes)
    entries = [_status(code, subject, path, now_ms) for subject, code in codes or [("", StatusCode.OK)]]
    return ViidAnswer(
        HTTPStatus.TOO_MANY_REQUESTS if all_busy else HTTPStatus.OK,
        _json({"ResponseStatusListObject": {"ResponseStatusObject": entries}}),
    )


def system_time(server_id: str, now_ms: int) -> ViidAnswer:
    """Answers with the agent's clock."""
    stated = {"VIIDServerID": server_id, "TimeMode": "1", "LocalTime": written(now_ms), "TimeZone": "Asia/Shanghai"}
    return ViidAnswer(HTTPStatus.OK, _json({"SystemTimeObject": stated}))


def _status(code: StatusCode, subject: str, path: str, now_ms: int) -> dict[str, object]:
    return {
        "Id": subject,
        "RequestURL": path,
        "StatusCode": int(code),
        "StatusString": _TEXTS[code],
        "LocalTime": written(now_ms),
    }


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
