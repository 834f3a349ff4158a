"""Roll-outs as they are ordered and carried out: commands, the conductor between restarts, archives handed out.

technician ─▶ book ◀─ conductor ◀─ ear ◀─ what agents say (played)
"""

import http.client
import platform
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.contracts.causes.catalogue import words
from provisioning.contracts.causes.rollouts import ONE_FELL_BY_ITSELF, SOFTWARE_NOT_TAKEN
from provisioning.contracts.causes.software import OLDER
from provisioning.contracts.fleet.documents import Configured, Installed, Verdict
from provisioning.contracts.fleet.rollout import (
    CHUNK_BYTES,
    SOFTWARE,
    AgentProgress,
    FailedAgent,
    RolloutPhase,
    StopCause,
)
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import CameraState, CameraStatus, Heartbeat, Ledger, SourceKind
from provisioning.home import documents, fleet_settings
from provisioning.home import rollout_state as rollouts
from provisioning.home.home import Home
from provisioning.home.rollout_state import AgentObservation, RolloutFault, RolloutPlan, RolloutState, Standing, Target
from provisioning.rollout import health
from provisioning.rollout.controller import WARM_UP_MS, RolloutController, report
from provisioning.rollout.health import Baseline, CameraSeen
from provisioning.rollout.reports import AgentReports
from tests.provisioning.serving import SITE, Box, Clock, new_code, new_home, serving
from tests.support import office
from tests.support.office import Technician
from tests.support.rolled import Releases
from tests.support.waiting import LONG_S

AGENTS = tuple(f"cabinet-{number:02}" for number in range(4))
NOTHING = Ledger(selected=0, spooled=0, archived=0, rejected=0, dropped={}, in_flight=0)


def beat(agent_id: str, at_ms: int, **changes: Any) -> Heartbeat:
    told: dict[str, Any] = {
        "agent_id": agent_id, "sent_at_ms": at_ms, "started_at_ms": at_ms, "software": "wayside-edge 1.0",
        "ledger": NOTHING, "cameras": {}, "spool_bytes": 0, "spool_messages": 0, "quarantined": 0, "resent": 0,
    }  # fmt: skip
    return Heartbeat.model_validate(told | changes)


def status(agent_id: str, state: CameraState, cause: str = "") -> CameraStatus:
    return CameraStatus(agent_id=agent_id, camera_id="gate", name="", state=state, cause=cause, since_ms=1)


