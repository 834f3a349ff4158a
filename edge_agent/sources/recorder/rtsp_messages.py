"""Writes RTSP requests and reads what a server sends on one connection: answers, requests of its own, and RTP between.

Bytes only (RFC 2326; interleaving: 10.12). Every length is bounded before it is believed.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

MAX_HEAD_BYTES: Final = 16 * 1024
MAX_BODY_BYTES: Final = 64 * 1024
_MAX_LINES: Final = 512
_MAX_SETS: Final = 8
_DOLLAR: Final = 0x24
_STATUS: Final = re.compile(r"RTSP/[12]\.\d ([1-5]\d\d)(?: .*)?")
_REQUEST: Final = re.compile(r"([A-Z_]{3,20}) \S{1,1024} RTSP/[12]\.\d")
_CLOCK: Final = re.compile(r"clock\s*=\s*(\d{8}T\d{6})(?:\.(\d{1,9}))?Z?\s*-\s*(?:(\d{8}T\d{6})(?:\.\d{1,9})?Z?)?")
_RTPMAP: Final = re.compile(r"rtpmap:(\d{1,3}) ([A-Za-z0-9-]{1,32})/(\d{1,9})")
_SETS: Final = re.compile(r"(?:sprop-parameter-sets|sprop-vps|sprop-sps|sprop-pps)=([A-Za-z0-9+/=,]{1,4096})")


class RtspSyntaxError(ValueError):
    """Bytes of a recorder are no RTSP."""


@dataclass(frozen=True, slots=True)
class RtspAnswer:
    """An answer to a request."""

    status: int
    headers: Mapping[str, str]
    """Values by lower-case name; of several with one name the first."""
    challenges: tuple[str, ...]
    """Values of all `WWW-Authenticate` headers, in their order."""
    body: bytes


@dataclass(frozen=True, slots=True)
class RtspRequest:
    """A request of the server: `ANNOUNCE` and `PLAY_NOTIFY` report an end."""

    method: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Interleaved:
    """One packet of RTP or RTCP."""

    channel: int
    data: bytes


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The first video of a session description."""

    control: str
    """Its own address, for SETUP."""
    aggregate: str
    """Address of the whole presentation, for all that follows."""
    payload_type: int
    encoding: str
    """As in `a=rtpmap`, upper case: H264, H265, MP2P."""
    parameter_sets: tuple[bytes, ...]


def write_request(method: str, url: str, number: int, headers: Mapping[str, str]) -> bytes:
    """Writes a request without a body. The values hold no line break: they come from the configuration alone."""
    lines = (f"{method} {url} RTSP/1.0", f"CSeq: {number}", *(f"{name}: {value}" for name, value in headers.items()))
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class RtspReader:
    """Cuts a server's bytes into messages and packets."""

    def __init__(self) -> None:
        self._held = bytearray()

    def push(self, data: bytes) -> Iterator[RtspAnswer | RtspRequest | Interleaved]:
        """Yields what is whole.

        Raises:
            RtspSyntaxError: it makes no sense to read on.
        """
        self._held += data
        while self._held:
            if self._held[0] == _DOLLAR:
                if len(self._held) < 4:
                    return
                end = 4 + int.from_bytes(self._held[2:4])
                if len(self._held) < end:
                    return
                packet = Interleaved(self._held[1], bytes(self._held[4:end]))
                del self._held[:end]
                yield packet
            elif self._held[0] in b"\r\n":
                del self._held[0]
            else:
                message = self._message()
                if message is None:
                    return
                yield message

    def _message(self) -> RtspAnswer | RtspRequest | None:
        head_bytes = self._held.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
        first = bytes(self._held[:64]).split(b"\r\n")[0].decode("latin-1")
        if not _may_begin(first) or (head_bytes < 0 and len(self._held) >= MAX_HEAD_BYTES):
            raise RtspSyntaxError("it answers with something that is no RTSP")
        if head_bytes < 0:
            return None
        lines = bytes(self._held[:head_bytes]).decode("utf-8", "replace").split("\r\n")
        pairs = [
            (name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])
        ]
        headers = dict(reversed(pairs))
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and int(length[:9]) <= MAX_BODY_BYTES):
            raise RtspSyntaxError("the length of an answer is none")
        end = head_bytes + 4 + int(length[:9])
        if len(self._held) < end:
            return None
        body = bytes(self._held[head_bytes + 4 : end])
        del self._held[:end]
        if (status := _STATUS.fullmatch(lines[0])) is not None:
            challenges = tuple(value for name, value in pairs if name == "www-authenticate")
            return RtspAnswer(int(status[1]), headers, challenges, body)
        if (request := _REQUEST.fullmatch(lines[0])) is not None:
            return RtspRequest(request[1], headers, body)
        raise RtspSyntaxError("it answers with something that is no RTSP")


