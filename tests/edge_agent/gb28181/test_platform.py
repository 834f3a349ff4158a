"""The platform on real sockets: both transports, restarts, commands from other threads, a port that is taken."""

import logging
import socket
import threading
from pathlib import Path

import pytest

from edge_agent.clock import SystemClock
from edge_agent.errors import EdgeError
from edge_agent.gb28181.connections import ConnectionLimits, address_towards
from edge_agent.gb28181.devices import onboarding
from edge_agent.gb28181.devices.events import Alarmed, CatalogTaken, InfoTaken, Knocked, Offline, Online, TurnedAway
from edge_agent.gb28181.endpoint import NotThereError
from edge_agent.gb28181.platform import NotServing, Platform
from edge_agent.gb28181.registration_file import FILE_NAME, read_devices
from edge_agent.gb28181.shell import OwnAddress
from provisioning.contracts.config import processes
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.corpus_file import corpus
from tests.edge_agent.gb28181.scripted import CHANNEL, ID, OTHER, PASSWORD, PLATFORM, cmd_type, sn, status
from tests.edge_agent.gb28181.serving import Ear, Wire, platform, serving, wait_until_serving
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until


def _list(number: int) -> str:
    item = f"<Item><DeviceID>{CHANNEL}</DeviceID><Name>东门</Name><Parental>0</Parental><Status>ON</Status></Item>"
    head = f"<CmdType>Catalog</CmdType><SN>{number}</SN><DeviceID>{ID}</DeviceID><SumNum>1</SumNum>"
    return f'<Response>{head}<DeviceList Num="1">{item}</DeviceList></Response>'


@pytest.mark.parametrize("tcp", [False, True])
def test_a_device_registers_is_asked_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, tcp: bool) -> None:
    for name in ("DELAY_S", "JITTER_S", "STEP_S"):
        monkeypatch.setattr(onboarding, name, 0.02)
    port = free_port()
    with serving(tmp_path, port) as (served, ear):
        device = Wire(port, tcp=tcp)
        assert status(device.log_in()) == 200
        ear.wait(Online)
        assert status(device.keep_alive()[0]) == 200
        asked: dict[str, str] = {}
        while "Catalog" not in asked:
            request = device.received.pop(0) if device.received else device.next()
            asked[cmd_type(request)] = request
        assert list(asked) == ["DeviceInfo", "DeviceStatus", "Catalog"]
        device.say(_list(sn(asked["Catalog"])))
        device.say(corpus("device-info.xml"))
        device.say(corpus("alarm-device.xml"))
        ear.wait(CatalogTaken)
        ear.wait(InfoTaken)
        ear.wait(Alarmed)
        seen = served.device(ID)
        assert (seen.is_there, seen.is_reachable, seen.transport) == (True, True, "tcp" if tcp else "udp")
        channel = seen.channel(CHANNEL)
        assert channel is not None
        assert channel.name == "东门"
        assert seen.channel("other") is None
        assert (seen.alarms, seen.manufacturer != "") == (1, True)
        assert not served.devices()[OTHER].is_there
        assert served.counts()["keepalives"] == 1
        device.close()
        if tcp:
            ear.wait(Offline)
            assert not served.device(ID).is_there


def test_registrations_outlive_a_restart_and_nobody_is_told_gone(tmp_path: Path) -> None:
    port = free_port()
    udp = Wire(port)
    with serving(tmp_path, port):
        assert status(udp.log_in()) == 200
    with serving(tmp_path, port) as (served, ear):
        assert served.device(ID).is_there
        assert served.device(ID).is_reachable
        assert status(udp.keep_alive()[0]) == 200
        ear.wait(Online)
        assert not any(isinstance(event, Offline) for event in ear.events)
    udp.close()


def test_over_tcp_a_device_that_only_reconnects_is_back(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port):
        device = Wire(port, tcp=True)
        assert status(device.log_in()) == 200
    device.close()
    with serving(tmp_path, port) as (served, ear):
        assert (served.device(ID).is_there, served.device(ID).is_reachable) == (True, False)
        again = Wire(port, tcp=True)
        assert status(again.keep_alive()[0]) == 200
        ear.wait(Online)
        assert served.device(ID).is_reachable
        again.close()


