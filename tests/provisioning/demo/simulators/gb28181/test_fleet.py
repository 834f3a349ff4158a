"""Devices on real sockets, against a platform that is a script.

script ── SIP over UDP or TCP ── fleet ── RTP/PS over UDP, TCP passive, TCP active ── PyAV
"""

import asyncio
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.demo.simulators.gb28181 import calls
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.demo.simulators.gb28181.faults import DeviceFault
from provisioning.demo.simulators.gb28181.fleet import Fleet
from provisioning.demo.simulators.gb28181.footage import Codec
from provisioning.demo.simulators.gb28181.wires import UdpWire
from tests.provisioning.demo.simulators.gb28181 import scripted_platform as script
from tests.provisioning.demo.simulators.gb28181.live_platform import Platform, Receiver, decoded, talk
from tests.provisioning.demo.simulators.gb28181.scripted_platform import CHANNEL_ID, PASSWORD, PLATFORM_ID, header
from tests.support.gb28181_devices import Devices, film
from tests.support.waiting import LONG_S, until


@pytest.fixture
def platform() -> Iterator[Platform]:
    served = Platform()
    yield served
    served.close()


def profile(*faults: DeviceFault, **options: Any) -> DeviceProfile:
    return DeviceProfile(PLATFORM_ID, PASSWORD, faults=frozenset(faults), **options)


@pytest.mark.parametrize(("transport", "sockets"), [("udp", None), ("udp", 2), ("tcp", None)])
def test_many_devices_at_once(platform: Platform, transport: str, sockets: int | None) -> None:
    shared = profile(transport=transport, heartbeat_s=1.0)
    with Devices(platform.address, shared, count=40, sockets=sockets) as devices:
        until(lambda: devices.counts.keepalives_answered >= 60)
        assert devices.fleet.registered == 40
        # A question finds its device, on a shared socket too.
        for serial in (1, 40):
            device_id = f"34020000001180{serial:06d}"
            platform.send(
                device_id, script.query("DeviceInfo", device_id).replace(script.DEVICE_ID.encode(), device_id.encode())
            )
        until(lambda: devices.counts.answers_sent == 2)
        devices.leave()
        counts = devices.counts
    assert (counts.registrations, counts.unregistrations, counts.refusals) == (40, 40, 0)
    assert (counts.keepalives_lost, counts.keepalives_refused, counts.unreadable) == (0, 0, 0)
    answered = {
        found for text in platform.heard for found in re.findall(r"DeviceInfo.*?<DeviceID>(\d+)<", text, re.DOTALL)
    }
    assert answered == {"34020000001180000001", "34020000001180000040"}


@pytest.mark.parametrize("sockets", [None, 1, 2])
def test_transports_mixed(platform: Platform, sockets: int | None) -> None:
    tcp, udp = profile(transport="tcp"), profile()
    each = [(udp if number % 3 == 2 else tcp, f"34020000001180{number:06d}") for number in range(1, 9)]
    with Devices(platform.address, each=each, sockets=sockets) as devices:
        until(lambda: devices.fleet.registered == len(each))
        used = {wire.local for wire in devices.fleet._wires.values() if isinstance(wire, UdpWire)}
    assert len(used) == min(sockets or 3, 3)


def test_an_error_at_the_start_ends_the_fleet(platform: Platform) -> None:
    """The second device has an address that is not this machine's; the first is under way at that moment."""
    fleet = Fleet(platform.address, [(profile(), script.DEVICE_ID)] * 2, hosts=("127.0.0.1", "192.0.2.1"))

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(fleet.run())
    assert caught.group_contains(OSError)


def test_a_lost_connection_comes_back(platform: Platform) -> None:
    with Devices(platform.address, profile(transport="tcp"), count=3) as devices:
        until(lambda: devices.fleet.registered == 3)
        devices.cut()
        until(lambda: devices.counts.registrations == 6 and devices.fleet.registered == 3)
        assert devices.counts.connections_lost == 3


def test_another_port_for_each_keepalive(platform: Platform) -> None:
    with Devices(platform.address, profile(DeviceFault.PORT_CHANGES, heartbeat_s=0.2)) as devices:
        until(lambda: devices.counts.keepalives_answered >= 4)
    vias = {header(text, "Via").split(";")[0] for text in platform.heard if "Keepalive" in text}
    assert len(vias) >= 4


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize("transport", ["udp", "tcp_passive", "tcp_active"])
def test_pictures_arrive(platform: Platform, transport: str, codec: Codec) -> None:
    receiver = Receiver(transport)
    with Devices(platform.address, profile(pictures=75, pace=10), footage=film(codec)) as devices:
        until(lambda: devices.fleet.registered == 1)
        packets = receiver.packets(talk(platform, receiver), lambda: devices.counts.pictures == 75)
        assert devices.fleet.sessions == 1
        platform.send(script.DEVICE_ID, script.request("BYE", CHANNEL_ID, cseq=2))
        until(lambda: devices.fleet.sessions == 0)
        counts = devices.counts
    assert decoded(packets) == 75
    assert (counts.pictures, counts.keyframes, counts.media_packets) == (75, 3, len(packets))
    assert {struct.unpack_from(">I", packet, 8)[0] for packet in packets} == {200000001}
    assert (counts.invites, counts.byes) == (1, 1)


