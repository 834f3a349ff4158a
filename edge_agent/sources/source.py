"""Defines the interface between a camera loop and the many kinds of camera."""

import threading
from collections.abc import Iterator
from typing import Final, Protocol, runtime_checkable

from edge_agent.frames import Glance, Skipped
from edge_agent.sources.meter import Meter
from provisioning.contracts.picture_bounds import EDGE

MAX_PIXELS: Final = EDGE.max_pixels
"""Pixels of a picture past which it is refused before it is decoded."""


class Source(Protocol):
    """A camera, or something that plays the part of one."""

    def frames(self, stop: threading.Event) -> Iterator[Glance | Skipped | None]:
        """Makes one honest attempt: opens, delivers until it ends or `stop` is set, closes. May be called again.

        No two glances of a camera share capture time and source key. A picture that cannot be used comes as `Skipped`
        and the next ones follow. A live camera whose pictures are far apart gives None about once a second in between:
        it is at work, and there is nothing to analyse. Returning means that there is nothing more to come, ever; a live
        camera never returns unless it is told to stop.

        Raises:
            SourceError: it cannot deliver now; its text holds no URL, secret or file name.
        """


@runtime_checkable
class LiveSource(Source, Protocol):
    """A source that can deliver more often, and may know its camera's clock."""

    sender_offset_ms: float | None
    """The camera's wall clock minus the agent's, at the newest picture; None while it is not known."""

    def attend(self, per_second: float) -> None:
        """Gives so many pictures a second from now on where keyframes are farther apart; 0: keyframes alone."""


@runtime_checkable
class MeteredSource(Source, Protocol):
    """A source that counts what its camera sends over the network."""

    meter: Meter


def is_bounded(width: int, height: int) -> bool:
    """Returns True if a picture of this size may be decoded at all: by sides, proportions and pixels."""
    return not EDGE.fault(width, height)
