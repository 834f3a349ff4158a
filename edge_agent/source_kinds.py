"""Tells the kinds of a camera's source apart, in one table: the rest of the agent asks for a source's traits."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final, TypeVar, assert_never
from urllib.parse import urlsplit

from provisioning.contracts.config.processes import (
    Camera,
    CameraSource,
    DropFolderSource,
    Gb28181Source,
    RecorderSource,
    ReplaySource,
    RtspSource,
    SnapshotSource,
    UploadSource,
    ViidSource,
)

_Source = TypeVar("_Source", bound=CameraSource)


class Arrival(StrEnum):
    """The way a camera's pictures come, which decides what its silence means."""

    STREAM = auto()
    """Live video that the agent fetches: it is never silent for long."""
    PUSHED = auto()
    """Single pictures that a device sends when it has one."""
    FETCHED = auto()
    """Single pictures that the agent asks for: it fails by itself when one does not come."""
    RECORDED = auto()
    """Recordings, and files that play the part of a camera: they may be silent as long as they like."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds before the first media, and between media, after which a receiver gives up."""

    connect_s: float
    read_s: float


@dataclass(frozen=True, slots=True)
class SourceTraits:
    """Traits of one camera's source, by which the agent treats it."""

    arrives: Arrival
    is_brought: bool = False
    """True if a device or an operator brings the pictures to an inlet of the agent; else the agent fetches them."""
    keeps_pace: bool = False
    """True if pictures come at their own pace, so that the redactor is rationed among such cameras."""
    can_wait: bool = False
    """True if a picture that waits for the redactor is there later too, as it is not of live video."""
    has_fixed_view: bool = False
    """True if its pictures show one scene and can be compared; a device or a person may choose each anew."""
    process_timeouts: Timeouts | None = None
    """Timeouts of a source that runs in a process of its own; None: it runs in the agent's."""
    has_sessions: bool = False
    """True if the agent opens its media session by session, each through a `MediaChannel`."""
    device_id: str = ""
    """Id of the recorder or platform that registers with the agent; empty without one."""
    channel_id: str = ""
    """Channel of a device that registers with the agent's GB/T 28181 platform; empty for any other source."""
    keepalive_s: float = 60.0
    """Seconds between the signs of life of a device that pushes pictures."""

    host: str = ""
    """Host that the agent fetches the pictures from; empty for any other source."""
    onvif_url: str | None = None
    """Address of its ONVIF device service, where the source has it; None: see `host`."""

    @property
    def is_uploaded(self) -> bool:
        """True for recordings that an operator uploads."""
        return self.is_brought and self.arrives is Arrival.RECORDED

    @property
    def is_registered(self) -> bool:
        """True for a channel of a device that registers with the agent's GB/T 28181 platform."""
        return bool(self.channel_id)


_REGISTERED: Final = Timeouts(connect_s=12.0, read_s=15.0)


def traits_of(source: CameraSource) -> SourceTraits:  # noqa: PLR0911 - a row for each kind
    """Returns a source's row of the table; a kind without one does not pass mypy."""
    match source:
        case RtspSource():
            return SourceTraits(
                Arrival.STREAM,
                keeps_pace=True,
                has_fixed_view=True,
                process_timeouts=Timeouts(source.connect_timeout_s, source.read_timeout_s),
                host=urlsplit(source.url).hostname or "",
            )
        case Gb28181Source():
            is_live = source.span is None
            return SourceTraits(
                Arrival.STREAM if is_live else Arrival.RECORDED,
                keeps_pace=is_live,
                can_wait=not is_live,
                has_fixed_view=True,
                process_timeouts=_REGISTERED,
                has_sessions=True,
                device_id=source.device_id,
                channel_id=source.channel_id,
            )
        case SnapshotSource():
            return SourceTraits(
                Arrival.FETCHED,
                keeps_pace=True,
                has_fixed_view=True,
                device_id=source.device_id or "",
                channel_id=source.channel_id or "",
                host=urlsplit(source.url or "").hostname or "",
                onvif_url=source.onvif_url,
            )
        case ViidSource():
            return SourceTraits(
                Arrival.PUSHED, is_brought=True, device_id=source.device_id, keepalive_s=source.keepalive_s
            )
        case DropFolderSource():
            return SourceTraits(Arrival.PUSHED, is_brought=True)
        case RecorderSource():
            return SourceTraits(
                Arrival.RECORDED, can_wait=True, has_fixed_view=True, process_timeouts=_REGISTERED, has_sessions=True
            )
        case UploadSource():
            return SourceTraits(Arrival.RECORDED, is_brought=True, can_wait=True)
        case ReplaySource():
            return SourceTraits(Arrival.RECORDED, keeps_pace=source.realtime, has_fixed_view=True)
        case _:
            assert_never(source)


def sources_of(cameras: Iterable[Camera], kind: type[_Source]) -> dict[str, _Source]:
    """Returns the sources of one kind by camera id, for the part of the agent that serves this kind."""
    return {camera.id: camera.source for camera in cameras if isinstance(camera.source, kind)}
