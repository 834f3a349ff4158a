"""The outbox of the cascade on both databases: a cursor with its choice, bounds, counts that add up."""

import json
import threading
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from center.audit.log import Audit
from center.database.store import AuditEntry, Store
from center.viid_cascade.composing import ObjectKind
from center.viid_cascade.outbox import CascadeOutbox, Settlement
from center.viid_cascade.selection import Chosen, DropName
from tests.center.conftest import BOTH, Clock
from tests.center.viid_cascade.rig import GATE, settings


def chosen(*numbers: int, superior: str = "city") -> list[Chosen]:
    return [Chosen(superior, f"cabinet-7:{number:032x}", "cabinet-7/cam-1", GATE) for number in numbers]


def outbox_of(folder: Path, store: Store, clock: Clock, **others: object) -> CascadeOutbox:
    superior = settings(folder, "https://superior.example", **others)
    return CascadeOutbox(store, Audit(store, clock), (superior,), clock)


@BOTH
def test_a_choice_and_its_cursor_go_together_and_come_out_in_order(store: Store, clock: Clock, tmp_path: Path) -> None:
    outbox = outbox_of(tmp_path, store, clock)
    assert outbox.cursor() is None
    outbox.post(7, chosen(1, 2, 3), {})
    outbox.post(9, chosen(4), {"city": Counter({DropName.NO_CODE: 2})})
    assert outbox.cursor() == 9
    first, *_ = heads = outbox.heads("city", 10)
    assert [each.row_key[-1] for each in heads] == ["1", "2", "3", "4"]
    outbox.settle("city", Settlement(done=[first], fell=[heads[1]], sent=Counter({ObjectKind.IMAGES: 1})))
    assert [(each.row_key[-1], each.attempts) for each in outbox.heads("city", 10)] == [("2", 1), ("3", 0), ("4", 0)]
    assert outbox.backlog()["city"].observations == 3
    assert outbox.dropped["city"] == {DropName.NO_CODE: 2}


@BOTH
def test_the_oldest_beyond_the_room_are_dropped_by_name(store: Store, clock: Clock, tmp_path: Path) -> None:
    outbox = outbox_of(tmp_path, store, clock, max_waiting=3)
    outbox.post(1, chosen(1, 2), {})
    outbox.post(2, chosen(3, 4, 5), {})
    assert [each.row_key[-1] for each in outbox.heads("city", 10)] == ["3", "4", "5"]
    clock.now_ms += 25 * 3_600_000
    outbox.post(3, chosen(6), {})
    assert [each.row_key[-1] for each in outbox.heads("city", 10)] == ["6"]
    assert outbox.dropped["city"] == {DropName.OUTBOX_FULL: 2, DropName.EXPIRED: 3}


@BOTH
def test_counts_of_several_threads_add_up(store: Store, clock: Clock, tmp_path: Path) -> None:
    outbox = outbox_of(tmp_path, store, clock)
    outbox.post(1, chosen(*range(40)), {"city": Counter({DropName.NO_PICTURE: 1})})
    waiting = outbox.heads("city", 40)

    def settle(part: int) -> None:
        for each in waiting[part::4]:
            outbox.settle("city", Settlement(done=[each], dropped=Counter({DropName.NO_PICTURE: 1})))

    threads = [threading.Thread(target=settle, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.backlog() == {}
    clock.now_ms += 3_600_000
    outbox.audit_hours()
    with store.transaction() as session:
        (detail,) = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "viid.sent"))
    assert json.loads(detail)["dropped"] == {"no_picture": 41}


@BOTH
def test_a_number_that_is_used_again_is_not_taken_for_the_old_one(store: Store, clock: Clock, tmp_path: Path) -> None:
    outbox = outbox_of(tmp_path, store, clock)
    outbox.post(1, chosen(1), {})
    in_flight = outbox.heads("city", 1)
    clock.now_ms += 25 * 3_600_000
    outbox.post(2, chosen(2), {})
    outbox.settle("city", Settlement(done=in_flight))
    assert [each.row_key[-1] for each in outbox.heads("city", 10)] == ["2"]
