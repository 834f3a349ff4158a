"""The spool as a state machine against a dict model, crashes included.

pipeline ──select, append, drop──▶ spool (SQLite) ──next_unsent──▶ publisher
                                     ▲ confirm, reject ◀──────────────┘
"""

import hashlib
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from edge_agent import ledger
from edge_agent.errors import DropReason, IllegalMove
from edge_agent.frames import Frame
from edge_agent.spool import Spool, Stored
from provisioning.contracts import codec, config
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.messages import ArchivedItem, PictureState, Rejected
from tests.edge_agent.world import FakeClock, frame, jpeg_of, redacted

MAX_BYTES = 1024 * 1024
CAMERAS = ("gate", "yard")


class SpoolModel(RuleBasedStateMachine):
    """The model: what state each observation is in, and how often each event happened."""

    selected_ids = Bundle("selected_ids")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.limits = config.Spool(directory=self.folder, max_bytes=MAX_BYTES, max_age_h=1)
        self.spool = Spool(self.limits, self.clock)
        self.state: dict[str, str] = {}
        self.camera: dict[str, str] = {}
        self.held: dict[str, bytes] = {}  # in the order of their arrival
        self.events: Counter[tuple[str, str]] = Counter()
        self.appended_s: dict[str, float] = {}

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder)

    @rule(target=selected_ids, number=st.integers(0, 30), camera=st.sampled_from(CAMERAS))
    def select(self, number: int, camera: str) -> object:
        look = frame(number, camera_id=camera)
        fresh = self.state.get(look.observation_id) in {None, "dropped:interrupted"}
        assert self.spool.select(look.observation_id, camera) is fresh
        self.events[camera, "selected"] += 1
        if not fresh:
            self.events[camera, "dropped:duplicate"] += 1
            return multiple()
        self.state[look.observation_id] = "selected"
        self.camera[look.observation_id] = camera
        return look

    @rule(look=consumes(selected_ids), size=st.sampled_from([10, 1000, 200_000, 400_000, MAX_BYTES]))
    def append(self, look: Frame, size: int) -> None:
        picture = redacted(look, jpeg_of(size))
        observation_id = picture.snapshot.observation_id
        if self.state[observation_id] != "selected":
            return  # a crash interrupted it
        payload = codec.encode_snapshot(picture.snapshot, picture.picture)
        if len(payload) > MAX_BYTES:
            with pytest.raises(ContractError):
                self.spool.append(picture)
            self._end(observation_id, "dropped:too_large")
            return
        self.spool.append(picture)
        self._move(observation_id, "spooled")
        while sum(map(len, self.held.values())) + len(payload) > MAX_BYTES:
            oldest = next(iter(self.held))
            self._end(oldest, "dropped:spool_full")
        self.held[observation_id] = payload
        self.appended_s[observation_id] = self.clock.monotonic_s()

    @rule(numbers=st.lists(st.integers(31, 1000), min_size=1, max_size=4), camera=st.sampled_from(CAMERAS))
    def keep(self, numbers: list[int], camera: str) -> None:
        """The usual course, so that there is something to confirm, to reject and to overflow."""
        for number in numbers:
            look = self.select(number, camera)
            if isinstance(look, Frame):
                self.append(look, 150_000 + number)

    @rule(look=consumes(selected_ids), reason=st.sampled_from([DropReason.SECOND_LOOK, DropReason.REDACTOR_BUSY]))
    def drop(self, look: Frame, reason: DropReason) -> None:
        observation_id = look.observation_id
        if self.state[observation_id] == "selected":
            self.spool.drop(observation_id, reason)
            self._end(observation_id, f"dropped:{reason}")

    @rule(data=st.data())
    def confirm_some(self, data: st.DataObject) -> None:
        chosen = data.draw(st.lists(st.sampled_from(sorted(self.held)), unique=True)) if self.held else []
        forged = data.draw(st.booleans())
        items = [
            self._item(observation_id, codec.message_sha256(self.held[observation_id])) for observation_id in chosen
        ]
        if forged and self.held:
            items.insert(0, self._item(next(iter(self.held)), hashlib.sha256(b"forged").hexdigest()))
        confirmed, ignored = self.spool.confirm([*items, *items[-1:]])  # the last one twice: a resend crossed an ack
        assert {each.observation_id for each in confirmed} == set(chosen)
        assert ignored == len(items) + len(items[-1:]) - len(chosen)
        for observation_id in chosen:
            self._end(observation_id, "archived")

    @rule(data=st.data())
    def reject_one(self, data: st.DataObject) -> None:
        if not self.held:
            return
        observation_id = data.draw(st.sampled_from(sorted(self.held)))
        digest = codec.message_sha256(self.held[observation_id])
        rejected = Rejected(message_sha256=digest, reason=RejectReason.NOT_JPEG, detail="test")
        stored = self.spool.reject(rejected)
        assert stored is not None
        assert stored.observation_id == observation_id
        assert self.spool.reject(rejected) is None
        self._end(observation_id, "rejected")

    @rule(minutes=st.integers(1, 50))
    def grow_old(self, minutes: int) -> None:
        self.clock.pass_s(minutes * 60)
        gone = [o for o in self.held if self.clock.monotonic_s() - self.appended_s[o] > 3600]
        assert self.spool.tend() == len(gone)
        for observation_id in gone:
            self._end(observation_id, "dropped:spool_expired")

    @rule()
    def crash(self) -> None:
        """`kill -9`: the file is copied as it lies on the disk, without closing, and opened again."""
        other = Path(tempfile.mkdtemp())
        for part in self.folder.glob("spool.db*"):
            shutil.copy(part, other)
        self.spool.close()
        shutil.rmtree(self.folder)
        self.folder = other
        self.limits = self.limits.model_copy(update={"directory": other})
        self.spool = Spool(self.limits, self.clock)
        interrupted = [o for o, state in self.state.items() if state == "selected"]
        assert self.spool.interrupted == len(interrupted)
        for observation_id in interrupted:
            self._end(observation_id, "dropped:interrupted")

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert self.spool.messages == len(self.held)
        assert self.spool.payload_bytes == sum(map(len, self.held.values()))
        stored = self.spool.next_unsent((), (), max_messages=100, max_bytes=10 * MAX_BYTES)
        assert [(each.observation_id, each.payload) for each in stored] == list(reversed(self.held.items()))

    @invariant()
    def the_ledger_adds_up(self) -> None:
        ledgers = self.spool.ledgers()
        for camera, each in ledgers.items():
            assert each.balanced
            in_flight = sum(s in {"selected", "spooled"} and self.camera[o] == camera for o, s in self.state.items())
            assert each.in_flight == in_flight
            counted = {"selected": each.selected, "spooled": each.spooled, "archived": each.archived}
            counted |= {"rejected": each.rejected} | {f"dropped:{name}": n for name, n in each.dropped.items()}
            expected = {name: n for (who, name), n in self.events.items() if who == camera}
            assert {name: n for name, n in counted.items() if n} == expected
        assert ledger.total(ledgers).balanced

    def _move(self, observation_id: str, to: str) -> None:
        self.state[observation_id] = to
        self.events[self.camera[observation_id], to] += 1

    def _end(self, observation_id: str, to: str) -> None:
        self.held.pop(observation_id, None)
        self._move(observation_id, to)

    def _item(self, observation_id: str, digest: str) -> ArchivedItem:
        return ArchivedItem(observation_id=observation_id, message_sha256=digest, picture=PictureState.KEPT)


