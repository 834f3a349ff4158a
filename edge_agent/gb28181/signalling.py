"""Lets cameras' threads give commands to the endpoint in its own thread."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from edge_agent.gb28181.sessions.invite import DeviceRoute, Invitation
from edge_agent.gb28181.sip.edition import Version
from edge_agent.gb28181.sip.moment import Now

_T = TypeVar("_T")


class Commands(Protocol):
    """Commands to the endpoint. `Signalling.call` runs them in the right thread."""

    def route(self, device_id: str) -> DeviceRoute | None:
        """Returns the route to a device; None: it is not registered."""

    def version(self, device_id: str) -> Version:
        """Returns the edition of GB/T 28181 that a device speaks."""

    def query_records(self, device_id: str, channel_id: str, span_ms: tuple[int, int], now: Now) -> int:
        """Queries a channel's recordings; returns the number of the answer (`RecordsTaken`). Raises ProtocolError."""

    def invite_turn_s(self, now: Now) -> float:
        """Takes a turn for an INVITE, returns its monotonic second: after a restart all cameras want theirs at once."""

    def invite(self, invitation: Invitation, now: Now) -> int:
        """Invites a device to send media; returns the session's number (`Dialogs.invite`). Raises ProtocolError."""

    def hang_up(self, session: int, now: Now) -> None:
        """Ends a session: its media is not wanted any more."""

    def picture(self, session: int, now: Now) -> None:
        """Notes that the session's receiver has a usable picture."""

    def late_media(self, session: int, now: Now) -> None:
        """Notes that RTP came to the session's port after its end."""


class Signalling(Protocol):
    """Reaches the platform from any thread but its own."""

    def call(self, command: Callable[[Commands, Now], _T]) -> _T:
        """Runs a command in the platform's thread, and sends what follows from it. Raises what the command raises.

        Raises:
            NotServing: no device can be reached.
        """
