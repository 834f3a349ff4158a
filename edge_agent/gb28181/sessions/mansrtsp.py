"""Writes and parses MANSRTSP, the bodies of INFO that control a playback.

Some devices answer with them or announce a recording's end. The first line says RTSP/1.0 in the text of 2022 and in the
field; MANSRTSP/1.0 is accepted, too.
"""

import re
from dataclasses import dataclass
from typing import Final

from edge_agent.gb28181.sip.errors import ProtocolError

CONTENT_TYPE: Final = "Application/MANSRTSP"
_MAX_BYTES: Final = 1 << 14
_MAX_LINES: Final = 64
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_COMMAND: Final = re.compile(
    r"([A-Za-z_]{1,32})(?:\s+\S{1,256})?\s+(?:MANS)?RTSP/[0-9]\.[0-9]", re.IGNORECASE | re.ASCII
)
_REPLY: Final = re.compile(r"(?:MANS)?RTSP/[0-9]\.[0-9]\s+([0-9]{3})(?:\s.*)?", re.IGNORECASE | re.ASCII)
_RANGE: Final = re.compile(r"npt\s*=\s*(now|[0-9]{1,9}(?:\.[0-9]{1,9})?)\s*-.*", re.IGNORECASE | re.ASCII)
_SCALE: Final = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,6})?", re.ASCII)
_CSEQ: Final = re.compile(r"[0-9]{1,10}", re.ASCII)


class MansrtspError(ProtocolError):
    """The body is neither a command nor a reply."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command: PLAY, PAUSE, TEARDOWN and the like."""

    method: str
    """The method's name, in capitals."""
    cseq: int | None = None
    scale: float | None = None
    """Multiple of real time; negative is backwards."""
    start_s: float | None = None
    """Seconds from the beginning of the invited span; None goes on from the current position."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to a command."""

    status: int
    cseq: int | None = None


def play(cseq: int, *, scale: float | None = None, start_s: float | None = None) -> bytes:
    """Writes PLAY: resume (no argument), another speed, or another position."""
    lines = [] if scale is None else [f"Scale: {scale}"]
    if start_s is not None:
        seconds = f"{start_s:.3f}".rstrip("0").rstrip(".")
        lines.append(f"Range: npt={seconds}-")
    elif scale is None:
        lines.append("Range: npt=now-")
    return _written("PLAY", cseq, *lines)


def pause(cseq: int) -> bytes:
    """Writes PAUSE at the current position."""
    return _written("PAUSE", cseq, "PauseTime: now")


def teardown(cseq: int) -> bytes:
    """Writes TEARDOWN; a BYE does the same, and more devices know it."""
    return _written("TEARDOWN", cseq)


def parse(body: bytes) -> Command | Reply:
    """Parses one body. Raises MansrtspError for anything that is none."""
    if len(body) > _MAX_BYTES:
        raise MansrtspError(f"a body of {len(body)} bytes; {_MAX_BYTES} is the most that is read")
    first, *lines = _LINE_END.split(body.replace(b"\x00", b"").decode("utf-8", "replace").strip())
    if len(lines) > _MAX_LINES:
        raise MansrtspError(f"{len(lines)} lines, over {_MAX_LINES}")
    fields = {
        name.strip().lower(): value.strip() for name, colon, value in (each.partition(":") for each in lines) if colon
    }
    cseq = int(fields["cseq"]) if _CSEQ.fullmatch(fields.get("cseq", "")) else None
    if reply := _REPLY.fullmatch(first.strip()):
        return Reply(int(reply[1]), cseq)
    if command := _COMMAND.fullmatch(first.strip()):
        return Command(command[1].upper(), cseq, _scale(fields), _start_s(fields))
    raise MansrtspError("the first line is neither a command nor a reply of RTSP/1.0")


def _scale(fields: dict[str, str]) -> float | None:
    text = fields.get("scale", "")
    return float(text) if _SCALE.fullmatch(text) else None


def _start_s(fields: dict[str, str]) -> float | None:
    found = _RANGE.fullmatch(fields.get("range", ""))
    return float(found[1]) if found and found[1].lower() != "now" else None


def _written(method: str, cseq: int, *lines: str) -> bytes:
    return "\r\n".join([f"{method} RTSP/1.0", f"CSeq: {cseq}", *lines, "", ""]).encode("ascii")
