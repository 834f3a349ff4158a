"""Collects an answer that comes in several messages: which of them are ours, what they bring, and when it is over.

`SumNum` is a claim and not a count, the number of the query is not echoed by all, and a recorder that has lost its
thread simply stops. So an answer is over a moment after the sum is reached, or after a silence, whatever it claims.
"""

from collections.abc import Hashable
from enum import Enum
from typing import Final, Generic, TypeVar

FIRST_S: Final = 120.0
"""Seconds until the first message: a recorder with many channels collects first."""
IDLE_S: Final = 5.0
SETTLE_S: Final = 1.0
"""Seconds after the sum is reached: some count the items of the message and not those of the list."""
WHOLE_S: Final = 600.0
"""Seconds for the whole answer: a device that sends an item every four seconds must not be waited for all day."""
MAX_ITEMS: Final = 20_000
_Key = TypeVar("_Key", bound=Hashable)
_Item = TypeVar("_Item")


class AnswerOutcome(Enum):
    """End of an answer."""

    COMPLETE = "complete"
    STALLED = "stalled"
    """The device stopped before the sum that it claims, or claims none."""
    SILENT = "silent"
    """No message of the answer came."""
    REFUSED = "refused"
    """The device says ERROR."""
    TOO_MANY = "too_many"
    """Over MAX_ITEMS: the rest was dropped."""


class PartKind(Enum):
    """Relation of a message to an answer."""

    NEW = "new"
    AGAIN = "again"
    """All its items came before: a repeat under another SIP transaction."""
    ANEW = "anew"
    """The first with our number: what came before was the answer to another query, and is to be forgotten."""
    FOREIGN = "foreign"
    """The message is not of this answer."""


class Multipart(Generic[_Key, _Item]):
    """Collects the answer to one query. `catalog` and `records` read its messages, and give the list once it is over.

    After each call read the list, and keep its timer.
    """

    def __init__(self, sn: int, asked_s: float) -> None:
        self._sn = sn
        self._latest_s = asked_s + WHOLE_S
        self._deadline_s = asked_s + FIRST_S
        self._is_ours: bool | None = None
        """True if what came bears our number; None before anything came."""
        self._received = 0
        self._seen: set[Hashable] = set()
        self._items: dict[_Key, _Item] = {}
        self._unusable = 0
        """Items that came and cannot be used."""
        self.announced: int | None = None
        """The largest sum claimed."""
        self.outcome: AnswerOutcome | None = None

    def _count_part(
        self, sn: int | None, sum_num: int | None, keys: tuple[Hashable, ...], nameless: int, now_s: float
    ) -> PartKind:
        """Counts one message: its number, its sum, its items' keys, and its items without a name.

        The sum counts what did not come in an earlier message; some begin each with the end of the last.
        """
        taken = self._judged(sn)
        if taken is PartKind.FOREIGN:
            return taken
        if taken is PartKind.ANEW:
            self._received, self.announced, self._unusable = 0, None, 0
            self._seen.clear()
            self._items.clear()
        fresh = nameless + sum(key not in self._seen for key in keys)
        if not fresh and keys:
            return PartKind.AGAIN
        self._is_ours = sn == self._sn
        self._seen.update(keys)
        self._received += fresh
        if sum_num is not None:
            self.announced = max(sum_num, self.announced or 0)
        gap_s = SETTLE_S if self._is_reached and (self._is_ours or self.announced != 1) else IDLE_S
        self._deadline_s = min(now_s + gap_s, self._latest_s)
        if self._received > MAX_ITEMS:
            self.outcome = AnswerOutcome.TOO_MANY
        return taken

    def refuse(self) -> None:
        """Ends the query: the device answered with an error."""
        self.outcome = self.outcome or AnswerOutcome.REFUSED

    def get_timer(self) -> float | None:
        """Returns the monotonic second at which `handle_timer` is due; None once it is over."""
        return self._deadline_s if self.outcome is None else None

    def handle_timer(self, now_s: float) -> None:
        """Ends the answer once its time is up."""
        if self.outcome is not None or now_s < self._deadline_s:
            return
        if self._is_ours is None:
            self.outcome = AnswerOutcome.SILENT
        else:
            self.outcome = AnswerOutcome.COMPLETE if self._is_reached else AnswerOutcome.STALLED

    @property
    def _is_reached(self) -> bool:
        return self.announced is not None and self._received >= self.announced

    def _judged(self, sn: int | None) -> PartKind:
        is_ours = sn == self._sn
        if self.outcome is not None or (self._is_ours and not is_ours):
            return PartKind.FOREIGN
        return PartKind.ANEW if is_ours and self._is_ours is False else PartKind.NEW
