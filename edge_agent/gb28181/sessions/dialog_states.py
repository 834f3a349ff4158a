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

from provisioning.sip.errors import ProtocolError


class DialogState(StrEnum):
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


LIVE: Final = frozenset({DialogState.INVITING, DialogState.WAIT_MEDIA, DialogState.PLAYING})
"""States in which media is wanted."""
OVER: Final = frozenset({DialogState.TOMBSTONE, DialogState.BURIED})
"""States after which the device may be invited to the same channel again."""


class DialogEvent(StrEnum):
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


class IllegalDialogEventError(ProtocolError):
    """The table has no step for this event in this state. The state stays as it was.

    Attributes:
        state: the state.
        event: what happened.
    """

    def __init__(self, state: DialogState, event: DialogEvent) -> None:
        super().__init__(f"{event.value} in state {state.value}")
        self.state = state
        self.event = event


TABLE: Final[Mapping[DialogState, Mapping[DialogEvent, DialogState]]] = {
    DialogState.IDLE: {
        DialogEvent.INVITE: DialogState.INVITING,
    },
    DialogState.INVITING: {
        DialogEvent.PROVISIONAL: DialogState.INVITING,
        DialogEvent.CHALLENGED: DialogState.INVITING,
        DialogEvent.ACCEPTED: DialogState.WAIT_MEDIA,
        DialogEvent.REFUSED: DialogState.TOMBSTONE,
        DialogEvent.FILE_END: DialogState.CANCELLING,
        DialogEvent.DEVICE_BYE: DialogState.CANCELLING,
        DialogEvent.DEVICE_GONE: DialogState.TOMBSTONE,
        DialogEvent.HANG_UP: DialogState.CANCELLING,
        DialogEvent.TIMEOUT: DialogState.CANCELLING,
    },
    DialogState.CANCELLING: {
        DialogEvent.PROVISIONAL: DialogState.CANCELLING,
        DialogEvent.ACCEPTED: DialogState.CLOSING,
        DialogEvent.CHALLENGED: DialogState.TOMBSTONE,
        DialogEvent.REFUSED: DialogState.TOMBSTONE,
        DialogEvent.FILE_END: DialogState.CANCELLING,
        DialogEvent.DEVICE_BYE: DialogState.CANCELLING,
        DialogEvent.DEVICE_GONE: DialogState.TOMBSTONE,
        DialogEvent.HANG_UP: DialogState.CANCELLING,
        DialogEvent.TIMEOUT: DialogState.TOMBSTONE,
    },
    DialogState.WAIT_MEDIA: {
        DialogEvent.PROVISIONAL: DialogState.WAIT_MEDIA,
        DialogEvent.ACCEPTED: DialogState.WAIT_MEDIA,
        DialogEvent.PICTURE: DialogState.PLAYING,
        DialogEvent.FILE_END: DialogState.FINISHING,
        DialogEvent.DEVICE_BYE: DialogState.TOMBSTONE,
        DialogEvent.DEVICE_GONE: DialogState.TOMBSTONE,
        DialogEvent.HANG_UP: DialogState.CLOSING,
        DialogEvent.TIMEOUT: DialogState.CLOSING,
    },
    DialogState.PLAYING: {
        DialogEvent.PROVISIONAL: DialogState.PLAYING,
        DialogEvent.ACCEPTED: DialogState.PLAYING,
        DialogEvent.PICTURE: DialogState.PLAYING,
        DialogEvent.FILE_END: DialogState.FINISHING,
        DialogEvent.DEVICE_BYE: DialogState.TOMBSTONE,
        DialogEvent.DEVICE_GONE: DialogState.TOMBSTONE,
        DialogEvent.HANG_UP: DialogState.CLOSING,
    },
    DialogState.FINISHING: {
        DialogEvent.PROVISIONAL: DialogState.FINISHING,
        DialogEvent.ACCEPTED: DialogState.FINISHING,
        DialogEvent.PICTURE: DialogState.FINISHING,
        DialogEvent.FILE_END: DialogState.FINISHING,
        DialogEvent.DEVICE_BYE: DialogState.TOMBSTONE,
        DialogEvent.DEVICE_GONE: DialogState.TOMBSTONE,
        DialogEvent.HANG_UP: DialogState.CLOSING,
        DialogEvent.TIMEOUT: DialogState.CLOSING,
    },
    DialogState.CLOSING: {
        DialogEvent.PROVISIONAL: DialogState.CLOSING,
        DialogEvent.ACCEPTED: DialogState.CLOSING,
        DialogEvent.PICTURE: DialogState.CLOSING,
        DialogEvent.LATE_MEDIA: DialogState.CLOSING,
        DialogEvent.FILE_END: DialogState.CLOSING,
        DialogEvent.DEVICE_BYE: DialogState.TOMBSTONE,
        DialogEvent.DEVICE_GONE: DialogState.TOMBSTONE,
        DialogEvent.HANG_UP: DialogState.CLOSING,
        DialogEvent.BYE_ANSWERED: DialogState.TOMBSTONE,
        DialogEvent.TIMEOUT: DialogState.TOMBSTONE,
    },
    DialogState.TOMBSTONE: {
        DialogEvent.PROVISIONAL: DialogState.TOMBSTONE,
        DialogEvent.CHALLENGED: DialogState.TOMBSTONE,
        DialogEvent.ACCEPTED: DialogState.TOMBSTONE,
        DialogEvent.REFUSED: DialogState.TOMBSTONE,
        DialogEvent.PICTURE: DialogState.TOMBSTONE,
        DialogEvent.LATE_MEDIA: DialogState.TOMBSTONE,
        DialogEvent.FILE_END: DialogState.TOMBSTONE,
        DialogEvent.DEVICE_BYE: DialogState.TOMBSTONE,
        DialogEvent.DEVICE_GONE: DialogState.TOMBSTONE,
        DialogEvent.HANG_UP: DialogState.TOMBSTONE,
        DialogEvent.BYE_ANSWERED: DialogState.TOMBSTONE,
        DialogEvent.TIMEOUT: DialogState.BURIED,
    },
    DialogState.BURIED: {},
}


def after(state: DialogState, event: DialogEvent) -> DialogState:
    """Returns the state that follows.

    Raises:
        IllegalEventError: the table has no such step.
    """
    try:
        return TABLE[state][event]
    except KeyError:
        raise IllegalDialogEventError(state, event) from None
