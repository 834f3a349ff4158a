"""Plays one piece of a recording over one RTSP connection, with the media interleaved in it, and words every failure.

The address is the configured one, and no redirect is followed. The password goes out in a digest, or in `Basic` where a
recorder knows nothing else.
"""

import re
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final, Self
from urllib.parse import urlsplit

from edge_agent.camera_http import login
from edge_agent.clock import Clock
from edge_agent.errors import (
    Ended,
    NoAnswer,
    NoPicture,
    NotFound,
    SourceError,
    TransportRefused,
    Unreachable,
    WrongCredentials,
)
from edge_agent.sources.recorder.replay_request import RTSP_PORTS, ReplayRequest
from edge_agent.sources.recorder.rtsp_messages import (
    Interleaved,
    RtspAnswer,
    RtspReader,
    RtspRequest,
    RtspSyntaxError,
    VideoTrack,
    clock_range,
    video_track,
    write_clock_range,
    write_request,
)
from provisioning.contracts.causes import recorders, streams
from provisioning.net.digest import Account

_READ_BYTES: Final = 64 * 1024
_WAIT_S: Final = 0.1
_LONGEST_STEP_S: Final = 0.5
"""More between two reads is no silence of the recorder's: this process stood still, and has not read what came."""
_ALIVE_S: Final = 20.0
"""Seconds between signs of life; a session without any lasts 60 s by default (RFC 2326, 12.37)."""
_MAX_EARLY: Final = 4096
"""Packets that may come before the answer to PLAY."""
_VIDEO: Final = 0
_CONTROL: Final = 1
_ENDS: Final = frozenset({"ANNOUNCE", "PLAY_NOTIFY"})
_LATE_MS: Final = 60_000
"""A recorder may begin this much before the span: at a keyframe, or at the beginning of a file."""


@dataclass(frozen=True, slots=True)
class Played:
    """Span and pace that a recorder granted in its answer to PLAY."""

    started_at_ms: int | None
    """Time from which the recorder says that it plays, by its clock; None: it does not say."""
    scale: float


