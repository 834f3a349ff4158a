"""A fleet with one fault of every kind: each is found for its reason, and nobody else is accused."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from bench.center.assessment.__main__ import check
from bench.center.assessment.fleet import GAP, MONTH, Planted, lay_down
from bench.center.assessment.plan import EXCUSES, FAULTS
from center.access.permissions import EVERYWHERE, CameraKey
from center.assessment.assessor import Assessor
from center.assessment.formulas import IndicatorTally
from center.assessment.indicators import Indicator, IndicatorVerdict
from center.assessment.period import parse
from center.assessment.recording.facts import HOUR_MS
from center.assessment.report import AssessmentReport, Card, ranked
from center.assessment.service import open_assessor
from center.database.store import Store
from center.errors import UnknownCameraError
from center.search.camera_positions import CameraPositions
from tests.support.fresh_store import fresh_store
from tests.support.postgres import Postgres

CAMERAS = len(FAULTS) + len(EXCUSES) + 8
HOURS = parse(MONTH)
AFTERWARDS_MS = parse("2027-01").from_ms
TIMED = tuple(indicator for indicator in Indicator if indicator not in {Indicator.PLACE, Indicator.CODE})


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)])
def fleet(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, list[Planted]]]:
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        store = Store(server.url(server.create(server.migrated)))
    else:
        store = fresh_store(tmp_path_factory.mktemp("fleet") / "center.sqlite3")
    yield store, lay_down(store, cameras=CAMERAS, faults_each=1)
    store.close()


@pytest.fixture(scope="module")
def assessor(fleet: tuple[Store, list[Planted]]) -> Assessor:
    return open_assessor(fleet[0], CameraPositions(fleet[0], dict).on_file, lambda: AFTERWARDS_MS)


@pytest.fixture(scope="module")
def report(assessor: Assessor) -> AssessmentReport:
    return assessor.judged(MONTH, sight=EVERYWHERE).report


@pytest.fixture(scope="module")
def planted(fleet: tuple[Store, list[Planted]]) -> list[Planted]:
    return fleet[1]


def card_of(report: AssessmentReport, planted: list[Planted], name: str) -> Card:
    key = next(each.key for each in planted if each.fault.name == name)
    return next(card for card in report.cameras if card.profile is not None and card.profile.key == key)


def test_every_fault_is_found_for_its_reason_and_nothing_healthy_is_accused(
    report: AssessmentReport, planted: list[Planted]
) -> None:
    result = check(report, planted)
    assert result.planted == len(FAULTS)
    assert (result.found, result.with_cause, result.accused) == (result.planted, result.planted, ())


def test_a_sound_camera_passes_everything(report: AssessmentReport, planted: list[Planted]) -> None:
    card = card_of(report, planted, "sound")
    assert {finding.verdict for finding in card.findings.values()} == {IndicatorVerdict.PASS}
    assert card.score == pytest.approx(99.5, abs=0.5)


def test_five_days_of_maintenance_are_in_no_denominator_however_it_overlaps(
    report: AssessmentReport, planted: list[Planted]
) -> None:
    card = card_of(report, planted, "off for five days of planned maintenance")
    assert (card.served.counted, card.served.excused) == (720 - 120, 120)
    online = card.findings[Indicator.ONLINE]
    assert online.tally.excused == 120 * 60
    assert online.tally.known + online.tally.unknown == 600 * 60
    assert online.verdict is IndicatorVerdict.PASS


def test_what_the_centre_did_not_watch_is_unknown(
    assessor: Assessor, report: AssessmentReport, planted: list[Planted]
) -> None:
    tally = card_of(report, planted, "sound").findings[Indicator.ONLINE].tally
    assert tally.unknown == len(GAP) * 60
    assert [(gap.cause, gap.to_ms - gap.from_ms) for gap in assessor.judged(MONTH, sight=EVERYWHERE).gaps] == [
        ("centre_stopped", len(GAP) * HOUR_MS)
    ]


def test_a_camera_counts_from_the_hour_it_came_to_the_hour_it_left(
    report: AssessmentReport, planted: list[Planted]
) -> None:
    assert card_of(report, planted, "came in the middle of the month").served.counted == 360
    assert card_of(report, planted, "left in the middle of the month").served.counted == 300


def test_of_whom_nobody_knows_everything_timed_is_unknown(report: AssessmentReport, planted: list[Planted]) -> None:
    card = card_of(report, planted, "revoked: nobody knows")
    assert {card.findings[indicator].verdict for indicator in TIMED} == {IndicatorVerdict.UNKNOWN}
    assert card.findings[Indicator.ONLINE].cause == "agent_revoked"
    assert card.score is None


def test_counters_that_began_anew_lose_no_picture(report: AssessmentReport, planted: list[Planted]) -> None:
    tally = card_of(report, planted, "a new disk: its counters began anew").findings[Indicator.DELIVERY].tally
    assert tally == IndicatorTally(good=720 * 60)


def test_every_failure_with_hours_can_be_followed_to_them(
    assessor: Assessor, report: AssessmentReport, planted: list[Planted]
) -> None:
    for each in planted:
        for indicator in each.found:
            if indicator in TIMED:
                period, hours = assessor.evidence(MONTH, each.key, indicator, after=-1, limit=3, sight=EVERYWHERE)
                assert hours, each.fault.name
                assert all(period.first_hour <= hour.hour < period.end_hour for hour in hours)


def test_evidence_names_the_maintenance_and_the_hours_without_facts(assessor: Assessor, planted: list[Planted]) -> None:
    key = next(each.key for each in planted if each.fault.maintained)
    _, hours = assessor.evidence(MONTH, key, None, after=-1, limit=1000, sight=EVERYWHERE)
    assert len(hours) == 720
    assert [len(hours[number].excused_by) for number in (239, 240, 289, 290, 299, 300, 359, 360)] == [
        *(0, 1, 1, 2, 2, 1, 1, 0)
    ]
    assert [hour.hour - HOURS.first_hour for hour in hours if hour.facts is None] == list(GAP)


def test_days_and_hours_add_up_to_the_month(
    assessor: Assessor, report: AssessmentReport, planted: list[Planted]
) -> None:
    key = planted[0].key
    month = next(card for card in report.cameras if card.profile is not None and card.profile.key == key)
    for bucket, count in (("hour", 720), ("day", 30), ("month", 1)):
        cards = assessor.series(MONTH, bucket, camera=key, district=None, sight=EVERYWHERE)  # type: ignore[arg-type] # a literal each
        assert len(cards) == count
        for indicator in TIMED:
            total = sum((card.findings[indicator].tally for card in cards), IndicatorTally())
            assert total == month.findings[indicator].tally, (bucket, indicator)


def test_the_fleet_by_day_is_the_sum_of_its_districts(assessor: Assessor, report: AssessmentReport) -> None:
    days = assessor.series(MONTH, "day", camera=None, district=None, sight=EVERYWHERE)
    for indicator in TIMED:
        assert (
            sum((card.findings[indicator].tally for card in days), IndicatorTally())
            == report.fleet.findings[indicator].tally
        )
        by_district = sum((card.findings[indicator].tally for card in report.districts), IndicatorTally())
        assert by_district == report.fleet.findings[indicator].tally
    named = assessor.series(MONTH, "month", camera=None, district="District 3", sight=EVERYWHERE)
    assert named[0].findings[Indicator.ONLINE].tally == report.districts[3].findings[Indicator.ONLINE].tally


def test_one_day_and_one_hour_are_periods_too(assessor: Assessor, planted: list[Planted]) -> None:
    day = assessor.judged("2026-11-05", sight=EVERYWHERE).report
    assert day.fleet.findings[Indicator.ONLINE].tally.good > 0
    hour = assessor.judged("2026-11-05T13", sight=EVERYWHERE).report
    sound = card_of(hour, planted, "sound")
    assert sound.served.counted == 1
    assert sound.findings[Indicator.ONLINE].tally.known == 60


@pytest.mark.parametrize("month", ["2025-01", "2031-05"])
def test_a_month_without_facts_is_unknown_and_accuses_nobody_of_time(assessor: Assessor, month: str) -> None:
    report = assessor.judged(month, sight=EVERYWHERE).report
    assert all(not set(card.failed) & set(TIMED) for card in (*report.cameras, *report.districts, report.fleet))
    assert report.fleet.findings[Indicator.ONLINE].verdict is IndicatorVerdict.UNKNOWN


def test_a_league_table_is_the_same_each_time_and_equals_share_a_rank(report: AssessmentReport) -> None:
    places = ranked(report.cameras)
    assert [place.card for place in places] == [place.card for place in ranked(reversed(report.cameras))]
    values = [place.value for place in places if place.value is not None]
    assert values == sorted(values, reverse=True)
    for before, after in pairwise(places):
        if before.value is not None and after.value is not None:
            assert (before.rank == after.rank) == (before.value == after.value)
    ranks = [place.rank for place in places]
    for number, rank in enumerate(ranks, 1):
        assert rank is None or rank <= number
    by_place = ranked(report.cameras, Indicator.PLACE)
    assert by_place[0].rank == 1
    assert {place.value for place in by_place} == {100.0, 0.0}


def test_nobody_has_evidence_of_a_camera_that_is_not_there(assessor: Assessor) -> None:
    with pytest.raises(UnknownCameraError):
        assessor.evidence(MONTH, CameraKey("agent-999", "cam-1"), None, after=-1, limit=10, sight=EVERYWHERE)
    with pytest.raises(UnknownCameraError):
        assessor.series(MONTH, "day", camera=CameraKey("agent-999", "cam-1"), district=None, sight=EVERYWHERE)
