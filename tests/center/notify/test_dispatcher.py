"""The loops: a slow channel holds up nobody, one process sends, a database that is away is waited for."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from center.audit.log import Audit
from center.clock import now_ms
from center.database.store import Store
from center.notify.channels.base import Parcel
from center.notify.dispatcher import Dispatcher
from center.notify.lifecycle import LONGEST_WAIT_MS, AttemptOutcome, AttemptVerdict, MessageState
from center.notify.outbox import Outbox, Receipt
from center.retention import Retention, machine_clocks
from tests.support.notify_world import StubChannel, message
from tests.support.waiting import eventually, within

pytestmark = pytest.mark.anyio


class SlowChannel(StubChannel):
    """Takes its time: until a test lets it go on."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.go_on = asyncio.Event()
        self.begun = asyncio.Event()

    async def deliver(self, parcel: Parcel) -> AttemptOutcome:
        self.begun.set()
        await self.go_on.wait()
        return await super().deliver(parcel)


class BrokenChannel(StubChannel):
    """Has a bug."""

    async def deliver(self, parcel: Parcel) -> AttemptOutcome:
        raise ZeroDivisionError


@dataclass
class Loops:
    """A dispatcher over channels of a test."""

    store: Store
    outbox: Outbox
    dispatcher: Dispatcher

    def post(self, channel: StubChannel, number: int = 1) -> Receipt:
        (receipt,) = self.outbox.post(channel, message(number), ("duty",))
        self.dispatcher.wake(channel.id)
        return receipt

    async def until(self, receipt: Receipt, state: MessageState) -> Receipt:
        async with within():
            while True:
                now = await asyncio.to_thread(self.outbox.look, receipt.parcel_id)
                if now is not None and now.state is state:
                    return now
                await asyncio.sleep(0.02)


def loops_of(store: Store, folder: Path, *channels: StubChannel) -> Loops:
    outbox = Outbox(store, Audit(store, now_ms), now_ms, offset_minutes=480)
    named = {channel.id: channel for channel in channels}
    retention = Retention(folder, machine_clocks(now_ms), newest_ms=lambda: None)
    lock_file = folder / "notify.lock"
    dispatcher = Dispatcher(outbox, named, lock_file=lock_file, keep_ms=10**9, retention=retention, now_ms=now_ms)
    return Loops(store, outbox, dispatcher)


@pytest.fixture
async def slow() -> AsyncIterator[SlowChannel]:
    channel = SlowChannel("slow")
    yield channel
    channel.go_on.set()


async def test_what_is_posted_is_sent(store: Store, tmp_path: Path) -> None:
    channel = StubChannel()
    loops = loops_of(store, tmp_path, channel)
    first = loops.post(channel, 1)
    loops.dispatcher.start()
    second = loops.post(channel, 2)
    await loops.until(first, MessageState.SENT)
    await loops.until(second, MessageState.SENT)
    await loops.dispatcher.stop()
    assert [parcel.message.id for parcel in channel.delivered] == ["alarm-1", "alarm-2"]
    assert loops.dispatcher.faults == {}


async def test_a_slow_channel_holds_up_no_other(store: Store, tmp_path: Path, slow: SlowChannel) -> None:
    quick = StubChannel("quick")
    loops = loops_of(store, tmp_path, slow, quick)
    late = loops.post(slow)
    loops.dispatcher.start()
    await slow.begun.wait()
    await loops.until(loops.post(quick), MessageState.SENT)
    await loops.until(late, MessageState.SENDING)
    slow.go_on.set()
    await loops.until(late, MessageState.SENT)
    await loops.dispatcher.stop()


async def test_an_end_waits_for_the_attempt_that_is_under_way(store: Store, tmp_path: Path, slow: SlowChannel) -> None:
    loops = loops_of(store, tmp_path, slow)
    receipt = loops.post(slow)
    loops.dispatcher.start()
    await slow.begun.wait()
    stopping = asyncio.create_task(loops.dispatcher.stop())
    await asyncio.sleep(0)
    slow.go_on.set()
    await stopping
    await loops.until(receipt, MessageState.SENT)


