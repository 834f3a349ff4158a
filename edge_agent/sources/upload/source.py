"""Delivers recordings that are brought to a camera instead of being fetched from it: the camera's side of the desk."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

from edge_agent.clock import Clock
from edge_agent.errors import Unreachable
from edge_agent.frames import Glance, Skipped
from edge_agent.sources.upload.recording import IncomingRecording
from provisioning.contracts.wire.messages import CodedCause

_LOOK_UP_S: Final = 0.2
_ROOM_S: Final = 0.5


class Uploads:
    """Delivers the recordings that the server offers, one at a time."""

    def __init__(
        self,
        camera_id: str,
        clock: Clock,
        *,
        has_room: Callable[[], bool] = lambda: True,
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        """`has_room`: True while the spool takes more without dropping what is old.

        `idle` is called before each wait.
        """
        self._camera_id = camera_id
        self._clock = clock
        self._has_room = has_room
        self._idle = idle
        self._changed = threading.Condition()
        self._waiting: IncomingRecording | None = None
        self._shut: CodedCause | None = None

    def offer(self, incoming: IncomingRecording) -> None:
        """Puts a recording before the camera; another one that still waits there is abandoned."""
        with self._changed:
            before, self._waiting = self._waiting, incoming
            self._changed.notify_all()
        if before is not None:
            before.abandon()

    def withdraw(self, incoming: IncomingRecording) -> bool:
        """Takes back a recording that the camera has not begun; returns False when it has."""
        with self._changed:
            if self._waiting is not incoming:
                return False
            self._waiting = None
        incoming.abandon()
        return True

    def shut(self, cause: CodedCause | None) -> None:
        """Notes why nothing can be brought; None when it can again."""
        with self._changed:
            self._shut = cause
            self._changed.notify_all()

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped]:
        """Delivers pictures. Never returns unless told to stop: the next recording may come any time.

        Raises:
            Unreachable: nothing can be brought here.
        """
        while (incoming := self._next(stop)) is not None:
            with closing(incoming.glances(stop, self._clock.now_ms)) as glances:
                for item in glances:
                    self._wait_for_room(incoming, stop)
                    yield item

    def _wait_for_room(self, incoming: IncomingRecording, stop: threading.Event) -> None:
        """Waits for room in the spool: a recording comes faster than a line takes it away, and can wait."""
        while not (self._has_room() or incoming.is_given_up or stop.is_set()):
            incoming.is_held = True
            self._clock.wait(stop, _ROOM_S)
        incoming.is_held = False

    def _next(self, stop: threading.Event) -> IncomingRecording | None:
        is_reported = False
        while not stop.is_set():
            with self._changed:
                if self._shut is not None:
                    raise Unreachable(self._camera_id, self._shut)
                if self._waiting is not None:
                    incoming, self._waiting = self._waiting, None
                    return incoming
            if not is_reported:
                self._idle()
                is_reported = True
            with self._changed:
                if self._waiting is None and self._shut is None:
                    self._changed.wait(_LOOK_UP_S)
        return None
