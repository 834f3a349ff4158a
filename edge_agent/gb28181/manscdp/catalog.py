"""What a device has: put together from the messages of an answer, and kept up to date by what it tells later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.manscdp.message_types import CatalogPart
from edge_agent.gb28181.manscdp.multipart import MAX_ITEMS, Multipart, Outcome, Taken

_STATES = {"ON": True, "OFF": False, "VLOST": False, "DEFECT": False}


@dataclass(frozen=True, slots=True)
class Catalog:
    """A list as far as it came."""

    items: tuple[CatalogItem, ...]
    """Each id once, in the order in which they first came."""
    announced: int | None
    """How many the device claims to have."""
    nameless: int
    """Items without a usable id, dropped."""
    outcome: Outcome

    @property
    def is_list(self) -> bool:
        """Whether this may take the place of the list known so far: something came, be it that there is nothing."""
        return self.outcome in {Outcome.COMPLETE, Outcome.TOO_MANY} or bool(self.items)

    def over(self, known: Mapping[str, CatalogItem]) -> dict[str, CatalogItem]:
        """What is to be known from now on, by id.

        Of a list that stopped short, what did not come stays as it was: one lost datagram takes no channel away.
        """
        items = {item.item_id: item for item in self.items}
        return items if self.outcome is Outcome.COMPLETE else {**known, **items}


class CatalogAssembly:
    """One query's answer. Feed it what comes; ask `catalog` after each call, and keep its timer."""

    def __init__(self, sn: int, asked_s: float, *, known_items: int = 0) -> None:
        """`known_items`: how many the last list had, so that news of one channel is not taken for a list of one."""
        self._parts = Multipart(sn, asked_s)
        self._sn = sn
        self._known_items = known_items
        self._items: dict[str, CatalogItem] = {}
        self._nameless = 0

    def receive(self, sn: int | None, part: CatalogPart, now_s: float) -> bool:
        """Whether the message is of this answer. If not, it is news: see `changed`."""
        if sn != self._sn and part.sum_num == 1 and self._known_items > 1:
            return False
        keys = tuple(item.item_id for item in part.items)
        taken = self._parts.take(sn, part.sum_num, keys, part.nameless, now_s)
        if taken is Taken.ANEW:
            self._items.clear()
            self._nameless = 0
        if taken is Taken.NEW or taken is Taken.ANEW:
            self._nameless += part.nameless
            self._items |= {item.item_id: item for item in part.items[: MAX_ITEMS - len(self._items)]}
        return taken is not Taken.FOREIGN

    def refuse(self) -> None:
        """The device answered with an error."""
        self._parts.refuse()

    def get_timer(self) -> float | None:
        """When `handle_timer` is to be called, monotonic seconds; None once it is over."""
        return self._parts.get_timer()

    def handle_timer(self, now_s: float) -> None:
        """Time has passed."""
        self._parts.handle_timer(now_s)

    @property
    def catalog(self) -> Catalog | None:
        """The list, once it is over; None before."""
        outcome = self._parts.outcome
        if outcome is None:
            return None
        return Catalog(tuple(self._items.values()), self._parts.announced, self._nameless, outcome)


def changed(known: Mapping[str, CatalogItem], news: Iterable[CatalogItem]) -> dict[str, CatalogItem]:
    """The list, by id, after a notification or an unasked answer. It does not grow over MAX_ITEMS."""
    items = dict(known)
    for item in news:
        before = items.get(item.item_id)
        state = _STATES.get(item.event or "")
        if item.event == "DEL":
            items.pop(item.item_id, None)
        elif before is not None and (state is not None or not item.name):
            items[item.item_id] = replace(before, is_online=item.is_online if state is None else state)
        elif before is not None or (item.name and len(items) < MAX_ITEMS):
            items[item.item_id] = replace(item, event=None, is_online=item.is_online if state is None else state)
    return items
