"""Each planted fault makes its stage red or amber with its own cause, and no other stage is accused of it."""

from dataclasses import replace
from typing import Any

import pytest

from center.console.labels import finding_texts
from center.console.language import LANGUAGES
from center.fleet.devices import CauseKind, ConfigurationView, DeviceState
from center.notify.lifecycle import MessageState
from center.notify.limits import QuotaState, RateState
from center.notify.views import QuotaView, RateView
from center.pipeline.broker_figures import BrokerFigures, SnapshotTimes
from center.pipeline.cluster_client import ClusterAnswer, Reach
from center.pipeline.sample import Sample
from center.pipeline.stages import THIRD_PARTIES, Stage, StageState
from center.pipeline.verdict import CauseView
from provisioning.contracts.causes import cluster
from provisioning.contracts.detectors import ParsersStatus
from provisioning.contracts.fleet.documents import Verdict as Taken
from provisioning.contracts.query.archive import (
    LostProof,
    PackStoreStatus,
    ProofLoss,
    StorageStatus,
    StuckStage,
    UpkeepReport,
)
from tests.center.pipeline.chain import (
    AGENTS,
    AT_MS,
    DAY_MS,
    GIB,
    MINUTE_MS,
    Chain,
    agent,
    answered,
    beat,
    channel,
    intake,
    parser,
    sample,
)

GREEN, AMBER, RED, UNKNOWN = StageState.GREEN, StageState.AMBER, StageState.RED, StageState.UNKNOWN
OFFLINE: dict[str, Any] = {
    "state": DeviceState.OFFLINE,
    "cause_kind": CauseKind.AGENT,
    "cause": "no route to camera",
    "code": "unreachable",
}
CLUSTER = {Stage.INTAKE, Stage.PARSE, Stage.ARCHIVE, Stage.STORAGE}


def silent(agent_id: str) -> Any:
    return agent(agent_id, state=DeviceState.OFFLINE, cause_kind=CauseKind.AGENT_SILENT, since_ms=AT_MS - MINUTE_MS)


def with_answers(**changes: Any) -> Chain:
    chain = Chain()
    assert chain.now.answers is not None
    return chain.plant(answers=replace(chain.now.answers, **changes))


def test_where_everything_is_well_every_stage_is_green_and_has_its_figures() -> None:
    verdicts = Chain().verdicts()
    assert Chain().states() == {}
    assert list(verdicts) == list(Stage)
    assert verdicts[Stage.DEVICES].figures.rate_per_s == 2.0
    assert verdicts[Stage.AGENTS].figures.rate_per_s == 2.0
    assert verdicts[Stage.AGENTS].figures.queued == 6
    assert verdicts[Stage.BROKER].figures.rate_per_s == 3.0
    assert verdicts[Stage.BROKER].figures.lag_s == pytest.approx(0.05)
    assert verdicts[Stage.BROKER].figures.drops == 0
    assert verdicts[Stage.INTAKE].figures.rate_per_s == 2.0
    assert verdicts[Stage.INTAKE].figures.lag_s == pytest.approx(0.03)
    assert verdicts[Stage.PARSE].figures.lag_s == pytest.approx(0.9)
    assert verdicts[Stage.ARCHIVE].figures.lag_s == pytest.approx(0.21)
    assert verdicts[Stage.QUERY].figures.lag_s == pytest.approx(0.02)


def test_in_the_first_minute_nothing_is_compared_and_nothing_accused() -> None:
    chain = replace(Chain(), before=None)
    assert chain.states() == {}
    assert all(each.figures.rate_per_s is None for stage, each in chain.verdicts().items() if stage != Stage.ARCHIVE)


def test_of_what_nobody_has_told_nothing_is_green() -> None:
    nothing = Chain(before=None, now=Sample(AT_MS, None))
    assert nothing.states() == {stage: UNKNOWN for stage in Stage if stage not in THIRD_PARTIES}


