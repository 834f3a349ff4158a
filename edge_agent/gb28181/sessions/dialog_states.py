"""Defines a session's states and the steps between them (GB/T 28181-2022, 9.2 and annex K; RFC 3261, 13 and 15).

```
IDLE ─INVITE─▶ INVITING ─2xx─▶ WAIT_MEDIA ─picture─▶ PLAYING
                  │ 10 s           │ 75 s, hang up       │ hang up   │ 121
                  ▼                ▼                    ▼           ▼
              CANCELLING ──2xx──▶ CLOSING ◀─────────────┴─────── FINISHING
                  │                │ BYE answered, 5 s     refused, device BYE, device gone: at once
                  └────────────▶ TOMBSTONE ─32 s─▶ BURIED
```
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from edge_agent.gb28181.sip.errors import ProtocolError


class State(StrEnum):
    """State of one session."""

    IDLE = "idle"
    INVITING = "inviting"
    CANCELLING = "cancelling"
    """CANCEL is sent; a 2xx may still cross it, and is hung up then."""
    WAIT_MEDIA = "wait_media"
    PLAYING = "playing"
    FINISHING = "finishing"
    """The device has said that its file is over. BYE waits until what is on the way has been received: some close a TCP
    connection on it with the tail of the file unsent."""
    CLOSING = "closing"
    """BYE is sent, its answer is awaited."""
    TOMBSTONE = "tombstone"
    """Over. Repeats are still answered, and media that flows on gets one more BYE."""
    BURIED = "buried"


LIVE: Final = frozenset({State.INVITING, State.WAIT_MEDIA, State.PLAYING})
"""States in which media is wanted."""
OVER: Final = frozenset({State.TOMBSTONE, State.BURIED})
"""States after which the device may be invited to the same channel again."""


class Event(StrEnum):
    """An event of a session's table."""

    INVITE = "invite"
    PROVISIONAL = "provisional"
    """A provisional response: 100 or 18x."""
    CHALLENGED = "challenged"
    """401 or 407, for the first time."""
    ACCEPTED = "accepted"
    """2xx, also a repeated one."""
    REFUSED = "refused"
    """Any other final response, also a repeated one."""
    PICTURE = "picture"
    """The receiver has a usable picture."""
    LATE_MEDIA = "late_media"
    """RTP came to a port whose session is over."""
    FILE_END = "file_end"
    """`MediaStatus` 121: the recording is at its end."""
    DEVICE_BYE = "device_bye"
    DEVICE_GONE = "device_gone"
    HANG_UP = "hang_up"
    BYE_ANSWERED = "bye_answered"
    TIMEOUT = "timeout"


class IllegalEventError(ProtocolError):
    """The table has no step for this event in this state. The state stays as it was.

    Attributes:
        state: the state.
        event: what happened.
    """

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{event.value} in state {state.value}")
        self.state = state
        self.event = event


TABLE: Final[Mapping[State, Mapping[Event, State]]] = {
    State.IDLE: {
        Event.INVITE: State.INVITING,
    },
    State.INVITING: {
        Event.PROVISIONAL: State.INVITING,
        Event.CHALLENGED: State.INVITING,
        Event.ACCEPTED: State.WAIT_MEDIA,
        Event.REFUSED: State.TOMBSTONE,
        Event.FILE_END: State.CANCELLING,
        Event.DEVICE_BYE: State.CANCELLING,
        Event.DEVICE_GONE: State.TOMBSTONE,
        Event.HANG_UP: State.CANCELLING,
        Event.TIMEOUT: State.CANCELLING,
    },
    State.CANCELLING: {
        Event.PROVISIONAL: State.CANCELLING,
        Event.ACCEPTED: State.CLOSING,
        Event.CHALLENGED: State.TOMBSTONE,
        Event.REFUSED: State.TOMBSTONE,
        Event.FILE_END: State.CANCELLING,
        Event.DEVICE_BYE: State.CANCELLING,
        Event.DEVICE_GONE: State.TOMBSTONE,
        Event.HANG_UP: State.CANCELLING,
        Event.TIMEOUT: State.TOMBSTONE,
    },
    State.WAIT_MEDIA: {
        Event.PROVISIONAL: State.WAIT_MEDIA,
        Event.ACCEPTED: State.WAIT_MEDIA,
        Event.PICTURE: State.PLAYING,
        Event.FILE_END: State.FINISHING,
        Event.DEVICE_BYE: State.TOMBSTONE,
        Event.DEVICE_GONE: State.TOMBSTONE,
        Event.HANG_UP: State.CLOSING,
        Event.TIMEOUT: State.CLOSING,
    },
    State.PLAYING: {
        Event.PROVISIONAL: State.PLAYING,
        Event.ACCEPTED: State.PLAYING,
        Event.PICTURE: State.PLAYING,
        Event.FILE_END: State.FINISHING,
        Event.DEVICE_BYE: State.TOMBSTONE,
        Event.DEVICE_GONE: State.TOMBSTONE,
        Event.HANG_UP: State.CLOSING,
    },
    State.FINISHING: {
        Event.PROVISIONAL: State.FINISHING,
        Event.ACCEPTED: State.FINISHING,
        Event.PICTURE: State.FINISHING,
        Event.FILE_END: State.FINISHING,
        Event.DEVICE_BYE: State.TOMBSTONE,
        Event.DEVICE_GONE: State.TOMBSTONE,
        Event.HANG_UP: State.CLOSING,
        Event.TIMEOUT: State.CLOSING,
    },
    State.CLOSING: {
        Event.PROVISIONAL: State.CLOSING,
        Event.ACCEPTED: State.CLOSING,
        Event.PICTURE: State.CLOSING,
        Event.LATE_MEDIA: State.CLOSING,
        Event.FILE_END: State.CLOSING,
        Event.DEVICE_BYE: State.TOMBSTONE,
        Event.DEVICE_GONE: State.TOMBSTONE,
        Event.HANG_UP: State.CLOSING,
        Event.BYE_ANSWERED: State.TOMBSTONE,
        Event.TIMEOUT: State.TOMBSTONE,
    },
    State.TOMBSTONE: {
        Event.PROVISIONAL: State.TOMBSTONE,
        Event.CHALLENGED: State.TOMBSTONE,
        Event.ACCEPTED: State.TOMBSTONE,
        Event.REFUSED: State.TOMBSTONE,
        Event.PICTURE: State.TOMBSTONE,
        Event.LATE_MEDIA: State.TOMBSTONE,
        Event.FILE_END: State.TOMBSTONE,
        Event.DEVICE_BYE: State.TOMBSTONE,
        Event.DEVICE_GONE: State.TOMBSTONE,
        Event.HANG_UP: State.TOMBSTONE,
        Event.BYE_ANSWERED: State.TOMBSTONE,
        Event.TIMEOUT: State.BURIED,
    },
    State.BURIED: {},
}


def after(state: State, event: Event) -> State:
    """Returns the state that follows.

    Raises:
        IllegalEventError: the table has no such step.
    """
    try:
        return TABLE[state][event]
    except KeyError:
        raise IllegalEventError(state, event) from None
