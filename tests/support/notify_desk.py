"""An outbox, what it stands on, and a clock that is turned by hand."""

import json
from dataclasses import dataclass

from center.audit.log import Audit
from center.database.store import Store
from center.notify.channels.base import Parcel
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict
from center.notify.outbox import Outbox, Receipt
from center.notify.tables import QuotaRecord
from tests.center.conftest import Clock
from tests.support.notify_world import AT_MS, StubChannel

TAKEN = AttemptOutcome(AttemptVerdict.TAKEN, "success", "group-1")
UNKNOWN = AttemptOutcome(AttemptVerdict.UNKNOWN, "timeout")
NOT_TAKEN = AttemptOutcome(AttemptVerdict.NOT_TAKEN, "unreachable")
NOVEMBER = "2026-11"


@dataclass
class Desk:
    """An outbox and what it stands on."""

    store: Store
    audit: Audit
    clock: Clock
    outbox: Outbox

    def again(self) -> Outbox:
        """As the next process opens it."""
        return Outbox(self.store, self.audit, self.clock, offset_minutes=480, jitter=lambda: 1.0)

    def claimed(self, channel: StubChannel) -> Parcel:
        parcel = self.outbox.claim(channel)
        assert isinstance(parcel, Parcel)
        return parcel

    def sent(self, channel: StubChannel, outcome: AttemptOutcome = TAKEN) -> Receipt:
        return self.outbox.settle(channel, self.claimed(channel).parcel_id, outcome)

    def used(self, channel: StubChannel, month: str = NOVEMBER) -> int:
        with self.store.transaction() as session:
            record = session.get(QuotaRecord, (channel.id, month))
            return 0 if record is None else record.parts

    def audited(self, action: str) -> list[dict[str, object]]:
        return [json.loads(each.detail) for each in reversed(self.audit.page(limit=100)) if each.action == action]


def desk_over(store: Store) -> Desk:
    """It is November 2026."""
    clock = Clock()
    clock.now_ms = AT_MS
    audit = Audit(store, clock)
    return Desk(store, audit, clock, Outbox(store, audit, clock, offset_minutes=480, jitter=lambda: 1.0))