def test_one_camera_that_is_down_is_amber_and_named_and_a_third_of_them_is_red() -> None:
    one = Chain().cameras(OFFLINE, "n2")
    assert one.states() == {Stage.DEVICES: AMBER}
    finding = one.verdicts()[Stage.DEVICES].findings[0]
    assert finding.text() == "1 of 7 cameras deliver no pictures. First: n2: no route to camera"
    later = OFFLINE | {"since_ms": AT_MS - 4 * MINUTE_MS}
    assert Chain().cameras(OFFLINE, "n2", "n3").cameras(later, "n4").states() == {Stage.DEVICES: RED}
    assert one.states(cameras_down_share=0.1) == {Stage.DEVICES: RED}


def test_cameras_of_one_agent_that_go_at_once_are_one_fault_of_their_site() -> None:
    gone = OFFLINE | {"since_ms": AT_MS - 30_000}
    chain = Chain().cameras(gone, "n1", "n2", "n3")
    assert chain.codes() == {Stage.DEVICES: ["fell_together", "cameras_down"]}
    assert "3 of 4 cameras of agent north" in chain.verdicts()[Stage.DEVICES].findings[0].text()


def test_a_recorder_none_of_whose_channels_delivers_is_a_platform_fault() -> None:
    chain = Chain().cameras(OFFLINE | {"code": "silent", "cause": "no keepalive"}, "s1", "s2")
    assert chain.states() == {Stage.PLATFORMS: RED}
    text = chain.verdicts()[Stage.PLATFORMS].findings[0].text()
    assert text == "34020000001180000001 at agent south: none of its 2 channels delivers pictures. no keepalive"
    assert Chain().cameras(OFFLINE, "s1").states() == {Stage.DEVICES: AMBER, Stage.PLATFORMS: AMBER}


def test_a_paused_channel_is_no_fault_of_its_platform() -> None:
    paused = {"state": DeviceState.PAUSED, "cause_kind": CauseKind.AGENT, "code": "paused"}
    assert Chain().cameras(paused, "s1", "s2").codes() == {Stage.AGENTS: ["cameras_paused"]}


def test_without_a_platform_and_with_agents_of_before_that_is_said_and_not_green() -> None:
    chain = Chain()
    untold = {
        key: each.model_copy(update={"source": None, "device_id": ""}) for key, each in chain.now.statuses.items()
    }
    assert chain.plant(statuses=untold).codes() == {Stage.PLATFORMS: ["platforms_untold"]}
    none = {key: each for key, each in chain.now.statuses.items() if not each.device_id}
    assert chain.plant(statuses=none).codes() == {Stage.PLATFORMS: ["no_platforms"]}


def test_a_silent_agent_is_accused_and_its_cameras_are_not() -> None:
    behind = {"state": DeviceState.OFFLINE, "cause_kind": CauseKind.AGENT_SILENT, "code": ""}
    chain = Chain().plant(agents=(agent("north"), silent("south"))).cameras(behind, "s1", "s2", "desk")
    assert chain.states() == {Stage.AGENTS: RED, Stage.PLATFORMS: UNKNOWN}
    assert chain.verdicts()[Stage.AGENTS].findings[0].text() == "1 of 2 agents are not reporting: south"
    assert chain.states(agents_down_share=0.6) == {Stage.AGENTS: AMBER, Stage.PLATFORMS: UNKNOWN}


@pytest.mark.parametrize(
    ("changes", "code", "state"),
    [
        ({"dropped": {"redactor_busy": 40}}, "pictures_dropped", AMBER),
        ({"dropped": {"spool_full": 40}}, "pictures_lost", RED),
        ({"dropped": {"disk_full": 1}}, "pictures_lost", RED),
        ({"spool_messages": 500}, "agent_backlog", AMBER),
        ({"spool_messages": 20_000}, "agent_backlog", RED),
        ({"quarantined": 2}, "quarantined", AMBER),
        ({"disk_free_bytes": 1_500_000_000}, "agent_disk", AMBER),
        ({"disk_free_bytes": 900_000_000}, "agent_disk", RED),
    ],
)
def test_what_an_agent_says_of_its_work_is_judged(changes: dict[str, Any], code: str, state: StageState) -> None:
    beats = {"north": beat("north", 1060), "south": beat("south", 1060, **changes)}
    chain = Chain().plant(heartbeats=beats)
    assert (chain.codes(), chain.states()) == ({Stage.AGENTS: [code]}, {Stage.AGENTS: state})
    assert chain.verdicts()[Stage.AGENTS].findings[0].facts["agent_id"] == "south"
    # What is only a count of the past is over a minute later; what still is so is told still.
    after = replace(chain, before=replace(chain.now, at_ms=AT_MS)).plant(at_ms=AT_MS + MINUTE_MS)
    still = code in {"agent_backlog", "agent_disk"}
    assert bool(after.codes().get(Stage.AGENTS)) is still


