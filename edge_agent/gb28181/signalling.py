"""What cameras' threads ask of the platform that speaks with devices: its endpoint, in the endpoint's own thread."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from edge_agent.gb28181.sessions.invite import Invitation, Route
from edge_agent.gb28181.sip.edition import Version
from edge_agent.gb28181.sip.moment import Now

_T = TypeVar("_T")


class Commands(Protocol):
    """What can be asked. `Signalling.call` takes it to the right thread."""

    def route(self, device_id: str) -> Route | None:
        """How a device is reached; None: it is not registered."""

    def version(self, device_id: str) -> Version:
        """Which edition of the standard it speaks."""

    def query_records(self, device_id: str, channel_id: str, span_ms: tuple[int, int], now: Now) -> int:
        """Ask what a channel has recorded; the number that the answer (`RecordsTaken`) bears. Raises ProtocolError."""

    def invite_turn_s(self, now: Now) -> float:
        """When an INVITE may go out (monotonic, seconds): after a restart all cameras want theirs at once."""

    def invite(self, invitation: Invitation, now: Now) -> int:
        """See `Dialogs.invite`. Raises ProtocolError."""

    def hang_up(self, session: int, now: Now) -> None:
        """See `Dialogs.hang_up`."""

    def picture(self, session: int, now: Now) -> None:
        """See `Dialogs.picture`."""

    def late_media(self, session: int, now: Now) -> None:
        """See `Dialogs.late_media`."""


class Signalling(Protocol):
    """The platform, from any other thread than its own."""

    def call(self, command: Callable[[Commands, Now], _T]) -> _T:
        """Have it done in the platform's thread, and what follows from it sent. Raises what it raises.

        Raises:
            NotServing: no device can be reached.
        """