def test_who_is_refused_is_told_to_the_technician(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with caplog.at_level(logging.INFO), serving(tmp_path, port) as (served, ear):
        stranger, guesser = Wire(port, "34020000001180000099"), Wire(port)
        assert status(stranger.log_in()) == 403
        guesser.password = "admin12345"
        assert status(guesser.log_in()) == 401
        ear.wait(Knocked)
        ear.wait(TurnedAway)
        assert "user name or password" in served.device(ID).refused
    assert [each.device_id for each in served.strangers()] == ["34020000001180000099"]
    devices, strangers = read_devices(tmp_path, PLATFORM)
    assert [each.device_id for each in strangers] == ["34020000001180000099"]
    assert "user name or password" in {each.device_id: each for each in devices}[ID].refused
    assert "device turned away" in caplog.text
    assert PASSWORD not in caplog.text
    for wire in (stranger, guesser):
        wire.close()


def test_nothing_of_a_body_is_in_the_log_or_on_the_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    with caplog.at_level(logging.DEBUG), serving(tmp_path, port) as (_, ear):
        device = Wire(port)
        device.log_in()
        ear.wait(Online)
        for name in ("mobile-position-2022.xml", "person-event.xml", "alarm-described.xml", "alarm-loitering.xml"):
            assert status(device.say(corpus(name))[0]) == 200
        device.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("gb28181"))
    for name in ("mobile-position-2022.xml", "person-event.xml", "alarm-described.xml"):
        for word in corpus(name).split(b">"):
            text = word.partition(b"<")[0].strip()
            if len(text) > 5 and not text.isdigit():
                assert text not in written
                assert text.decode("gb18030", errors="replace") not in caplog.text
    assert PASSWORD.encode() not in written
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_password_that_cannot_be_read_is_a_word_to_the_technician(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as (served, ear):
        (tmp_path / f"{ID}.password").chmod(0o644)
        device = Wire(port)
        assert status(device.register()[0]) == 403
        ear.wait(TurnedAway)
        assert served.device(ID).refused
        device.close()


def test_commands_are_done_in_the_platforms_thread_and_raise_where_they_were_given(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port) as (served, _):
        assert served.call(lambda endpoint, now: (threading.current_thread().name, endpoint.online())) == ("gb28181", 0)
        with pytest.raises(NotThereError, match=ID):
            served.call(lambda endpoint, now: endpoint.query_records(ID, CHANNEL, (0, 1000), now))
    with pytest.raises(NotServing, match="stopped"):
        served.call(lambda endpoint, now: endpoint.online())


def test_before_it_runs_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(EdgeError, match="does not run yet"):
        platform(tmp_path, 5060).counts()


def test_a_port_that_is_taken_is_named_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    served, ear, stop = platform(tmp_path, port), Ear(), threading.Event()
    served.listen(ear)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        thread = threading.Thread(target=served.run, args=(stop,))
        thread.start()
        until(lambda: "cannot listen" in caplog.text)
        with pytest.raises(NotServing, match=f"127.0.0.1:{port} cannot be served"):
            served.call(lambda endpoint, now: endpoint.online())
    wait_until_serving(served)
    stop.set()
    thread.join(LONG_S)
    assert not thread.is_alive()


def test_connections_beyond_the_caps_are_shut_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConnectionLimits, "of", classmethod(lambda cls, _: cls(connections=3, per_address=2)))
    port = free_port()
    with serving(tmp_path, port) as (served, _):
        kept = [Wire(port, tcp=True) for _ in range(2)]
        assert [status(wire.register()[0]) for wire in kept] == [401, 401]
        with socket.create_connection(("127.0.0.1", port)) as shut:
            shut.settimeout(LONG_S)
            assert _is_closed(shut)
        assert served.counts()["shut_out"] == 1
        for wire in kept:
            wire.close()


def _is_closed(sock: socket.socket) -> bool:
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def test_what_is_no_sip_over_tcp_is_hung_up_on(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, port), socket.create_connection(("127.0.0.1", port)) as robot:
        robot.settimeout(LONG_S)
        robot.sendall(corpus("scanner-http.bin"))
        assert _is_closed(robot)


def test_caps_grow_with_the_devices() -> None:
    assert ConnectionLimits.of(1) == ConnectionLimits(1024, 512)
    assert ConnectionLimits.of(10_000) == ConnectionLimits(20_000, 20_000)


def test_our_own_address_is_the_one_on_the_way_to_the_device() -> None:
    clock = SystemClock()
    peer = Peer("udp", "127.0.0.1", 5060)
    assert OwnAddress("0.0.0.0", None, clock).towards(peer) == "127.0.0.1"
    assert OwnAddress("192.0.2.1", None, clock).towards(peer) == "192.0.2.1"
    assert OwnAddress("0.0.0.0", "198.51.100.1", clock).towards(peer) == "198.51.100.1"
    assert address_towards("no address") == ""
    cached = OwnAddress("", None, clock)
    assert cached.towards(peer) == cached.towards(peer)
    assert cached.towards(Peer("udp", "no address", 1)) == "no address"


def test_an_agent_without_cameras_listens_all_the_same(tmp_path: Path) -> None:
    port = free_port()
    settings = processes.Gb28181(host="127.0.0.1", port=port, platform_id=PLATFORM)
    served, stop = Platform(settings, {}, tmp_path, SystemClock()), threading.Event()
    thread = threading.Thread(target=served.run, args=(stop,))
    thread.start()
    wait_until_serving(served)
    stranger = Wire(port)
    assert status(stranger.log_in()) == 403
    stop.set()
    thread.join(LONG_S)
    assert [each.device_id for each in served.strangers()] == [ID]
    stranger.close()