class Site:
    """A home with enrolled agents, and a conductor that may be started again."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.home = new_home(folder, self.clock)
        for agent_id in AGENTS:
            office.enrol(self.home, agent_id, site_id=SITE)
        self.technician = Technician(self.home.directory)
        self.restart()

    def restart(self) -> None:
        self.ear = AgentReports(self.clock)
        self.ear.line(up=True)
        self.clock.move(timedelta(milliseconds=WARM_UP_MS))
        self.conductor = RolloutController(self.home, self.ear)

    def all_beat(self, **changes: Any) -> None:
        for agent_id in AGENTS:
            self.ear.hear(topics.heartbeat(agent_id), codec.encode(beat(agent_id, self.clock(), **changes)))

    def all_obey(self, verdict: Verdict = Verdict.APPLIED, but: dict[str, Verdict] | None = None) -> None:
        """What each makes of the newest that it was told."""
        documents.bring_up_to_date(self.home)
        for agent_id in AGENTS:
            newest = self.home.plans.newest_document(agent_id)
            if newest is not None:
                its = (but or {}).get(agent_id, verdict)
                word = Configured(
                    agent_id=agent_id, number=newest.number, verdict=its, cause="it fell", active=1, at_ms=self.clock()
                )
                self.home.plans.put_configured(agent_id, codec.encode(word).decode())

    def go(self, seconds: float = 1) -> None:
        self.clock.move(timedelta(seconds=seconds))
        self.all_beat()
        self.conductor.round()

    def status(self) -> dict[str, Any]:
        record = self.home.rollouts.newest()
        assert record is not None
        return {name: each.state.value for name, each in record.state.agents.items()} | {
            "phase": record.state.phase.value
        }


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    file = tmp_path / "fleet.toml"
    file.write_text("[redactor]\nqueue_per_camera = 5\n")
    return file


def settled(site: Site) -> dict[str, str | None]:
    with site.home.rollouts.reading() as page:
        return {each: page.setting(each) for each in AGENTS}


def test_a_good_configuration_goes_stage_by_stage_over_restarts_of_the_service(site: Site, settings_file: Path) -> None:
    answer = site.technician.asks("rollout", "start", "--config", settings_file, "--first", AGENTS[2], "--soak", "30")
    assert answer["stages"] == [1, 2, 4]
    assert answer["agents"][0] == AGENTS[2]
    site.go()
    assert site.status()[AGENTS[2]] == "offered"
    assert [each for each, text in settled(site).items() if text] == [AGENTS[2]]
    for _ in range(60):
        site.restart()
        site.go()
        site.all_obey()
        site.go(4)
        if site.status()["phase"] == "done":
            break
        taken = [each for each in AGENTS if site.status()[each] != "pending"]
        assert len(taken) in {1, 2, 4}
    assert set(site.status().values()) == {"healthy", "done"}
    assert all(settled(site).values())
    document = site.home.plans.newest_document(AGENTS[0])
    assert document is not None
    body = site.home.seal_key.seal.open(document.sealed.encode(), addressee=AGENTS[0], newer_than=0).body
    assert body.kind == "configuration"
    assert body.redactor.queue_per_camera == 5
    assert "done" in site.technician.types("rollout", "status").output


def test_who_enrols_later_gets_what_the_last_roll_out_to_all_gave_and_no_other(site: Site, tmp_path: Path) -> None:
    def rolled(queue: int, *words: str) -> str:
        file = tmp_path / "fleet.toml"
        file.write_text(f"[redactor]\nqueue_per_camera = {queue}\n")
        site.technician.asks("rollout", "start", "--config", file, "--soak", "0", "--error-rate", "0.3", *words)
        for _ in range(20):
            site.go()
            site.all_obey(but={AGENTS[3]: Verdict.ROLLED_BACK})
        assert site.status()["phase"] == "done"
        return f'{{"redactor":{{"queue_per_camera":{queue}}}}}'

    first = rolled(5)
    office.enrol(site.home, "late-1", site_id=SITE)
    second = rolled(6, *[word for each in AGENTS for word in ("--agent", each)])  # not to all: late-1 is left out
    office.enrol(site.home, "late-2", site_id=SITE)
    with site.home.rollouts.reading() as page:
        assert [page.setting(each) for each in ("late-1", "late-2", AGENTS[0])] == [first, first, second]
        assert page.setting(AGENTS[3]) is None, "it failed: it has what it had"
    documents.bring_up_to_date(site.home)
    assert site.home.plans.newest_document("late-1") is not None


def test_one_that_rolls_it_back_by_itself_stops_it_and_all_are_back(site: Site, settings_file: Path) -> None:
    site.technician.asks("rollout", "start", "--config", settings_file, "--soak", "1")
    for _ in range(6):
        site.go()
        site.all_obey(but={AGENTS[1]: Verdict.ROLLED_BACK})
        site.go(2)
        if site.status()["phase"] == "stopping":
            break
    site.go()
    assert site.status() == {
        AGENTS[0]: "healthy", AGENTS[1]: "failed", AGENTS[2]: "pending", AGENTS[3]: "pending", "phase": "stopping",
    }  # fmt: skip
    assert not any(settled(site).values())
    site.all_obey()
    site.go()
    assert site.status()["phase"] == "stopped"
    told = site.technician.asks("rollout", "status", code=1)
    assert told["counts"]["rolled_back"] == 2
    assert "it fell" in told["cause"]


def test_silence_counts_as_failure_and_a_broker_that_is_away_does_not(site: Site, settings_file: Path) -> None:
    site.technician.asks("rollout", "start", "--config", settings_file, "--silence", "20", "--apply", "1000")
    site.go()
    site.ear.line(up=False)
    site.clock.move(timedelta(minutes=10))
    site.conductor.round()
    assert site.status()["phase"] == "running"
    site.ear.line(up=True)
    site.clock.move(timedelta(seconds=5))
    site.conductor.round()
    assert site.status()["phase"] == "running"
    site.clock.move(timedelta(seconds=21))
    site.conductor.round()
    assert site.status()["phase"] == "stopping"
    assert "silent for over 20 s" in site.technician.asks("rollout", "status", code=1)["cause"]


def test_pause_resume_abort_and_one_at_a_time(site: Site, settings_file: Path) -> None:
    assert "there has been no roll-out" in site.technician.refused("rollout", "status")
    site.technician.asks("rollout", "start", "--config", settings_file, "--soak", "0")
    assert "wait for its end" in site.technician.refused("rollout", "start", "--config", settings_file)
    site.go()
    assert site.technician.asks("rollout", "pause")["changed"] is True
    assert site.technician.asks("rollout", "pause")["changed"] is False
    for _ in range(5):
        site.all_obey()
        site.go()
    assert site.status()[AGENTS[0]] == "healthy"
    assert site.status()[AGENTS[1]] == "pending"
    site.technician.asks("rollout", "resume")
    site.go()
    assert site.status()[AGENTS[1]] == "offered"
    assert site.technician.asks("rollout", "abort")["phase"] == "stopping"
    site.go()
    assert not any(settled(site).values())
    assert site.technician.asks("rollout", "abort")["phase"] == "stopped", "nobody is waited for any longer"
    site.technician.asks("rollout", "start", "--config", settings_file)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "one of --config and --software"),
        (("--config", "nowhere.toml"), "cannot be read"),
        (("--config", "FILE", "--agent", "cabinet-99"), "cabinet-99"),
        (("--config", "FILE", "--site", "south"), "no enrolled agent"),
        (("--config", "FILE", "--first", AGENTS[1], "--agent", AGENTS[0]), "not among the agents"),
    ],
)
def test_what_cannot_be_begun_is_said_in_one_line(
    site: Site, settings_file: Path, words: tuple[str, ...], why: str
) -> None:
    assert why in site.technician.refused(
        "rollout", "start", *[str(settings_file) if each == "FILE" else each for each in words]
    )


@pytest.mark.parametrize("text", ["[redactor]\nqueue = 5\n", "heartbeat_s = 0\n", "[", "[redactor]\npath = 'x'\n"])
def test_settings_that_are_none_are_named(site: Site, tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text)
    assert "bad.toml" in site.technician.refused("rollout", "start", "--config", file)
    file.write_text("[rtsp]\nconnect_timeout = 5\n")
    refusal = site.technician.refused("rollout", "start", "--config", file)
    assert "rtsp.connect_timeout: there is no such key: check its spelling" in " ".join(refusal.split())
    assert site.home.rollouts.newest() is None


def test_a_bundle_of_another_role_or_key_is_refused_at_the_centre(site: Site, tmp_path: Path) -> None:
    releases, other = Releases(tmp_path / "releases"), Releases(tmp_path / "other")
    for archive, why in (
        (releases.archive("2.0", role="business"), "is for role business"),
        (other.archive("2.0"), "not signed by"),
        (tmp_path / "releases" / "release.pub", "no release archive"),
        (tmp_path / "nowhere", "No such file"),
    ):
        words = ("--software", archive, "--key", releases.public)
        assert why in site.technician.refused("rollout", "start", *words)
    assert site.home.rollouts.newest() is None


def test_software_is_ordered_and_after_a_stop_left_again(site: Site, tmp_path: Path) -> None:
    releases = Releases(tmp_path / "releases")
    site.go(0)
    site.technician.asks("rollout", "start", "--software", releases.archive("2.0"), "--key", releases.public)
    site.go()
    (order,) = site.home.rollouts.orders()
    body = site.home.seal_key.seal.open(order.sealed.encode(), addressee=AGENTS[0], newer_than=0).body
    assert body.kind == "software"
    assert (body.act.value, body.version, body.file and body.file.arch) == ("install", "2.0", platform.machine())
    site.conductor.round()
    assert site.home.rollouts.orders() == [order], "the same order is made once"
    assert [file.name for file in (site.home.directory / "releases").iterdir()] == [order.sha256]
    site.ear.hear(topics.installed(AGENTS[0]), codec.encode(installed(AGENTS[0], order.number, "it did not start")))
    site.go()
    site.go()
    assert site.status()["phase"] == "stopping"
    assert _failed(site).reason == SOFTWARE_NOT_TAKEN(detail="it did not start"), "root's part gave the cause"
    (back,) = site.home.rollouts.orders()
    assert back.number > order.number
    body = site.home.seal_key.seal.open(back.sealed.encode(), addressee=AGENTS[0], newer_than=0).body
    assert body.kind == "software"
    assert (body.act.value, body.version) == ("back", "2.0")
    word = installed(AGENTS[0], back.number, "").model_copy(update={"verdict": Verdict.APPLIED})
    site.ear.hear(topics.installed(AGENTS[0]), codec.encode(word))
    site.go()
    site.go()
    assert site.status()["phase"] == "stopped"


def _failed(site: Site) -> FailedAgent:
    record = site.home.rollouts.newest()
    assert record is not None
    (failed,) = report(record).failed
    return failed


def installed(agent_id: str, number: int, cause: str) -> Installed:
    return Installed(agent_id=agent_id, number=number, verdict=Verdict.ROLLED_BACK, cause=cause, running="1.0", at_ms=1)


def test_an_archive_is_handed_out_piece_by_piece_to_whom_it_was_ordered_and_nobody_else(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    boxes = [Box(home, tmp_path / name, name) for name in ("street", "avenue")]
    releases = Releases(tmp_path / "releases")
    archive = releases.archive("2.0", ballast=CHUNK_BYTES + 500_000)
    with serving(home):
        for box in boxes:
            assert box.enrol(new_code(home, box.agent_id))[0] == 200
        technician = Technician(home.directory)
        technician.asks("rollout", "start", "--software", archive, "--key", releases.public, "--first", "street")
        ear = AgentReports(home.now_ms)
        ear.listening_since_ms = 0
        RolloutController(home, ear).round()
        (order,) = home.rollouts.orders()
        whole = archive.read_bytes()
        pieces = [_piece(boxes[0], f"{SOFTWARE}{order.sha256}/{at}") for at in (0, CHUNK_BYTES)]
        assert pieces == [(200, whole[:CHUNK_BYTES]), (200, whole[CHUNK_BYTES:])]
        for box, path in (
            (boxes[0], f"{SOFTWARE}{order.sha256}/{len(whole)}"),
            (boxes[0], f"{SOFTWARE}{'0' * 64}/0"),
            (boxes[0], f"{SOFTWARE}../register.sqlite3/0"),
            (boxes[0], f"{SOFTWARE}{order.sha256}/-1"),
            (boxes[1], f"{SOFTWARE}{order.sha256}/0"),
        ):
            assert _piece(box, path)[0] == 404, path
        boxes[0].shows = None
        assert _piece(boxes[0], f"{SOFTWARE}{order.sha256}/0")[0] == 403
        boxes[0].shows = (boxes[0].cert_file, boxes[0].key_file)
        home.revoke("street", "stolen")
        assert _piece(boxes[0], f"{SOFTWARE}{order.sha256}/0")[0] == 403


def _piece(box: Box, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", box._home.config.enrolment_port, timeout=LONG_S, context=box.context()
    )
    try:
        connection.request("GET", path)
        with connection.getresponse() as response:
            return response.status, response.read()
    finally:
        connection.close()


# --- the rules, one by one


def test_within_the_error_rate_a_failure_is_left_behind_and_the_others_go_on() -> None:
    plan = RolloutPlan(
        agents=tuple(f"a-{n}" for n in range(10)), error_rate=0.5, soak_ms=0, apply_ms=1000, silence_ms=1000
    )
    state = rollouts.begin(plan, 0)
    for now_ms in range(1, 40):
        seen = {
            each: AgentObservation(
                rollouts.target_of(state, each) or Target.OLD,
                Standing.BAD if each == "a-1" and rollouts.target_of(state, each) is Target.NEW else Standing.DONE,
                RolloutFault("refused", None),
                now_ms,
            )
            for each in plan.agents
        }
        state = rollouts.step(state, seen, now_ms, listening_since_ms=0)
    assert state.phase is RolloutPhase.DONE
    assert state.counts()[AgentProgress.HEALTHY] == 9
    assert state.agents["a-1"].failed


def test_who_is_heard_is_offered_it_first_and_only_so_many_at_once() -> None:
    plan = RolloutPlan(
        agents=tuple(f"a-{n}" for n in range(10)), share=1, soak_ms=0, apply_ms=1000, silence_ms=1000, at_once=3
    )
    seen = {"a-7": AgentObservation(Target.OLD, Standing.OPEN, heard_ms=1)}
    state = rollouts.step(rollouts.begin(plan, 0), seen, 1, listening_since_ms=0)
    assert [name for name, each in state.agents.items() if each.state is AgentProgress.OFFERED] == ["a-7"]
    done = {"a-7": AgentObservation(Target.NEW, Standing.DONE, heard_ms=2)}
    for now_ms in (2, 3):
        done["a-7"] = AgentObservation(Target.NEW, Standing.DONE, heard_ms=now_ms)
        state = rollouts.step(state, done, now_ms, listening_since_ms=0)
    assert state.counts()[AgentProgress.OFFERED] == 3


def test_the_code_of_a_refused_version_is_passed_on(site: Site, tmp_path: Path) -> None:
    releases = Releases(tmp_path / "releases")
    site.go(0)
    site.technician.asks("rollout", "start", "--software", releases.archive("2.0"), "--key", releases.public)
    site.go()
    (order,) = site.home.rollouts.orders()
    refused = installed(AGENTS[0], order.number, "2.0 is older").model_copy(
        update={"verdict": Verdict.REFUSED, "reason": OLDER(version="2.0", running="3.0")}
    )
    site.ear.hear(topics.installed(AGENTS[0]), codec.encode(refused))
    site.go()
    assert words(_failed(site).reason, "zh") == "版本 2.0 比正在运行的 3.0 旧。确要降级时加 --downgrade"


def test_causes_are_coded_and_say_in_both_languages_why_one_failed_and_why_it_stopped() -> None:
    plan = RolloutPlan(agents=("a-1", "a-2"), soak_ms=0, apply_ms=60_000, silence_ms=30_000)
    state = rollouts.step(rollouts.begin(plan, 0), {}, 0, listening_since_ms=0)
    assert '"reason"' not in state.model_dump_json()
    silent = {"a-1": AgentObservation(Target.NEW, Standing.OPEN, heard_ms=0)}
    state = RolloutState.model_validate_json(
        rollouts.step(state, silent, 30_001, listening_since_ms=0).model_dump_json()
    )
    assert state.stopped is StopCause.ERROR_RATE
    one, whole = state.agents["a-1"].reason, state.reason
    assert words(one, "en") == state.agents["a-1"].cause == "silent for over 30 s: look at its power and network"
    assert words(one, "zh") == "超过 30 秒没有消息。检查设备的供电和网络"
    assert words(whole, "zh") == "1 个前端代理中有 1 个失败，上限为 10%；首个是 a-1。逐个查看失败原因，改正后重新推送"
    assert state.cause == f"1 of 1 agents failed, 10% is the limit: a-1: {state.agents['a-1'].cause}"
    cannot = AgentObservation(Target.OLD, Standing.BAD, RolloutFault("its disk is full", None))
    aborted = rollouts.abort(rollouts.step(rollouts.begin(plan, 0), {}, 0, listening_since_ms=0))
    assert words(aborted.reason, "zh") == "已由人工终止"
    stuck = rollouts.step(aborted, {"a-1": cannot}, 1, listening_since_ms=0).agents["a-1"]
    assert (stuck.cause, words(stuck.reason, "zh")) == (
        "cannot go back: its disk is full",
        "无法退回原来的版本或配置。看前端代理日志",
    )


def test_health_is_judged_against_what_was_before() -> None:
    before = Baseline(online=frozenset({"gate"}), spool_messages=10)

    def trouble(state: CameraState, since_ms: int = 0, **changes: Any) -> str:
        cameras = {"gate": CameraSeen(status("a", state, "camera gate: no connection"), since_ms)}
        judged = health.compare(before, beat("a", 1, **changes), cameras, (), now_ms=100_000, patience_ms=60_000)
        found = judged.trouble
        assert judged.own_failure is None
        assert found is None or found.reason is not None
        return "" if found is None else found.cause

    assert trouble(CameraState.ONLINE) == trouble(CameraState.PAUSED) == ""
    assert trouble(CameraState.OFFLINE) == "camera gate: no connection"
    assert trouble(CameraState.OFFLINE, since_ms=90_000) == "", "any camera is away for a moment"
    assert trouble(CameraState.REDACTION_UNAVAILABLE, since_ms=99_999) != ""
    assert "400 pictures wait" in trouble(CameraState.ONLINE, spool_messages=400)
    assert trouble(CameraState.ONLINE, spool_messages=300) == ""
    assert "add up" in trouble(CameraState.ONLINE, ledger=NOTHING.model_copy(update={"selected": 1}))
    well = health.HealthVerdict()
    assert health.compare(before, None, {}, (), now_ms=100_000, patience_ms=1) == well, "taken out on purpose"
    never = Baseline()
    cameras = {"gate": CameraSeen(status("a", CameraState.OFFLINE), 0)}
    assert health.compare(never, None, cameras, (), now_ms=100_000, patience_ms=1) == well


@pytest.mark.parametrize(
    ("had", "new", "kind", "is_sent_back"),
    [
        ("{}", '{"heartbeat_s": 5.0}', "rtsp", False),
        ("{}", '{"redactor": {"threads": 1}, "window": {"max_messages": 32}}', "rtsp", False),
        ("{}", '{"rtsp": {"connect_timeout_s": 0.1}}', "rtsp", True),
        ("{}", '{"rtsp": {"connect_timeout_s": 0.1}}', "viid", False),
        ("{}", '{"selector": {"max_per_second": 0.5}}', "viid", True),
        ("{}", '{"checks": {"dark": 0.9}}', "rtsp", True),
        (None, '{"heartbeat_s": 5.0}', "rtsp", False),
    ],
)
def test_a_camera_that_dies_by_itself_sends_an_agent_back_only_if_the_settings_touch_it(
    had: str | None, new: str, kind: str, *, is_sent_back: bool
) -> None:
    settings, before = fleet_settings.parse(new), Baseline(online=frozenset({"gate", "yard"}))
    dead = status("a", CameraState.OFFLINE, "camera gate: no connection").model_copy(
        update={"code": "unreachable", "source": SourceKind(kind)}
    )
    there = status("a", CameraState.ONLINE).model_copy(update={"camera_id": "yard", "source": SourceKind(kind)})
    cameras = {each.camera_id: CameraSeen(each, 0) for each in (dead, there)}
    untouched = [
        name for name, each in cameras.items() if settings.leaves_alone(fleet_settings.parse(had), each.status.source)
    ]
    found = health.compare(before, None, cameras, untouched, now_ms=100_000, patience_ms=60_000)
    assert (found.trouble is not None, found.own_failure is not None) == (is_sent_back, not is_sent_back)


def test_a_camera_that_died_by_itself_is_told_of_a_healthy_agent_and_no_longer_when_it_is_back() -> None:
    plan = RolloutPlan(agents=("a-1",), soak_ms=15, apply_ms=60_000, silence_ms=30_000)
    state = rollouts.step(rollouts.begin(plan, 0), {}, 0, listening_since_ms=0)
    gone = RolloutFault.coded(ONE_FELL_BY_ITSELF(camera="gate", detail="no connection"))
    seen = AgentObservation(Target.NEW, Standing.DONE, heard_ms=10, own_failure=gone)
    state = rollouts.step(state, {"a-1": seen}, 10, listening_since_ms=0)
    state = rollouts.step(state, {"a-1": seen}, 20, listening_since_ms=0)
    healthy = state.agents["a-1"]
    assert (healthy.state, healthy.failed, healthy.cause) == (AgentProgress.APPLIED, False, gone.cause)
    back = AgentObservation(Target.NEW, Standing.DONE, heard_ms=30)
    state = rollouts.step(state, {"a-1": back}, 30, listening_since_ms=0)
    assert (state.phase, state.agents["a-1"].cause, state.failures) == (RolloutPhase.DONE, "", 0)


def test_a_register_of_before_gets_what_roll_outs_need(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with sqlite3.connect(home.directory / "register.sqlite3") as db:
        for table in ("rollout", "rollout_before", "setting", "software_order", "installed"):
            db.execute(f"DROP TABLE {table}")
    db.close()
    assert Home.open(home.directory).rollouts.newest() is None
