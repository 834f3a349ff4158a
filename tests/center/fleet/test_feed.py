"""The fan-out: every reader sees everything, a slow one loses its own oldest."""

from center.fleet.feed import Feed
from tests.center.street import NOW_MS, observation
from tests.center.world import observed


def test_every_reader_gets_every_sighting_once_and_in_order() -> None:
    feed = Feed()
    first = feed.open()
    rows = [observation("cam-1", NOW_MS + number, number)[0] for number in range(5)]
    for row in rows[:2]:
        feed.publish(observed(row))
    late = feed.open()
    for row in rows[2:]:
        feed.publish(observed(row))
    keys = [row.snapshot.row_key for row in rows]
    assert [sighting.row_key for sighting in first.drain()] == keys
    assert [sighting.row_key for sighting in late.drain()] == keys[2:]
    assert first.drain() == []
    assert feed.received == 5


def test_a_slow_reader_drops_its_oldest_and_delays_nobody() -> None:
    feed = Feed(capacity=3)
    slow, quick = feed.open(), feed.open()
    taken = []
    for number in range(10):
        feed.publish(observed(observation("cam-1", NOW_MS + number, number)[0]))
        taken += quick.drain()
    assert len(taken) == 10
    assert quick.dropped == 0
    assert [sighting.captured_at_ms for sighting in slow.drain()] == [NOW_MS + 7, NOW_MS + 8, NOW_MS + 9]
    assert slow.dropped == 7
    assert feed.dropped_oldest == 7


def test_a_closed_reader_is_filled_no_more() -> None:
    feed = Feed()
    reader = feed.open()
    feed.close(reader)
    feed.close(reader)
    feed.publish(observed(observation("cam-1", NOW_MS, 1)[0]))
    assert reader.drain() == []
    assert feed.readers == 0


def test_a_sighting_has_no_place_for_people() -> None:
    feed = Feed()
    reader = feed.open()
    feed.publish(observed(observation("cam-1", NOW_MS, 1)[0]))
    assert not hasattr(reader.drain()[0], "people")