def test_a_playback_ends_with_121_and_can_be_sped_up(platform: Platform) -> None:
    receiver = Receiver("udp")
    start = int(time.time()) - 7200
    with Devices(platform.address, profile(pace=2), footage=film()) as devices:
        until(lambda: devices.fleet.registered == 1)
        answer = talk(platform, receiver, name="Playback", span=(start, start + 200))
        play = "PLAY RTSP/1.0\r\nCSeq: 2\r\nScale: 4.0\r\nRange: npt=194-\r\n"
        platform.send(script.DEVICE_ID, script.request("INFO", CHANNEL_ID, cseq=2, body=play))
        packets = receiver.packets(answer, lambda: devices.counts.spans_ended == 1)
        until(lambda: any("<NotifyType>121</NotifyType>" in text for text in platform.heard))
    times = [struct.unpack_from(">I", packet, 4)[0] for packet in packets]
    assert max(times) == 3600 + (200 * 25 - 1) * 3600
    assert 6 * 25 <= len(set(times)) < 100 * 25  # what is played before it jumps is up to the machine


def test_nobody_to_connect_to(platform: Platform) -> None:
    receiver = Receiver("tcp_active")  # the port is held, and nobody listens there
    receiver.transport = "tcp_passive"
    with Devices(platform.address, profile(), footage=film()) as devices:
        until(lambda: devices.fleet.registered == 1)
        talk(platform, receiver)
        until(lambda: platform.methods["BYE"])
        assert devices.counts.media_failed == 1
    receiver.sock.close()


def stream_with(platform: Platform, *faults: DeviceFault, pictures: int = 10) -> bytes:
    receiver = Receiver("tcp_passive")
    with Devices(platform.address, profile(*faults, pictures=pictures, pace=10), footage=film()) as devices:
        until(lambda: devices.fleet.registered == 1)
        return receiver.stream(talk(platform, receiver), lambda: devices.counts.pictures == pictures)


def test_framings(platform: Platform) -> None:
    plain = stream_with(platform)
    platform.heard.clear()
    dollars = stream_with(platform, DeviceFault.DOLLAR_FRAMING)
    assert dollars[:4] == b"$\0" + plain[:2]
    assert len(dollars) == len(plain) + 2 * 10
    platform.heard.clear()
    headed = stream_with(platform, DeviceFault.PRIVATE_HEAD)
    assert headed[256:] == plain
    assert headed[:3] == b"\1\0\2"
    platform.heard.clear()
    assert stream_with(platform, DeviceFault.BYTEWISE) == plain


def test_overwritten_bytes(platform: Platform) -> None:
    data = stream_with(platform, DeviceFault.OVERWRITTEN, pictures=80)
    broken = 0
    while len(data) > 2:
        length = int.from_bytes(data[:2], "big")
        if data[2:3] != b"\x80":
            broken += 1
            break
        data = data[2 + length :]
    assert broken == 1


def test_media_after_bye_and_bye_unanswered(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_MEDIA_AFTER_BYE_S", LONG_S)
    receiver = Receiver("udp")
    faults = (DeviceFault.MEDIA_AFTER_BYE, DeviceFault.BYE_UNANSWERED)
    with Devices(platform.address, profile(*faults), footage=film()) as devices:
        until(lambda: devices.fleet.registered == 1)
        talk(platform, receiver)
        receiver.sock.recv(65536)
        platform.send(script.DEVICE_ID, script.request("BYE", CHANNEL_ID, cseq=2))
        until(lambda: devices.counts.byes == 1)
        before = devices.counts.media_packets
        until(lambda: devices.counts.media_packets > before + 5)
    receiver.sock.close()
    assert not any(text.startswith("SIP/2.0") and "2 BYE" in text for text in platform.heard)


def test_the_command(platform: Platform, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    password.chmod(0o600)
    command = [
        sys.executable,
        "-m",
        "provisioning.demo.simulators.gb28181",
        "--platform",
        f"127.0.0.1:{platform.address[1]}",
    ]
    command += ["--platform-id", PLATFORM_ID, "--password-file", str(password), "--devices", "5", "--storm"]
    command += ["--interval", "0.5", "--unregister", "--fault", "status-ok", "--fault", "no-psm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[5]) as process:
        until(lambda: platform.methods["MESSAGE"] >= 10)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=LONG_S)
    assert process.returncode == 0
    (line,) = said.splitlines()
    counts = json.loads(line)
    assert (counts["devices"], counts["registrations"], counts["unregistrations"]) == (5, 5, 5)
    assert counts["keepalives_answered"] >= 10 - 5
    assert counts["keepalives_lost"] == 0
    password.chmod(0o644)
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[5])
    assert (done.returncode, done.stdout) == (2, "")
    assert "chmod 600" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_command_refuses(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    base = [sys.executable, "-m", "provisioning.demo.simulators.gb28181", "--platform-id", PLATFORM_ID]
    base += ["--password-file", str(password), "--platform"]
    for more, word in (
        (["nowhere"], "HOST:PORT"),
        (["127.0.0.1:9", "--fault", "dances"], "dances"),
        (["127.0.0.1:9", "--media", str(password)], "password"),
        (["127.0.0.1:9", "--bind", "192.0.2.77", "--devices", "2"], "assign"),
        (["127.0.0.1:9", "--first-id", "34020000001180999999", "--devices", "2"], "000001"),
    ):
        done = subprocess.run(
            [*base, *more], capture_output=True, text=True, check=False, env=os.environ, timeout=LONG_S
        )
        assert done.returncode == 2, more
        assert word in done.stderr
        assert "Traceback" not in done.stderr
