"""A real server in its thread, with real sockets, and the pictures that come out behind it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_agent.clock import Clock, SystemClock
from edge_agent.frames import Glance, Skipped
from edge_agent.sources.pushed.bounded_decoder import BoundedDecoder
from edge_agent.sources.pushed.picture_queue import PictureQueue
from edge_agent.viid.connections import ViidLimits
from edge_agent.viid.counters import Count
from edge_agent.viid.server import ViidServer
from provisioning.contracts.config import processes
from tests.edge_agent.viid.device import DEVICE, OTHER, PASSWORD, USER, Device
from tests.edge_agent.viid.promises import Promised
from tests.support.ports import free_port
from tests.support.waiting import LONG_S

SERVER_ID = "34020000005030000001"
CAMERAS = {"gate": DEVICE, "yard": OTHER}


@dataclass
class Site:
    """What a test needs of a server."""

    server: ViidServer
    pictures: PictureQueue
    port: int
    stop: threading.Event

    def device(self, device_id: str = DEVICE, **other: object) -> Device:
        return Device(self.port, device_id, **other)  # type: ignore[arg-type]

    def counts(self, device_id: str = DEVICE) -> dict[str, int]:
        """What is not zero."""
        return {what.value: number for what, number in self.server.counts()[device_id].items() if number}

    def come_out(self, number: int, camera_id: str = "gate") -> list[Glance | Skipped]:
        """The next so many of a camera."""
        out = []
        for item in self.pictures.source(camera_id).frames(self.stop):
            if isinstance(item, Glance):
                item.pixels()
            out.append(item)
            if len(out) == number:
                break
        return out


def sources(folder: Path, keepalive_s: float = 60.0) -> dict[str, processes.ViidSource]:
    """Two cameras, their passwords in files."""
    made = {}
    for camera_id, device_id in CAMERAS.items():
        password = folder / f"{camera_id}.password"
        password.write_text(PASSWORD)
        password.chmod(0o600)
        made[camera_id] = processes.ViidSource(
            device_id=device_id, username=USER, password_file=password, keepalive_s=keepalive_s
        )
    return made


@contextmanager
def serving(
    folder: Path,
    *,
    clock: Clock | None = None,
    limits: ViidLimits | None = None,
    decoding: BoundedDecoder | None = None,
    keepalive_s: float = 60.0,
    **viid: object,
) -> Iterator[Site]:
    """Run one until the end of the block; a bug in its thread fails the test."""
    cameras = sources(folder, keepalive_s)
    free = free_port()
    settings = processes.Viid.model_validate({"host": "127.0.0.1", "port": free, "server_id": SERVER_ID} | viid)
    port = settings.port
    clock = clock or SystemClock()
    pictures = PictureQueue(cameras, settings.memory_bytes, decoding or BoundedDecoder(), clock, Promised())
    server = ViidServer(settings, cameras, pictures, clock, limits=limits)
    stop, bugs = threading.Event(), list[BaseException]()

    def run() -> None:
        try:
            server.run(stop)
        except BaseException as error:  # noqa: BLE001 - shown below, in the test's own thread
            bugs.append(error)

    thread = threading.Thread(target=run, name="viid")
    thread.start()
    try:
        _wait_until_up(port, thread)
        yield Site(server, pictures, port, stop)
    finally:
        stop.set()
        thread.join(LONG_S)
    assert not thread.is_alive()
    assert bugs == []
    assert set(server.counts()[DEVICE]) == set(Count)


def _wait_until_up(port: int, thread: threading.Thread) -> None:
    while thread.is_alive():
        try:
            with socket.create_connection(("127.0.0.1", port)):
                return
        except ConnectionRefusedError:
            thread.join(0.02)
    raise AssertionError("the server did not come up")
