"""An agent's recorders: what a site's NVR is asked for a span of the past, by three ways, and the span as a source.

A camera's live source is never changed by it: a span is fetched by a camera of its own, whose source names the recorder
(`RecorderSource`, or a `Gb28181Source` with a span).
"""

import re
import string
from collections.abc import Iterable
from datetime import timedelta, timezone
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from provisioning.contracts.config.camera import (
    AuthenticatedSource,
    Camera,
    Gb28181Source,
    RecordedSpan,
    RecorderSource,
)
from provisioning.contracts.ids import CameraId
from provisioning.contracts.section import RtspUrl, ServiceUrl
from provisioning.contracts.wire.bounds import MAX_CAMERAS

MAX_RECORDERS: Final = 32
_FIELDS: Final = frozenset({"channel", "start", "end"})
_TIME_FORMAT: Final = r"^(?:%[YmdHMS]|[A-Za-z0-9_:.-])+$"


def _template(url: str) -> str:
    try:
        parts = list(string.Formatter().parse(url))
    except ValueError as error:
        raise ValueError(f"the address is no template: {error}") from error
    named = {name for _, name, _, _ in parts if name is not None}
    if any(spec or conversion for _, _, spec, conversion in parts) or not named <= _FIELDS:
        raise ValueError("an address has the fields {channel}, {start} and {end}, and no others")
    if ("start" in named) != ("end" in named):
        raise ValueError("{start} and {end} go together; without them the span is asked for by `Range: clock=`")
    if any(name in urlsplit(url).netloc for name in ("{", "}")):
        raise ValueError("the host is no part of the template")
    return url


UrlTemplate = Annotated[RtspUrl, AfterValidator(_template)]


class _Recorder(AuthenticatedSource):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    channels: dict[CameraId, Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]] = Field(
        default={}, max_length=MAX_CAMERAS
    )
    """The recorder's channel of each camera, by camera id."""
    speed: int = Field(default=1, ge=1, le=16)
    """Largest multiple of real time that is asked for; also where more comes, no more is taken."""

    @property
    def secret_name(self) -> str:
        """Name that its sealed password is bound to, in place of a camera's id, which never has a `/`."""
        return f"recorder/{self.id}"


class _PlayedRecorder(_Recorder):
    clock_offset_s: int | None = Field(default=None, ge=-86400, le=86400)
    """Seconds by which its clock is ahead of true time. None: it is asked for its time."""
    connect_timeout_s: float = Field(default=5.0, gt=0, le=60)
    read_timeout_s: float = Field(default=10.0, gt=0, le=60)


class RtspRecorder(_PlayedRecorder):
    """A recorder that plays a span at an RTSP address: of a maker's form, or of a template."""

    kind: Literal["rtsp"] = "rtsp"
    form: Literal["hikvision", "dahua", "free"] = "free"
    url: UrlTemplate
    """The host alone, `rtsp://10.0.0.5:554`, with a maker's form. Else the whole address, with the fields {channel},
    {start} and {end}; without the last two, the span is asked for by `Range: clock=` (RFC 2326, 3.7)."""
    time_format: str = Field(default="%Y%m%dT%H%M%SZ", pattern=_TIME_FORMAT)
    """Form of {start} and {end} in a free address: %Y %m %d %H %M %S, letters, digits and `_:.-`."""
    zone: str | None = Field(default=None, pattern=r"^[+-](?:0[0-9]|1[0-4]):[0-5][0-9]$")
    """Zone of the times in its addresses, as +08:00. A Z that a maker writes says nothing: many mean local time."""
    faster: Literal["speed", "scale", "rate_control"] = "speed"
    """Request for more than real time: `Speed` (RFC 2326, 12.35), `Scale` (12.34) or `Rate-Control: no`."""
    onvif_url: ServiceUrl | None = None
    """ONVIF device service, to ask for its time; None: the `Date` of its RTSP answers."""

    @property
    def template(self) -> str:
        """Returns the address with its fields."""
        return self.url.rstrip("/") + _FORMS[self.form][0] if self.form in _FORMS else self.url

    @property
    def template_time(self) -> str:
        """Returns the form of the times in the address."""
        return _FORMS[self.form][1] if self.form in _FORMS else self.time_format

    @property
    def has_times(self) -> bool:
        """True if the address holds the span; else it goes into the header `Range`."""
        return "{start}" in self.template

    @property
    def offset_of_zone(self) -> timezone:
        """Returns the zone of the times in the address."""
        sign, hours, minutes = re.fullmatch(r"([+-])(\d\d):(\d\d)", self.zone or "+00:00").groups()  # type: ignore[union-attr] # the pattern of `zone`
        east = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-east if sign == "-" else east)

    @model_validator(mode="after")
    def _whole_address(self) -> Self:
        if self.form in _FORMS and (urlsplit(self.url).path.strip("/") or urlsplit(self.url).query):
            raise ValueError(f"form {self.form} has its own path: give the host alone, as rtsp://10.0.0.5:554")
        if "{channel}" not in self.template and len(set(self.channels.values())) > 1:
            raise ValueError("url: without {channel} it is the address of one channel")
        if self.has_times and self.zone is None:
            raise ValueError("zone: state that of the times in the address; in China it is mostly +08:00")
        return self


