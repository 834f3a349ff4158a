"""When a picture passed the agent's hops goes beside its message, for as long as the agent runs that saw it pass."""

from pathlib import Path

from edge_agent.spool import hop_times
from edge_agent.spool.hop_times import UNKNOWN, HopTimes, RecentHopTimes
from edge_agent.uplink.mqtt import Connected
from provisioning.contracts.wire import topics
from tests.edge_agent.publishing import World
from tests.edge_agent.spooling import keep, open_spool
from tests.edge_agent.world import FakeClock, frame, jpeg_of, redacted


def test_selected_redacted_and_spooled_are_said_beside_the_message(tmp_path: Path) -> None:
    world = World(tmp_path)
    selected_at_ms = world.clock.now_ms()
    look = frame(0)
    world.spool.select(look.observation_id, "gate")
    world.clock.pass_s(0.4)
    world.spool.append(redacted(look, jpeg_of(1000)))
    world.turn(Connected())
    (sent,) = world.sent()
    assert sent.times == {
        topics.SELECTED_AT: selected_at_ms,
        topics.REDACTED_AT: selected_at_ms + 400,
        topics.SPOOLED_AT: selected_at_ms + 400,
    }
    world.spool.close()


def test_what_an_earlier_run_spooled_has_no_times(tmp_path: Path) -> None:
    clock = FakeClock()
    spool = open_spool(tmp_path, clock)
    keep(spool, 0)
    spool.close()
    spool = open_spool(tmp_path, clock)
    (stored,) = spool.next_unsent((), (), max_messages=1, max_bytes=1_000_000)
    assert stored.hop_times == UNKNOWN
    assert stored.hop_times.known() == {}
    spool.close()


def test_the_newest_are_remembered_and_no_more() -> None:
    passages = RecentHopTimes()
    for number in range(hop_times.REMEMBERED + 1):
        passages.selected(str(number), number)
    assert passages.of("0") == UNKNOWN
    assert passages.of("1") == HopTimes(selected_at_ms=1)
    passages.spooled("0", redacted_at_ms=1, spooled_at_ms=2)
    assert passages.of("0") == UNKNOWN
