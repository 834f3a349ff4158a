"""Snapshots by GB/T 28181-2022: commanded over SIP, uploaded over HTTP by simulated devices.

Snapshots ──DeviceConfig SnapShotConfig──▶ device ──POST──▶ SnapshotServer ──▶ Glance
"""

import http.client
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Self

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.clock import SystemClock
from edge_agent.errors import NoPicture, Silent, SourceError, Stalled
from edge_agent.frames import Glance, Skipped
from edge_agent.gb28181.devices.events import Alarmed
from edge_agent.sources.snapshot.alarm_triggers import AlarmTriggers
from edge_agent.sources.snapshot.source import Snapshots
from edge_agent.sources.snapshot.upload_server import SnapshotServer, picture_of
from edge_agent.sources.snapshot.uploads import PATH, ChannelSnapshots, SnapshotUploads
from provisioning.contracts.config.processes import SnapshotSource
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from tests.edge_agent.pictures import JPEG, PNG
from tests.edge_agent.world import noise
from tests.support.exchange import listens
from tests.support.gb28181_agent import HOST, Agent, password_file
from tests.support.gb28181_devices import FIRST_ID, PASSWORD, PLATFORM_ID, Devices
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

CHANNEL = "34020000001310000001"
SHOTS = tuple(cv2.imencode(".jpg", noise(seed))[1].tobytes() for seed in range(3))
PROFILE = DeviceProfile(PLATFORM_ID, PASSWORD, gb_version="3.0", snapshots=SHOTS)


class Station:
    """A platform with one camera that is asked for snapshots, and the port that they are uploaded to."""

    def __init__(self, folder: Path, **options: object) -> None:
        fields = {"device_id": FIRST_ID, "channel_id": CHANNEL, "username": FIRST_ID, "interval_s": 1, "timeout_s": 60}
        self.settings = SnapshotSource.model_validate({**fields, "password_file": password_file(folder), **options})
        channel = self.settings.channel
        assert channel is not None
        self.agent = Agent(folder / "agent", {"gate": channel})
        self.uploads = SnapshotUploads(free_port())
        self.agent.platform.listen(self.uploads)
        triggers = AlarmTriggers()
        self.agent.platform.listen(triggers)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=SnapshotServer(HOST, self.uploads, SystemClock()).run, args=(self._stop,), daemon=True
        )
        platform = self.agent.platform
        self.source = Snapshots(
            "gate",
            self.settings,
            SystemClock(),
            lambda: None,
            lambda meter: ChannelSnapshots(
                "gate", self.settings, channel, platform, self.uploads, SystemClock(), meter
            ),
        )

        triggers.add(channel, self.source.trigger)

    def __enter__(self) -> Self:
        self.agent.__enter__()
        self._thread.start()
        until(lambda: listens(self.uploads.port))
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(LONG_S)
        self.agent.__exit__(None, None, None)

    def some(self, number: int) -> list[Glance | Skipped]:
        return list(islice((item for item in self.source.frames(threading.Event()) if item is not None), number))

    def failure(self) -> SourceError:
        with pytest.raises(SourceError) as caught:
            self.some(1)
        return caught.value


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(tmp_path) as running:
        yield running


def registered(station: Station, profile: DeviceProfile = PROFILE) -> Devices:
    return Devices(station.agent.server, profile)


def test_each_picture_comes_once_and_none_is_lost(station: Station) -> None:
    with registered(station) as devices:
        until(lambda: station.agent.there() == {FIRST_ID})
        seen = station.some(len(SHOTS))
        assert all(isinstance(each, Glance) for each in seen)
        assert len({each.source_key for each in seen if isinstance(each, Glance)}) == len(SHOTS)
        until(lambda: devices.counts.uploads == len(SHOTS))
        assert devices.counts.uploads_refused == 0
    assert station.source.meter.total_bytes == sum(map(len, SHOTS))


def test_a_device_that_is_not_there_is_silent(station: Station) -> None:
    until(lambda: station.agent.platform.is_serving)
    failure = station.failure()
    assert isinstance(failure, Silent)
    assert "no snapshot can be asked for" in str(failure)


@pytest.mark.parametrize(
    ("profile", "kind", "says"),
    [
        (replace(PROFILE, snapshots=()), NoPicture, "refuses to take a snapshot"),
        (replace(PROFILE, gb_version="2.0"), Silent, "GB/T 28181-2022"),
        (replace(PROFILE, snapshots=(b"x" * 9_000_000,)), NoPicture, "over 8388608 bytes"),
    ],
    ids=["refused", "edition-2016", "too-large"],
)
def test_what_brings_no_picture_is_a_typed_error(
    station: Station, profile: DeviceProfile, kind: type[SourceError], says: str
) -> None:
    with registered(station, profile):
        until(lambda: station.agent.there() == {FIRST_ID})
        failure = station.failure()
    assert isinstance(failure, kind)
    assert says in str(failure)


