"""What is remembered: read back as it was, dropped when nobody knows it, moved aside when it is damaged."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.gb28181.devices.device_views import DeviceView
from edge_agent.gb28181.devices.events import Restored
from edge_agent.gb28181.devices.registrations import Registration
from edge_agent.gb28181.devices.unregistered import UnknownDevice
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.registration_file import FILE_NAME, NoDevicesError, RegistrationFile, read_devices
from provisioning.sip.edition import Version
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.scripted import CHANNEL, EPOCH_MS, ID, OTHER, PEER, PLATFORM

TCP = Registration(
    ID, Peer("tcp", "192.0.2.10", 40001, 7), Version.V2022, EPOCH_MS, EPOCH_MS + 60_000, keeps_alive=True
)
UDP = Registration(OTHER, PEER, Version.V2016, EPOCH_MS, EPOCH_MS + 60_000)
ITEMS = (
    CatalogItem(CHANNEL, name="东门", parent_ids=("a", "b"), is_online=True, longitude=118.3, stream_numbers=(0, 1)),
    CatalogItem("34020000002150000001", name="group"),
)
SEEN = DeviceView(ID, is_there=True, host="192.0.2.10", version=Version.V2022, skew_ms=-3600, channels=(), why="x")
STRANGER = UnknownDevice("100", "198.51.100.9", 5060, "udp", "friendly-scanner", "unknown", 3, EPOCH_MS)


def _file(folder: Path, *ids: str) -> RegistrationFile:
    return RegistrationFile(folder, ids or (ID, OTHER))


def _filled(folder: Path) -> None:
    with closing(_file(folder)) as file:
        file.keep(TCP)
        file.keep(UDP)
        file.keep_catalog(ID, EPOCH_MS, ITEMS)
        file.show(SEEN)
        file.show_strangers((STRANGER,))
        file.flush()


def test_everything_comes_back_but_the_number_of_a_connection(tmp_path: Path) -> None:
    _filled(tmp_path)
    with closing(_file(tmp_path)) as file:
        first, second = file.restored()
        assert file.seen() == {
            ID: DeviceView(ID, True, host="192.0.2.10", version=Version.V2022, skew_ms=-3600, why="x")
        }
    assert first.registration is not None
    assert first.registration.peer == Peer("tcp", "192.0.2.10", 40001, -1)
    assert first.registration.keeps_alive
    assert first.registration.version is Version.V2022
    assert (first.items, first.catalog_at_ms) == (ITEMS, EPOCH_MS)
    assert second == Restored(UDP, OTHER)


def test_the_last_word_counts_and_a_leave_taking_is_one(tmp_path: Path) -> None:
    _filled(tmp_path)
    with closing(_file(tmp_path)) as file:
        file.keep(UDP)
        file.forget(OTHER)
        file.forget(ID)
        file.flush()
    with closing(_file(tmp_path)) as file:
        assert file.restored() == [Restored(None, ID, ITEMS, EPOCH_MS)]


def test_devices_of_no_configuration_are_dropped(tmp_path: Path) -> None:
    _filled(tmp_path)
    with closing(_file(tmp_path, OTHER)) as file:
        assert file.restored() == [Restored(UDP, OTHER)]
        assert file.seen() == {}


def test_the_technician_sees_devices_channels_and_strangers(tmp_path: Path) -> None:
    _filled(tmp_path)
    devices, strangers = read_devices(tmp_path, PLATFORM)
    assert strangers == (STRANGER,)
    (device,) = devices
    assert device.channels is not None
    assert [channel.name for channel in device.channels] == ["东门"]
    with closing(_file(tmp_path)) as file:
        file.show(DeviceView(OTHER))
        file.show_strangers(())
        file.flush()
    devices, strangers = read_devices(tmp_path, PLATFORM)
    assert ([each.channels is None for each in devices], strangers) == ([False, True], ())


def test_nothing_is_written_where_nothing_happened(tmp_path: Path) -> None:
    with closing(_file(tmp_path)) as file:
        before = (tmp_path / f"{FILE_NAME}-wal").stat().st_mtime_ns
        file.flush()
        assert (tmp_path / f"{FILE_NAME}-wal").stat().st_mtime_ns == before


def test_a_damaged_file_is_moved_aside_and_a_fresh_one_begun(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _filled(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 1000)
    with pytest.raises(NoDevicesError, match="cannot be read"):
        read_devices(tmp_path, PLATFORM)
    with closing(_file(tmp_path)) as file:
        assert file.restored() == []
    assert (tmp_path / f"damaged-{FILE_NAME}").exists()
    assert "all devices register again" in caplog.text


def test_one_of_another_version_is_moved_aside_too(tmp_path: Path) -> None:
    _filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("PRAGMA user_version = 99")
    with closing(_file(tmp_path)) as file:
        assert file.restored() == []


def test_without_a_file_there_is_nothing_to_see(tmp_path: Path) -> None:
    with pytest.raises(NoDevicesError, match=r"\[gb28181\]"):
        read_devices(tmp_path, PLATFORM)


def test_a_disk_that_takes_nothing_is_named_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(_file(tmp_path)) as file, closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        file._db.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        with caplog.at_level(logging.WARNING):
            file.keep(TCP)
            for _ in range(9):
                file.flush()
        assert caplog.text.count("registrations are not written down") == 1
        other.execute("ROLLBACK")
        file.flush()
    with closing(_file(tmp_path)) as file:
        assert [each.device_id for each in file.restored()] == [ID]
