"""A stage that has not answered since the start is starting for a while; silence later, or another fault, is not."""

import pytest
from fastapi import Response

from center.pipeline import causes
from center.pipeline.causes import amber, red, unknown
from center.pipeline.stages import Stage, StageState
from center.pipeline.starting import START_MS, StartProgress, as_starting, is_absent, start_progress
from center.pipeline.verdict import Figures, StageVerdict
from tests.center.conftest import World
from tests.center.pipeline.test_pipeline_watch import well

AWAY = StageVerdict.of(Stage.QUERY, Figures(), [red(causes.QUERY_AWAY, cause="refused")])
BETWEEN = StageVerdict.of(Stage.PARSE, Figures(), [unknown(causes.QUERY_BETWEEN)])
NOTHING = StageVerdict.of(Stage.NOTIFY, Figures(), [unknown(causes.NO_CHANNELS)])
SLOW = StageVerdict.of(Stage.INTAKE, Figures(), [amber(causes.INTAKE_SLOW, lag_s=9)])
WELL = StageVerdict.of(Stage.ARCHIVE, Figures(), [])


@pytest.mark.parametrize("verdict", [AWAY, BETWEEN])
def test_what_has_not_answered_yet_is_starting_and_keeps_its_cause_as_the_reason(verdict: StageVerdict) -> None:
    now = as_starting(verdict, worked=set(), age_ms=START_MS - 1)
    assert now.state is StageState.STARTING
    assert [each.text() for each in now.findings] == [each.text() for each in verdict.findings]
    assert as_starting(verdict, worked=set(), age_ms=START_MS) == verdict
    assert as_starting(verdict, worked={verdict.stage}, age_ms=0) == verdict


def test_a_broker_whose_figures_are_on_their_way_is_starting_and_one_that_goes_then_is_a_fault() -> None:
    mute = StageVerdict.of(Stage.BROKER, Figures(), [unknown(causes.BROKER_MUTE)])
    assert not is_absent(mute)
    assert as_starting(mute, worked={Stage.BROKER}, age_ms=0).state is StageState.STARTING
    away = StageVerdict.of(Stage.BROKER, Figures(), [red(causes.BROKER_AWAY, cause="refused")])
    assert as_starting(away, worked=set(), age_ms=0).state is StageState.STARTING
    assert as_starting(away, worked={Stage.BROKER}, age_ms=0) == away


@pytest.mark.parametrize("verdict", [NOTHING, SLOW, WELL])
def test_what_answers_is_as_it_was_judged(verdict: StageVerdict) -> None:
    assert as_starting(verdict, worked=set(), age_ms=0) == verdict
    assert not is_absent(verdict)


def test_a_fault_beside_a_silence_is_a_fault() -> None:
    both = with_more(AWAY, red(causes.QUERY_DENIED))
    assert as_starting(both, worked=set(), age_ms=0) == both


def test_the_start_is_counted_until_no_stage_is_starting() -> None:
    starting = [as_starting(each, worked=set(), age_ms=0) for each in (AWAY, BETWEEN)]
    time_server = StageVerdict.of(Stage.CLOCK, Figures(), [])
    assert start_progress([*starting, NOTHING, SLOW, WELL, time_server]) == StartProgress(running=2, parts=4)
    fault = with_more(AWAY, red(causes.QUERY_DENIED))
    assert start_progress([starting[1], fault, SLOW, WELL]) == StartProgress(running=2, parts=4)
    assert start_progress([fault, SLOW, WELL]) is None


def with_more(verdict: StageVerdict, *more: causes.StageFinding) -> StageVerdict:
    return StageVerdict.of(verdict.stage, verdict.figures, [*verdict.findings, *more])


@pytest.mark.anyio
async def test_a_cluster_that_comes_after_the_centre_starts_and_one_that_goes_is_a_fault(world: World) -> None:
    world.archive.answer = lambda: Response(status_code=503)
    services = world.services
    assert services.pipeline.starting() == frozenset(Stage)
    await services.pipeline.look()
    assert Stage.QUERY in services.pipeline.starting()
    assert services.pipeline.faults() == {}
    world.archive.answer = None
    well(world)
    await services.pipeline.look()
    assert services.pipeline.starting() == frozenset()
    world.archive.answer = lambda: Response(status_code=503)
    chain = await services.pipeline.look()
    assert {each.stage: each.state for each in chain.verdicts}[Stage.QUERY] is StageState.RED
