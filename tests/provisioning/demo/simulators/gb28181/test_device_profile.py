"""Ids of devices and channels, and local time as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.demo.simulators.gb28181 import moments
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile, device_ids
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.moments import DeviceClock, Instant
from provisioning.errors import DemoError

FIRST = "34020000001180000001"
PLATFORM = "34020000002000000001"


def test_channels_of_many_devices_are_all_different() -> None:
    profile = DeviceProfile(PLATFORM, "p", channels=4)
    channels = [channel for device_id in device_ids(FIRST, 1000) for channel in profile.channel_ids(device_id)]
    assert len(set(channels)) == 4000
    assert all(len(channel) == 20 and channel[10:13] == "131" for channel in channels)


def test_duplicate_channels() -> None:
    profile = DeviceProfile(PLATFORM, "p", faults=frozenset({DeviceFault.DUPLICATE_CHANNELS}))
    one, other = device_ids(FIRST, 2)
    assert profile.channel_ids(one) == profile.channel_ids(other)


@pytest.mark.parametrize(
    "first", ["", "3402000000118000000x", FIRST + "0", "34020000001180000000", "34020000001180999999"]
)
def test_ids_that_do_not_count_on(first: str) -> None:
    with pytest.raises(DemoError):
        device_ids(first, 2)


def test_a_password_is_in_no_repr() -> None:
    assert "secret" not in repr(DeviceProfile(PLATFORM, "secret"))


@given(st.integers(86400 * 400, 4_000_000_000))
def test_local_time_there_and_back(wall_s: int) -> None:
    assert moments.seconds(moments.text(wall_s)) == wall_s


def test_local_times() -> None:
    assert moments.text(1_795_449_600) == "2026-11-24T00:00:00"
    assert moments.text(0, offset=True) == "1970-01-01T08:00:00+08:00"
    assert moments.seconds("2026-11-24T00:00:00.500") == 1_795_449_600.5
    assert moments.seconds("2026-13-24T00:00:00") is None
    assert moments.seconds("soon") is None


def test_a_clock_that_is_told_nonsense_keeps_its_time() -> None:
    clock = DeviceClock(-60)
    assert not clock.follow("Tue, 24 Nov 2026 00:00:00 GMT", Instant(0, 100))
    assert clock.wall_s(Instant(0, 100)) == 40
