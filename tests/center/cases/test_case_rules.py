"""The pure rules of cases: states, ranking, footage, fan-out. And that no part of them has a place for a person."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from center.access.permissions import CameraKey
from center.cases import lookalike_query, lookalike_search, terms, views
from center.cases import tables as records
from center.cases.errors import CaseStateError, TooManyQuestionsError
from center.cases.footage_windows import NEAR_M, SLACK_MS, FootageWindow, Spot, worth_asking
from center.cases.scoring import (
    FASTEST_MPS,
    LEAST_REACH,
    MARGIN,
    SLOWEST_MPS,
    Anchor,
    Score,
    colour_factor,
    lowered,
    reach,
)
from center.cases.states import TABLE, Act, CaseState, after, now
from center.cases.terms import CaseTerms, is_number
from center.console.language import LANGUAGES
from center.database.store import Base
from center.geometry import Position, distance_m
from provisioning.contracts.query.archive import MachineColour, ObjectRow
from provisioning.contracts.query.lookalike import LookalikeHit, LookalikePage, MachineRef
from provisioning.contracts.wire.messages import Box, MachineClass
from tests.center.street import AGENT, NOW_MS
from tests.contracts.test_boundary import FORBIDDEN

HOUR_MS = 3_600_000
BIKE = MachineClass.BICYCLE
HERE = Position(30.0, 120.0)
KM_NORTH = Position(30.0 + 1 / 111.195, 120.0)
cosines = st.floats(-1, 1)


def some_terms(**changes: Any) -> dict[str, Any]:
    return {
        "purpose": "theft of an e-bike",
        "cameras": [f"{AGENT}/cam-1"],
        "from_ms": NOW_MS - 24 * HOUR_MS,
        "to_ms": NOW_MS,
        "expires_at_ms": NOW_MS + 24 * HOUR_MS,
        "cls": "motorcycle",
        **changes,
    }


def test_no_field_or_column_of_a_case_speaks_of_a_person_or_a_plate() -> None:
    models = [
        value
        for module in (terms, views, lookalike_search)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseModel)
    ]
    names = {name for model in models for name in model.model_fields}
    tables = [table for table in Base.metadata.tables.values() if table.name.startswith("case")]
    assert len(tables) == len([name for name in vars(records) if name.endswith("Record")])
    names |= {column.name for table in tables for column in table.columns}
    assert len(names) > 60
    assert {name for name in names if any(FORBIDDEN.fullmatch(part) for part in name.split("_"))} == set()


@pytest.mark.parametrize("cls", ["person", "rider", "pedestrian", "face"])
def test_nothing_but_a_machine_can_be_sought_or_asked_for(cls: str) -> None:
    with pytest.raises(ValidationError):
        CaseTerms.model_validate(some_terms(cls=cls))
    with pytest.raises(ValidationError):
        lookalike_search.SearchFilters.model_validate({"cls": [cls]})
    assert CaseTerms.model_fields["cls"].annotation is MachineClass
    assert lookalike_search.SearchFilters.model_fields["cls"].annotation == tuple[MachineClass, ...]


@pytest.mark.parametrize(
    "change",
    [
        {"cameras": []},
        {"from_ms": NOW_MS, "to_ms": NOW_MS},
        {"from_ms": NOW_MS - 94 * 24 * HOUR_MS},
        {"purpose": "x"},
        {"purpose": "line\nbreak"},
        {"cameras": ["../cam-1"]},
        {"cameras": [f"{AGENT}/cam-1/x"]},
        {"districts": ["North"]},
        {"theft": {"at_ms": 1, "latitude": float("nan"), "longitude": 0}},
        {"standing_from": 0.1},
        {"suspect": "x"},
    ],
    ids=",".join,
)
def test_terms_that_no_case_may_have_are_refused(change: dict[str, Any]) -> None:
    assert CaseTerms.model_validate(some_terms()).classes == (MachineClass.BICYCLE, MachineClass.MOTORCYCLE)
    with pytest.raises(ValidationError):
        CaseTerms.model_validate(some_terms(**change))


@pytest.mark.parametrize("number", ["A-2026-17", "杭公刑立字〔2026〕0123", "x"])
def test_numbers_as_offices_write_them_are_taken(number: str) -> None:
    assert is_number(number)


@pytest.mark.parametrize("number", ["", ".", "..", "a/b", "a b", "-x", "a" * 65, "a\x00", "<script>", "a'b"])
def test_numbers_that_could_mean_something_else_in_an_address_are_not(number: str) -> None:
    assert not is_number(number)


def test_a_case_is_approved_from_requested_alone() -> None:
    assert [state for state, act in TABLE if act is Act.APPROVE] == [CaseState.REQUESTED]
    with pytest.raises(CaseStateError) as refused:
        after(CaseState.DRAFT, Act.APPROVE)
    assert LANGUAGES["zh"].error(refused.value)[0] == "案件的当前状态不允许该操作。"
    assert not [1 for state, _act in TABLE if state is CaseState.CLOSED]


@given(state=st.sampled_from(CaseState), expires=st.integers(0, 100), at=st.integers(0, 100))
def test_time_ends_what_allows_something_and_nothing_else(state: CaseState, expires: int, at: int) -> None:
    is_over = at >= expires and state in {CaseState.REQUESTED, CaseState.APPROVED}
    assert now(state, expires_at_ms=expires, now_ms=at) is (CaseState.EXPIRED if is_over else state)


@given(p=cosines, n=cosines)
def test_a_rejection_only_ever_lowers(p: float, n: float) -> None:
    assert lowered(p, n) <= p
    assert lowered(p, None) == p
    if n <= p - MARGIN:
        assert lowered(p, n) == p


@given(p=cosines, q=cosines, n=cosines, m=cosines)
def test_more_alike_is_never_worse_and_more_like_the_rejected_never_better(
    p: float, q: float, n: float, m: float
) -> None:
    p, q = sorted((p, q))
    n, m = sorted((n, m))
    assert lowered(p, n) <= lowered(q, n)
    assert lowered(p, m) <= lowered(p, n)


def test_the_rejected_machines_double_falls_below_a_weaker_candidate_of_its_own() -> None:
    double = Score(likeness=0.80, rejected=0.97, colour=1.0, reach=1.0)
    weaker = Score(likeness=0.70, rejected=0.40, colour=1.0, reach=1.0)
    assert double.like == pytest.approx(0.80 - (0.97 - 0.80 + MARGIN))
    assert double.total < weaker.total


@given(p=cosines, colour=st.sampled_from([0.9, 1.0]), near=st.floats(LEAST_REACH, 1))
def test_no_factor_lifts_a_candidate(p: float, colour: float, near: float) -> None:
    assert Score(p, None, colour, near).total <= max(p, 0) or p <= 0


def test_a_colour_that_was_not_seen_lowers_nothing() -> None:
    red, blue = MachineColour.RED, MachineColour.BLUE
    assert colour_factor(None, (red,)) == colour_factor(red, (red,)) == colour_factor(blue, ()) == 1.0
    assert colour_factor(blue, (red,)) == 0.9


def test_a_kilometre_is_one() -> None:
    assert distance_m(HERE, KM_NORTH) == pytest.approx(1000, rel=1e-3)
    assert distance_m(HERE, HERE) == 0


def test_reach_is_one_where_the_way_can_be_made_and_falls_with_the_speed_it_would_take() -> None:
    anchor = Anchor(NOW_MS, HERE)
    in_time_ms = round(900 / FASTEST_MPS[BIKE] * 1000)  # 100 m of the kilometre are in view
    assert reach(NOW_MS + in_time_ms, KM_NORTH, [anchor], BIKE) == pytest.approx(1.0, abs=0.01)
    assert reach(NOW_MS - in_time_ms, KM_NORTH, [anchor], BIKE) == pytest.approx(1.0, abs=0.01)
    assert reach(NOW_MS + in_time_ms // 2, KM_NORTH, [anchor], BIKE) == pytest.approx(0.5, abs=0.01)
    assert reach(NOW_MS, KM_NORTH, [anchor], BIKE) == LEAST_REACH  # it may lie in a van, so never nothing
    assert reach(NOW_MS, None, [anchor], BIKE) == reach(NOW_MS, KM_NORTH, [], BIKE) == 1.0


def test_only_the_sightings_next_to_it_in_time_judge_a_candidate() -> None:
    far = Position(31.0, 120.0)
    anchors = [Anchor(NOW_MS - HOUR_MS, far), Anchor(NOW_MS - 600_000, HERE), Anchor(NOW_MS + HOUR_MS, HERE)]
    assert reach(NOW_MS, KM_NORTH, anchors, BIKE) == 1.0


def spot(name: str, north_m: float) -> Spot:
    return Spot(CameraKey(AGENT, name), Position(HERE.latitude + north_m / 111_195, HERE.longitude))


def test_between_two_sightings_a_camera_on_the_way_is_asked_for_the_time_it_can_have_been_passed() -> None:
    there = Position(30.0 + 2000 / 111_195, 120.0)
    one = Anchor(NOW_MS, HERE, "a:1", AGENT, "here")
    other = Anchor(NOW_MS + 600_000, there, "a:2", AGENT, "there")
    found = worth_asking([other, one], [spot("middle", 1000), spot("here", 0), spot("too-far", 9000)], BIKE)
    (window,) = [each for each in found if len(each.because) == 2]
    assert window.key.camera_id == "middle"
    assert window.because == ("a:1", "a:2")
    way_ms = round(1000 / FASTEST_MPS[BIKE] * 1000)
    assert window.from_ms == pytest.approx(NOW_MS + way_ms - SLACK_MS, abs=200)
    assert window.to_ms == pytest.approx(NOW_MS + 600_000 - way_ms + SLACK_MS, abs=200)
    assert found[0] == window  # what lies between comes first


def test_after_the_last_sighting_near_cameras_are_asked_and_before_the_theft_none() -> None:
    theft = Anchor(NOW_MS, HERE)
    (window,) = worth_asking([theft], [spot("near", NEAR_M / 2), spot("far", NEAR_M * 2)], BIKE)
    assert window.key.camera_id == "near"
    assert window.from_ms == pytest.approx(NOW_MS + NEAR_M / 2 / FASTEST_MPS[BIKE] * 1000 - SLACK_MS, abs=200)
    assert window.to_ms == pytest.approx(NOW_MS + NEAR_M / 2 * 1.4 / SLOWEST_MPS[BIKE] * 1000 + SLACK_MS, abs=200)


def test_before_the_first_sighting_of_a_machine_near_cameras_are_asked_too() -> None:
    sighting = Anchor(NOW_MS, HERE, "a:1", AGENT, "here")
    found = worth_asking([sighting], [spot("near", 500)], BIKE)
    assert {each.to_ms < NOW_MS + SLACK_MS for each in found} == {True, False}
    assert all(isinstance(each, FootageWindow) and each.from_ms < each.to_ms for each in found)


def question(cameras: int, days: int) -> lookalike_query.LookalikeQuery:
    return lookalike_query.LookalikeQuery(
        case="A-1",
        purpose="theft",
        asked_by="ana",
        cameras=frozenset(CameraKey(AGENT, f"cam-{number}") for number in range(cameras)),
        from_ms=NOW_MS - days * 24 * HOUR_MS,
        to_ms=NOW_MS,
        classes=(BIKE,),
        colours=(),
        limit=10,
    )


REF = MachineRef(row_key=f"{AGENT}:{'0' * 32}", index=0)


@settings(max_examples=30)
@given(cameras=st.integers(1, 800), days=st.integers(1, 93))
def test_a_fan_out_asks_for_every_camera_and_moment_once(cameras: int, days: int) -> None:
    whole = question(cameras, days)
    asked = lookalike_query.requests(whole, [REF] * 20)
    covered = sum(len(each.sources) * (each.to_ms - each.from_ms) for each in asked)
    assert covered == cameras * (whole.to_ms - whole.from_ms)
    assert {each for request in asked for each in request.sources} == {"/".join(key) for key in whole.cameras}
    assert all(len(each.machines) == 8 for each in asked)


def test_a_fan_out_that_would_not_end_is_refused() -> None:
    with pytest.raises(TooManyQuestionsError):
        lookalike_query.requests(question(3000, 93), [REF])


def test_answers_are_merged_by_the_better_match_and_another_agents_camera_is_left_out() -> None:
    def hit(agent: str, similarity: float) -> LookalikeHit:
        key = f"{agent}:{'1' * 32}"
        row = ObjectRow(
            object_key=f"{key}:0",
            row_key=key,
            index=0,
            camera_id="cam-0",
            captured_at_ms=NOW_MS,
            cls=BIKE,
            score=0.9,
            box=Box(x0=0, y0=0, x1=9, y1=9),
        )
        return LookalikeHit(machine=row, similarity=similarity)

    pages = [
        LookalikePage(hits=(hit(AGENT, 0.7), hit("other", 0.9)), days_done=1, days=1, recall=0.97, final=True),
        LookalikePage(hits=(hit(AGENT, 0.8),), days_done=2, days=2, failed_days=("20261120",), final=True),
    ]
    answer = lookalike_query.merged(pages, question(1, 1).cameras)
    assert {key: similarity for key, (_row, similarity) in answer.hits.items()} == {(f"{AGENT}:{'1' * 32}", 0): 0.8}
    assert (answer.questions, answer.days, answer.failed_days, answer.recall) == (2, 3, ("20261120",), 0.97)
    assert answer.elsewhere == 1
