"""Opens one camera's media, attempt after attempt: a session each, live or of recordings (`playback`)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeVar

from edge_agent.errors import SourceError
from edge_agent.frames import Glance, Skipped, SkipReason
from edge_agent.sources.gb28181.media_socket import Media
from edge_agent.sources.gb28181.sessions import MediaSessions
from edge_agent.sources.source import LiveSource
from provisioning.contracts.config.processes import Gb28181Source

_Opened_co = TypeVar("_Opened_co", covariant=True)


class MediaChannel(Protocol[_Opened_co]):
    """Opens the sessions of one camera. Used by one thread at a time."""

    @property
    def is_over(self) -> bool:
        """True once nothing more is to come, ever."""

    def open(self) -> AbstractContextManager[_Opened_co]:
        """Opens the media of the next session, for as long as the context lasts. Raises SourceError."""

    def reach(self, at_ms: int) -> None:
        """Notes that a usable picture with this capture time has come."""

    def excuses(self, error: SourceError) -> bool:
        """True if a session that ended with this error has ended as it should."""

    def complaints(self) -> list[str]:
        """Returns what could not be fetched, each once."""


class LiveChannel:
    """Opens the live video of a channel."""

    is_over = False

    def __init__(self, camera_id: str, source: Gb28181Source, sessions: MediaSessions) -> None:
        self._camera_id = camera_id
        self._source = source
        self._sessions = sessions
        self._pictured: Callable[[], None] = lambda: None

    @contextmanager
    def open(self) -> Iterator[Media]:
        with self._sessions.open(self._camera_id, self._source) as session:
            self._pictured = session.picture
            yield session.media

    def reach(self, at_ms: int) -> None:  # noqa: ARG002 - now, whatever the device's clock says
        """Reports the picture to the session, which plays from its first picture on."""
        self._pictured()

    def excuses(self, error: SourceError) -> bool:  # noqa: ARG002 - a live channel has no end of its own
        return False

    def complaints(self) -> list[str]:
        return []


class ChannelSource:
    """Delivers the pictures of a GB/T 28181 camera, or of a recorder's span, in this process."""

    def __init__(self, camera_id: str, channel: MediaChannel[object], stream: LiveSource) -> None:
        """`stream` receives one session of `channel` at a time."""
        self._camera_id = camera_id
        self._channel = channel
        self._stream = stream

    @property
    def sender_offset_ms(self) -> float | None:
        """The device's clock minus the agent's, as of the running session."""
        return self._stream.sender_offset_ms

    def attend(self, per_second: float) -> None:
        self._stream.attend(per_second)

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped | None]:
        """Delivers pictures. Sessions of recordings follow each other until there are no more.

        Raises:
            SourceError: see `MediaSessions.open` and `Gb28181Stream.frames`.
        """
        while not (stop.is_set() or self._channel.is_over):
            try:
                for item in self._stream.frames(stop):
                    if isinstance(item, Glance):
                        self._channel.reach(item.captured_at_ms)
                    yield item
            except SourceError as error:
                if not self._channel.excuses(error):
                    raise
            for complaint in self._channel.complaints():
                yield Skipped(self._camera_id, SkipReason.BROKEN, complaint)
