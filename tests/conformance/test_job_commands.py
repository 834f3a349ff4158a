"""Commands to the jobs of an agent: taken or refused with a cause, once, and kept through any end of it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.remote_config.job_rules import JobProgress
from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.fleet.commands import (
    KEEP_ENDED_MS,
    LIFE_MS,
    MAX_JOBS,
    MAX_LIVE_MS,
    MAX_OPEN_JOBS,
    MAX_SPAN_MS,
    JobPhase,
    JobState,
    LiveWork,
    Priority,
    SpanWork,
    Verb,
)
from provisioning.contracts.fleet.documents import Power
from tests.edge_agent.commanding import CAMERA, Site
from tests.edge_agent.world import EPOCH_MS

HOUR_MS = 3_600_000
SPAN = {"kind": "span", "span": {"started_at_ms": EPOCH_MS - 2 * HOUR_MS, "ended_at_ms": EPOCH_MS - HOUR_MS}}
LIVE = {"kind": "live", "until_ms": EPOCH_MS + HOUR_MS, "max_per_second": 5}


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


def start(site: Site, number: int, job: str, work: object = None, camera_id: str = "gate", **changes: object) -> None:
    site.send(site.command(number, Verb.START, camera_id=camera_id, job=job, work=work or SPAN, **changes))


def act(site: Site, number: int, verb: Verb, job: str, camera_id: str = "gate", **changes: object) -> None:
    site.send(site.command(number, verb, camera_id=camera_id, job=job, **changes))


def phases(site: Site) -> dict[str, str]:
    return {job_id: state.phase.value for job_id, state in site.report.jobs.items()}


def refused(site: Site) -> str:
    """The code of the newest refusal, which has words and a remedy in both languages."""
    word = site.report.word
    assert word is not None
    assert not word.taken
    assert word.reason is not None
    for language in ("en", "zh"):
        text = words(word.reason, language)
        assert text
        assert "{" not in text
    return word.reason.code


def test_a_job_waits_from_the_command_on_and_outlives_the_agent(site: Site) -> None:
    start(site, 1, "a", priority=Priority.FIRST)
    start(site, 2, "b", LIVE)
    first = JobState(
        camera_id="gate",
        work=SpanWork.model_validate(SPAN),
        phase=JobPhase.WAITING,
        priority=Priority.FIRST,
        ordered_at_ms=EPOCH_MS,
    )
    second = first.model_copy(update={"work": LiveWork.model_validate(LIVE), "priority": Priority.NORMAL})
    assert (site.word, site.report.jobs) == ((2, True), {"a": first, "b": second})
    assert (site.orders.rank("job/a"), site.orders.rank("job/b"), site.orders.rank("gate")) == (0, 1, None)
    site.orders = site.start()
    assert (site.word, site.report.jobs) == ((2, True), {"a": first, "b": second})


def test_a_warrant_that_does_not_name_it_begins_no_job_and_still_ends_one(site: Site) -> None:
    start(site, 1, "a")
    site.may = (Power.CONTROL,)
    start(site, 2, "b")
    assert (refused(site), phases(site)) == ("job_not_warranted", {"a": "waiting"})
    act(site, 3, Verb.CANCEL, "a")
    assert (site.word, phases(site)) == ((3, True), {"a": "cancelled"})
    site.may = (Power.START,)
    site.send(site.command(4))
    assert (refused(site), site.state.paused) == ("job_not_warranted", False)


def span(start_ms: int, end_ms: int) -> dict[str, object]:
    return {"kind": "span", "span": {"started_at_ms": EPOCH_MS + start_ms, "ended_at_ms": EPOCH_MS + end_ms}}


def live(until_ms: int) -> dict[str, object]:
    return {"kind": "live", "until_ms": EPOCH_MS + until_ms, "max_per_second": 5}


@pytest.mark.parametrize(
    ("camera_id", "work", "code"),
    [
        ("nowhere", SPAN, "job_camera_unknown"),
        ("nowhere", LIVE, "job_camera_unknown"),
        ("live-only", SPAN, "no_recorder"),
        ("pushed", LIVE, "job_not_live"),
        (CAMERA, LIVE, "job_not_live"),
        ("yard", SPAN, "job_camera_leaked"),
        ("gate", span(-1000, LIFE_MS + 1), "job_span_ahead"),
        ("gate", span(-MAX_SPAN_MS - 1, 0), "job_span_too_long"),
        ("gate", live(0), "job_live_over"),
        ("gate", live(MAX_LIVE_MS + LIFE_MS + 1), "job_live_too_long"),
    ],
)
def test_a_job_that_cannot_be_done_is_refused_by_name(site: Site, camera_id: str, work: object, code: str) -> None:
    site.leaked.add("yard")
    start(site, 1, "a", work, camera_id)
    assert (refused(site), phases(site)) == (code, {})


@pytest.mark.parametrize("work", [span(-MAX_SPAN_MS, 0), span(0, LIFE_MS), live(MAX_LIVE_MS + LIFE_MS), live(1)])
def test_the_bounds_themselves_are_allowed(site: Site, work: object) -> None:
    start(site, 1, "a", work)
    assert phases(site) == {"a": "waiting"}


def test_so_many_jobs_and_no_more_and_each_id_once(site: Site) -> None:
    start(site, 1, "live", LIVE)
    start(site, 2, "live-2", LIVE)
    assert refused(site) == "job_live_twice"
    start(site, 3, "live")
    assert refused(site) == "job_already_known"
    for number in range(MAX_OPEN_JOBS - 1):
        start(site, 10 + number, f"job-{number}")
    start(site, 100, "more")
    assert refused(site) == "job_too_many"
    act(site, 101, Verb.CANCEL, "job-0")
    start(site, 102, "more")
    assert phases(site)["more"] == "waiting"
    start(site, 103, "job-0")
    assert refused(site) == "job_already_known"


def test_pause_resume_priority_and_cancel(site: Site) -> None:
    start(site, 1, "a")
    act(site, 2, Verb.PAUSE, "a")
    assert phases(site) == {"a": "paused"}
    site.orders = site.start()
    act(site, 3, Verb.PRIORITY, "a", priority=Priority.LAST)
    assert (phases(site), site.report.jobs["a"].priority) == ({"a": "paused"}, Priority.LAST)
    act(site, 4, Verb.RESUME, "a")
    assert phases(site) == {"a": "waiting"}
    act(site, 5, Verb.CANCEL, "a")
    assert (phases(site), site.report.jobs["a"].ended_at_ms) == ({"a": "cancelled"}, EPOCH_MS)
    act(site, 6, Verb.RESUME, "a")
    assert (refused(site), phases(site)) == ("job_unknown", {"a": "cancelled"})


@pytest.mark.parametrize(("job", "camera_id"), [("other", "gate"), ("a", "yard")])
def test_a_command_to_another_job_or_camera_is_refused(site: Site, job: str, camera_id: str) -> None:
    start(site, 1, "a")
    act(site, 2, Verb.CANCEL, job, camera_id)
    assert (refused(site), phases(site)) == ("job_unknown", {"a": "waiting"})


def test_a_replayed_start_begins_nothing_again(site: Site) -> None:
    payload = site.send(site.command(1, Verb.START, camera_id="gate", job="a", work=SPAN))
    act(site, 2, Verb.CANCEL, "a")
    for _ in range(2):
        site.orders.accept(payload)
        site.orders = site.start()
    assert (phases(site), site.word) == ({"a": "cancelled"}, (2, True))


def test_a_job_that_cannot_be_written_down_does_not_begin(site: Site) -> None:
    site.folder.joinpath("tasks.json").mkdir()
    start(site, 1, "a")
    assert (refused(site), phases(site)) == ("command_unwritten", {})


def test_ended_jobs_are_kept_for_a_day_and_no_more_than_the_report_holds(site: Site) -> None:
    start(site, 1, "a")
    act(site, 2, Verb.CANCEL, "a")
    site.clock.pass_s(KEEP_ENDED_MS / 1000 - 1)
    start(site, 3, "b", span(-1000, 0))
    assert phases(site) == {"a": "cancelled", "b": "waiting"}
    site.clock.pass_s(1)
    for number in range(MAX_JOBS + 5):
        start(site, 10 + 2 * number, f"job-{number}")
        act(site, 11 + 2 * number, Verb.CANCEL, f"job-{number}")
        site.clock.pass_s(0.001)
    assert len(phases(site)) == MAX_JOBS
    assert "a" not in phases(site)
    assert phases(site)["b"] == "waiting"
    assert f"job-{MAX_JOBS + 4}" in phases(site)


def test_what_the_runner_reports_gives_way_to_a_command_that_came_meanwhile(site: Site) -> None:
    start(site, 1, "a")
    running = JobProgress(JobPhase.RUNNING, reached_ms=EPOCH_MS - HOUR_MS - 1, selected=3, spooled=2, run_ms=1000)
    site.orders.advance({"a": running})
    assert (phases(site), site.report.jobs["a"].begun_at_ms) == ({"a": "running"}, EPOCH_MS)
    act(site, 2, Verb.PAUSE, "a")
    site.orders.advance({"a": running})
    assert phases(site) == {"a": "paused"}
    act(site, 3, Verb.CANCEL, "a")
    site.orders.advance({"a": JobProgress(JobPhase.DONE, selected=4, spooled=4)}, at_once=True)
    assert phases(site) == {"a": "cancelled"}
    assert (site.report.jobs["a"].selected, site.report.jobs["a"].spooled) == (4, 4)
    site.orders.advance({"unknown": running})


WORKS = st.sampled_from([SPAN, LIVE, span(-10, 5), live(-5)])
COMMANDS = st.lists(
    st.tuples(
        st.sampled_from(list(Verb)),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["gate", "yard", "nowhere"]),
        WORKS,
        st.integers(1, 12),
        st.sampled_from([None, JobPhase.RUNNING, JobPhase.DONE, JobPhase.FAILED, JobPhase.WAITING]),
    ),
    max_size=24,
)
ENDS = {"done", "failed", "cancelled"}


@given(COMMANDS)
@settings(max_examples=60)
def test_whatever_is_ordered_a_kill_changes_nothing_and_an_end_is_an_end(
    tmp_path_factory: pytest.TempPathFactory,
    commands: list[tuple[Verb, str, str, dict[str, object], int, JobPhase | None]],
) -> None:
    site = Site(tmp_path_factory.mktemp("site"))
    for verb, job, camera_id, work, number, progress in commands:
        before = phases(site)
        changes: dict[str, object] = {"camera_id": camera_id, "job": job}
        if verb is Verb.START:
            changes["work"] = work
        if verb is Verb.PRIORITY:
            changes["priority"] = Priority.LAST
        site.send(site.command(number, verb, **changes))
        if progress is not None:
            site.orders.advance(dict.fromkeys(("a", "b"), JobProgress(progress)))
        after, report = phases(site), site.report
        assert before.keys() <= after.keys()
        assert all(after[known] == phase for known, phase in before.items() if phase in ENDS)
        assert all((state.ended_at_ms is not None) == state.phase.has_ended for state in report.jobs.values())
        site.orders = site.start()  # as after a kill: nothing of it but the disk
        assert site.report == report


@given(
    st.dictionaries(
        st.sampled_from(["verb", "job", "work", "priority", "camera_id", "agent_id", "policy"]),
        st.recursive(
            st.none() | st.booleans() | st.integers(-1, 2**54) | st.text(max_size=40),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
            max_leaves=6,
        ),
        min_size=1,
    )
)
@settings(max_examples=100)
def test_a_start_with_anything_else_in_it_is_taken_or_does_nothing(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, object]
) -> None:
    site = Site(tmp_path_factory.mktemp("site"))
    whole = site.command(1, Verb.START, camera_id="gate", job="a", work=SPAN)
    site.orders.accept(site.sealed(json.dumps(json.loads(whole.model_dump_json()) | changes)))
    assert site.word in {None, (1, True), (1, False)}
    assert set(phases(site).values()) <= {"waiting"}
