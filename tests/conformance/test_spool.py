"""The spool as a state machine against a model: kills, power cuts and full disks included.

pipeline ──select, append, drop──▶ spool (SQLite) ──next_unsent──▶ publisher
                                     ▲ confirm, reject ◀──────────────┘
"""

import hashlib
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from edge_agent.errors import DropReason, IllegalMove, SpoolFull
from edge_agent.frames import Frame
from edge_agent.spool import ledger
from edge_agent.spool.database import FILE_NAME
from edge_agent.spool.messages import Stored
from edge_agent.spool.spool import Spool
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import ArchivedItem, Ledger, PictureState, Rejected
from tests.conformance.spool_model import SpoolModel
from tests.edge_agent.world import FakeClock, frame, jpeg_of, redacted

MAX_BYTES = 1024 * 1024
CAMERAS = ("gate", "yard")
SIZES = (10, 1000, 200_000, 400_000, MAX_BYTES)
SECTOR = 512
LOG_NAME = f"{FILE_NAME}-wal"
MEMORY = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else None
"""Where a commit costs nothing; what a disk may do to one, `power_cut` plays."""


class SpoolMachine(RuleBasedStateMachine):
    """Every rule does the same to the spool and to the model; the invariants compare them after each."""

    selected_looks = Bundle("selected_looks")

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp(dir=MEMORY))
        self.free_bytes = 10**12
        self.patches = (
            mock.patch("edge_agent.spool.database.LOG_BYTES", 256 * 1024),  # these files are copied a thousand times
            mock.patch("edge_agent.spool.database.STEP_BYTES", 64 * 1024),
            mock.patch("edge_agent.spool.database.Database.free_bytes", self._free_bytes),
        )
        for patch in self.patches:
            patch.start()
        self.clock = FakeClock()
        self.model = SpoolModel(MAX_BYTES)
        self.folders = 0
        self.spool = self._open(self._folder())

    def teardown(self) -> None:
        self.spool.close()
        for patch in self.patches:
            patch.stop()
        shutil.rmtree(self.root)

    def _free_bytes(self) -> int:
        return self.free_bytes

    def _folder(self) -> Path:
        self.folders += 1
        folder = self.root / str(self.folders)
        folder.mkdir()
        return folder

    def _open(self, folder: Path) -> Spool:
        return Spool(processes.Spool(directory=folder, max_bytes=MAX_BYTES, max_age_h=1), self.clock)

    # --- the pipeline's side

    @rule(target=selected_looks, number=st.integers(0, 30), camera=st.sampled_from(CAMERAS))
    def select(self, number: int, camera: str) -> object:
        look = frame(number, camera_id=camera)
        is_new = self.model.is_new(look.observation_id)
        try:
            assert self.spool.select(look.observation_id, camera) is is_new
        except SpoolFull:
            assert not self.free_bytes
            self.model.turn_away(camera)
            return multiple()
        self.model.select(look.observation_id, camera)
        return look if is_new else multiple()

    @rule(look=consumes(selected_looks), size=st.sampled_from(SIZES))
    def append(self, look: Frame, size: int) -> None:
        observation_id = look.observation_id
        if self.model.state[observation_id] != "selected":
            return  # a crash interrupted it
        picture = redacted(look, jpeg_of(size))
        payload = codec.encode_snapshot(picture.snapshot, picture.picture)
        if len(payload) > MAX_BYTES:
            with pytest.raises(ContractError):
                self.spool.append(picture)
            self.model.end(observation_id, "dropped:too_large")
            return
        try:
            self.spool.append(picture)
        except SpoolFull:
            assert not self.free_bytes
            self.model.end(observation_id, "dropped:disk_full")
            return
        self.model.append(observation_id, payload, self.clock.monotonic_s())

    @rule(numbers=st.lists(st.integers(31, 1000), min_size=1, max_size=4), camera=st.sampled_from(CAMERAS))
    def keep(self, numbers: list[int], camera: str) -> None:
        """The usual course, so that there is something to confirm, to reject and to overflow."""
        for number in numbers:
            look = self.select(number, camera)
            if isinstance(look, Frame):
                self.append(look, 150_000 + number)

    @rule(look=consumes(selected_looks), reason=st.sampled_from([DropReason.SECOND_LOOK, DropReason.REDACTOR_BUSY]))
    def drop(self, look: Frame, reason: DropReason) -> None:
        if self.model.state[look.observation_id] == "selected":
            self.spool.drop(look.observation_id, reason)
            self.model.end(look.observation_id, f"dropped:{reason}")

    # --- the archive's side

    @rule(data=st.data())
    def confirm_some(self, data: st.DataObject) -> None:
        """Right ones, the last one twice, forged ones, and late ones of what is gone already."""
        chosen = data.draw(st.lists(st.sampled_from(sorted(self.model.held)), unique=True)) if self.model.held else []
        items = [self.model.item(observation_id) for observation_id in chosen]
        nothing = [self.model.item(observation_id, b"forged") for observation_id in list(self.model.held)[:1]]
        ended = sorted(self.model.state.keys() - self.model.held.keys())
        nothing += [self.model.item(observation_id, b"late") for observation_id in ended[:2]]
        confirmed, ignored = self.spool.confirm([*nothing, *items, *items[-1:]])
        assert {each.observation_id for each in confirmed} == set(chosen)
        assert ignored == len(nothing) + len(items[-1:])
        for observation_id in chosen:
            self.model.end(observation_id, "archived")
        assert self.spool.confirm(items) == ([], len(items))

    @rule(data=st.data())
    def reject_one(self, data: st.DataObject) -> None:
        if self.model.held:
            self._reject(data.draw(st.sampled_from(sorted(self.model.held))))

    def _reject(self, observation_id: str) -> None:
        digest = codec.message_sha256(self.model.held[observation_id])
        rejected = Rejected(message_sha256=digest, reason=RejectReason.NOT_JPEG, detail="test")
        stored = self.spool.reject(rejected)
        assert stored is not None
        assert stored.observation_id == observation_id
        self.model.end(observation_id, "rejected")
        assert self.spool.reject(rejected) is None

    def _reject_newest(self) -> None:
        self._reject(list(self.model.held)[-1])

    def _confirm_all(self) -> None:
        held = list(self.model.held)
        assert len(self.spool.confirm([self.model.item(each) for each in held])[0]) == len(held)
        for observation_id in held:
            self.model.end(observation_id, "archived")

    # --- the world's side

    @rule(minutes=st.integers(1, 50))
    def grow_old(self, minutes: int) -> None:
        self.clock.pass_s(minutes * 60)
        assert self.spool.maintain() == self.model.expire(self.clock.monotonic_s() - 3600)

    @rule(is_full=st.booleans())
    def somebody_fills_the_disk(self, is_full: bool) -> None:
        self.free_bytes = 0 if is_full else 10**12
        self.spool.maintain()

    @rule()
    def kill(self) -> None:
        """`kill -9`: the files are copied as they lie there, without closing, and opened again."""
        folder = self._folder()
        for part in (self.spool._database.directory).glob(f"{FILE_NAME}*"):
            shutil.copy(part, folder)
        self.spool.close()
        self.spool = self._open(folder)
        assert self.spool.interrupted == self.model.crash()

    @rule(number=st.integers(1001, 2000), size=st.sampled_from(SIZES[:4]), chance=st.randoms(use_true_random=False))
    def power_cut(self, number: int, size: int, chance: random.Random) -> None:
        """Of what one statement writes, any sectors may have reached the disk: all of the step is there, or none."""
        look = self.select(number, "gate")
        steps: list[Callable[[], None]] = [self._confirm_all, self._reject_newest] if self.model.held else []
        if isinstance(look, Frame):
            steps.append(partial(self.append, look, size))
        if not steps:
            return
        before, states = self.model.copy(), [self._files()]
        connection = self.spool._database._connection

        def note(_: str) -> None:  # a statement begins, so the one before it has returned
            if not connection.in_transaction:
                states.append(self._files())

        connection.set_trace_callback(note)
        chance.choice(steps)()
        connection.set_trace_callback(None)
        states.append(self._files())
        allowed = [_after_crash(before), _after_crash(self.model)]
        for old, new in pairwise(states):
            for torn in _torn(old, new, chance):
                assert self._found_in(torn) in allowed
        assert self._found_in(states[-1]) == allowed[1]  # the step had returned: it counts

    def _found_in(self, files: dict[str, bytes]) -> tuple[list[tuple[str, bytes]], dict[str, Ledger]]:
        folder = self._folder()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        spool = self._open(folder)
        found = (_payloads(spool), spool.ledgers())
        spool.close()
        return found

    def _files(self) -> dict[str, bytes]:
        folder = self.spool._database.directory
        return {name: (folder / name).read_bytes() for name in (FILE_NAME, LOG_NAME)}

    # --- what must hold

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        assert self.spool.messages == len(self.model.held)
        assert self.spool.payload_bytes == self.model.held_bytes <= MAX_BYTES
        assert _payloads(self.spool) == _newest_first(self.model)

    @invariant()
    def the_ledger_adds_up(self) -> None:
        ledgers = self.spool.ledgers()
        assert ledgers == self.model.ledgers()
        assert ledger.total(ledgers).balanced
        with self.spool._database.reading() as db:  # counted along, and counted out
            assert ledger.tally(db, self.spool._unwritten) == ledgers or self.spool._undropped


