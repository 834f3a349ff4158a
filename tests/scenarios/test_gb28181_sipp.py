"""Devices that somebody else wrote register, keep alive and send pictures: SIPp against the agent's platform."""

import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path

import pytest

from edge_agent.gb28181.devices.events import Offline, Online
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile, device_ids
from provisioning.demo.simulators.gb28181.footage import Footage, drawn
from provisioning.demo.simulators.gb28181.sdp import MediaOrder
from provisioning.demo.simulators.gb28181.stream import Stream
from tests.support.gb28181_agent import HOST, Agent, password_file, source
from tests.support.gb28181_camera import look, thumbnails
from tests.support.gb28181_devices import FIRST_ID, PASSWORD, PLATFORM_ID
from tests.support.ports import free_port
from tests.support.rtp_capture import write_capture
from tests.support.sipp import Sipp
from tests.support.waiting import until

pytestmark = pytest.mark.peer
DEVICES = 100
GREETING = 5
"""What a device is asked that has just registered: info, status, catalog, two subscriptions."""
PICTURES = 100
OTHER_SSRC = 77_001


def of_many(folder: Path, count: int) -> tuple[Agent, list[tuple[str, str]]]:
    """An agent with one camera for each device, and the devices' accounts: each has a password of its own."""
    accounts = [(device_id, f"Pw-{number}-x") for number, device_id in enumerate(device_ids(FIRST_ID, count))]
    cameras = {
        f"camera-{number}": source(device_id, device_id, password_file(folder, password))
        for number, (device_id, password) in enumerate(accounts)
    }
    return Agent(folder / "agent", cameras), accounts


@pytest.mark.parametrize(("transport", "stay_ms"), [("u1", 0), ("t1", 600), ("tn", 2600)])
def test_a_hundred_devices_register_at_fifty_a_second(tmp_path: Path, transport: str, stay_ms: int) -> None:
    """Over UDP; all over one TCP connection, as behind a gateway; and each over its own."""
    agent, accounts = of_many(tmp_path, DEVICES)
    options = ("-r", "50", "-d", str(stay_ms))
    with (
        agent,
        closing(
            Sipp(
                tmp_path / "sipp",
                "register",
                agent.server,
                *options,
                calls=DEVICES,
                transport=transport,
                accounts=accounts,
            )
        ) as sipp,
    ):
        assert sipp.ended() == (DEVICES, 0)
        counts = agent.platform.counts()
        assert {name: counts.get(name, 0) for name in ("challenged", "registered", "keepalives", "malformed")} == {
            "challenged": DEVICES,
            "registered": DEVICES,
            "keepalives": DEVICES,
            "malformed": 0,
        }
        assert agent.came() == dict.fromkeys([device_id for device_id, _ in accounts], 1)
        if transport == "u1":
            assert len(agent.there()) == DEVICES
            assert not agent.went()
        else:  # a connection that ends takes its devices along
            until(lambda: not agent.there())
            there = accumulate(isinstance(each, Online) - isinstance(each, Offline) for each in agent.events)
            assert max(there) == DEVICES
            assert set(agent.went().values()) == {"connection_closed"}


def test_a_wrong_password_lets_nobody_in(tmp_path: Path) -> None:
    agent, accounts = of_many(tmp_path, 20)
    wrong = [(device_id, f"{password}y") for device_id, password in accounts]
    with (
        agent,
        closing(Sipp(tmp_path / "sipp", "wrong_password", agent.server, "-r", "50", calls=20, accounts=wrong)) as sipp,
    ):
        assert sipp.ended() == (20, 0)
        counts = agent.platform.counts()
        assert (counts["challenged"], counts["wrong"], counts.get("registered", 0)) == (20, 20, 0)
        assert not agent.came()
        assert {seen.refused for seen in agent.platform.devices().values()} == {
            "its user name or password is not the configured one"
        }


def test_the_same_password_for_another_device_lets_nobody_in(tmp_path: Path) -> None:
    """Each has its own; and who is in no configuration is listed, to be adopted."""
    agent, accounts = of_many(tmp_path, 2)
    (first, first_password), (second, _) = accounts
    swapped = [(second, first_password)]
    with agent, closing(Sipp(tmp_path / "sipp", "wrong_password", agent.server, calls=1, accounts=swapped)) as sipp:
        assert sipp.ended() == (1, 0)
        until(lambda: agent.platform.device(second).refused)  # it is noted once the answer is on its way
        assert not agent.platform.device(first).refused


@pytest.fixture(scope="module")
def footage() -> Footage:
    return drawn(pictures=PICTURES, gop=10)


def packets(footage: Footage, profile: DeviceProfile) -> Iterator[tuple[float, bytes]]:
    """(when, RTP packet) of PS as a simulated device sends it, with an SSRC that nobody was told."""
    stream = Stream(footage, MediaOrder("udp", (HOST, 9), OTHER_SSRC, None, 1.0), profile)
    at_s = 0.0
    while not stream.is_over:
        burst = stream.burst()
        for packet in burst.packets:
            yield at_s, packet
        at_s += burst.gap_s


def test_a_device_that_is_invited_sends_its_pictures(tmp_path: Path, footage: Footage) -> None:
    """Its SSRC is not the one of `y=`, which is waited for 2 s; its queries stay without an answer; pictures come."""
    profile = DeviceProfile(PLATFORM_ID, PASSWORD, packet_bytes=400, pictures=PICTURES)
    write_capture(tmp_path / "media.pcap", packets(footage, profile))
    camera = source(FIRST_ID, profile.channel_ids(FIRST_ID)[0], password_file(tmp_path))
    port = free_port()
    with Agent(tmp_path / "agent", {"gate": camera}) as agent:
        accounts = [(FIRST_ID, PASSWORD)]
        with closing(
            Sipp(tmp_path / "first", "register", agent.server, calls=1, port=port, accounts=accounts)
        ) as register:
            assert register.ended() == (1, 0)
        keys = ("-key", "device", FIRST_ID, "-key", "capture", str(tmp_path / "media.pcap"))
        with closing(
            Sipp(tmp_path / "second", "invite", agent.server, *keys, calls=1 + GREETING, port=port)
        ) as invited:
            looked = look(agent, "gate", threading.Event(), enough=PICTURES // 4)
            assert invited.ended() == (1 + GREETING, 0)
    assert (looked.trouble, looked.skipped, len(looked.greys)) == (None, [], PICTURES // 4)
    assert set(looked.greys) <= thumbnails(footage)
