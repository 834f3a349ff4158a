"""Each planted fault of a third party or of a server's storage accuses its own stage, and no other."""

from typing import Any, get_args

import pytest

from center.alarms.rules.kinds import Part
from center.console import labels
from center.console.language import LANGUAGES
from center.pipeline import causes
from center.pipeline.judge_servers import StorageKind, items
from center.pipeline.node_metrics import Raid, SmartDisk
from center.pipeline.probes import NO_ANSWER, UNREACHABLE, CertificateEnd, ClockOffset, ProbeFault, ProbeReport
from center.pipeline.stages import THIRD_PARTIES, Stage, StageState
from provisioning.contracts.config.pipeline import Pipeline
from tests.center.pipeline.chain import (
    AT_MS,
    DAY_MS,
    PROMETHEUS,
    TIME_SERVERS,
    Chain,
    answered,
    file_system,
    sample,
)

AMBER, RED, UNKNOWN = StageState.AMBER, StageState.RED, StageState.UNKNOWN
SINGLE = {
    "County": (Stage.SIGN_IN, causes.PROVIDER_AWAY),
    "mail": (Stage.MAIL, causes.RELAY_AWAY),
    "sms": (Stage.SMS, causes.GATEWAY_AWAY),
    "desk": (Stage.WEBHOOKS, causes.RECEIVER_AWAY),
}


@pytest.mark.parametrize("target", SINGLE)
def test_a_third_party_that_fails_accuses_its_own_stage_alone(target: str) -> None:
    stage, cause = SINGLE[target]
    chain = Chain().probe(target, fault=ProbeFault(cause, UNREACHABLE), value=None, failures=1)
    assert (chain.codes(), chain.states()) == ({stage: [cause.code]}, {stage: RED})
    finding = chain.verdicts()[stage].findings[0]
    assert target in finding.text()
    assert UNREACHABLE in finding.text()
    assert chain.verdicts()[stage].figures.errors == 1


@pytest.mark.parametrize("target", [*SINGLE, "stamp_cert_file"])
def test_a_probe_that_hangs_accuses_its_own_stage_alone(target: str) -> None:
    chain = Chain().probe(target, hung_s=5.0, value=None)
    stage = next(each.stage for each in chain.now.probes if each.target == target)
    assert (chain.codes(), chain.states()) == ({stage: ["probe_hangs"]}, {stage: RED})
    assert chain.verdicts()[stage].findings[0].text() == f"{target} gave no answer within 5 s."


def test_one_time_server_of_two_is_amber_and_no_time_at_all_is_red() -> None:
    away = ProbeFault(causes.NTP_AWAY, NO_ANSWER)
    chain = Chain().probe(TIME_SERVERS[0], fault=away)
    assert (chain.codes(), chain.states()) == ({Stage.CLOCK: ["ntp_away"]}, {Stage.CLOCK: AMBER})
    chain = chain.probe(TIME_SERVERS[1], fault=away)
    assert chain.states() == {Stage.CLOCK: AMBER}  # chrony still holds the clock
    lost = chain.probe("chronyd", fault=ProbeFault(causes.CLOCK_UNSYNCHRONISED, "chronyd is not running"))
    assert lost.states() == {Stage.CLOCK: RED}
    assert lost.codes() == {Stage.CLOCK: ["clock_unsynchronised", "ntp_away", "ntp_away"]}


@pytest.mark.parametrize(("seconds", "states"), [(0.4, {}), (0.5, {Stage.CLOCK: AMBER}), (2.0, {Stage.CLOCK: RED})])
def test_a_clock_that_is_off_is_amber_or_red(seconds: float, states: dict[Stage, StageState]) -> None:
    assert Chain().probe(TIME_SERVERS[1], value=ClockOffset(seconds)).states() == states


def test_a_stamp_certificate_that_ends_is_amber_and_then_red() -> None:
    for ends_ms, state in ((AT_MS + 3 * DAY_MS, AMBER), (AT_MS - 1, RED)):
        assert Chain().probe("stamp_cert_file", value=CertificateEnd(ends_ms)).states() == {Stage.TIME_STAMPS: state}


def test_a_third_party_that_was_not_asked_yet_is_unknown_and_one_that_is_not_used_is_no_stage() -> None:
    chain = Chain().plant(probes=tuple(ProbeReport(each.stage, each.target) for each in Chain().now.probes))
    assert chain.states() == dict.fromkeys((*THIRD_PARTIES, Stage.STORAGE), UNKNOWN)
    assert set(Chain().plant(probes=()).verdicts()) == set(Stage) - set(THIRD_PARTIES)
    assert Chain().plant(probes=()).states() == {}


def test_the_last_success_of_a_stage_is_that_of_the_one_that_fails_longest() -> None:
    verdicts = Chain().probe(TIME_SERVERS[0], hung_s=5.0, succeeded_at_ms=AT_MS - 600_000).verdicts()
    assert verdicts[Stage.CLOCK].figures.succeeded_at_ms == AT_MS - 600_000
    assert verdicts[Stage.MAIL].figures.succeeded_at_ms == AT_MS - 4000
    never = Chain().probe(TIME_SERVERS[0], hung_s=5.0, succeeded_at_ms=None).verdicts()
    assert never[Stage.CLOCK].figures.succeeded_at_ms is None