def test_pictures_seen_before_are_no_drop_that_anybody_must_look_at() -> None:
    beats = {"north": beat("north", 1060, dropped={"duplicate": 900}), "south": beat("south", 1060)}
    assert Chain().plant(heartbeats=beats).states() == {}


def test_certificates_and_configurations_of_agents_are_judged() -> None:
    near = agent("south", certificate_ends_ms=AT_MS + 3 * DAY_MS)
    assert Chain().plant(agents=(agent("north"), near)).codes() == {Stage.AGENTS: ["certificate_ends"]}
    over = agent("south", certificate_ends_ms=AT_MS - 1)
    assert Chain().plant(agents=(agent("north"), over)).states() == {Stage.AGENTS: RED}
    back = ConfigurationView(number=5, verdict=Taken.ROLLED_BACK, cause="camera n1 fell", active=4, at_ms=AT_MS)
    chain = Chain().plant(agents=(agent("north", configuration=back), agent("south")))
    assert chain.codes() == {Stage.AGENTS: ["configuration_not_taken"]}
    shown = CauseView.of(chain.verdicts()[Stage.AGENTS].findings[0])
    assert (shown.facts["cause"], shown.facts["number"]) == ("camera n1 fell", 5)
    assert "camera n1 fell" in shown.cause


def test_cameras_that_cannot_be_covered_are_their_agents_fault() -> None:
    bare = {"state": DeviceState.REDACTION_UNAVAILABLE, "cause_kind": CauseKind.AGENT, "cause": "no model"}
    assert Chain().cameras(bare, "n1").codes() == {Stage.AGENTS: ["redaction_down"]}
    assert Chain().cameras(bare, "n1", "n2", "n3").states() == {Stage.AGENTS: RED}


def test_without_a_broker_it_is_accused_and_what_lies_behind_it_is_unknown() -> None:
    away = {"state": DeviceState.UNKNOWN, "cause_kind": CauseKind.BROKER_AWAY}
    all_of_them = [each.camera_id for each in Chain().now.cameras]
    unheard = tuple(agent(each, state=DeviceState.UNKNOWN, cause_kind=CauseKind.BROKER_AWAY) for each in AGENTS)
    chain = Chain().plant(link_fault="refused", broker=None, agents=unheard).cameras(away, *all_of_them)
    assert chain.states() == {
        Stage.DEVICES: UNKNOWN,
        Stage.PLATFORMS: UNKNOWN,
        Stage.AGENTS: UNKNOWN,
        Stage.BROKER: RED,
    }
    assert chain.codes()[Stage.DEVICES] == ["broker_between"]
    assert chain.verdicts()[Stage.BROKER].findings[0].text() == "The broker is unreachable: refused."


def test_a_broker_that_tells_nothing_of_itself_is_not_called_well() -> None:
    assert Chain().plant(broker=None).codes() == {Stage.BROKER: ["broker_mute"]}
    assert Chain().plant(broker=None).states() == {Stage.BROKER: UNKNOWN}


def test_a_broker_that_drops_or_is_slow_is_amber_or_red() -> None:
    broker = Chain().now.broker
    assert broker is not None
    assert Chain().plant(broker=replace(broker, dropped=19)).codes() == {Stage.BROKER: ["broker_drops"]}
    assert Chain().plant(passages=(SnapshotTimes(AT_MS, 3.0, 0.1),)).states() == {Stage.BROKER: AMBER}
    assert Chain().plant(passages=(SnapshotTimes(AT_MS, 31.0, 0.1),)).states() == {Stage.BROKER: RED}