def _payloads(spool: Spool) -> list[tuple[str, bytes]]:
    stored = spool.next_unsent((), (), max_messages=100, max_bytes=10 * MAX_BYTES)
    return [(each.observation_id, each.payload) for each in stored]


def _newest_first(model: SpoolModel) -> list[tuple[str, bytes]]:
    return list(reversed(model.held.items()))


def _after_crash(model: SpoolModel) -> tuple[list[tuple[str, bytes]], dict[str, Ledger]]:
    outcome = model.copy()
    outcome.crash()
    return _newest_first(outcome), outcome.ledgers()


def _torn(before: dict[str, bytes], after: dict[str, bytes], chance: random.Random) -> list[dict[str, bytes]]:
    """The log half written and the file still old; or, SQLite having synced the log, the file half written."""
    log, file = (_mixed(before[name], after[name], chance) for name in (LOG_NAME, FILE_NAME))
    torn = []
    if after[LOG_NAME] != before[LOG_NAME]:
        torn.append({FILE_NAME: before[FILE_NAME], LOG_NAME: log})
    if after[FILE_NAME] != before[FILE_NAME]:
        torn.append({FILE_NAME: file, LOG_NAME: after[LOG_NAME]})
    return torn


def _mixed(before: bytes, after: bytes, chance: random.Random) -> bytes:
    """Some of the sectors that changed: the first so many, or most of them here and there."""
    mixed = bytearray(before.ljust(len(after), b"\0"))
    places = [slice(at, at + SECTOR) for at in range(0, len(after), SECTOR)]
    changed = [place for place in places if mixed[place] != after[place]]
    cut = chance.randint(0, len(changed))
    for place in changed[:cut] if chance.choice((True, False)) else chance.sample(changed, max(cut, len(changed) - 2)):
        mixed[place] = after[place]
    return bytes(mixed)