async def test_an_attempt_that_does_not_end_is_left_and_recovered_as_unknown(
    store: Store, tmp_path: Path, slow: SlowChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.notify.dispatcher.STOP_S", 0.1)
    loops = loops_of(store, tmp_path, slow)
    receipt = loops.post(slow)
    loops.dispatcher.start()
    await slow.begun.wait()
    await loops.dispatcher.stop()
    await loops.until(receipt, MessageState.SENDING)
    again = loops_of(store, tmp_path, StubChannel("slow"))
    again.dispatcher.start()
    assert (await again.until(receipt, MessageState.WAITING)).code == "interrupted"
    await again.dispatcher.stop()


async def test_two_processes_share_an_outbox_and_one_sends(store: Store, tmp_path: Path) -> None:
    mine, theirs = StubChannel(), StubChannel()
    first, second = loops_of(store, tmp_path, mine), loops_of(store, tmp_path, theirs)
    first.dispatcher.start()
    await first.until(first.post(mine, 1), MessageState.SENT)
    second.dispatcher.start()
    await second.until(second.post(theirs, 2), MessageState.SENT)
    assert (len(mine.delivered), len(theirs.delivered)) == (2, 0)
    assert "another process sends" in second.dispatcher.faults["stub"]
    await first.dispatcher.stop()
    await second.until(second.post(theirs, 3), MessageState.SENT)
    assert (len(mine.delivered), len(theirs.delivered)) == (2, 1)
    assert second.dispatcher.faults == {}
    await second.dispatcher.stop()


async def test_a_database_that_is_away_is_said_and_waited_for(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.notify.dispatcher.STORE_RETRY_S", 0.05)
    channel = StubChannel()
    loops = loops_of(store, tmp_path, channel)
    loops.dispatcher.start()
    await loops.until(loops.post(channel, 1), MessageState.SENT)
    rename(store, "audit", "away")
    receipt = loops.post(channel, 2)
    await eventually(lambda: "database" in loops.dispatcher.faults.get("stub", ""))
    rename(store, "away", "audit")
    await loops.until(receipt, MessageState.SENT)
    assert loops.dispatcher.faults == {}
    await loops.dispatcher.stop()


def rename(store: Store, old: str, new: str) -> None:
    with store.transaction() as session:
        session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


async def test_an_outcome_is_kept_however_long_the_database_is_away(
    store: Store, tmp_path: Path, slow: SlowChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.notify.dispatcher.STORE_RETRY_S", 0.05)
    loops = loops_of(store, tmp_path, slow)
    receipt = loops.post(slow)
    loops.dispatcher.start()
    await slow.begun.wait()
    rename(store, "notify_outbox", "away")
    slow.go_on.set()
    await eventually(lambda: "slow" in loops.dispatcher.faults)
    rename(store, "away", "notify_outbox")
    await loops.until(receipt, MessageState.SENT)
    assert len(slow.delivered) == 1
    await loops.dispatcher.stop()


async def test_a_bug_in_one_channel_is_said_stops_no_other_and_the_channel_goes_on(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, good = BrokenChannel("broken"), StubChannel("good")
    loops = loops_of(store, tmp_path, broken, good)
    loops.post(broken)
    loops.dispatcher.start()
    await loops.until(loops.post(good), MessageState.SENT)
    await eventually(lambda: "broken" in loops.dispatcher.faults)
    assert set(loops.dispatcher.faults) == {"broken"}
    assert "ZeroDivisionError" in loops.dispatcher.faults["broken"]
    monkeypatch.setattr(broken, "deliver", partial(StubChannel.deliver, broken))
    await loops.until(loops.post(broken, 2), MessageState.SENT)
    await eventually(lambda: not loops.dispatcher.faults)
    await loops.dispatcher.stop()


async def test_a_centre_without_channels_has_no_loop_and_no_lock(store: Store, tmp_path: Path) -> None:
    loops = loops_of(store, tmp_path)
    loops.dispatcher.start()
    await loops.dispatcher.stop()
    assert not (tmp_path / "notify.lock").exists()


async def test_the_lock_is_nobody_elses_to_read(store: Store, tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        loops = loops_of(store, tmp_path, channel := StubChannel())
        loops.dispatcher.start()
        await loops.until(loops.post(channel), MessageState.SENT)
    finally:
        os.umask(umask)
    assert (tmp_path / "notify.lock").stat().st_mode & 0o777 == 0o600
    await loops.dispatcher.stop()


async def test_a_throttled_message_comes_again_slower(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.notify.lifecycle.FIRST_WAIT_MS", LONGEST_WAIT_MS)  # not while the test looks
    channel = StubChannel()
    channel.outcome = AttemptOutcome(AttemptVerdict.THROTTLED, "TooFast")
    loops = loops_of(store, tmp_path, channel)
    receipt = loops.post(channel)
    loops.dispatcher.start()
    await eventually(lambda: len(channel.delivered) == 1)
    now = await loops.until(receipt, MessageState.WAITING)
    assert (now.code, now.attempts) == ("TooFast", 1)
    await loops.dispatcher.stop()