def test_a_broker_that_was_started_anew_is_not_accused_of_what_the_one_before_dropped() -> None:
    fresh = BrokerFigures(uptime_s=20, heard_at_ms=AT_MS, connected=5, received=40, sent=0, dropped=0, held=4)
    chain = Chain().plant(broker=fresh)
    assert chain.states() == {}
    assert chain.verdicts()[Stage.BROKER].figures.rate_per_s == pytest.approx(40 / 60)


@pytest.mark.parametrize(
    ("reach", "code"),
    [(Reach.AWAY, "query_away"), (Reach.DENIED, "query_denied"), (Reach.OTHER, "query_strange")],
)
def test_without_query_it_is_accused_and_the_cluster_behind_it_is_unknown(reach: Reach, code: str) -> None:
    away: ClusterAnswer[Any] = ClusterAnswer(reach, cause="refused")
    chain = Chain().plant(answers=answered(intake=away, parsers=away, storage=away, archive=away, took_s=None))
    assert chain.states() == {Stage.QUERY: RED} | dict.fromkeys(CLUSTER, UNKNOWN)
    assert chain.codes() == {Stage.QUERY: [code]} | {stage: ["query_between"] for stage in CLUSTER}
    assert chain.verdicts()[Stage.ARCHIVE].figures.rate_per_s == pytest.approx(20 / 60)  # hints still say so


def test_an_intake_that_does_not_answer_is_accused_and_query_is_not() -> None:
    chain = with_answers(intake=ClusterAnswer(Reach.PART_AWAY, cause="no intake answers"))
    assert chain.states() == {Stage.INTAKE: RED, Stage.PARSE: UNKNOWN, Stage.ARCHIVE: UNKNOWN}
    assert chain.codes()[Stage.INTAKE] == ["intake_away"]


@pytest.mark.parametrize(
    ("changes", "code", "state"),
    [
        ({"broker_connected": False}, "intake_no_broker", RED),
        ({"waiting": {"live": 120, "backlog": 30}}, "intake_backlog", AMBER),
        ({"rejected": {"malformed": 3}}, "intake_rejects", AMBER),
        ({"dropped": {"drop_newest": 3}}, "intake_drops", AMBER),
        ({"retries": 9}, "intake_retries", AMBER),
    ],
)
def test_what_the_intake_says_is_judged(changes: dict[str, Any], code: str, state: StageState) -> None:
    chain = Chain().intakes(**changes)
    assert (chain.codes(), chain.states()) == ({Stage.INTAKE: [code]}, {Stage.INTAKE: state})


def test_an_intake_that_is_idle_while_agents_wait_is_accused() -> None:
    idle = ClusterAnswer(Reach.ANSWERED, intake(2000, in_flight=0, at_work={}))
    before = sample(AT_MS - MINUTE_MS, 1000, answers=answered(intake=idle))
    waiting = {each: beat(each, 1000, spool_messages=80) for each in AGENTS}
    chain = Chain(before=before).plant(answers=answered(intake=idle), heartbeats=waiting)
    assert chain.codes() == {Stage.INTAKE: ["intake_idle"]}
    assert chain.verdicts()[Stage.INTAKE].findings[0].facts["waiting"] == 160
    nothing_waits = {each: beat(each, 1000, spool_messages=0) for each in AGENTS}
    assert chain.plant(heartbeats=nothing_waits).states() == {}


@pytest.mark.parametrize("where", ["parser", "canary", "embedder"])
def test_pictures_that_do_not_come_back_are_parse_stuck_there(where: str) -> None:
    stuck = answered(
        intake=ClusterAnswer(Reach.ANSWERED, intake(2000, received=2300, at_work={where: 64}, in_flight=300))
    )
    earlier = answered(intake=ClusterAnswer(Reach.ANSWERED, intake(2000, at_work={where: 64}, in_flight=64)))
    chain = Chain(before=sample(AT_MS - MINUTE_MS, 1000, answers=earlier)).plant(answers=stuck)
    assert chain.codes() == {Stage.PARSE: ["parse_stuck"]}
    assert where in chain.verdicts()[Stage.PARSE].findings[0].text()


