"""packet, arrival ──▶ what a packet says of its time: when it came, and how far its camera's clock is off."""

from typing import TYPE_CHECKING

import av
import pytest

from edge_agent.sources.capture_time import stamp
from provisioning.contracts.wire.messages import ClockQuality
from tests.edge_agent.arriving import reported
from tests.edge_agent.world import EPOCH_MS

if TYPE_CHECKING:
    from edge_agent.sources.capture_time import Packet


def packet(pts: int | None, sent_ms: float | None = None) -> "Packet":
    made: Packet = av.Packet(b"picture")
    made.pts = pts
    return made if sent_ms is None else reported(made, sent_ms)


def test_without_a_sender_report_it_is_the_arrival() -> None:
    its = stamp(packet(90_000), EPOCH_MS, 7)
    assert (its.at_ms, its.clock, its.key, its.sender_offset_ms) == (EPOCH_MS, ClockQuality.ARRIVAL, "k90000", None)


@pytest.mark.parametrize("off_ms", [-31_536_000_000.0, -501.0, -41.5, 0.0, 501.0, 3_600_000.0])
def test_how_far_a_cameras_clock_is_off_is_known_whatever_it_is(off_ms: float) -> None:
    its = stamp(packet(90_000, EPOCH_MS + off_ms), EPOCH_MS, 7)
    assert (its.at_ms, its.clock) == (EPOCH_MS, ClockQuality.ARRIVAL)
    assert its.sender_offset_ms == pytest.approx(off_ms)


def test_a_packet_without_a_timestamp_has_a_key_of_its_own() -> None:
    assert stamp(packet(None), EPOCH_MS, 0).key == "n0"
    assert stamp(packet(None), EPOCH_MS, 1).key == "n1"
