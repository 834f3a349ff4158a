"""The part of an agent that devices register with, on loopback and in this process, as `Inlets` puts it together."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from edge_agent.clock import SystemClock
from edge_agent.gb28181.connections import Connections
from edge_agent.gb28181.devices.events import Event, Offline, Online
from edge_agent.gb28181.platform import Platform
from edge_agent.sources.gb28181.ports import MediaPorts
from edge_agent.sources.gb28181.sessions import MediaSessions, SessionTimeouts
from provisioning.contracts.config.processes import Gb28181, Gb28181Source
from provisioning.sip.peer import Peer
from tests.support.exchange import listens
from tests.support.gb28181_devices import PASSWORD, PLATFORM_ID
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

HOST = "127.0.0.1"
MEDIA_PORTS = (61_000, 65_500)
"""Above those that Linux gives to whoever asks for any; one that is taken all the same is stepped over."""
OTHER_MEDIA_PORTS = (20_000, 24_500)
T = TypeVar("T")


class Agent:
    """Platform and sessions while the `with` block lasts. What goes out and what happens is noted."""

    def __init__(
        self,
        folder: Path,
        cameras: Mapping[str, Gb28181Source],
        *,
        per_source_per_minute: int = 60_000,
        patience: SessionTimeouts | None = None,
    ) -> None:
        """`cameras`: by camera id; see `source`."""
        folder.mkdir(exist_ok=True)
        self.port = free_port()
        first, last = MEDIA_PORTS if self.port < MEDIA_PORTS[0] else OTHER_MEDIA_PORTS
        self.settings = Gb28181(
            host=HOST,
            port=self.port,
            platform_id=PLATFORM_ID,
            media_ports=(first, last),
            per_source_per_minute=per_source_per_minute,
        )
        self.cameras = dict(cameras)
        clock = SystemClock()
        self.platform = Platform(self.settings, self.cameras, folder, clock)
        self.sessions = MediaSessions(MediaPorts(*self.settings.media_ports, HOST), self.platform, clock, patience)
        self.platform.listen(self.sessions)
        self.platform.listen(self)
        self.events: list[Event] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=run, args=(self._stop,), name=name, daemon=True)
            for name, run in (("gb28181", self.platform.run), ("gb28181 media", self.sessions.run))
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        until(lambda: listens(self.port))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(LONG_S)
        assert not any(thread.is_alive() for thread in self._threads), "the platform did not stop"

    @property
    def server(self) -> tuple[str, int]:
        """Where devices register."""
        return HOST, self.port

    def heard(self, event: Event) -> None:
        """For the platform."""
        self.events.append(event)

    def came(self) -> Counter[str]:
        """How often each device came to be there."""
        return Counter(event.registration.device_id for event in list(self.events) if isinstance(event, Online))

    def went(self) -> dict[str, str]:
        """Why each device that was there went."""
        return {event.device_id: event.why.value for event in list(self.events) if isinstance(event, Offline)}

    def there(self) -> set[str]:
        """Devices that are there now."""
        return {device_id for device_id, seen in self.platform.devices().items() if seen.is_there}


def password_file(folder: Path, password: str = PASSWORD) -> Path:
    """A file that holds it."""
    path = folder / f"{password}.password"
    if not path.exists():
        path.touch(0o600)
        path.write_text(password, encoding="utf-8")
    return path


def source(device_id: str, channel_id: str, password: Path, **options: object) -> Gb28181Source:
    """A camera: one channel of a device that logs in with its own id."""
    return Gb28181Source.model_validate(
        {
            "device_id": device_id,
            "channel_id": channel_id,
            "username": device_id,
            "password_file": password,
            **options,
        }
    )


class Outgoing:
    """Every SIP message that leaves the platform, noted where it goes to its socket."""

    def __init__(self, patch: Callable[[type, str, object], None]) -> None:
        """`patch`: `MonkeyPatch.setattr`."""
        self.messages: list[tuple[bytes, Peer]] = []
        send = Connections.send

        def noted(connections: Connections, data: bytes, peer: Peer) -> None:
            self.messages.append((data, peer))
            send(connections, data, peer)

        patch(Connections, "send", noted)