@pytest.mark.parametrize(
    ("where", "stage"), [("parser", Stage.PARSE), ("canary", Stage.PARSE), ("archiver", Stage.ARCHIVE)]
)
def test_a_stage_at_which_the_intake_makes_no_way_is_accused_with_its_cause(where: str, stage: Stage) -> None:
    told = StuckStage(stage=where, messages=8, seconds=40, cause="MemoryError()")
    chain = Chain().intakes(stuck=(told,))
    assert (chain.codes(), chain.states()) == ({stage: ["intake_stuck"]}, {stage: RED})
    assert f"8 messages are stuck at the {where} for 40 s: MemoryError()" in chain.verdicts()[stage].findings[0].text()


def test_pictures_that_wait_for_their_commit_are_the_archives_fault() -> None:
    stuck = answered(intake=ClusterAnswer(Reach.ANSWERED, intake(2000, received=2300, at_work={"archiver": 40})))
    earlier = answered(intake=ClusterAnswer(Reach.ANSWERED, intake(2000, at_work={"archiver": 40})))
    chain = Chain(before=sample(AT_MS - MINUTE_MS, 1000, answers=earlier)).plant(answers=stuck)
    assert chain.codes() == {Stage.ARCHIVE: ["archive_stuck"]}
    assert chain.states() == {Stage.ARCHIVE: RED}


def test_parsers_that_are_gone_or_faulty_are_accused() -> None:
    none = ClusterAnswer(Reach.ANSWERED, ParsersStatus(parsers=()))
    assert with_answers(parsers=none).codes() == {Stage.PARSE: ["no_parser"]}
    assert with_answers(parsers=ClusterAnswer(Reach.PART_AWAY)).states() == {Stage.PARSE: RED}
    one = ClusterAnswer(Reach.ANSWERED, ParsersStatus(parsers=(parser(), parser("yolo: file missing"))))
    assert with_answers(parsers=one).states() == {Stage.PARSE: AMBER}
    both = ClusterAnswer(Reach.ANSWERED, ParsersStatus(parsers=(parser("x"), parser("y"))))
    assert with_answers(parsers=both).states() == {Stage.PARSE: RED}


def test_a_leak_is_red_for_as_long_as_it_is_in_the_window() -> None:
    assert Chain().intakes(leaks=1).codes() == {Stage.PARSE: ["leak"]}
    assert Chain().intakes(leaks=1).states() == {Stage.PARSE: RED}


@pytest.mark.parametrize(("cause", "code"), [(ProofLoss.MACHINES, "proof_lost"), (ProofLoss.LEAK, "proof_lost_leak")])
def test_an_agent_that_lost_its_proof_needs_attention(cause: ProofLoss, code: str) -> None:
    chain = Chain().intakes(lost_proofs=(LostProof(agent_id="street", cause=cause, at_ms=1),))
    assert chain.codes() == {Stage.PARSE: [code]}
    assert chain.states() == {Stage.PARSE: AMBER}


def test_slow_hops_are_late_at_their_own_stage() -> None:
    for hop, stage in {"wait": Stage.INTAKE, "parse": Stage.PARSE, "commit": Stage.ARCHIVE}.items():
        chain = Chain().intakes()
        status = chain.now.intake
        assert status is not None
        total = status.hops[hop]
        slow = total.model_copy(update={"total_ms": total.total_ms + 120 * 61_000})
        chain = chain.intakes(hops=status.hops | {hop: slow})
        assert chain.states() == {stage: RED}, hop


