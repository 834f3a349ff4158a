"""Reads a superior's answers. Pure; anything but a clear *taken* is typed, and nothing of an answer is kept but codes.

Answers differ: `Id` or `ID`, a code as number or text, one entry for a whole list, a status or a list without the
object around it, keys in small letters. The time in an answer is not read.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from center.notify.channels.https_client import MAX_ANSWER_BYTES, HttpAnswer
from center.notify.lifecycle import AttemptOutcome


class Reception(StrEnum):
    """Result of one request."""

    TAKEN = "taken"
    REFUSED = "refused"
    """Sending it again would change nothing."""
    BUSY = "busy"
    UNREGISTERED = "unregistered"
    FORBIDDEN = "forbidden"
    FAULTY = "faulty"
    """It answered with a fault of its own, or with no answer of GA/T 1400: perhaps only to this request."""
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class ViidAnswer:
    """One answer, read. `code`: the cause, in one word; `refused`: ids of the objects that were refused."""

    reception: Reception
    code: str = ""
    refused: tuple[str, ...] = ()


_BY_STATUS: Final[dict[int, Reception]] = {
    HTTPStatus.UNAUTHORIZED: Reception.UNREGISTERED,
    HTTPStatus.FORBIDDEN: Reception.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS: Reception.BUSY,
    HTTPStatus.REQUEST_TIMEOUT: Reception.AWAY,
    HTTPStatus.BAD_GATEWAY: Reception.AWAY,
    HTTPStatus.SERVICE_UNAVAILABLE: Reception.AWAY,
    HTTPStatus.GATEWAY_TIMEOUT: Reception.AWAY,
}
_BUSY_CODES: Final = frozenset({2, 3, 9})
"""Device busy, device error, reboot."""
_MAX_STATUSES: Final = 1000


def read(answer: HttpAnswer | AttemptOutcome, ids: Sequence[str] = ()) -> ViidAnswer:
    """Reads the answer to a request about the objects of `ids`."""
    if isinstance(answer, AttemptOutcome):
        return ViidAnswer(Reception.AWAY, answer.code)
    if 200 <= answer.status < 300:
        found = _statuses(answer.content)
        return _of_statuses(found, ids) if found else ViidAnswer(Reception.FAULTY, "no_viid_answer")
    return _of_http(answer.status, ids)


def server_id(answer: HttpAnswer | AttemptOutcome) -> str:
    """Reads the code that a server names as its own with its time; empty if it names none."""
    if isinstance(answer, AttemptOutcome) or answer.status != HTTPStatus.OK:
        return ""
    stated = _get(_get(_json(answer.content), "systemtimeobject"), "viidserverid")
    return stated[:64] if isinstance(stated, str) else ""


def _of_http(status: int, ids: Sequence[str]) -> ViidAnswer:
    code = f"http_{status}"
    if status < 400:
        return ViidAnswer(Reception.AWAY, code)
    reception = _BY_STATUS.get(status, Reception.FAULTY if status >= 500 else Reception.REFUSED)
    return ViidAnswer(reception, code, tuple(ids) if reception is Reception.REFUSED else ())


def _of_statuses(found: Sequence[tuple[str, int]], ids: Sequence[str]) -> ViidAnswer:
    bad = [code for _, code in found if code]
    if not bad:
        return ViidAnswer(Reception.TAKEN)
    code = f"status_{bad[0]}"
    if any(each in _BUSY_CODES for each in bad):
        return ViidAnswer(Reception.BUSY, code)
    if len(found) == len(ids):  # one for each: an unknown id is told by its place
        refused = tuple(known for known, (_, each) in zip(ids, found, strict=True) if each)
    else:
        named = {subject for subject, each in found if each}
        refused = tuple(each for each in ids if each in named) or tuple(ids)
    return ViidAnswer(Reception.REFUSED, code, refused)


def _statuses(content: bytes) -> list[tuple[str, int]]:
    """Finds the status objects: id and code of each. Empty if the body is none of this protocol."""
    whole = _json(content)
    outer = _get(whole, "responsestatuslistobject", "responsestatuslist")
    listed = outer if isinstance(outer, list) else _get(outer or whole, "responsestatusobject") or whole
    entries = listed if isinstance(listed, list) else [listed]
    return list(_entries(entries)) if len(entries) <= _MAX_STATUSES else []


def _entries(entries: list[Any]) -> Iterator[tuple[str, int]]:
    for each in entries:
        code = _get(each, "statuscode")
        if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) <= 4:
            code = int(code)
        if isinstance(code, bool) or not isinstance(code, int):
            continue
        subject = _get(each, "id")
        yield (subject if isinstance(subject, str) else ""), code


def _json(content: bytes) -> Any:
    if len(content) > MAX_ANSWER_BYTES:
        return None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _get(holder: Any, *names: str) -> Any:
    """Returns a member by its name in small letters; None if there is none."""
    if not isinstance(holder, dict):
        return None
    return next((value for name, value in holder.items() if name.lower() in names), None)
