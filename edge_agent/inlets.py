"""Inlets for pictures that the agent does not fetch: devices push them, files are dropped, recordings are uploaded.

Each camera of these kinds has its source here; the servers that feed them run in threads of their own. So does the
platform that GB/T 28181 devices register with; the way to their channels is here, too.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from edge_agent.clock import Clock
from edge_agent.credentials.camera_password import Unlock
from edge_agent.desk.browser.admission import OpenPermit, no_permit
from edge_agent.desk.handler import DeskServer
from edge_agent.gb28181.devices.events import Event, StatusTaken
from edge_agent.gb28181.platform import Platform
from edge_agent.health.camera_health import ClockMeasured
from edge_agent.source_kinds import sources_of, traits_of
from edge_agent.sources.gb28181.channel import LiveChannel, MediaChannel
from edge_agent.sources.gb28181.playback import Playback
from edge_agent.sources.gb28181.ports import MediaPorts
from edge_agent.sources.gb28181.sessions import MediaSessions
from edge_agent.sources.meter import Meter
from edge_agent.sources.pushed.bounded_decoder import BoundedDecoder
from edge_agent.sources.pushed.drop_folder import DropFolder
from edge_agent.sources.pushed.picture_queue import PictureQueue
from edge_agent.sources.recorder.playback import playback_of
from edge_agent.sources.snapshot.alarm_triggers import AlarmTriggers
from edge_agent.sources.snapshot.source import Snapshots
from edge_agent.sources.snapshot.upload_server import SnapshotServer
from edge_agent.sources.snapshot.uploads import ChannelSnapshots, SnapshotUploads
from edge_agent.sources.source import Source
from edge_agent.sources.upload.source import Uploads
from edge_agent.spool.spool import Spool
from edge_agent.viid.server import ViidServer
from provisioning.contracts.config.processes import (
    Camera,
    DropFolderSource,
    EdgeConfig,
    Gb28181,
    Gb28181Source,
    RecordedSpan,
    SnapshotSource,
    UploadSource,
    ViidSource,
)
from provisioning.contracts.config.recorder import registered
from provisioning.contracts.wire.messages import ClockSource, Recording

Serve = Callable[[threading.Event], None]
_ROOM_SHARE: Final = 0.8
"""Share of the spool beyond which an upload waits: the rest is for live pictures."""


class DeviceClocks:
    """Passes on what GB/T 28181 devices say of their clocks, to each live camera of theirs (a `Listener`)."""

    def __init__(self, channels: Mapping[str, Gb28181Source], measured: ClockMeasured) -> None:
        """`channels`: by camera id."""
        self._measured = measured
        self._cameras: dict[str, list[str]] = {}
        for camera_id, source in channels.items():
            if source.span is None:
                self._cameras.setdefault(source.device_id, []).append(camera_id)

    def heard(self, event: Event) -> None:
        match event:
            case StatusTaken(device_id, _, int(skew_ms), int(bound_ms)):
                for camera_id in self._cameras.get(device_id, ()):
                    self._measured(camera_id, ClockSource.SIP, skew_ms, bound_ms)


class Inlets:
    """The inlets of one agent under one configuration. Nothing is opened before its server runs."""

    def __init__(
        self,
        edge: EdgeConfig,
        spool: Spool,
        clock: Clock,
        *,
        unlock: Unlock | None,
        heard: Callable[[str], None],
        clock_measured: ClockMeasured,
        is_paused: Callable[[str], bool],
        is_held: Callable[[str], bool] = lambda _camera_id: False,
        open_permit: OpenPermit = no_permit,
    ) -> None:
        """`is_held`: the centre has paused this upload. `open_permit` verifies a permit for a browser's upload.

        `heard` is called with a camera's id when its device gives a sign of life, or its desk is open and idle.
        """
        self._decoding = BoundedDecoder()
        self._clock = clock
        self._unlock = unlock
        self._recorders = edge.recorders
        devices = sources_of(edge.cameras, ViidSource)
        self._pictures = PictureQueue(
            devices, 0 if edge.viid is None else edge.viid.memory_bytes, self._decoding, clock, spool, heard
        )
        limit_bytes = edge.spool.max_bytes * _ROOM_SHARE
        self._uploads = {
            camera.id: Uploads(
                camera.id,
                clock,
                has_room=lambda camera_id=camera.id: (  # type: ignore[misc] # bound now, not at call
                    spool.payload_bytes < limit_bytes and not is_held(camera_id)
                ),
                idle=lambda camera_id=camera.id: heard(camera_id),  # type: ignore[misc] # bound now, not at call
            )
            for camera in edge.cameras
            if traits_of(camera.source).is_uploaded
        }
        of_cameras = sources_of(edge.cameras, Gb28181Source) | {
            camera_id: source.channel
            for camera_id, source in sources_of(edge.cameras, SnapshotSource).items()
            if source.channel is not None
        }
        self.platform = (
            None
            if edge.gb28181 is None
            else Platform(
                edge.gb28181, of_cameras | registered(edge.recorders), edge.spool.directory, clock, unlock=unlock
            )
        )
        """Platform that GB/T 28181 devices register with; None without [gb28181]."""
        if self.platform is not None:
            self.platform.listen(DeviceClocks(of_cameras, clock_measured))
        self._sessions = (
            None if edge.gb28181 is None or self.platform is None else _sessions(edge.gb28181, self.platform, clock)
        )
        port = None if edge.gb28181 is None else edge.gb28181.snapshot_port
        self._snapshots = None if port is None else SnapshotUploads(port)
        if self.platform is not None and self._snapshots is not None:
            self.platform.listen(self._snapshots)
        self._triggers = AlarmTriggers()
        if self.platform is not None:
            self.platform.listen(self._triggers)
        self._desk: DeskServer | None = None
        self._open_permit = open_permit
        self.servers: Mapping[str, Serve] = self._servers(edge, devices, unlock, is_paused)
        """Loops to run, each in its own thread, by name."""

    def source(self, camera: Camera) -> Source | None:
        """Return the source of a camera that is not fetched; None for one that is."""
        match camera.source:
            case ViidSource():
                return self._pictures.source(camera.id)
            case DropFolderSource() as folder:
                return DropFolder(camera.id, folder, self._decoding, self._clock)
            case UploadSource():
                return self._uploads[camera.id]
            case SnapshotSource() as source if source.channel is not None:
                made = Snapshots(camera.id, source, self._clock, lambda: None, self._uploaded(camera.id, source))
                self._triggers.add(source.channel, made.trigger)
                return made
            case _:
                return None

    def recordings(self) -> Mapping[str, Recording]:
        """Progress of the recordings uploaded last, by camera; empty without [desk]."""
        return {} if self._desk is None else self._desk.recordings()

    def left(self) -> Iterator[tuple[str, str]]:
        """Camera and observation id of pushed pictures that are left unread, once cameras and servers have ended."""
        return self._pictures.left()

    def channel(self, camera: Camera) -> MediaChannel[Any] | None:
        """Return the way to the media of a device that registers here, or to a recorder's span; None for any other.

        The camera need not be one of the configuration, its device must: see `span_camera`.
        """
        match camera.source:
            case Gb28181Source(span=None) as source if self._sessions is not None:
                return LiveChannel(camera.id, source, self._sessions)
            case Gb28181Source(span=RecordedSpan() as span) as source if self._sessions is not None:
                return Playback(camera.id, source, span, self._sessions)
            case _:
                return playback_of(camera, self._recorders, self._clock, self._unlock)

    def _uploaded(self, camera_id: str, source: SnapshotSource) -> Callable[[Meter], ChannelSnapshots] | None:
        """Returns what makes the way to the pictures that a device uploads here."""
        channel, platform, uploads = source.channel, self.platform, self._snapshots
        if channel is None or platform is None or uploads is None:
            return None
        return lambda meter: ChannelSnapshots(camera_id, source, channel, platform, uploads, self._clock, meter)

    def _servers(
        self,
        edge: EdgeConfig,
        devices: Mapping[str, ViidSource],
        unlock: Unlock | None,
        is_paused: Callable[[str], bool],
    ) -> dict[str, Serve]:
        servers: dict[str, Serve] = {}
        if edge.viid is not None:
            servers["viid"] = ViidServer(edge.viid, devices, self._pictures, self._clock, unlock=unlock).run
        if edge.desk is not None:
            self._desk = DeskServer(
                edge.desk, self._uploads, edge.spool.directory, is_paused, self._clock, open_permit=self._open_permit
            )
            servers["desk"] = self._desk.run
        if self.platform is not None and self._sessions is not None:
            servers["gb28181"] = self.platform.run
            servers["gb28181 media"] = self._sessions.run
        if edge.gb28181 is not None and self._snapshots is not None:
            servers["gb28181 snapshots"] = SnapshotServer(edge.gb28181.host, self._snapshots, self._clock).run
        return servers


def _sessions(gb28181: Gb28181, platform: Platform, clock: Clock) -> MediaSessions:
    sessions = MediaSessions(MediaPorts(*gb28181.media_ports, gb28181.host), platform, clock)
    platform.listen(sessions)
    return sessions
