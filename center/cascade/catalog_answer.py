"""Cuts the answer to a catalogue query into parts, and sends again the parts that got lost. Pure."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from center.cascade import documents
from center.cascade.nodes import CatalogNode
from provisioning.sip.edition import Version

MOST_TRIES: Final = 3
"""Times that one part is sent, each repeated by SIP for 32 s over UDP, before the answer is given up."""


class CatalogPart(NamedTuple):
    """Nodes `start` to `end` of an answer."""

    start: int
    end: int


class CatalogAnswer:
    """The answer to one query. It holds the catalogue as it was when the query came."""

    def __init__(self, version: Version, sn: int, device_id: str, nodes: Sequence[CatalogNode]) -> None:
        self._version = version
        self._sn = sn
        self.device_id = device_id
        self._nodes = nodes
        self._next = 0
        self._again: deque[CatalogPart] = deque()
        self._tries: dict[CatalogPart, int] = {}
        self.in_flight: set[CatalogPart] = set()
        self._is_empty_due = not nodes
        """True while the one part of an empty answer is to be sent."""

    @property
    def is_done(self) -> bool:
        """True once each part was answered."""
        return not (self.has_more or self.in_flight)

    @property
    def has_more(self) -> bool:
        """True while a part waits to be sent."""
        return bool(self._again) or self._is_empty_due or self._next < len(self._nodes)

    def take_part(self, room: int) -> tuple[CatalogPart, bytes]:
        """Takes the next part, of at most `room` bytes but never less than one node; returns it and its body."""
        part = self._again.popleft() if self._again else self._cut(room)
        self._is_empty_due = False
        self.in_flight.add(part)
        items = [documents.item(self._version, node) for node in self._nodes[part.start : part.end]]
        body = documents.catalog_part(self._version, self._sn, self.device_id, len(self._nodes), items)
        return part, body

    def answered(self, part: CatalogPart) -> None:
        """Takes that the superior has a part."""
        self.in_flight.discard(part)
        self._tries.pop(part, None)

    def failed(self, part: CatalogPart) -> bool:
        """Takes that a part was lost or refused, and plans it again; returns False where it was tried too often."""
        self.in_flight.discard(part)
        self._tries[part] = self._tries.get(part, 0) + 1
        self._again.append(part)
        return self._tries[part] < MOST_TRIES

    def interrupted(self) -> None:
        """Plans all parts again whose answer cannot come any more, as the connection has ended."""
        self._again.extend(sorted(self.in_flight))
        self.in_flight.clear()

    def _cut(self, room: int) -> CatalogPart:
        start = end = self._next
        left = room - len(documents.catalog_part(self._version, self._sn, self.device_id, len(self._nodes), ()))
        while end < len(self._nodes):
            left -= documents.length(documents.item(self._version, self._nodes[end])) + documents.BETWEEN
            if left < 0 and end > start:
                break
            end += 1
        self._next = end
        return CatalogPart(start, end)