@pytest.mark.parametrize(
    ("changes", "code", "state", "kind"),
    [
        ({"file_systems": (file_system("/", free_share=0.08),)}, "disk_low", AMBER, StorageKind.DISK),
        ({"file_systems": (file_system("/", free_share=0.04),)}, "disk_low", RED, StorageKind.DISK),
        ({"file_systems": (file_system("/", free_inodes=0.08),)}, "inodes_low", AMBER, StorageKind.INODES),
        ({"file_systems": (file_system("/", free_inodes=0.01),)}, "inodes_low", RED, StorageKind.INODES),
        ({"file_systems": (file_system("/", is_read_only=True),)}, "disk_read_only", AMBER, StorageKind.DISK),
        ({"file_systems": (file_system("/data", is_broken=True),)}, "disk_broken", RED, StorageKind.DISK),
        ({"file_systems": (file_system("/mnt", "nfs4", is_broken=True),)}, "nfs_away", RED, StorageKind.NFS),
        ({"failed_mounts": ("/mnt",)}, "mount_failed", RED, StorageKind.MOUNT),
        ({"raids": (Raid("md0", 1, 2, failed=1, is_running=True),)}, "raid_degraded", AMBER, StorageKind.RAID),
        ({"raids": (Raid("md0", 0, 2, failed=2, is_running=False),)}, "raid_stopped", RED, StorageKind.RAID),
        ({"disks": (SmartDisk("/dev/sda", is_healthy=False),)}, "smart_failing", RED, StorageKind.SMART),
        ({"is_heard": False}, "server_unheard", AMBER, StorageKind.METRICS),
    ],
)
def test_a_fault_of_a_servers_storage_accuses_storage_alone_and_names_the_server(
    changes: dict[str, Any], code: str, state: StageState, kind: StorageKind
) -> None:
    chain = Chain().storage(**changes)
    assert (chain.codes(), chain.states()) == ({Stage.STORAGE: [code]}, {Stage.STORAGE: state})
    assert "keeper" in chain.verdicts()[Stage.STORAGE].findings[0].text()
    found = [each for each in items(chain.now.probes, Pipeline()) if each.state is not StageState.GREEN]
    assert [(each.server, each.kind) for each in found] == [("keeper", kind)]


def test_metrics_that_cannot_be_read_are_amber_and_a_prometheus_without_any_is_unknown() -> None:
    away = Chain().probe(PROMETHEUS, fault=ProbeFault(causes.METRICS_AWAY, UNREACHABLE), value=None)
    assert away.codes() == {Stage.STORAGE: ["storage_metrics_away"]}
    assert away.states() == {Stage.STORAGE: AMBER}
    assert Chain().probe(PROMETHEUS, hung_s=5.0, value=None).codes() == {Stage.STORAGE: ["probe_hangs"]}
    assert Chain().probe(PROMETHEUS, value=()).states() == {Stage.STORAGE: UNKNOWN}


def test_servers_are_judged_while_the_archive_cannot_be_asked() -> None:
    chain = Chain(now=sample(AT_MS, 1060, answers=None)).storage(disks=(SmartDisk("sda", is_healthy=False),))
    assert chain.states()[Stage.STORAGE] is RED
    assert chain.codes()[Stage.STORAGE] == ["smart_failing", "query_between"]
    assert Chain().plant(answers=answered()).storage().states() == {}


def test_limits_of_servers_are_the_sites() -> None:
    chain = Chain().storage(file_systems=(file_system("/", free_share=0.2),))
    assert chain.states(server_disk={"amber": 0.25, "red": 0.1}) == {Stage.STORAGE: AMBER}


def test_every_stage_but_the_cameras_is_a_part_that_alarm_rules_name() -> None:
    parts = set(get_args(Part))
    assert {stage.value for stage in Stage if stage is not Stage.DEVICES} - parts == set()
    assert set(labels.FAULTY_PARTS) == parts
    assert set(labels.STAGES) == set(Stage)


def test_a_reason_of_the_centres_own_is_shown_in_the_language_of_the_page() -> None:
    chain = Chain().probe("mail", fault=ProbeFault(causes.RELAY_AWAY, UNREACHABLE), value=None)
    finding = chain.verdicts()[Stage.MAIL].findings[0]
    what, advice = labels.finding_texts(finding, LANGUAGES["zh"])
    assert what == "渠道 mail 的邮件中继不可用：连接被拒绝或无路由。"
    assert "邮件中继" in advice
    raw = Chain().probe("mail", fault=ProbeFault(causes.RELAY_AWAY, "smtp_554"), value=None)
    assert "smtp_554" in labels.finding_texts(raw.verdicts()[Stage.MAIL].findings[0], LANGUAGES["zh"])[0]
