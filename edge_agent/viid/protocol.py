"""Maps method and path to a route, and writes the answers to devices in GA/T 1400's JSON.

Devices write `/VIID/`, `/viid/`, a slash at the end, or a whole URL.
"""

import json
from dataclasses import dataclass, replace
from enum import Enum, IntEnum, auto
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from edge_agent.viid.bodies import write_local_time

CONTENT_TYPE: Final = "application/VIID+JSON;charset=UTF-8"


class ViidRoute(Enum):
    """The service that a request wants."""

    REGISTER = auto()
    UNREGISTER = auto()
    KEEPALIVE = auto()
    TIME = auto()
    PICTURES = auto()
    """Vehicles, two-wheelers, scenes and images: read, picture by picture, by `bodies.TAKEN_TYPES`."""
    UNREAD = auto()
    """Everything else that a device may push, faces and persons first of all: answered, and never read."""
    NOWHERE = auto()


_POSTS: Final = {
    "/viid/system/register": ViidRoute.REGISTER,
    "/viid/system/unregister": ViidRoute.UNREGISTER,
    "/viid/system/keepalive": ViidRoute.KEEPALIVE,
    "/viid/motorvehicles": ViidRoute.PICTURES,
    "/viid/nonmotorvehicles": ViidRoute.PICTURES,
    "/viid/scenes": ViidRoute.PICTURES,
    "/viid/images": ViidRoute.PICTURES,
}


def normal_path(address: str) -> str:
    """Returns a path, or the path of a URL, in small letters, without query and without slashes at its end."""
    try:
        path = urlsplit(address).path
    except ValueError:  # a bracket where a host should be
        return ""
    return path.rstrip("/").lower()


def is_same_path(one: str, other: str) -> bool:
    """True if both mean the same path, however they are written."""
    return normal_path(one) == normal_path(other)


def route(method: str, path: str) -> ViidRoute:
    """Returns the route of a request line."""
    normal = normal_path(path)
    if method == "GET" and normal == "/viid/system/time":
        return ViidRoute.TIME
    if method not in {"POST", "PUT"} or not normal.startswith("/viid/"):
        return ViidRoute.NOWHERE
    return _POSTS.get(normal, ViidRoute.UNREAD) if method == "POST" else ViidRoute.UNREAD


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
    stated = {
        "VIIDServerID": server_id,
        "TimeMode": "1",
        "LocalTime": write_local_time(now_ms),
        "TimeZone": "Asia/Shanghai",
    }
    return ViidAnswer(HTTPStatus.OK, _json({"SystemTimeObject": stated}))


def _status(code: StatusCode, subject: str, path: str, now_ms: int) -> dict[str, object]:
    return {
        "Id": subject,
        "RequestURL": path,
        "StatusCode": int(code),
        "StatusString": _TEXTS[code],
        "LocalTime": write_local_time(now_ms),
    }


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
