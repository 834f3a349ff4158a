"""A platform that really listens on loopback, and a device with real sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.gb28181.devices.events import Event
from edge_agent.gb28181.platform import Platform
from provisioning.contracts.config import processes
from provisioning.sip.peer import Peer
from tests.edge_agent.gb28181.scripted import CHANNEL, ID, OTHER, PASSWORD, PLATFORM, Scripted, Site
from tests.support.waiting import LONG_S, until


class Ear:
    """Every event, and a way to wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = threading.Condition()

    def heard(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def wait(self, *kinds: type) -> None:
        with self._news:
            assert self._news.wait_for(lambda: any(isinstance(e, kinds) for e in self.events), LONG_S), kinds

    def forget(self) -> None:
        with self._news:
            self.events.clear()


class Wire(Scripted):
    """A scripted device on a real socket."""

    def __init__(self, port: int, device_id: str = ID, *, tcp: bool = False) -> None:
        super().__init__(Site(), device_id, Peer("tcp" if tcp else "udp", "127.0.0.1", 0))
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        self.sock.settimeout(LONG_S)
        self.sock.connect(("127.0.0.1", port))
        self.received: list[str] = []
        self._come = b""
        self.site.hear = self._send  # type: ignore[method-assign, assignment] # the site of a script is this socket

    def next(self) -> str:
        """The next text that comes; over TCP several may come in one piece, or one in several."""
        while (end := self._end()) is None:
            data = self.sock.recv(65536)
            assert data
            self._come += data
        text, self._come = self._come[:end], self._come[end:]
        return text.decode()

    def _end(self) -> int | None:
        head, mark, rest = self._come.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2] or 0)  # ours is the last header
        return len(head) + len(mark) + length if mark and len(rest) >= length else None

    def close(self) -> None:
        self.sock.close()

    def _send(self, data: bytes | str, _: Peer) -> list[str]:
        self.sock.send(data if isinstance(data, bytes) else data.encode())
        while True:
            text = self.next()
            if text.startswith("SIP/2.0"):
                return [text]
            self.received.append(text)


def sources(folder: Path, **options: object) -> dict[str, processes.Gb28181Source]:
    """Two cameras of two devices, each with a password of its own file."""
    made = {}
    for camera_id, device_id in (("gate", ID), ("yard", OTHER)):
        file = folder / f"{device_id}.password"
        file.write_text(PASSWORD, encoding="utf-8")
        file.chmod(0o600)
        made[camera_id] = processes.Gb28181Source.model_validate(
            {"device_id": device_id, "channel_id": CHANNEL, "username": device_id, "password_file": file, **options}
        )
    return made


def platform(folder: Path, port: int, **options: object) -> Platform:
    """It does not run yet."""
    settings = processes.Gb28181.model_validate(
        {"host": "127.0.0.1", "port": port, "platform_id": PLATFORM, "media_ports": (30000, 30003), **options}
    )
    return Platform(settings, sources(folder), folder, SystemClock())


@contextmanager
def serving(folder: Path, port: int, **options: object) -> Iterator[tuple[Platform, Ear]]:
    """One that does."""
    served, ear, stop = platform(folder, port, **options), Ear(), threading.Event()
    served.listen(ear)
    thread = threading.Thread(target=served.run, args=(stop,), name="gb28181")
    thread.start()
    try:
        wait_until_serving(served)
        yield served, ear
    finally:
        stop.set()
        thread.join(LONG_S)
        assert not thread.is_alive()


def wait_until_serving(served: Platform) -> None:
    """Until it answers."""
    until(lambda: served.is_serving, "the platform serves")