def test_a_report_without_an_upload_names_the_port(tmp_path: Path) -> None:
    with Station(tmp_path, timeout_s=3) as station, registered(station) as devices:
        until(lambda: station.agent.there() == {FIRST_ID})
        station.uploads.port = free_port()  # what the device is told, and nothing listens there
        failure = station.failure()
        until(lambda: devices.counts.uploads_refused == 1)
    assert isinstance(failure, Stalled)
    assert str(station.uploads.port) in str(failure)


def test_motion_and_a_crossed_line_take_a_picture_at_once_and_nothing_else_does(tmp_path: Path) -> None:
    with Station(tmp_path, interval_s=86_400, on_event=True) as station, registered(station) as devices:
        until(lambda: station.agent.there() == {FIRST_ID})
        frames = station.source.frames(threading.Event())
        assert isinstance(next(frames), Glance)

        def taken(*kinds: int, items: int) -> int:
            """Pictures among the next items of the source, after alarms of these kinds."""
            station.agent.events.clear()
            for kind in kinds:
                devices.ask(lambda device, now, kind=kind: device.raise_alarm(now, kind=kind))  # type: ignore[misc] # a default binds the loop's value
            until(lambda: sum(isinstance(event, Alarmed) for event in station.agent.events) == len(kinds))
            return sum(isinstance(item, Glance) for item in islice(frames, items))

        assert taken(6, 11, items=2) == 0
        for kind in (2, 5):
            devices.ask(lambda device, now, kind=kind: device.raise_alarm(now, kind=kind))  # type: ignore[misc] # the same
            assert any(isinstance(item, Glance) for item in frames)


def test_a_burst_of_events_takes_one_picture_a_second(tmp_path: Path) -> None:
    with Station(tmp_path, interval_s=86_400, on_event=True) as station, registered(station):
        until(lambda: station.agent.there() == {FIRST_ID})
        frames = station.source.frames(threading.Event())
        assert isinstance(next(frames), Glance)
        for _ in range(20):
            station.source.trigger()
        assert sum(isinstance(item, Glance) for item in islice(frames, 3)) == 1


def test_without_on_event_an_alarm_takes_no_picture(tmp_path: Path) -> None:
    with Station(tmp_path, interval_s=86_400) as station, registered(station):
        until(lambda: station.agent.there() == {FIRST_ID})
        frames = station.source.frames(threading.Event())
        assert isinstance(next(frames), Glance)
        station.source.trigger()
        assert list(islice(frames, 2)) == [None, None]


def sent(port: int, method: str, path: str, body: bytes, **headers: str) -> int:
    connection = http.client.HTTPConnection(HOST, port, timeout=LONG_S)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_an_address_is_good_once_and_only_for_what_was_expected(station: Station) -> None:
    port = station.uploads.port
    with station.uploads.expect(FIRST_ID, 1_000_000) as expected:
        path = f"{PATH}{expected.token}"
        assert sent(port, "GET", path, b"") == 404
        assert sent(port, "POST", f"{PATH}{'0' * 32}", JPEG) == 404
        assert sent(port, "POST", "/", JPEG) == 404
        assert sent(port, "PUT", f"{path}/name.jpg", JPEG) == 200
        assert expected.picture == JPEG
        assert sent(port, "POST", path, PNG) == 404
        assert expected.picture == JPEG
    assert sent(port, "POST", path, JPEG) == 404


def test_a_form_is_taken_apart(station: Station) -> None:
    form = b'--b0\r\nContent-Disposition: form-data; name="id"\r\n\r\n7\r\n'
    form += b"--b0\r\nContent-Type: image/jpeg\r\n\r\n" + JPEG + b"\r\n--b0--\r\n"
    kind = {"Content-Type": 'multipart/form-data; boundary="b0"'}
    with station.uploads.expect(FIRST_ID, len(JPEG)) as expected:
        assert sent(station.uploads.port, "POST", f"{PATH}{expected.token}", form, **kind) == 200
        assert expected.picture == JPEG


@given(st.binary(max_size=300), st.text(max_size=60) | st.just("multipart/form-data; boundary=--"))
def test_no_form_raises(body: bytes, content_type: str) -> None:
    assert len(picture_of(body, content_type)) <= len(body)
    assert len(picture_of(body, "multipart/form-data; boundary=a")) <= len(body)