def _may_begin(text: str) -> bool:
    """True if a message may begin with this text, however little of it is there."""
    return "RTSP/"[: len(text)] == text[:5] or re.fullmatch(r"[A-Z_]{1,20}(?: .*)?", text) is not None


def video_track(body: bytes, base: str) -> VideoTrack | None:
    """Reads the first video of a session description (RFC 4566); None where there is none.

    `base`: its address. Relative ones are put behind it, query and all, as FFmpeg does and servers expect.
    """
    whole, control, payload_type, encoding, sets = "", "", -1, "", list[bytes]()
    has_media = False
    is_video = False
    for line in body.decode("utf-8", "replace").splitlines()[:_MAX_LINES]:
        kind, _, value = line.strip().partition("=")
        if kind == "m":
            if is_video:
                break
            has_media, parts = True, value.split()
            is_video = len(parts) >= 4 and parts[0] == "video" and parts[3].isascii() and parts[3].isdigit()
            payload_type = int(parts[3][:3]) if is_video else -1
        elif not has_media and value.startswith("control:"):
            whole = value.removeprefix("control:").strip()
        elif is_video and kind == "a":
            if value.startswith("control:"):
                control = value.removeprefix("control:").strip()
            elif (mapped := _RTPMAP.match(value)) is not None and int(mapped[1]) == payload_type:
                encoding = mapped[2].upper()
            elif value.startswith("fmtp:"):
                sets += _parameter_sets(value)
    if not 0 <= payload_type < 128 or len(control + whole) > 1024 or not (control + whole).isprintable():
        return None
    aggregate = _behind(base, whole)
    return VideoTrack(_behind(aggregate, control), aggregate, payload_type, encoding, tuple(sets[:_MAX_SETS]))


def _behind(base: str, control: str) -> str:
    if control in {"", "*"}:
        return base
    if "://" in control:
        return control
    return f"{base}{'' if base.endswith('/') else '/'}{control}"


def _parameter_sets(fmtp: str) -> list[bytes]:
    sets = []
    for found in _SETS.finditer(fmtp):
        for text in found[1].split(","):
            try:
                sets.append(base64.b64decode(text, validate=True))
            except binascii.Error:
                continue  # the stream repeats them, as nearly all do
    return [each for each in sets if 2 <= len(each) <= 1024]


def clock_range(text: str) -> tuple[int, int | None] | None:
    """Reads `Range: clock=` (RFC 2326, 3.7): start and end, Unix milliseconds; None for any other range."""
    found = _CLOCK.search(text[:256])
    if found is None:
        return None
    start, end = _utc_ms(found[1]), None if found[3] is None else _utc_ms(found[3])
    return None if start is None else (start + int(f"{found[2] or 0:0<3}"[:3]), end)


def _utc_ms(text: str) -> int | None:
    try:
        at = datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def write_clock_range(started_at_ms: int, ended_at_ms: int) -> str:
    """Writes `clock=…Z-…Z`, in whole seconds: some recorders read no fraction."""
    start, end = (datetime.fromtimestamp(each // 1000, UTC) for each in (started_at_ms, ended_at_ms + 999))
    return f"clock={start:%Y%m%dT%H%M%SZ}-{end:%Y%m%dT%H%M%SZ}"
