"""Fetches a span of a recorder piece by piece, and resumes where a piece broke off (`PlaybackPlan`).

Here, in the agent: the recorder's clock, the list of its recordings and the login. The process that plays a piece gets
one `ReplayRequest`. A recorder that lists nothing is asked in slices, so that one that plays on across a gap without a
sign can date pictures wrongly within one slice alone.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit

from edge_agent.clock import Clock
from edge_agent.credentials.camera_password import Unlock, read_password
from edge_agent.errors import (
    Ended,
    NoAnswer,
    NoPicture,
    NotFound,
    OnvifError,
    SourceError,
    Stalled,
    Unreachable,
    WrongCredentials,
)
from edge_agent.gb28181.sessions.invite import Span
from edge_agent.gb28181.sessions.playback_plan import PlaybackPlan
from edge_agent.host_port import host_port
from edge_agent.onvif.client import OnvifClient
from edge_agent.onvif.device_time import device_time
from edge_agent.onvif.http_exchange import HttpAddress
from edge_agent.sources.recorder.onvif_recordings import OnvifRecording, OnvifRecordings
from edge_agent.sources.recorder.replay_request import RTSP_PORTS, ReplayRequest
from edge_agent.sources.recorder.rtsp_session import RtspSession
from edge_agent.sources.span_progress import ClockReference, RecorderClock, SpanProgress
from provisioning.contracts.causes import recorders, streams
from provisioning.contracts.config.processes import Camera, Recorders, RecorderSource
from provisioning.contracts.config.recorder import Gb28181Recorder, OnvifRecorder, RtspRecorder
from provisioning.net.digest import Account

_T = TypeVar("_T")
_PORTS: Final = {"http": 80, "https": 443, **RTSP_PORTS}
_SLICE_MS: Final = 600_000
_WHOLE_MS: Final = 1_000
"""A piece that broke off nearer to its end is whole."""
_SURE_MS: Final = 2_000
"""An offset below this is none: neither clock nor picture is more exact."""
_FAR_MS: Final = 3_600_000
"""An offset beyond this is a wrong zone or a lost battery, and says nothing of the recordings."""


class RecorderPlayback:
    """Opens the pieces of a span. It remembers over all attempts how far it has come. Used by one thread at a time."""

    def __init__(
        self,
        camera_id: str,
        source: RecorderSource,
        recorder: RtspRecorder | OnvifRecorder,
        clock: Clock,
        unlock: Unlock | None,
    ) -> None:
        """Nothing is opened yet."""
        self._camera_id = camera_id
        self._source = source
        self._recorder = recorder
        self._clock = clock
        self._unlock = unlock
        self._plan = PlaybackPlan(Span(source.span.started_at_ms, source.span.ended_at_ms), whole_ms=_WHOLE_MS)
        self._recorder_clock: RecorderClock | None = None
        self._onvif = (
            OnvifRecordings(recorder.url, self._account, clock) if isinstance(recorder, OnvifRecorder) else None
        )
        self._recordings: list[OnvifRecording] = []
        self._reported = 0
        self._has_begun = self._is_said = self._has_pictures = False

    @property
    def is_over(self) -> bool:
        """True once the span has been fetched, or left out."""
        return self._plan.is_over

    @contextmanager
    def open(self) -> Iterator[ReplayRequest]:
        """Prepares the next piece. Being stopped, or a recorder that is not reached, is no attempt at a piece.

        Raises:
            NotFound: the recorder has nothing of the span, or no such channel.
            SourceError: it cannot be asked, see `OnvifRecordings`; or its clock cannot be believed.
        """
        self._has_begun = self._is_said = False
        request = self._request()
        is_attempt = True
        self._has_begun = True
        try:
            yield request
        except GeneratorExit:
            is_attempt = False
            raise
        except Unreachable:
            is_attempt = self._has_begun = False
            raise
        except NotFound:
            self._is_said = True
            raise
        except Ended as error:
            self._is_said = error.reason.code in {recorders.PLAYED_ALL.code, recorders.NO_MORE.code}
            if error.reason.code == recorders.PLAYED_ALL.code:
                self._plan.reach(request.ended_at_ms)
            raise
        finally:
            if is_attempt:
                self._plan.end(is_said=self._is_said)

    def reach(self, at_ms: int) -> None:
        self._plan.reach(at_ms)
        self._has_pictures = True

    def excuses(self, error: SourceError) -> bool:
        """True if the recorder hung up, stopped, or has nothing of this piece; not if it had nothing of them all."""
        if isinstance(error, NotFound):
            return self._has_begun and (self._has_pictures or not self._plan.is_over)
        return self._has_begun and isinstance(error, Ended | Stalled)

    def complaints(self) -> list[str]:
        """Returns the pieces that were left out since the last call."""
        reported, self._reported = self._reported, len(self._plan.left_out)
        return [
            f"a piece of the recording could not be had in three attempts: {piece.ended_at_ms - piece.started_at_ms} ms"
            f" from {piece.started_at_ms} (Unix milliseconds)"
            for piece in self._plan.left_out[reported:]
        ]

    def progress(self) -> SpanProgress:
        """Returns the progress as of now. From any thread."""
        return SpanProgress.of(self._source.span, self._plan, self._recorder_clock or RecorderClock())

    # --- inside

    def _request(self) -> ReplayRequest:
        if self._recorder_clock is None:
            self._recorder_clock = self._measured()
        if not self._plan.is_listed:
            self._list(self._recorder_clock.offset_ms)
        piece, recorder = self._plan.piece or self._plan.span, self._recorder
        request = ReplayRequest(
            url=recorder.url if isinstance(recorder, RtspRecorder) else "rtsp://-",
            username=recorder.username,
            password=self._password(),
            is_sealed=recorder.password_sealed is not None,
            started_at_ms=piece.started_at_ms,
            ended_at_ms=piece.ended_at_ms,
            offset_ms=self._recorder_clock.offset_ms,
            speed=min(self._source.speed or recorder.speed, recorder.speed),
            connect_timeout_s=recorder.connect_timeout_s,
            read_timeout_s=recorder.read_timeout_s,
        )
        if isinstance(recorder, RtspRecorder):
            return request.model_copy(update=self._address(recorder, request))
        token = self._token(request)
        onvif = {"url": self._asked(lambda onvif: onvif.replay_url(token)), "faster": "rate_control", "is_onvif": True}
        return request.model_copy(update=onvif)

    def _address(self, recorder: RtspRecorder, request: ReplayRequest) -> dict[str, object]:
        template, channel = recorder.template, self._source.channel
        start, end = (
            datetime.fromtimestamp((each + request.offset_ms) // 1000, recorder.offset_of_zone)
            for each in (request.started_at_ms, request.ended_at_ms + 999)
        )
        times = {"start": start.strftime(recorder.template_time), "end": end.strftime(recorder.template_time)}
        return {
            "url": template.format(channel=quote(channel, safe=""), **times),
            "faster": recorder.faster,
            "has_times": recorder.has_times,
            "channel": channel,
            "channel_pattern": channel_pattern(template),
        }

    def _list(self, offset_ms: int) -> None:
        if self._onvif is None:
            span = self._plan.span
            starts = range(span.started_at_ms, span.ended_at_ms, _SLICE_MS)
            self._plan.list_recordings([Span(at_ms, min(at_ms + _SLICE_MS, span.ended_at_ms)) for at_ms in starts])
            return
        listed = self._asked(lambda onvif: onvif.recordings())
        self._recordings = [each for each in listed if each.is_of(self._source.channel)]
        if not self._recordings:
            known = ", ".join(sorted({name for each in listed for name in (each.names or {each.token})})[:8]) or "-"
            raise NotFound(
                self._camera_id,
                recorders.NO_SUCH_CHANNEL(place=self._place, channel=self._source.channel, known=known),
            )
        if any(each.started_at_ms is None or each.ended_at_ms is None for each in self._recordings):
            self._plan.list_unknown()
            return
        span = self._plan.span
        held = [
            Span(each.started_at_ms - offset_ms, each.ended_at_ms - offset_ms)
            for each in self._recordings
            if each.started_at_ms is not None and each.ended_at_ms is not None
        ]
        if not any(each.started_at_ms < span.ended_at_ms and each.ended_at_ms > span.started_at_ms for each in held):
            raise NotFound(self._camera_id, recorders.NO_RECORDING(place=self._place))
        self._plan.list_recordings(held)

    def _token(self, request: ReplayRequest) -> str:
        """Returns the recording that holds the beginning of the piece."""
        at_ms = request.started_at_ms + request.offset_ms
        for each in self._recordings:
            if (each.started_at_ms or 0) <= at_ms + 999 and (each.ended_at_ms is None or at_ms < each.ended_at_ms):
                return each.token
        return self._recordings[0].token

    def _measured(self) -> RecorderClock:
        """Measures the recorder's clock, once for the whole span: the same picture has the same time in any attempt."""
        recorder = self._recorder
        if recorder.clock_offset_s is not None:
            return RecorderClock(recorder.clock_offset_s * 1000, ClockReference.STATED)
        if self._onvif is not None:
            return self._believed(self._asked(lambda onvif: onvif.time().skew_ms), ClockReference.ONVIF)
        if isinstance(recorder, RtspRecorder) and recorder.onvif_url is not None:
            client = OnvifClient(HttpAddress.of(recorder.onvif_url), self._account, self._clock)
            skew_ms = self._answered(lambda: device_time(client, self._clock).skew_ms)
            return self._believed(skew_ms, ClockReference.ONVIF)
        asked = ReplayRequest(
            url=recorder.url,
            started_at_ms=0,
            ended_at_ms=1,
            connect_timeout_s=recorder.connect_timeout_s,
            read_timeout_s=recorder.read_timeout_s,
        )
        with RtspSession(self._camera_id, asked, self._clock) as session:
            told_ms = session.date_ms()
        if told_ms is None:
            return RecorderClock()
        return self._believed(told_ms - self._clock.now_ms(), ClockReference.RTSP)

    def _believed(self, skew_ms: float, reference: ClockReference) -> RecorderClock:
        if abs(skew_ms) > _FAR_MS:
            minutes = round(abs(skew_ms) / 60_000)
            raise NoPicture(self._camera_id, recorders.CLOCK_FAR(place=self._place, minutes=minutes))
        return RecorderClock(0 if abs(skew_ms) < _SURE_MS else round(skew_ms / 1000) * 1000, reference)

    def _asked(self, ask: Callable[[OnvifRecordings], _T]) -> _T:
        onvif = self._onvif
        if onvif is None:
            raise AssertionError("no ONVIF recorder")
        return self._answered(lambda: ask(onvif))

    def _answered(self, ask: Callable[[], _T]) -> _T:
        """Calls ONVIF, and words its failures."""
        try:
            return ask()
        except OnvifError as error:
            cause = error.cause
            if cause == "wrong_credentials":
                is_sealed = self._recorder.password_sealed is not None
                refused = streams.SEALED_LOGIN_REFUSED if is_sealed else streams.LOGIN_REFUSED
                raise WrongCredentials(self._camera_id, refused(place=self._place)) from None
            kind = {"unreachable": Unreachable, "no_answer": NoAnswer}.get(cause, NoPicture)
            raise kind(self._camera_id, recorders.SEARCH_UNUSABLE(detail=error)) from None

    def _account(self) -> Account | None:
        password = self._password()
        username = self._recorder.username
        return None if password is None or username is None else Account(username, password)

    def _password(self) -> str | None:
        try:
            return read_password(self._recorder.secret_name, self._recorder, self._unlock)
        except WrongCredentials as error:
            raise WrongCredentials(self._camera_id, error.reason) from None

    @property
    def _place(self) -> str:
        parts = urlsplit(self._recorder.url)
        return host_port(parts.hostname, parts.port or _PORTS[parts.scheme])


def playback_of(camera: Camera, recorders: Recorders, clock: Clock, unlock: Unlock | None) -> RecorderPlayback | None:
    """Returns the way to a camera's span of a recorder; None for any other camera."""
    source = camera.source
    if not isinstance(source, RecorderSource):
        return None
    for recorder in recorders:
        if recorder.id == source.recorder and not isinstance(recorder, Gb28181Recorder):
            return RecorderPlayback(camera.id, source, recorder, clock, unlock)
    return None


def channel_pattern(template: str) -> str:
    """Returns the pattern that finds the channel in an address of this form; empty where it cannot be told apart."""
    before, field, after = template.partition("{channel}")
    path = urlsplit(before).path + (f"?{urlsplit(before).query}" if urlsplit(before).query else "")
    if not field or "{" in path or not path.strip("/"):
        return ""
    behind = re.match(r"[^/?&{]*", after)
    return f"{re.escape(path)}([^/?&]{{1,128}}?){re.escape(behind[0] if behind else '')}(?=[/?&]|$)"
