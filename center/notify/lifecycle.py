"""The life of one message to one recipient: states, the events allowed in each, and outcomes of attempts. Pure.

The line between an outcome that was *not taken* and one that is *unknown* decides about doubles.
"""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:.-]{0,47}")
UNREADABLE: Final = "unreadable"
FIRST_WAIT_MS: Final = 5_000
LONGEST_WAIT_MS: Final = 600_000
AFTER_UNKNOWN_MS: Final = 30_000
"""Milliseconds: long enough for a gateway that was busy, short enough for an alarm."""


class AttemptVerdict(StrEnum):
    """Verdict on one attempt."""

    TAKEN = "taken"
    """The receiving side has the message."""
    REFUSED = "refused"
    """The receiving side will never take this message."""
    NOT_TAKEN = "not_taken"
    """The receiving side does not have it, and may take it later."""
    THROTTLED = "throttled"
    """The same, because messages come too fast."""
    UNKNOWN = "unknown"
    """The receiving side may have it."""


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """Outcome of one attempt. No field ever holds a secret, a number or an address."""

    verdict: AttemptVerdict
    code: str
    """A stable word for programs: the centre's, or the receiving side's where it is one."""
    reference: str = ""
    """The receiving side's id of the message, for its report."""


class MessageState(StrEnum):
    """State of a message to one recipient."""

    WAITING = "waiting"
    SENDING = "sending"
    """An attempt is under way, or was when the process ended."""
    SENT = "sent"
    """The receiving side has the message."""
    DELIVERED = "delivered"
    """The receiving side reported that it arrived."""
    UNDELIVERED = "undelivered"
    """The receiving side reported that it did not arrive."""
    FAILED = "failed"
    """Refused by the receiving side or by a rule of the centre; never sent again."""
    UNKNOWN = "unknown"
    """The receiving side may have it, and another attempt could be a double; never sent again."""
    EXPIRED = "expired"
    """Not taken in time."""


class MessageEvent(StrEnum):
    """Event in the life of a message."""

    CLAIM = "claim"
    TAKE = "take"
    DEFER = "defer"
    REFUSE = "refuse"
    LOSE = "lose"
    LAPSE = "lapse"
    CONFIRM = "confirm"
    DENY = "deny"


S, E = MessageState, MessageEvent
TABLE: Final[dict[tuple[MessageState, MessageEvent], MessageState]] = {
    (S.WAITING, E.CLAIM): S.SENDING,
    (S.WAITING, E.REFUSE): S.FAILED,
    (S.WAITING, E.LAPSE): S.EXPIRED,
    (S.SENDING, E.TAKE): S.SENT,
    (S.SENDING, E.DEFER): S.WAITING,
    (S.SENDING, E.REFUSE): S.FAILED,
    (S.SENDING, E.LOSE): S.UNKNOWN,
    # Reports come late, twice, one for each part and in any order: that it arrived outweighs that it did not.
    (S.SENT, E.CONFIRM): S.DELIVERED,
    (S.SENT, E.DENY): S.UNDELIVERED,
    (S.UNDELIVERED, E.CONFIRM): S.DELIVERED,
    (S.UNDELIVERED, E.DENY): S.UNDELIVERED,
    (S.DELIVERED, E.CONFIRM): S.DELIVERED,
    (S.DELIVERED, E.DENY): S.DELIVERED,
}
SETTLED: Final = frozenset({S.SENT, S.DELIVERED, S.UNDELIVERED, S.FAILED, S.UNKNOWN, S.EXPIRED})
"""States from which nothing is sent any more."""


class IllegalEventError(Exception):
    """A bug: the event is not allowed in the message's state."""

    def __init__(self, state: MessageState, event: MessageEvent) -> None:
        super().__init__(f"{event.value} in state {state.value}")


def after(state: MessageState, event: MessageEvent) -> MessageState:
    """Returns the state that follows an event.

    Raises:
        IllegalEventError: the event is not allowed.
    """
    try:
        return TABLE[state, event]
    except KeyError:
        raise IllegalEventError(state, event) from None


@dataclass(frozen=True, slots=True)
class Progress:
    """State of one message, with its attempts and the next due time."""

    state: MessageState
    due_ms: int
    attempts: int = 0
    possible: int = 0
    """Attempts of unknown outcome, each of which may have delivered the message."""
    code: str = ""
    reference: str = ""


def settled(
    progress: Progress, outcome: AttemptOutcome, *, most_possible: int | None, now_ms: int, jitter: float
) -> Progress:
    """Applies the outcome of an attempt to a message.

    Args:
        progress: a message that is being sent.
        outcome: what the attempt came to.
        most_possible: so many unknown outcomes end it; None: it is sent until the receiving side has it.
        now_ms: the time.
        jitter: 0 to 1; spreads messages that failed together.

    Raises:
        IllegalEventError: the message is not being sent.
    """
    attempts, possible = progress.attempts + 1, progress.possible
    if outcome.verdict is AttemptVerdict.UNKNOWN:
        possible += 1
    event = _event(outcome.verdict, possible, most_possible)
    return replace(
        progress,
        state=after(progress.state, event),
        attempts=attempts,
        possible=possible,
        due_ms=now_ms + _wait_ms(outcome.verdict, attempts, jitter),
        code=outcome.code,
        reference=outcome.reference,
    )


def _event(verdict: AttemptVerdict, possible: int, most_possible: int | None) -> MessageEvent:
    match verdict:
        case AttemptVerdict.TAKEN:
            return MessageEvent.TAKE
        case AttemptVerdict.REFUSED:
            return MessageEvent.REFUSE
        case AttemptVerdict.UNKNOWN if most_possible is not None and possible >= most_possible:
            return MessageEvent.LOSE
        case AttemptVerdict.NOT_TAKEN | AttemptVerdict.THROTTLED | AttemptVerdict.UNKNOWN:
            return MessageEvent.DEFER


def _wait_ms(verdict: AttemptVerdict, attempts: int, jitter: float) -> int:
    if verdict is AttemptVerdict.UNKNOWN:
        return AFTER_UNKNOWN_MS
    wait = min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** min(attempts - 1, 16))
    return int(wait * (0.5 + jitter / 2))


def code_of(text: object) -> str:
    """Returns a foreign code if it may stand in a log, else `UNREADABLE`."""
    return text if isinstance(text, str) and _CODE.fullmatch(text) else UNREADABLE
