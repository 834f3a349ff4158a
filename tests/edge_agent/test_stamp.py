"""packet, arrival ──▶ capture time: the camera's where it can be believed, else the agent's."""

import struct
from typing import TYPE_CHECKING

import av
import pytest
from av.packet import PacketSideData

from edge_agent.sources.stamp import stamp
from provisioning.contracts.messages import ClockQuality
from tests.edge_agent.world import EPOCH_MS

if TYPE_CHECKING:
    from edge_agent.sources.stamp import Packet

_PRFT = 27
"""AV_PKT_DATA_PRFT (libavcodec/packet.h)."""


def packet(pts: int | None, sent_ms: float | None = None) -> "Packet":
    made: Packet = av.Packet(b"picture")
    made.pts = pts
    if sent_ms is not None:
        producer_time = PacketSideData(_PRFT, 16)  # type: ignore[call-arg] # the stub knows no constructor
        producer_time.update(struct.pack("<qii", round(sent_ms * 1000), 24, 0))
        made.set_sidedata(producer_time)
    return made


def test_without_a_sender_report_it_is_the_arrival() -> None:
    its = stamp(packet(90_000), EPOCH_MS, 7)
    assert (its.at_ms, its.clock, its.key, its.sender_offset_ms) == (EPOCH_MS, ClockQuality.ARRIVAL, "k90000", None)


def test_a_camera_that_is_right_dates_its_pictures() -> None:
    its = stamp(packet(90_000, EPOCH_MS - 41.5), EPOCH_MS, 7)
    assert (its.at_ms, its.clock) == (EPOCH_MS - 42, ClockQuality.SYNCED)
    assert its.sender_offset_ms == pytest.approx(-41.5)


@pytest.mark.parametrize("off_ms", [-31_536_000_000.0, -501.0, 501.0, 3_600_000.0])
def test_a_camera_with_a_wrong_clock_dates_nothing_and_its_clock_is_known(off_ms: float) -> None:
    its = stamp(packet(90_000, EPOCH_MS + off_ms), EPOCH_MS, 7)
    assert (its.at_ms, its.clock) == (EPOCH_MS, ClockQuality.ARRIVAL)
    assert its.sender_offset_ms == pytest.approx(off_ms)


def test_a_packet_without_a_timestamp_has_a_key_of_its_own() -> None:
    assert stamp(packet(None), EPOCH_MS, 0).key == "n0"
    assert stamp(packet(None), EPOCH_MS, 1).key == "n1"