class RtspSession:
    """One connection, as a context. `play` opens it, `read` gives what comes."""

    track: VideoTrack

    def __init__(self, camera_id: str, request: ReplayRequest, clock: Clock) -> None:
        """Nothing is opened yet."""
        self._camera_id = camera_id
        self._request = request
        self._clock = clock
        self._reader = RtspReader()
        self._sock: socket.socket | None = None
        self._number = 0
        self._url = request.url
        self._session = ""
        self._challenges: tuple[str, ...] = ()
        self._answers: deque[RtspAnswer] = deque()
        self._packets: deque[Interleaved] = deque()
        self._alive_s = 0.0
        self._read_s = clock.monotonic_s()
        self.waited_s = 0.0
        """Seconds in which this process listened to the recorder."""
        self.is_over = False
        """True once the recorder has said that nothing more comes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._sock is None:
            return
        try:
            if self._session:
                self._send("TEARDOWN", self._url, {})
        except SourceError:
            pass  # the connection that should be ended has ended
        finally:
            self._sock.close()

    def date_ms(self) -> int | None:
        """Asks for `OPTIONS`; returns the `Date` of the answer, in the middle of its second. None without one.

        Raises:
            SourceError: no answer.
        """
        self._connect()
        answer = self._call("OPTIONS", self._request.url, {}, threading.Event())
        try:
            at = parsedate_to_datetime(answer.headers.get("date", ""))
            return round(at.timestamp() * 1000) + 500
        except (TypeError, ValueError, OverflowError):
            return None

    def play(self, stop: threading.Event) -> Played:
        """Opens the session and lets the recorder begin.

        Raises:
            Unreachable, NoAnswer, TransportRefused, WrongCredentials: see `edge_agent.errors`.
            NotFound: it has no recording of this span, or no such channel.
            NoPicture: no RTSP, no video, another span or channel than was asked for, a redirect, or it is busy.
            Ended: it hung up, or `stop` is set.
        """
        self._connect()
        extra = {"Require": "onvif-replay"} if self._request.is_onvif else {}
        described = self._call("DESCRIBE", self._request.url, {"Accept": "application/sdp", **extra}, stop)
        base = described.headers.get("content-base") or described.headers.get("content-location") or self._request.url
        self._check_channel(base)
        track = video_track(described.body, self._at_home(base))
        if track is None:
            raise NoPicture(self._camera_id, streams.NO_VIDEO_STREAM(place=self._request.place))
        self.track = track
        transport = "RTP/AVP/TCP;unicast;interleaved=0-1"
        setup = self._call("SETUP", self._at_home(track.control), {"Transport": transport, **extra}, stop)
        self._session = setup.headers.get("session", "").partition(";")[0].strip()[:128]
        if not self._session.isprintable():
            raise NoPicture(self._camera_id, streams.NO_RTSP_VIDEO(place=self._request.place))
        self._url = self._at_home(track.aggregate)
        return self._played(self._call("PLAY", self._url, extra | self._wanted(), stop))

    def read(self) -> list[Interleaved]:
        """Returns the packets that have arrived; waits a tenth of a second for the first. Keeps the session alive.

        Raises:
            Ended: the recorder hung up, or sends what is no RTSP.
        """
        if self._clock.monotonic_s() - self._alive_s > _ALIVE_S:
            self._send("OPTIONS", self._url, {})
        if not self._packets:
            self._receive()
        self._answers.clear()
        packets, self._packets = list(self._packets), deque()
        return [each for each in packets if each.channel in {_VIDEO, _CONTROL}]

    # --- inside

    def _wanted(self) -> dict[str, str]:
        request = self._request
        wanted = {"Range": "npt=0.000-"}
        if not request.has_times:
            shift_ms = request.offset_ms
            wanted["Range"] = write_clock_range(request.started_at_ms + shift_ms, request.ended_at_ms + shift_ms)
        if request.faster == "rate_control":
            wanted["Rate-Control"] = "no"
        elif request.speed > 1:
            wanted[request.faster.capitalize()] = f"{request.speed}.0"
        return wanted

    def _played(self, answer: RtspAnswer) -> Played:
        said = clock_range(answer.headers.get("range", ""))
        started_at_ms = None if said is None else said[0]
        if started_at_ms is not None:
            first_ms, last_ms = (
                each + self._request.offset_ms for each in (self._request.started_at_ms, self._request.ended_at_ms)
            )
            if not first_ms - _LATE_MS <= started_at_ms < last_ms:
                raise NoPicture(self._camera_id, recorders.OTHER_SPAN(place=self._request.place))
        try:
            scale = float(answer.headers.get("scale", "1")[:16])
        except ValueError:
            scale = 1.0
        return Played(started_at_ms, scale if self._request.faster == "scale" and 1 <= scale <= 64 else 1.0)

    def _check_channel(self, base: str) -> None:
        """Compares the channel in the recorder's own address with the wanted one, where it shows."""
        pattern = self._request.channel_pattern
        shown = re.search(pattern, base[:1024]) if pattern else None
        if shown is not None and shown[1] != self._request.channel:
            raise NoPicture(
                self._camera_id,
                recorders.OTHER_CHANNEL(place=self._request.place, channel=self._request.channel, given=shown[1]),
            )

    def _at_home(self, address: str) -> str:
        """Returns an address of the recorder's with the configured host: it may know itself by another."""
        own, theirs = urlsplit(self._request.url), urlsplit(address)
        if theirs.scheme not in {"rtsp", "rtsps"} or not address.isprintable() or len(address) > 1024:
            return self._request.url
        return theirs._replace(scheme=own.scheme, netloc=own.netloc).geturl()

    def _connect(self) -> None:
        parts = urlsplit(self._request.url)
        place, seconds = self._request.place, f"{self._request.connect_timeout_s:g}"
        port = parts.port or RTSP_PORTS[parts.scheme]
        failure: SourceError
        try:
            sock = socket.create_connection((parts.hostname or "", port), self._request.connect_timeout_s)
            try:
                self._sock = _tls().wrap_socket(sock) if parts.scheme == "rtsps" else sock
                self._sock.settimeout(self._request.read_timeout_s)
            except BaseException:  # raised again; only the connection is let go
                sock.close()
                raise
        except ConnectionRefusedError:
            failure = Unreachable(self._camera_id, streams.CONNECTION_REFUSED(place=place))
        except TimeoutError:
            failure = Unreachable(self._camera_id, streams.CONNECT_TIMEOUT(place=place, seconds=seconds))
        except (OSError, UnicodeError) as error:  # UnicodeError: a name such as `a..b`
            why = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
            failure = Unreachable(self._camera_id, streams.CANNOT_BE_OPENED(place=place, error=why))
        else:
            self._alive_s = self._clock.monotonic_s()
            return
        raise failure

    def _call(self, method: str, url: str, headers: Mapping[str, str], stop: threading.Event) -> RtspAnswer:
        """Sends a request, once more with a login if the recorder wants one; returns the answer 200."""
        answer = self._once(method, url, headers, stop)
        if answer.status == 401 and self._request.password is not None and answer.challenges != self._challenges:
            self._challenges = answer.challenges
            answer = self._once(method, url, headers, stop)
        if answer.status == 200:
            return answer
        raise self._refusal(method, answer)

    def _once(self, method: str, url: str, headers: Mapping[str, str], stop: threading.Event) -> RtspAnswer:
        self._answers.clear()
        self._send(method, url, headers)
        ends_s = self.waited_s + self._request.read_timeout_s
        while not self._answers:
            if stop.is_set():
                raise Ended(self._camera_id, streams.CLOSED_STREAM(place=self._request.place))
            if self.waited_s > ends_s or len(self._packets) > _MAX_EARLY:
                seconds = f"{self._request.read_timeout_s:g}"
                raise NoAnswer(self._camera_id, streams.ACCEPTS_AND_IS_MUTE(place=self._request.place, seconds=seconds))
            try:
                self._receive()
            except Ended:
                if not self._answers:
                    raise
        return self._answers.popleft()

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> None:
        self._number += 1
        self._alive_s = self._clock.monotonic_s()
        every = {**headers, "User-Agent": "wayside"}
        if self._session:
            every["Session"] = self._session
        username, password = self._request.username, self._request.password
        if self._challenges and username is not None and password is not None:
            value = login(self._challenges, Account(username, password), method, url, may_be_basic=True)
            if value is not None:
                every["Authorization"] = value
        try:
            self._open_socket.sendall(write_request(method, url, self._number, every))
        except OSError as error:
            raise self._broke_off(error) from None

    def _receive(self) -> None:
        """Reads once what is there, and sorts it."""
        data = self._arrived()
        before_s, self._read_s = self._read_s, self._clock.monotonic_s()
        self.waited_s += min(self._read_s - before_s, _LONGEST_STEP_S)
        if data is None:
            return
        if not data:
            raise Ended(self._camera_id, streams.CLOSED_STREAM(place=self._request.place))
        try:
            for each in self._reader.push(data):
                match each:
                    case Interleaved():
                        self._packets.append(each)
                    case RtspAnswer(status) if status >= 200:
                        self._answers.append(each)
                    case RtspRequest(method):
                        self.is_over = self.is_over or method in _ENDS
        except RtspSyntaxError:
            raise NoPicture(self._camera_id, streams.NO_RTSP_VIDEO(place=self._request.place)) from None

    def _arrived(self) -> bytes | None:
        """Reads what has arrived; None for nothing yet, empty at the end."""
        try:
            return self._open_socket.recv(_READ_BYTES) if self._is_readable() else None
        except (TimeoutError, ssl.SSLWantReadError):
            return None
        except OSError as error:
            raise self._broke_off(error) from None

    def _is_readable(self) -> bool:
        sock = self._open_socket
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return True
        waiting = select.poll()
        waiting.register(sock, select.POLLIN)
        return bool(waiting.poll(_WAIT_S * 1000))

    @property
    def _open_socket(self) -> socket.socket:
        if self._sock is None:
            raise Ended(self._camera_id, streams.CLOSED_STREAM(place=self._request.place))
        return self._sock

    def _broke_off(self, error: OSError) -> SourceError:
        return Ended(self._camera_id, streams.BROKE_OFF(place=self._request.place, error=type(error).__name__))

    def _refusal(self, method: str, answer: RtspAnswer) -> SourceError:
        camera_id, place, status = self._camera_id, self._request.place, answer.status
        if 300 <= status < 400:
            goal = urlsplit(answer.headers.get("location", "")[:1024]).hostname or "?"
            return NoPicture(camera_id, recorders.REDIRECTED(place=place, goal=goal))
        match status:
            case 401 | 403:
                refused = streams.SEALED_LOGIN_REFUSED if self._request.is_sealed else streams.LOGIN_REFUSED
                return WrongCredentials(camera_id, refused(place=place))
            case 404 | 410 | 416 | 457:
                return NotFound(camera_id, recorders.NO_RECORDING(place=place))
            case 453 | 503:
                failure = recorders.BUSY(place=place, status=status)
            case 461:
                return TransportRefused(camera_id, streams.NO_RTSP_OVER_TCP(place=place))
            case 551:
                failure = recorders.NO_ONVIF_REPLAY(place=place)
            case _:
                failure = recorders.REFUSED(place=place, method=method, status=status)
        return NoPicture(camera_id, failure)


def _tls() -> ssl.SSLContext:
    """A recorder's certificate is its own: it keeps bystanders out and proves nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
