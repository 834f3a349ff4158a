"""One agent's platform with all its devices, and cameras that hold sessions: `python -m bench.soak.devices.station`.

`wayside-edge run` gives every camera a thread, a process with a decoder and a share of the redactor: no machine runs
ten thousand of these. Here are its `Platform`, with its own thread, sockets and registration file, and its
`MediaSessions`, as `edge_agent.inlets` puts them together. A line of JSON is printed every second.
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

from bench.process import cpu_s, rss_mib
from bench.soak.devices.settlement import Settlement
from edge_agent.clock import Backoff, SystemClock
from edge_agent.errors import SourceError
from edge_agent.gb28181.devices.events import Event, Offline, Online
from edge_agent.gb28181.platform import NotServing, Platform
from edge_agent.sources.gb28181.channel import LiveChannel
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.gb28181.ports import MediaPorts
from edge_agent.sources.gb28181.sessions import MediaSessions
from provisioning.contracts.config.processes import Gb28181Source

_EVERY_S: Final = 1.0
_LOOK_S: Final = 0.5
_DATAGRAM: Final = 65536


class Ear:
    """What the platform tells of devices."""

    def __init__(self) -> None:
        self.came: set[str] = set()
        """Everybody who was heard since this process began."""
        self.gone: Counter[str] = Counter()
        """Devices that were called offline, by the reason."""

    def heard(self, event: Event) -> None:
        """See `platform.Listener`."""
        match event:
            case Online(registration):
                self.came.add(registration.device_id)
            case Offline(_, why):
                self.gone[why.value] += 1


class Watcher(threading.Thread):
    """A camera's thread without its decoder: it wants a session, holds it, and asks again when it has ended."""

    def __init__(self, camera_id: str, source: Gb28181Source, sessions: MediaSessions, stop: threading.Event) -> None:
        super().__init__(name=camera_id, daemon=True)
        self.is_held = False
        self.troubles: Counter[str] = Counter()
        self._channel = LiveChannel(camera_id, source, sessions)
        self._stop_asked = stop

    def run(self) -> None:
        """Until it is stopped."""
        backoff = Backoff(1.0, 30.0)
        while not self._stop_asked.is_set():
            try:
                with self._channel.open() as media:
                    self._channel.reach(0)
                    backoff.reset()
                    self.is_held = True
                    self._hold(media)
            except SourceError as error:
                self.troubles[type(error).__name__] += 1
            self.is_held = False
            self._stop_asked.wait(backoff.next_wait_s())

    def _hold(self, media: Media) -> None:
        while not self._stop_asked.wait(_LOOK_S):
            if (error := media.ended()) is not None:
                raise error
            if media.sock is not None:
                media.sock.setblocking(False)
                with suppress(BlockingIOError):
                    while media.sock.recv(_DATAGRAM):
                        continue


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak.devices.station", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--spool", type=Path, required=True)
    parser.add_argument("--password-file", type=Path, required=True)
    parser.add_argument("--over-udp", type=int, required=True)
    parser.add_argument("--over-tcp", type=int, required=True)
    parser.add_argument("--watched", type=int, required=True)
    parser.add_argument("--heartbeat", type=float, required=True)
    options = parser.parse_args()
    settlement = Settlement(options.over_udp, options.over_tcp, options.watched, options.heartbeat)
    _serve(settlement, options.port, options.spool, options.password_file)


def _serve(settlement: Settlement, port: int, spool: Path, password_file: Path) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    section, sources, clock = settlement.section(port), settlement.sources(password_file), SystemClock()
    platform = Platform(section, sources, spool, clock)
    sessions = MediaSessions(MediaPorts(*section.media_ports, section.host), platform, clock)
    ear = Ear()
    platform.listen(sessions)
    platform.listen(ear)
    servers = [threading.Thread(target=serve, args=(stop,)) for serve in (platform.run, sessions.run)]
    watched = islice(sources.items(), settlement.watched)
    watchers = [Watcher(camera_id, source, sessions, stop) for camera_id, source in watched]
    for thread in (*servers, *watchers):
        thread.start()
    while not platform.is_serving and not stop.wait(0.05):
        continue
    while True:
        with suppress(NotServing):  # it is asked to stop at this very moment
            _say(platform, ear, watchers)
        if stop.wait(_EVERY_S):
            break
    for thread in (*servers, *watchers):
        thread.join()


def _say(platform: Platform, ear: Ear, watchers: list[Watcher]) -> None:
    there = platform.call(lambda endpoint, _: endpoint.online())
    seen = platform.devices().values()
    troubles: Counter[str] = Counter()
    for watcher in watchers:
        troubles += watcher.troubles
    said: dict[str, Any] = {
        "there": there,
        "came": len(ear.came),
        "gone": dict(ear.gone),
        "listed": sum(each.channels is not None for each in seen),
        "held": sum(watcher.is_held for watcher in watchers),
        "troubles": dict(troubles),
        "cpu_s": cpu_s(os.getpid()),
        "rss_mib": rss_mib(),
        "at_s": time.monotonic(),
    }
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