class OnvifRecorder(_PlayedRecorder):
    """A recorder with ONVIF Profile G. A channel is a recording's token, or the token or name of its source."""

    kind: Literal["onvif"] = "onvif"
    url: ServiceUrl
    """Address of its ONVIF device service."""


class Gb28181Recorder(_Recorder):
    """A recorder that registers with the agent's [gb28181] server; its channels are the ids of its catalog."""

    kind: Literal["gb28181"] = "gb28181"
    device_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    transport: Literal["auto", "udp", "tcp_passive", "tcp_active"] = "auto"
    heartbeat_s: float = Field(default=60.0, ge=1, le=600)
    set_guard: bool = False
    span_shift_s: int = Field(default=0, ge=-86400, le=86400)

    def source(self, channel_id: str, span: RecordedSpan | None = None, speed: int = 1) -> Gb28181Source:
        """Returns a channel as the source of a camera. Its login is the device's own."""
        return Gb28181Source(
            username=self.username,
            password_file=self.password_file,
            password_sealed=self.password_sealed,
            device_id=self.device_id,
            channel_id=channel_id,
            transport=self.transport,
            heartbeat_s=self.heartbeat_s,
            set_guard=self.set_guard,
            span=span,
            speed=None if speed == 1 or span is None else speed,
            span_shift_s=self.span_shift_s,
        )

    @model_validator(mode="after")
    def _never_without_password(self) -> Self:
        if self.username is None:
            raise ValueError("a device that registers needs a username and a password of its own; most use their id")
        if any(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", channel) is None for channel in self.channels.values()):
            raise ValueError("channels: give the ids of the recorder's catalog, 20 digits by the standard")
        return self


Recorder = Annotated[RtspRecorder | OnvifRecorder | Gb28181Recorder, Field(discriminator="kind")]
Recorders = Annotated[tuple[Recorder, ...], Field(max_length=MAX_RECORDERS)]


def check_recorders(recorders: Recorders, cameras: Iterable[Camera]) -> None:
    """Checks that recorders are distinct, and that a camera's span is of one that is there.

    Raises:
        ValueError: they are not; names them and the remedy.
    """
    ids = [recorder.id for recorder in recorders]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise ValueError(f"recorder ids must differ, found twice: {', '.join(twice)}")
    for camera in cameras:
        source = camera.source
        if isinstance(source, RecorderSource) and source.recorder not in ids:
            raise ValueError(
                f"camera {camera.id} fetches a span of recorder {source.recorder}: give it in [[recorders]]"
            )


def registered(recorders: Recorders) -> dict[str, Gb28181Source]:
    """Returns the recorders that register with the agent, as a device's own channel, by `secret_name`."""
    return {
        recorder.secret_name: recorder.source(recorder.device_id)
        for recorder in recorders
        if isinstance(recorder, Gb28181Recorder)
    }


_FORMS: Final = {
    "hikvision": ("/Streaming/tracks/{channel}01?starttime={start}&endtime={end}", "%Y%m%dT%H%M%SZ"),
    "dahua": ("/cam/playback?channel={channel}&subtype=0&starttime={start}&endtime={end}", "%Y_%m_%d_%H_%M_%S"),
}
