"""kill -9 in the middle of everything: SMS at most twice, webhooks at least once under one id.

[centre's process] ──▶ gateway, receiver        killed while an answer is on its way, and started again
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from center.audit.log import Audit
from center.clock import now_ms
from center.database.store import Store
from center.notify.lifecycle import MessageState
from center.notify.outbox import Receipt
from center.notify.service import Notifier
from center.retention import Retention, machine_clocks
from provisioning.contracts.config.notify import Notify
from tests.support import notify_world as world
from tests.support.fresh_store import fresh_store
from tests.support.mas_gateway import Gateway
from tests.support.rude_http import Act
from tests.support.waiting import LONG_S, until
from tests.support.webhook_receiver import Receiver

ROOT = Path(__file__).parents[3]
AHEAD_MS = 60_000
"""Of each process's clock: past the wait after an unknown outcome."""


@contextmanager
def centre(folder: Path, config: Notify, ahead_ms: int) -> Iterator[None]:
    """A process that sends, killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.notify_process", str(folder), config.model_dump_json(), str(ahead_ms)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        yield
    finally:
        process.kill()
        process.communicate()


def posted(folder: Path, config: Notify, channel: str, count: int) -> tuple[Store, Notifier, list[Receipt]]:
    """Alarms in the outbox; nobody sends them yet."""
    store = fresh_store(folder / "center.sqlite3")
    retention = Retention(folder, machine_clocks(now_ms), newest_ms=lambda: None)
    notifier = Notifier(config, store, Audit(store, now_ms), data_dir=folder, retention=retention, now_ms=now_ms)
    receipts = [notifier.deliver(world.message(number), channel)[0] for number in range(count)]
    return store, notifier, receipts


def test_an_sms_whose_answer_is_lost_by_a_kill_goes_out_twice_and_never_again(tmp_path: Path) -> None:
    with Gateway() as gateway:
        config = Notify(sms=(world.sms(tmp_path, gateway.url, timeout_s=60.0),))
        store, notifier, (receipt,) = posted(tmp_path, config, "sms", 1)
        for number in (1, 2):
            gateway.script.append(Act.SILENT_AFTER)
            with centre(tmp_path, config, number * AHEAD_MS):
                assert gateway.arrived.acquire(timeout=LONG_S)
            assert len(gateway.taken) == number
        with centre(tmp_path, config, 3 * AHEAD_MS):
            until(lambda: state_of(notifier, receipt) is MessageState.UNKNOWN)
            # It sends for others, so it had every chance.
            (other,) = notifier.deliver(world.message(99), "sms")
            until(lambda: state_of(notifier, other) is MessageState.SENT)
        assert [each.content.count("电动车") for each in gateway.taken] == [1, 1, 1]
        assert gateway.requests == 3
        store.close()


def state_of(notifier: Notifier, receipt: Receipt) -> MessageState:
    now = notifier.outbox.look(receipt.parcel_id)
    assert now is not None
    return now.state


def test_over_kills_no_webhook_is_lost_and_each_is_one_alarm(tmp_path: Path) -> None:
    count, kills = 24, 4
    with Receiver() as receiver:
        config = Notify(webhooks=(world.webhook(tmp_path, receiver.url, per_second=200.0, timeout_s=60.0),))
        store, notifier, receipts = posted(tmp_path, config, "desk", count)
        for number in range(kills):
            receiver.script.extend([Act.HANG_UP_AFTER] if number % 2 else [])
            with centre(tmp_path, config, number * AHEAD_MS):
                for _ in range(4):
                    assert receiver.arrived.acquire(timeout=LONG_S)
        with centre(tmp_path, config, kills * AHEAD_MS):
            until(lambda: all(state_of(notifier, receipt) is MessageState.SENT for receipt in receipts))
        assert set(receiver.alarms) == {receipt.parcel_id for receipt in receipts}
        assert {alarm["alarm_id"] for alarm in receiver.alarms.values()} == {f"alarm-{n}" for n in range(count)}
        assert receiver.forged == 0
        store.close()
