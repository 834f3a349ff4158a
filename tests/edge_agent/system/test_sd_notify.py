"""What systemd hears: to a real socket, under either kind of name, and nothing where nobody listens."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.system import sd_notify
from tests.support.waiting import LONG_S


@pytest.fixture(params=["file", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    place = str(tmp_path / "notify") if request.param == "file" else f"@wayside-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(place.replace("@", "\0", 1))
        listener.settimeout(LONG_S)
        monkeypatch.setenv("NOTIFY_SOCKET", place)
        yield listener


def test_ready_watchdog_and_stopping_arrive(systemd: socket.socket) -> None:
    sd_notify.ready("30 cameras")
    sd_notify.watchdog()
    sd_notify.stopping()
    assert [systemd.recv(100) for _ in range(3)] == [b"READY=1\nSTATUS=30 cameras", b"WATCHDOG=1", b"STOPPING=1"]


@pytest.mark.parametrize("place", [None, "", "relative", "/nowhere/notify", "@nobody-is-there"])
def test_where_nobody_listens_nothing_happens(place: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if place is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", place)
    sd_notify.ready()
    sd_notify.watchdog()


def test_a_systemd_that_does_not_listen_holds_nobody_up(systemd: socket.socket) -> None:
    for _ in range(2000):  # more than any datagram socket keeps
        sd_notify.watchdog()
    assert systemd.recv(100) == b"WATCHDOG=1"