TestSpool = SpoolModel.TestCase
TestSpool.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


def test_nothing_is_sent_that_is_in_flight_or_held_and_the_budget_is_kept(tmp_path: Path) -> None:
    spool = Spool(config.Spool(directory=tmp_path), FakeClock())
    for number in range(6):
        look = frame(number, camera_id=CAMERAS[number % 2])
        spool.select(look.observation_id, look.camera_id)
        spool.append(redacted(look, jpeg_of(10_000)))

    def sequence(stored: list[Stored]) -> list[int]:
        return [each.seq for each in stored]

    assert sequence(spool.next_unsent((), (), max_messages=3, max_bytes=10**6)) == [6, 5, 4]
    assert sequence(spool.next_unsent((6, 4), (), max_messages=2, max_bytes=10**6)) == [5, 3]
    assert sequence(spool.next_unsent((), ("gate",), max_messages=9, max_bytes=10**6)) == [6, 4, 2]
    assert sequence(spool.next_unsent((), (), max_messages=9, max_bytes=25_000)) == [6, 5]
    assert sequence(spool.next_unsent((), (), max_messages=9, max_bytes=1)) == [6]
    assert spool.next_unsent((), (), max_messages=0, max_bytes=10**6) == []
    spool.close()


def test_the_oldest_makes_room_and_a_transaction_that_fails_changes_no_total(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(config.Spool(directory=tmp_path, max_bytes=MAX_BYTES), FakeClock())
    for number in range(4):
        look = frame(number)
        spool.select(look.observation_id, look.camera_id)
        if number == 3:
            before = spool.messages, spool.payload_bytes
            monkeypatch.setattr(ledger, "move", partial(_fails_after_making_room, ledger.move))
            with pytest.raises(IllegalMove):
                spool.append(redacted(look, jpeg_of(300_000)))
            monkeypatch.undo()
            assert (spool.messages, spool.payload_bytes) == before
        spool.append(redacted(look, jpeg_of(300_000)))
    kept = spool.next_unsent((), (), max_messages=9, max_bytes=10 * MAX_BYTES)
    assert [each.observation_id for each in kept] == [frame(number).observation_id for number in (3, 2, 1)]
    assert spool.payload_bytes == sum(len(each.payload) for each in kept)
    spool.close()


def _fails_after_making_room(
    move: Callable[..., None], tx: sqlite3.Connection, observation_id: str, to: str, *, now_ms: int
) -> None:
    if to == "spooled":
        raise IllegalMove("for the test")
    move(tx, observation_id, to, now_ms=now_ms)


def test_only_the_hash_of_what_is_held_deletes_it(tmp_path: Path) -> None:
    spool = Spool(config.Spool(directory=tmp_path), FakeClock())
    look = frame(0)
    spool.select(look.observation_id, look.camera_id)
    spool.append(redacted(look, jpeg_of(100)))
    other = hashlib.sha256(b"another redaction of the same picture").hexdigest()
    forged = ArchivedItem(observation_id=look.observation_id, message_sha256=other, picture=PictureState.KEPT)
    assert spool.confirm([forged]) == ([], 1)
    assert spool.messages == 1
    spool.close()
