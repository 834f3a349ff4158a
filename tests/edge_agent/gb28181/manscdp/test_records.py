"""Recordings of a channel, as recorders list them."""

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.gb28181.manscdp import body
from edge_agent.gb28181.manscdp.message_types import RecordItem, RecordPart
from edge_agent.gb28181.manscdp.multipart import MAX_ITEMS, AnswerOutcome
from edge_agent.gb28181.manscdp.records import DeviceRecording, RecordAssembly, Records
from tests.edge_agent.gb28181.beijing import Beijing
from tests.edge_agent.gb28181.corpus_file import corpus

CAMERA = "34020000001320000001"
SN = 18
MIDNIGHT_MS = 1_795_449_600_000
HOUR_MS = 3_600_000
"""2026-11-24T00:00:00+08:00"""


def assembly() -> RecordAssembly:
    return RecordAssembly(SN, CAMERA, Beijing(), asked_s=0.0)


def ended(asked: RecordAssembly) -> Records:
    timer = asked.get_timer()
    assert timer is not None
    asked.handle_timer(timer)
    assert asked.get_timer() is None
    assert asked.records is not None
    return asked.records


def of(file: str) -> Records:
    asked = assembly()
    word = body.parse(corpus(file))
    assert isinstance(word.content, RecordPart)
    assert asked.receive(word.sn, word.content, 1.0)
    assert asked.records is None
    return ended(asked)


def hours(records: Records) -> list[tuple[float, float]]:
    return [
        ((each.started_at_ms - MIDNIGHT_MS) / HOUR_MS, (each.ended_at_ms - MIDNIGHT_MS) / HOUR_MS)
        for each in records.recordings
    ]


def test_two_recordings() -> None:
    records = of("records-template.xml")
    assert records.recordings[0] == DeviceRecording(MIDNIGHT_MS, MIDNIGHT_MS + HOUR_MS, CAMERA, "time", 1024)
    assert hours(records) == [(0, 1), (1, 2)]
    assert (records.outcome, records.announced, records.unreadable, records.resume_at_ms) == (
        AnswerOutcome.COMPLETE,
        2,
        0,
        None,
    )


def test_times_with_a_zone() -> None:
    assert hours(of("records-zone.xml")) == [(0, 1), (1, 2)]


def test_the_same_twice_and_what_cannot_be_read() -> None:
    records = of("records-twice.xml")
    assert hours(records) == [(0, 1)]
    assert (records.unreadable, records.outcome) == (2, AnswerOutcome.COMPLETE)
    assert records.recordings[0].channel_id == CAMERA


def test_no_recording() -> None:
    records = of("records-none.xml")
    assert (records.recordings, records.outcome) == ((), AnswerOutcome.COMPLETE)


def test_a_recorder_that_stops_short_is_asked_again_from_there() -> None:
    records = of("records-stall.xml")
    assert (records.outcome, records.resume_at_ms) == (AnswerOutcome.STALLED, MIDNIGHT_MS + HOUR_MS)


def test_one_that_says_nothing_at_all() -> None:
    records = ended(assembly())
    assert (records.outcome, records.resume_at_ms) == (AnswerOutcome.SILENT, None)


def test_one_that_refuses() -> None:
    asked = assembly()
    asked.refuse()
    assert asked.records == Records((), None, 0, AnswerOutcome.REFUSED)


def item(start: int, length: int = 1) -> RecordItem:
    calendar = Beijing()
    began = MIDNIGHT_MS + start * 1000
    return RecordItem("", calendar.text(began), calendar.text(began + length * 1000), "", None)


def test_parts_come_in_any_order_and_the_last_query_is_meant() -> None:
    asked = assembly()
    assert asked.receive(3, RecordPart(9, (item(50), RecordItem("", "?", "?", "", None))), 1.0)
    assert asked.receive(SN, RecordPart(2, (item(20),)), 1.1)
    assert not asked.receive(3, RecordPart(9, (item(60),)), 1.2)
    assert asked.receive(SN, RecordPart(2, (item(10),)), 1.3)
    records = ended(asked)
    assert [(each.started_at_ms - MIDNIGHT_MS) // 1000 for each in records.recordings] == [10, 20]
    assert (records.unreadable, records.outcome) == (0, AnswerOutcome.COMPLETE)


def test_half_a_span_is_none() -> None:
    asked = assembly()
    asked.receive(SN, RecordPart(2, (RecordItem("", "2026-11-24T00:00:00", "", "", None), item(5))), 1.0)
    records = ended(asked)
    assert (len(records.recordings), records.unreadable) == (1, 1)


def test_a_list_does_not_grow_without_bound() -> None:
    asked = assembly()
    asked.receive(SN, RecordPart(None, tuple(item(n) for n in range(MAX_ITEMS - 2))), 1.0)
    asked.receive(SN, RecordPart(None, tuple(item(n) for n in range(MAX_ITEMS, MAX_ITEMS + 5))), 1.0)
    assert asked.records is not None
    assert asked.records.outcome is AnswerOutcome.TOO_MANY
    assert asked.records.resume_at_ms == asked.records.recordings[-1].ended_at_ms
    assert len(asked.records.recordings) == MAX_ITEMS


@given(
    st.lists(
        st.builds(
            RecordPart,
            st.none() | st.integers(0, 6),
            st.lists(
                st.builds(RecordItem, st.just(""), st.text(max_size=20), st.text(max_size=20), st.just(""), st.none())
                | st.builds(item, st.integers(0, 5), st.integers(-1, 3)),
                max_size=4,
            ).map(tuple),
        ),
        max_size=6,
    )
)
def test_any_times_make_a_list_of_true_spans(parts: list[RecordPart]) -> None:
    asked = assembly()
    for number, part in enumerate(parts):
        asked.receive(SN, part, float(number) / 10)
    records = ended(asked)
    spans = [(each.started_at_ms, each.ended_at_ms) for each in records.recordings]
    assert spans == sorted(set(spans))
    assert all(began < over for began, over in spans)
