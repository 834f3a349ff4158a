"""Expects the snapshots that devices were commanded to upload: each by an address of its own, which is good once."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import NoPicture, Silent, SourceError, Stalled
from edge_agent.gb28181.devices.events import Event, SnapshotRefused, SnapshotUploaded
from edge_agent.gb28181.platform import NotServing, Platform
from edge_agent.host_port import host_port
from edge_agent.sources.meter import Meter
from edge_agent.sources.snapshot.http_picture import HttpPicture
from provisioning.contracts.causes import snapshots
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import CodedCause
from provisioning.sip.errors import ProtocolError

PATH: Final = "/snapshots/"
_LOOK_UP_S: Final = 0.2


@dataclass(slots=True)
class Expected:
    """A snapshot that a device was commanded to upload."""

    token: str
    device_id: str
    max_bytes: int
    picture: bytes | None = None
    is_under_way: bool = False
    is_reported: bool = False
    """The device says that it has uploaded it."""
    is_refused: bool = False
    is_too_large: bool = False


class SnapshotUploads:
    """Matches uploads and reports to the cameras that wait for them. Thread-safe; a listener of the platform."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.closed: CodedCause | None = None
        """Why nothing can be uploaded; None while it can."""
        self._changed = threading.Condition()
        self._expected: dict[str, Expected] = {}

    @contextmanager
    def expect(self, device_id: str, max_bytes: int) -> Iterator[Expected]:
        """Expects one upload; its address is good for nothing once the context ends."""
        expected = Expected(secrets.token_hex(16), device_id, max_bytes)
        with self._changed:
            self._expected[expected.token] = expected
        try:
            yield expected
        finally:
            with self._changed:
                del self._expected[expected.token]

    def wait(self, is_over: Callable[[], bool], timeout_s: float) -> None:
        """Waits until something changed and `is_over`, or the time is up."""
        with self._changed:
            self._changed.wait_for(is_over, timeout_s)

    def begin(self, token: str) -> Expected | None:
        """Lets one upload in; None where this address is unknown, used, or in use."""
        with self._changed:
            expected = self._expected.get(token)
            if expected is None or expected.is_under_way or expected.picture is not None:
                return None
            expected.is_under_way = True
            return expected

    def end(self, expected: Expected, picture: bytes | None, *, is_too_large: bool = False) -> None:
        """Takes what an upload brought; None: it broke off, and may be tried again."""
        with self._changed:
            expected.picture, expected.is_too_large, expected.is_under_way = picture, is_too_large, False
            self._changed.notify_all()

    def heard(self, event: Event) -> None:
        """Notes what a device says of its uploads."""
        match event:
            case SnapshotUploaded(device_id, session_id):
                with self._changed:
                    if (found := self._expected.get(session_id)) is not None and found.device_id == device_id:
                        found.is_reported = True
            case SnapshotRefused(device_id):
                with self._changed:
                    for each in self._expected.values():
                        each.is_refused = each.is_refused or each.device_id == device_id
                    self._changed.notify_all()


class ChannelSnapshots:
    """Commands one channel of a device to upload a picture, and waits for it."""

    def __init__(
        self,
        camera_id: str,
        source: processes.SnapshotSource,
        channel: processes.Gb28181Source,
        platform: Platform,
        uploads: SnapshotUploads,
        clock: Clock,
        meter: Meter,
    ) -> None:
        """`meter`: counts the pictures, without the headers of HTTP."""
        self._camera_id = camera_id
        self._source = source
        self._channel = channel
        self._platform = platform
        self._uploads = uploads
        self._clock = clock
        self._meter = meter

    def take(self, stop: threading.Event) -> HttpPicture | None:
        """Returns the next picture; None when `stop` came first.

        Raises:
            Silent: the device is not registered, by an edition before 2022, or nothing can be uploaded.
            NoPicture: it refuses the command, or uploads over `max_bytes`.
            Stalled: nothing came within `timeout_s`.
        """
        if self._uploads.closed is not None:
            raise Silent(self._camera_id, self._uploads.closed)
        with self._uploads.expect(self._channel.device_id, self._source.max_bytes) as expected:
            self._command(expected.token)
            ends_s = self._clock.monotonic_s() + self._source.timeout_s
            while not stop.is_set():
                self._uploads.wait(lambda: _is_over(expected), _LOOK_UP_S)
                if expected.picture is not None:
                    self._meter.add_bytes(len(expected.picture))
                    return HttpPicture(expected.picture, "", "")
                if _is_over(expected) or self._clock.monotonic_s() >= ends_s:
                    raise self._failure(expected)
        return None

    def _command(self, token: str) -> None:
        device_id, channel_id, port = self._channel.device_id, self._channel.channel_id, self._uploads.port
        try:
            self._platform.call(
                lambda endpoint, now: endpoint.take_snapshot(
                    device_id, channel_id, lambda host: f"http://{host_port(host, port)}{PATH}{token}", token, now
                )
            )
        except NotServing as error:
            raise Silent(self._camera_id, error.reason) from error
        except ProtocolError as error:
            raise Silent(self._camera_id, snapshots.SNAPSHOT_UNASKED(detail=error)) from error

    def _failure(self, expected: Expected) -> SourceError:
        device, seconds = self._channel.device_id, f"{self._source.timeout_s:g}"
        if expected.is_refused:
            return NoPicture(self._camera_id, snapshots.SNAPSHOT_REFUSED(device=device))
        if expected.is_too_large:
            too_large = snapshots.PICTURE_TOO_LARGE(place=f"device {device}", most=expected.max_bytes)
            return NoPicture(self._camera_id, too_large)
        if expected.is_reported:
            missing = snapshots.SNAPSHOT_NOT_ARRIVED(device=device, seconds=seconds, port=self._uploads.port)
            return Stalled(self._camera_id, missing)
        return Stalled(self._camera_id, snapshots.SNAPSHOT_NOT_SENT(device=device, seconds=seconds))


def _is_over(expected: Expected) -> bool:
    return expected.picture is not None or expected.is_refused or expected.is_too_large