TestSpool = SpoolMachine.TestCase
TestSpool.settings = settings(max_examples=30, stateful_step_count=40)


@settings(max_examples=15)
@given(sizes=st.lists(st.sampled_from(SIZES[:4]), min_size=6, max_size=6), seed=st.integers(0, 2**32))
def test_whatever_a_power_cut_leaves_of_a_step_it_is_all_of_it_or_nothing(sizes: list[int], seed: int) -> None:
    """The machine comes by this now and then; here it happens at every step."""
    machine, chance = SpoolMachine(), random.Random(seed)
    machine.begin()
    try:
        for number, size in enumerate(sizes):
            machine.power_cut(number, size, chance)
            machine.holds_what_the_model_holds()
            machine.the_ledger_adds_up()
    finally:
        machine.teardown()


def test_nothing_is_sent_that_is_in_flight_or_held_and_the_budget_is_kept(tmp_path: Path) -> None:
    spool = Spool(processes.Spool(directory=tmp_path), FakeClock())
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
    spool = Spool(processes.Spool(directory=tmp_path, max_bytes=MAX_BYTES), FakeClock())
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
    move: Callable[..., str], tx: sqlite3.Connection, observation_id: str, to: str, *, now_ms: int
) -> str:
    if to == "spooled":
        raise IllegalMove("for the test")
    return move(tx, observation_id, to, now_ms=now_ms)


def test_only_the_hash_of_what_is_held_deletes_it(tmp_path: Path) -> None:
    spool = Spool(processes.Spool(directory=tmp_path), FakeClock())
    look = frame(0)
    spool.select(look.observation_id, look.camera_id)
    spool.append(redacted(look, jpeg_of(100)))
    other = hashlib.sha256(b"another redaction of the same picture").hexdigest()
    forged = ArchivedItem(observation_id=look.observation_id, message_sha256=other, picture=PictureState.KEPT)
    assert spool.confirm([forged]) == ([], 1)
    assert spool.messages == 1
    spool.close()
