"""Assembles a device's catalog from the messages of an answer, and updates it by later notifications."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.manscdp.message_types import CatalogPart
from edge_agent.gb28181.manscdp.multipart import MAX_ITEMS, AnswerOutcome, Multipart, PartKind

_STATES = {"ON": True, "OFF": False, "VLOST": False, "DEFECT": False}


@dataclass(frozen=True, slots=True)
class Catalog:
    """The catalog as far as it came."""

    items: tuple[CatalogItem, ...]
    """Each id once, in the order in which they first came."""
    announced: int | None
    """Number of items that the device claims to have."""
    nameless: int
    """Items without a usable id, dropped."""
    outcome: AnswerOutcome

    @property
    def is_list(self) -> bool:
        """True if this may replace the catalog known so far: items came, or the device has none."""
        return self.outcome in {AnswerOutcome.COMPLETE, AnswerOutcome.TOO_MANY} or bool(self.items)

    def over(self, known: Mapping[str, CatalogItem]) -> dict[str, CatalogItem]:
        """Returns the catalog to keep from now on, by id.

        What is missing from a list that stopped short stays as it was: one lost datagram takes no channel away.
        """
        items = {item.item_id: item for item in self.items}
        return items if self.outcome is AnswerOutcome.COMPLETE else {**known, **items}


class CatalogAssembly(Multipart[str, CatalogItem]):
    def __init__(self, sn: int, asked_s: float, *, known_items: int = 0) -> None:
        """`known_items`: length of the last catalog, so that a change of one channel is not taken for a list of one."""
        super().__init__(sn, asked_s)
        self._known_items = known_items

    def receive(self, sn: int | None, part: CatalogPart, now_s: float) -> bool:
        """Takes a message; returns False if it is not of this answer but a change: see `changed`."""
        if sn != self._sn and part.sum_num == 1 and self._known_items > 1:
            return False
        keys = tuple(item.item_id for item in part.items)
        taken = self._count_part(sn, part.sum_num, keys, part.nameless, now_s)
        if taken is PartKind.NEW or taken is PartKind.ANEW:
            self._unusable += part.nameless
            self._items |= {item.item_id: item for item in part.items[: MAX_ITEMS - len(self._items)]}
        return taken is not PartKind.FOREIGN

    @property
    def catalog(self) -> Catalog | None:
        """The catalog, once it is over; None before."""
        if self.outcome is None:
            return None
        return Catalog(tuple(self._items.values()), self.announced, self._unusable, self.outcome)


def changed(known: Mapping[str, CatalogItem], news: Iterable[CatalogItem]) -> dict[str, CatalogItem]:
    """Returns the catalog, by id, after a notification or an unasked answer. It does not grow over MAX_ITEMS."""
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