def test_storage_and_the_archives_own_alarms_are_judged() -> None:
    low = ClusterAnswer(Reach.ANSWERED, StorageStatus(free_bytes=30_000_000_000, total_bytes=2000 * GIB))
    assert with_answers(storage=low).states() == {Stage.STORAGE: AMBER}
    out = ClusterAnswer(Reach.ANSWERED, StorageStatus(free_bytes=3_000_000_000, total_bytes=2000 * GIB))
    assert with_answers(storage=out).states() == {Stage.STORAGE: RED}
    assert with_answers(storage=ClusterAnswer(Reach.OTHER, cause="HTTP 404")).codes() == {
        Stage.STORAGE: ["cluster_older"]
    }
    gone: ClusterAnswer[Any] = ClusterAnswer(Reach.PART_AWAY, cause="disk: cannot be read now")
    assert with_answers(storage=gone, archive=gone).states() == {Stage.STORAGE: RED, Stage.ARCHIVE: RED}
    said = UpkeepReport(alarms=("upkeep: no room",))
    assert with_answers(archive=ClusterAnswer(Reach.ANSWERED, said)).codes() == {Stage.ARCHIVE: ["upkeep"]}


def test_a_store_of_pictures_that_is_away_makes_storage_red_with_its_cause() -> None:
    store = PackStoreStatus(endpoint="https://10.2.0.20:9000", bucket="pictures", prefix="town", answers=True)
    disk = StorageStatus(free_bytes=900 * GIB, total_bytes=2000 * GIB, pack_store=store)
    assert with_answers(storage=ClusterAnswer(Reach.ANSWERED, disk)).states() == {}
    text = "https://10.2.0.20:9000/pictures: no answer within 5 s; check the store and the way to it"
    away = store.model_copy(
        update={
            "answers": False,
            "away_since_ms": Chain().now.at_ms - 40_000,
            "fault": text,
            "reason": cluster.PACK_STORE_AWAY(detail=text),
        }
    )
    chain = with_answers(storage=ClusterAnswer(Reach.ANSWERED, disk.model_copy(update={"pack_store": away})))
    assert (chain.states(), chain.codes()) == ({Stage.STORAGE: RED}, {Stage.STORAGE: ["pack_store_away"]})
    (finding,) = chain.verdicts()[Stage.STORAGE].findings
    english, chinese = (finding_texts(finding, LANGUAGES[code]) for code in ("en", "zh"))
    where = "(https://10.2.0.20:9000/pictures/town)"
    assert english[0] == (
        f"The store of the pictures {where} has not answered as it should for 40 s: "
        "no answer within 5 s; check the store and the way to it"
    )
    assert chinese[0].startswith(
        "存放图片的对象存储（https://10.2.0.20:9000/pictures/town）已 40 秒没有正常应答：没有应答或返回错误"
    )
    assert chinese[1].startswith("恢复之前什么也不归档")


def quota(used: int, state: QuotaState, *, overflow: bool = False) -> QuotaView:
    return QuotaView(month="2026-11", used=used, parts=25_000, state=state, overflow=overflow)


@pytest.mark.parametrize(
    ("changes", "code", "state"),
    [
        ({"fault": "another process sends"}, "channel_stands", RED),
        ({"suspended_since_ms": 1}, "channel_suspended", RED),
        ({"quota": quota(20_000, QuotaState.WARNED)}, "quota_warned", AMBER),
        ({"quota": quota(25_000, QuotaState.SPENT)}, "quota_spent", RED),
        ({"quota": quota(25_100, QuotaState.SPENT, overflow=True)}, "quota_over", AMBER),
        ({"rate": RateView(state=RateState.HALF, per_second=5.0, since_ms=0)}, "channel_slowed", AMBER),
        ({"messages": {MessageState.DELIVERED: 90, MessageState.FAILED: 5}}, "undelivered", AMBER),
    ],
)
def test_notification_channels_are_judged(changes: dict[str, Any], code: str, state: StageState) -> None:
    chain = Chain().plant(channels=(channel(**changes),))
    assert (chain.codes(), chain.states()) == ({Stage.NOTIFY: [code]}, {Stage.NOTIFY: state})
    assert "sms" in chain.verdicts()[Stage.NOTIFY].findings[0].text()


def test_without_a_channel_nobody_is_told_and_that_is_not_green() -> None:
    assert Chain().plant(channels=()).codes() == {Stage.NOTIFY: ["no_channels"]}
