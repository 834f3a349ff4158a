"""Bounded queue of a lane: round robin between accounts, and a bounded number of requests at work. Pure, no clock.

    add ─▶ waiting, a line an account ─▶ start: the oldest of each account in turn ─▶ at work ─▶ end

An account that waits is passed over by each other account at most once before its oldest request starts, however many
requests the others have. A full queue gives up the newest request of the account that has the most.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class FairQueue(Generic[T]):
    """Orders the requests of one lane; not thread-safe. A request is any hashable that is queued once."""

    def __init__(self, *, slots: int, places: int) -> None:
        """`slots`: most requests at work. `places`: most that wait."""
        self._slots = slots
        self._places = places
        self._lines: OrderedDict[str, dict[T, None]] = OrderedDict()
        """Waiting requests by account, oldest first; accounts in the order of their turns."""
        self._accounts: dict[T, str] = {}
        self.at_work = 0

    @property
    def waiting(self) -> int:
        """Requests that have not started."""
        return len(self._accounts)

    def add(self, account: str, request: T) -> T | None:
        """Queue a request; return the one that loses its place for it, which may be itself, or None if there is room.

        With no more than its share waiting, an account never loses one to another that has more.
        """
        self._lines.setdefault(account, {})[request] = None
        self._accounts[request] = account
        if self.waiting <= self._places:
            return None
        greediest = max(self._lines, key=lambda each: (len(self._lines[each]), each == account))
        lost = next(reversed(self._lines[greediest]))
        self.drop(lost)
        return lost

    def drop(self, request: T) -> bool:
        """Give up a request that waits; False if it does not."""
        account = self._accounts.pop(request, None)
        if account is None:
            return False
        line = self._lines[account]
        del line[request]
        if not line:
            del self._lines[account]
        return True

    def start(self) -> T | None:
        """Take the next request to work, until `end`; None while all slots are taken or nothing waits."""
        if self.at_work >= self._slots or not self._lines:
            return None
        account, line = next(iter(self._lines.items()))
        request = next(iter(line))
        self._lines.move_to_end(account)
        self.drop(request)
        self.at_work += 1
        return request

    def end(self) -> None:
        """Free the slot of a request that was at work."""
        self.at_work -= 1
