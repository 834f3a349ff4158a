"""Intake on a fake broker and fake stages: no acknowledgement before the commit, bad input costs only itself."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.contracts.errors import RejectReason
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.messages import Archived, HopTimes, Motion, PictureState
from ray_cluster.archive.entries import Entry, Receipt
from ray_cluster.errors import ArchiveFull, Unavailable
from ray_cluster.inference.canary_sampler import CanarySampler
from ray_cluster.intake.acknowledgements import MAX_ITEMS, Acks
from ray_cluster.intake.intake import AT_WORK, GROUP
from ray_cluster.intake.mqtt_client import RECEIVE_MAXIMUM
from tests.ray_cluster.street import FakeBroker, FakeStages, Running, good, run
from tests.ray_cluster.world import BIKE, CAR, NOW_MS, jpeg, message, snapshot
from tests.support.waiting import eventually


def test_a_snapshot_becomes_a_row_an_acknowledgement_and_a_hint() -> None:
    async def story(running: Running) -> None:
        payload = good(1, machines=(BIKE,))
        mid = running.deliver(payload)
        await running.settle()
        (entry, receipt) = next(iter(running.stages.rows.values()))
        assert entry.jpeg == jpeg(1)
        assert entry.machines == (CAR,)  # the parser's, not the edge's
        assert (entry.received_at_ms, entry.message_sha256) == (NOW_MS, hashlib.sha256(payload).hexdigest())
        assert running.broker.acked == {mid}
        item = running.broker.archived()[0].items[0]
        assert (item.message_sha256, item.picture) == (entry.message_sha256, PictureState.KEPT)
        hint = running.broker.observed()[0]
        assert (hint.commit_seq, hint.items[0].machines, hint.items[0].people) == (receipt.commit_seq, (CAR,), 1)

    run(story)


def test_the_motion_that_the_edge_told_reaches_the_centre_beside_what_the_parser_found() -> None:
    moving = BIKE.model_copy(update={"motion": Motion(dwell_s=4, wrong_way=("bus lane",))})

    async def story(running: Running) -> None:
        edge = {
            "selected_at_ms": NOW_MS - 700,
            "redacted_at_ms": NOW_MS - 300,
            "spooled_at_ms": NOW_MS - 250,
            "published_at_ms": NOW_MS - 200,
        }
        running.deliver(good(1, machines=(CAR, moving), size=(640, 480)), times=edge)
        await running.settle()
        item = running.broker.observed()[0].items[0]
        assert (item.machines, item.followed) == ((CAR,), (moving,))
        assert (item.width, item.height, item.clock) == (640, 480, "arrival")
        assert item.times == HopTimes(**edge, received_at_ms=NOW_MS, parsed_at_ms=NOW_MS, committed_at_ms=NOW_MS)

    run(story)


def test_what_was_just_captured_overtakes_a_backlog_which_keeps_its_share() -> None:
    async def story(running: Running) -> None:
        running.stages.eyes.clear()
        for number in range(AT_WORK):
            running.deliver(good(number))
        await eventually(lambda: running.intake.status(running.broker, running.acks).at_work == {"parser": AT_WORK})
        hour_ago_ms = NOW_MS - 3_600_000
        backlog = [running.deliver(good(100 + number, at_ms=hour_ago_ms + number)) for number in range(GROUP)]
        live = [running.deliver(good(200 + number)) for number in range(GROUP)]
        assert running.intake.status(running.broker, running.acks).waiting == {"live": GROUP, "backlog": GROUP}
        running.stages.eyes.set()
        await running.settle()
        order = [mid for kind, mid in running.broker.said if kind == "ack" and mid > AT_WORK]
        assert order == [*live[: GROUP - 1], backlog[0], live[-1], *backlog[1:]]
        assert running.intake.status(running.broker, running.acks).waiting == {"live": 0, "backlog": 0}

    run(story)


def test_what_waits_for_its_commit_keeps_nobody_from_being_parsed() -> None:
    async def story(running: Running) -> None:
        running.stages.gate.clear()
        for first in (0, AT_WORK):
            for number in range(AT_WORK):
                running.deliver(good(first + number))
            there = first + AT_WORK
            await eventually(lambda: running.intake.status(running.broker, running.acks).at_work == {"archiver": there})  # noqa: B023 - awaited at once
        running.stages.gate.set()
        await running.settle()
        assert len(running.stages.rows) == 2 * AT_WORK

    run(story)


def test_what_waits_asks_for_parsers_only_while_the_parsers_hold_it_up() -> None:
    async def story(running: Running) -> None:
        running.stages.eyes.clear()
        for number in range(AT_WORK):
            running.deliver(good(number))
        await eventually(lambda: running.intake.status(running.broker, running.acks).at_work == {"parser": AT_WORK})
        for number in range(2 * GROUP):
            running.deliver(good(AT_WORK + number))
        assert running.intake.parser_backlog == pytest.approx(AT_WORK / GROUP + 2)
        running.stages.gate.clear()
        running.stages.eyes.set()
        held = {"archiver": AT_WORK + 2 * GROUP}
        await eventually(lambda: running.intake.status(running.broker, running.acks).at_work == held)
        assert running.intake.parser_backlog == 0
        running.stages.gate.set()
        await running.settle()

    run(story)


def colours(running: Running) -> dict[str, list[MachineColour | None]]:
    entries = (entry for entry, _ in running.stages.rows.values())
    return {entry.snapshot.source_key: [look.colour for look in entry.appearances] for entry in entries}


def test_machines_are_looked_at_unless_their_picture_is_withheld_or_leaks() -> None:
    async def story(running: Running) -> None:
        running.stages.leaks.add(jpeg(2))
        running.stages.unembeddable.add(jpeg(4))
        running.deliver(good(1))
        running.deliver(good(2))
        running.deliver(message(snapshot(3, picture=b"", machines=(BIKE,)), b""))
        running.deliver(good(4))
        await running.settle()
        assert colours(running) == {"n1": [MachineColour.RED], "n2": [], "n3": []}
        assert [size for stage, size in running.stages.calls if stage == "embed"] == [2]
        (rejected,) = running.broker.rejected()
        assert rejected.reason is RejectReason.NOT_JPEG

    run(story)


def test_an_embedder_that_is_away_is_waited_for() -> None:
    async def story(running: Running) -> None:
        running.stages.faults["embed"] = [Unavailable("away"), Unavailable("away")]
        running.deliver(good(1))
        await running.settle()
        assert colours(running) == {"n1": [MachineColour.RED]}
        assert running.intake.status(running.broker, running.acks).retries == 2

    run(story)


def truncated() -> bytes:
    return good(1)[:-1]


def future_version() -> bytes:
    payload = bytearray(good(1))
    payload[4:6] = (99).to_bytes(2)
    return bytes(payload)


def foreign() -> bytes:
    return good(1, agent="other")


def no_jpeg() -> bytes:
    return good(1, picture=b"\xff\xd8\xffnot really")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", RejectReason.MALFORMED),
        (lambda: b"\0" * 100, RejectReason.MALFORMED),
        (truncated, RejectReason.PICTURE_MISMATCH),
        (future_version, RejectReason.UNKNOWN_VERSION),
        (foreign, RejectReason.FOREIGN_AGENT),
        (no_jpeg, RejectReason.NOT_JPEG),
        (lambda: good(1) + bytes(topics.MAX_MESSAGE_BYTES), RejectReason.TOO_LARGE),
    ],
)
def test_a_bad_message_is_rejected_with_its_reason_and_the_others_go_on(
    make: Callable[[], bytes], reason: RejectReason
) -> None:
    async def story(running: Running) -> None:
        running.stages.unreadable.add(b"\xff\xd8\xffnot really")
        running.deliver(good(10))
        bad = running.deliver(make())
        running.deliver(good(11))
        await running.settle()
        (rejected,) = running.broker.rejected()
        assert (rejected.reason, rejected.message_sha256) == (reason, hashlib.sha256(make()).hexdigest())
        assert rejected.detail
        assert bad in running.broker.acked
        assert sorted(entry.snapshot.source_key for entry, _ in running.stages.rows.values()) == ["n10", "n11"]
        assert len(running.broker.acked) == 3
        assert running.intake.status(running.broker, running.acks).rejected == {reason: 1}

    run(story)


def test_a_topic_without_an_agent_has_nobody_to_tell() -> None:
    async def story(running: Running) -> None:
        running.deliver(good(1), topic="wayside/1/agents/cluster/snapshots")
        await running.settle()
        assert [kind for kind, _ in running.broker.said] == ["ack"]
        assert not running.stages.rows

    run(story)


@settings(max_examples=50)
@given(payloads=st.lists(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: good(1)[:40] + tail)))
def test_whatever_comes_is_answered_and_nothing_stops(payloads: list[bytes]) -> None:
    async def story(running: Running) -> None:
        for payload in payloads[: RECEIVE_MAXIMUM - 1]:
            running.deliver(payload)
        running.deliver(good(1))
        await running.settle()
        assert len(running.stages.rows) == 1
        assert len(running.broker.rejected()) == len(payloads[: RECEIVE_MAXIMUM - 1])

    run(story)


def test_nothing_is_acknowledged_before_the_commit() -> None:
    async def story(running: Running) -> None:
        running.stages.gate.clear()
        for number in range(20):
            running.deliver(good(number))
        await eventually(lambda: sum(n for stage, n in running.stages.calls if stage == "parse") == 20)
        await asyncio.sleep(0.05)
        assert running.broker.said == []
        assert running.intake.status(running.broker, running.acks).in_flight == 20
        running.stages.gate.set()
        await running.settle()
        assert len(running.broker.acked) == 20
        assert max(size for _, size in running.stages.calls) <= 8

    run(story)


@pytest.mark.parametrize("stage", ["known", "parse", "inspect", "archive"])
def test_every_stage_is_tried_again_with_growing_waits_until_it_succeeds(stage: str) -> None:
    async def story(running: Running) -> None:
        running.stages.faults[stage] = [Unavailable("ActorDiedError"), ArchiveFull("no space"), *[Unavailable("")] * 8]
        mid = running.deliver(good(1))
        await running.settle()
        assert running.broker.acked == {mid}
        assert len(running.stages.rows) == 1
        assert len(running.slept) == 10
        assert running.slept[0] <= 0.2
        assert 5 <= running.slept[-1] <= 10
        assert running.intake.status(running.broker, running.acks).retries == 10

    run(story)


def test_one_stuck_group_does_not_hold_up_the_rest() -> None:
    async def story(running: Running) -> None:
        running.stages.gate.clear()
        running.deliver(good(1))
        await eventually(lambda: ("parse", 1) in running.stages.calls)
        bad = running.deliver(b"junk")
        await eventually(lambda: bad in running.broker.acked)
        running.stages.gate.set()
        await running.settle()

    run(story)


def test_what_is_archived_already_is_acknowledged_unparsed_and_not_announced_again() -> None:
    async def story(running: Running) -> None:
        running.deliver(good(1))
        await running.settle()
        calls = len(running.stages.calls)
        # Redacted again: other bytes, same observation.
        again = message(snapshot(1, picture=jpeg(77)), jpeg(77))
        running.deliver(again)
        await running.settle()
        assert running.stages.calls[calls:] == [("known", 1)]
        assert len(running.broker.observed()) == 1
        assert running.broker.archived()[-1].items[0].message_sha256 == hashlib.sha256(again).hexdigest()
        assert running.intake.status(running.broker, running.acks).duplicates == 1

    run(story)


def test_of_a_leak_no_picture_goes_on_and_the_agent_is_told() -> None:
    async def story(running: Running) -> None:
        running.stages.leaks.add(jpeg(1))
        running.deliver(good(1))
        running.deliver(good(2))
        await running.settle()
        entries = {entry.snapshot.source_key: entry for entry, _ in running.stages.rows.values()}
        assert (entries["n1"].picture, entries["n1"].jpeg) == (PictureState.LEAK, b"")
        assert (entries["n2"].picture, entries["n2"].jpeg) == (PictureState.KEPT, jpeg(2))
        states = {item.picture for batch in running.broker.archived() for item in batch.items}
        assert states == {PictureState.LEAK, PictureState.KEPT}
        assert {item.picture for hint in running.broker.observed() for item in hint.items} == states
        assert running.intake.status(running.broker, running.acks).leaks == 1
        # Sent again, it is still a leak.
        running.deliver(good(1))
        await running.settle()
        assert running.broker.archived()[-1].items[0].picture is PictureState.LEAK

    run(story)


def test_a_withheld_picture_goes_by_parser_and_canary_and_keeps_what_the_edge_saw() -> None:
    async def story(running: Running) -> None:
        running.deliver(good(1, picture=b"", machines=(BIKE,)))
        await running.settle()
        assert [stage for stage, _ in running.stages.calls] == ["known", "archive"]
        entry = next(iter(running.stages.rows.values()))[0]
        assert (entry.picture, entry.jpeg, entry.machines) == (PictureState.WITHHELD, b"", (BIKE,))

    run(story)


def test_only_drawn_pictures_are_inspected() -> None:
    async def story(running: Running) -> None:
        running.drawn = {snapshot(1).observation_id}
        running.stages.leaks |= {jpeg(1), jpeg(2)}
        running.deliver(good(1))
        running.deliver(good(2))
        await running.settle()
        assert sum(size for stage, size in running.stages.calls if stage == "inspect") == 1
        assert sorted(entry.picture for entry, _ in running.stages.rows.values()) == ["kept", "leak"]

    run(story)


def test_too_much_at_qos_0_is_dropped_by_name_and_later_messages_pass() -> None:
    async def story(running: Running) -> None:
        for number in range(RECEIVE_MAXIMUM + 5):
            running.deliver(good(number), qos=0)
        assert running.intake.status(running.broker, running.acks).dropped == {"drop_newest": 5}
        await running.settle()
        running.deliver(good(100))
        await running.settle()
        assert len(running.stages.rows) == RECEIVE_MAXIMUM + 1

    run(story)


def test_acknowledgements_go_in_batches_by_agent() -> None:
    async def story(running: Running) -> None:
        for number in range(30):
            agent = "street" if number % 3 else "bridge"
            running.deliver(good(number, agent=agent), topic=topics.snapshots(agent))
        await eventually(lambda: len(running.broker.acked) == 30)
        await eventually(lambda: bool(running.broker.archived("bridge")) and bool(running.broker.archived("street")))
        await running.settle()
        for agent, count in (("bridge", 10), ("street", 20)):
            batches = running.broker.archived(agent)
            assert sum(len(batch.items) for batch in batches) == count
            assert len(batches) <= 4
            assert all(hint.agent_id == agent for hint in running.broker.observed(agent))

    run(story)


def test_a_batch_of_acknowledgements_ends_at_its_limit_or_its_time() -> None:
    async def main() -> None:
        broker = FakeBroker()
        acks = Acks(broker, delay_s=0.02)
        item = {"observation_id": "0" * 32, "message_sha256": "0" * 64, "picture": "kept"}
        archived = Archived.model_validate({"items": [item]}).items[0]
        for _ in range(MAX_ITEMS + 1):
            acks.add("street", archived, None, 1)
        assert [len(batch.items) for batch in broker.archived()] == [MAX_ITEMS]
        await eventually(lambda: len(broker.archived()) == 2)
        assert len(broker.archived()[1].items) == 1
        assert broker.observed() == []
        broker.full = True
        acks.add("street", archived, None, 1)
        acks.flush()
        acks.flush()
        assert acks.dropped == 1

    asyncio.run(main())


def test_a_bug_in_a_stage_ends_intake_so_that_serve_restarts_it() -> None:
    async def main() -> None:
        class Broken(FakeStages):
            async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
                raise ZeroDivisionError

        running = Running(stages=Broken())
        work: Awaitable[None] = asyncio.create_task(running.intake.run(running.broker, running.acks))
        running.deliver(good(1))
        with pytest.raises(ExceptionGroup):
            await work
        assert running.broker.said == []

    asyncio.run(main())


def test_the_draw_takes_its_share_and_keeps_its_mind() -> None:
    ids = [snapshot(number).observation_id for number in range(2000)]
    draw = CanarySampler(0.25, key=b"k" * 32)
    assert 400 < sum(map(draw.takes, ids)) < 600
    assert [draw.takes(key) for key in ids] == [draw.takes(key) for key in ids]
    assert [draw.takes(key) for key in ids] != [CanarySampler(0.25, key=b"x" * 32).takes(key) for key in ids]
    assert all(map(CanarySampler(1.0).takes, ids))
    assert not any(map(CanarySampler(0.0).takes, ids))
