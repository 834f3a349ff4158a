"""A simulated recorder: plays what it has recorded over RTSP, in the forms of makers or by `Range`, and misbehaves.

Its times are those of its own clock. Each connection is served by a thread; media go out interleaved.
"""

import base64
import re
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote

from provisioning.net.digest import Account, parse, response
from tests.support.recorded_film import PER_SECOND, Film, nal_units
from tests.support.waiting import LONG_S

HOST: Final = "127.0.0.1"
REALM: Final = "recorder"
_MTU: Final = 1200
_NTP_UNIX_S: Final = 2_208_988_800
_HIKVISION: Final = re.compile(r"/Streaming/tracks/(.+)01\?starttime=(\w+)&endtime=(\w+)")
_DAHUA: Final = re.compile(r"/cam/playback\?channel=(.+)&subtype=0&starttime=(\w+)&endtime=(\w+)")
_FREE: Final = re.compile(r"/replay/([^/?]+)")
_SETS: Final = (7, 8)
"""NAL unit types of H.264 parameter sets."""
_CLOCK: Final = re.compile(r"clock=(\w+)-(\w+)?")


@dataclass
class Behaviour:
    """What it has, and how it plays."""

    recordings: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Spans by channel, in seconds of its own clock."""
    ahead_s: float = 0.0
    """Its clock minus true time."""
    zone: timezone = UTC
    """Zone in which it reads the times of addresses."""
    dates: bool = True
    """Its answers have a `Date`."""
    tells_range: bool = True
    has_extension: bool = False
    """It plays by ONVIF: each picture has its time."""
    login: Account | None = None
    most_speed: int = 16
    hangs_up_after: list[float] = field(default_factory=list)
    """Seconds of media after which a connection is closed: one for each connection, then none."""
    silent_after_s: float | None = None
    stands_still: bool = False
    """Every picture has the timestamp of the first."""
    shift_s: int = 0
    """It plays so much later than it was asked to."""
    plays_channel: str = ""
    """It plays another channel than it was asked for, and says so in the address that it answers with."""
    is_endless: bool = False
    """It plays on when the span is over, beyond all recordings."""
    is_hasty: bool = False
    """It sends as fast as it can."""
    jumps_gaps: bool = False
    """It plays on across a gap; else it says that it is over."""
    describes_sets: bool = False
    """The parameter sets stand in the session description alone."""
    answer: Callable[[str], bytes | None] = lambda _method: None
    """Answers a request with these bytes in its stead."""


@dataclass
class Asked:
    """One request."""

    method: str
    url: str
    headers: dict[str, str]


class RtspRecorder:
    """Serves until the context ends."""

    def __init__(self, behaviour: Behaviour, film: Film | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self._tls = tls
        self.film = film or Film()
        self.asked: list[Asked] = []
        self.sent_ms: list[int] = []
        """Moments of the pictures that went out, by its clock."""
        self._closing = threading.Event()
        self._listener = socket.create_server((HOST, 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'rtsp' if self._tls is None else 'rtsps'}://{HOST}:{self.port}"

    def methods(self, *wanted: str) -> list[str]:
        return [each.method for each in self.asked if not wanted or each.method in wanted]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._closing.set()
        self._listener.close()
        for thread in self._threads:
            thread.join(LONG_S)

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._closing.is_set():
                if not select.select([self._listener], [], [], 0.05)[0]:
                    continue
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            line = connection if self._tls is None else self._tls.wrap_socket(connection, server_side=True)
            with line:
                _Line(self, line, self._closing).serve()


class _Line:
    """One connection."""

    def __init__(self, recorder: RtspRecorder, connection: socket.socket, closing: threading.Event) -> None:
        self._recorder = recorder
        self._does = recorder.behaviour
        self._connection = connection
        self._closing = closing
        self._held = b""
        self._span = (0, 0)
        self._channel = self._base = ""
        self._speed = 1.0
        self._counts = 1.0
        """Seconds of timestamps in a recorded second."""
        self._sequence = 65_500
        self._plays = False
        self._nonce = f"{id(self):x}"

    def serve(self) -> None:
        while not self._closing.is_set():
            if self._plays:
                self._play()
                return
            request = self._request(0.05)
            if request is not None and not self._answer(request):
                return

    def _request(self, wait_s: float) -> Asked | None:
        """Reads the next request, if there is one."""
        if b"\r\n\r\n" not in self._held:
            if not select.select([self._connection], [], [], wait_s)[0]:
                return None
            data = self._connection.recv(65_536)
            if not data:
                raise ConnectionResetError
            self._held += data
        head, found, rest = self._held.partition(b"\r\n\r\n")
        if not found:
            return None
        self._held = rest
        first, *lines = head.decode().split("\r\n")
        method, url, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        asked = Asked(method, url, headers)
        self._recorder.asked.append(asked)
        return asked

    def _answer(self, asked: Asked) -> bool:
        """Answers; False: the connection is over."""
        if (given := self._does.answer(asked.method)) is not None:
            self._connection.sendall(given.replace(b"$CSEQ", asked.headers["cseq"].encode()))
            return True
        if self._does.login is not None and asked.method != "OPTIONS" and not self._is_let_in(asked):
            self._say(asked, 401, {"WWW-Authenticate": f'Digest realm="{REALM}", nonce="{self._nonce}"'})
            return True
        match asked.method:
            case "DESCRIBE":
                self._describe(asked)
            case "SETUP":
                self._say(asked, 200, {"Session": "42;timeout=60", "Transport": asked.headers["transport"]})
            case "PLAY":
                self._begin(asked)
            case "TEARDOWN":
                self._say(asked, 200, {})
                return False
            case _:
                self._say(asked, 200, {"Public": "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"})
        return True

    def _is_let_in(self, asked: Asked) -> bool:
        claim = parse(asked.headers.get("authorization", ""))
        account = self._does.login
        if claim is None or account is None or claim.nonce != self._nonce or claim.username != account.username:
            return False
        return claim.uri == asked.url and claim.response == response(account, claim, asked.method)

    def _describe(self, asked: Asked) -> None:
        path = asked.url.partition("://")[2].partition("/")[2]
        for form, time_form in ((_HIKVISION, "%Y%m%dT%H%M%SZ"), (_DAHUA, "%Y_%m_%d_%H_%M_%S")):
            if (found := form.fullmatch("/" + path)) is not None:
                self._channel = unquote(found[1])
                self._span = (self._read(found[2], time_form), self._read(found[3], time_form))
        if (found := _FREE.match("/" + path)) is not None:
            self._channel = unquote(found[1])
        if not any(
            not self._span[0] or (start < self._span[1] and end > self._span[0])
            for start, end in self._does.recordings.get(self._channel, ())
        ):
            self._say(asked, 404, {})
            return
        codec = self._recorder.film.codec.upper()
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=play\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=control:trackID=1\r\n"
            f"a=rtpmap:96 {codec}/90000\r\na=fmtp:96 packetization-mode=1{self._sets()}\r\n"
            "m=audio 0 RTP/AVP 8\r\na=control:trackID=2\r\n"
        ).encode()
        base = f"{asked.url}/"
        if self._does.plays_channel:
            base = base.replace(f"/{self._channel}01", f"/{self._does.plays_channel}01")
            base = base.replace(f"channel={self._channel}", f"channel={self._does.plays_channel}")
        self._base = base
        self._say(asked, 200, {"Content-Type": "application/sdp", "Content-Base": base}, body)

    def _sets(self) -> str:
        if not self._does.describes_sets:
            return ""
        first = self._recorder.film.second(self._does.recordings[self._channel][0][0])[0]
        sets = [nal for nal in nal_units(first) if nal[0] & 0x1F in _SETS]
        return f"; sprop-parameter-sets={','.join(base64.b64encode(each).decode() for each in sets)}"

    def _read(self, text: str, form: str) -> int:
        return int(datetime.strptime(text, form).replace(tzinfo=self._does.zone).timestamp())

    def _begin(self, asked: Asked) -> None:
        if (found := _CLOCK.search(asked.headers.get("range", ""))) is not None:
            start, end = (self._read_utc(each) for each in found.groups())
            self._span = (start, end)
        headers = {"Session": "42", "RTP-Info": f"url={asked.url};seq=1;rtptime=0"}
        if asked.url != self._base:
            self._say(asked, 404, {})
            return
        if self._does.has_extension and asked.headers.get("require") != "onvif-replay":
            self._say(asked, 551, {"Unsupported": "none"})
            return
        for name in ("scale", "speed"):
            if name in asked.headers:
                self._speed = min(float(asked.headers[name]), self._does.most_speed)
                self._counts = 1 / self._speed if name == "scale" else 1.0
                headers[name.capitalize()] = f"{self._speed:.1f}"
        if asked.headers.get("rate-control") == "no":
            self._speed = 1e6
        if not self._seconds():
            self._say(asked, 457, {})
            return
        if self._does.tells_range:
            begins = datetime.fromtimestamp(self._seconds()[0], UTC)
            headers["Range"] = f"clock={begins:%Y%m%dT%H%M%SZ}-"
        self._plays = True
        self._say(asked, 200, headers)

    @staticmethod
    def _read_utc(text: str) -> int:
        return int(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())

    def _seconds(self) -> list[int]:
        """The seconds that it is to play; a keyframe begins each."""
        start, end = (each + self._does.shift_s for each in self._span)
        if self._does.is_endless:
            return list(range(start, start + 86_400))
        found: list[int] = []
        for began, ended in sorted(self._does.recordings.get(self._channel, ())):
            part = list(range(max(start, began), min(end, ended)))
            if part and found and not self._does.jumps_gaps:
                break
            found += part
        return found

    def _play(self) -> None:
        does, film, began_s, played_s = self._does, self._recorder.film, time.monotonic(), 0.0
        hangs_up_s = does.hangs_up_after.pop(0) if does.hangs_up_after else None
        for at_s in self._seconds():
            for number, unit in enumerate(film.second(at_s)):
                at_ms = at_s * 1000 + number * 1000 // PER_SECOND
                while (left_s := played_s / self._speed - (time.monotonic() - began_s)) > 0 and not does.is_hasty:
                    self._heed(min(left_s, 0.05))
                self._heed(0)
                if self._closing.is_set() or not self._plays or (hangs_up_s is not None and played_s >= hangs_up_s):
                    return
                while does.silent_after_s is not None and played_s >= does.silent_after_s:
                    if self._closing.is_set():
                        return
                    self._heed(0.05)
                stamp = 90_000 + (0 if does.stands_still else round(played_s * 90_000 * self._counts))
                self._send(unit, at_ms, stamp)
                self._recorder.sent_ms.append(at_ms)
                played_s += 1 / PER_SECOND
        self._frame(1, struct.pack(">BBHI", 0x81, 203, 1, 7))  # RTCP BYE
        while not self._closing.is_set() and self._plays:
            self._heed(0.05)

    def _heed(self, wait_s: float) -> None:
        """Answers what comes while it plays."""
        request = self._request(wait_s)
        if request is not None and not self._answer(request):
            self._plays = False

    def _send(self, unit: bytes, at_ms: int, stamp: int) -> None:
        units = [nal for nal in nal_units(unit) if not (self._does.describes_sets and nal[0] & 0x1F in _SETS)]
        packets = list(_payloads(units, self._recorder.film.codec))
        for number, payload in enumerate(packets):
            self._sequence = (self._sequence + 1) % 65_536
            marker = 0x80 if number == len(packets) - 1 else 0
            has_extension = self._does.has_extension and not number
            head = struct.pack(">BBHII", 0x90 if has_extension else 0x80, 96 | marker, self._sequence, stamp, 7)
            if has_extension:
                ntp = (at_ms + _NTP_UNIX_S * 1000) * (1 << 32) // 1000
                head += struct.pack(">HHQI", 0xABAC, 3, ntp, 0)
            self._frame(0, head + payload)

    def _frame(self, channel: int, data: bytes) -> None:
        self._connection.sendall(b"$" + bytes([channel]) + len(data).to_bytes(2) + data)

    def _say(self, asked: Asked, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        lines = [f"RTSP/1.0 {status} Word", f"CSeq: {asked.headers['cseq']}"]
        if self._does.dates:
            lines.append(f"Date: {formatdate(time.time() + self._does.ahead_s, usegmt=True)}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self._connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def _payloads(units: list[bytes], codec: str) -> Iterator[bytes]:
    """RTP payloads of an access unit: RFC 6184 or 7798, fragments where a unit is long."""
    head = 1 if codec == "h264" else 2
    for nal in units:
        if len(nal) <= _MTU:
            yield nal
            continue
        parts = [nal[at : at + _MTU] for at in range(head, len(nal), _MTU)]
        for number, part in enumerate(parts):
            flags = (0x80 if not number else 0) | (0x40 if number == len(parts) - 1 else 0)
            if codec == "h264":
                yield bytes([nal[0] & 0xE0 | 28, flags | nal[0] & 0x1F]) + part
            else:
                yield bytes([nal[0] & 0x81 | 49 << 1, nal[1], flags | nal[0] >> 1 & 0x3F]) + part


BEIJING: Final = timezone(timedelta(hours=8))
