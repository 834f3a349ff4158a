"""What an agent may say has a bound by topic, and what contracts allow is below it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.contracts.config.camera import Camera, RecordedSpan
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.errors import ContractError, RejectReason
from provisioning.contracts.fleet.commands import (
    MAX_JOBS,
    CommandWord,
    JobPhase,
    JobState,
    Priority,
    SpanWork,
    TaskReport,
    TaskState,
)
from provisioning.contracts.fleet.documents import MAX_CAMERAS, Configured, Installed, Verdict
from provisioning.contracts.fleet.uploads import DeskAddress
from provisioning.contracts.wire import bounds, codec, topics
from provisioning.contracts.wire.messages import (
    MAX_DROP_NAMES,
    Assessed,
    CameraFacts,
    CameraState,
    CameraStatus,
    ClockReading,
    ClockSource,
    CodedCause,
    Heartbeat,
    Ledger,
    Message,
    PictureCheck,
    Recording,
)
from provisioning.contracts.wire.topics import RIGHTS, Role

MOST = 2**53
AGENT = "a" * 63
WORST = "\x01"
"""Six bytes in JSON."""


def cameras(count: int = bounds.MAX_CAMERAS) -> list[str]:
    return [f"{number:0>64}" for number in range(count)]


PICTURES = 2**36
LEDGER = Ledger(
    selected=PICTURES,
    spooled=PICTURES,
    archived=PICTURES,
    rejected=PICTURES,
    in_flight=PICTURES,
    dropped={f"n{number:_>31}": PICTURES // MAX_DROP_NAMES for number in range(MAX_DROP_NAMES)},
)
READING = ClockReading(
    source=ClockSource.PICTURE,
    skew_ms=-1234567890.123456,
    bound_ms=1234567890.123456,
    read_at_ms=4_102_444_800_000,
)
FACTS = CameraFacts(
    scores=dict.fromkeys(PictureCheck, 0.123456789),
    faults=tuple(PictureCheck),
    clock_skew_ms=-1234567890.123456,
    clock_bound_ms=1234567890.123456,
    clock=READING,
    clock_against=READING,
    pictures_per_s=25.123456789012,
    last_picture_at_ms=4_102_444_800_000,
)
AT = 4_102_444_800_000
REASON = CodedCause(code="c" * 48, params={f"{letter * 16}": "录" * 160 for letter in "abcdefgh"})
JOB = JobState(
    camera_id="c" * 64,
    work=SpanWork(span=RecordedSpan(started_at_ms=AT, ended_at_ms=AT + 1), speed=16),
    phase=JobPhase.CANCELLED,
    ordered_at_ms=AT,
    begun_at_ms=AT,
    ended_at_ms=AT,
    reached_ms=AT,
    selected=PICTURES,
    spooled=PICTURES,
    dropped=LEDGER.dropped,
    speed=123.456789012345,
    reason=REASON,
)
LARGEST: dict[str, Message] = {
    "cameras": CameraStatus(
        agent_id=AGENT,
        camera_id="c" * 64,
        name=WORST * 128,
        state=CameraState.REDACTION_UNAVAILABLE,
        cause=WORST * 500,
        code="c" * 32,
        since_ms=AT,
        latitude=-12.345678901234567,
        longitude=-123.45678901234567,
        device_id=WORST * 64,
    ),
    "configured": Configured(
        agent_id=AGENT, number=MOST, verdict=Verdict.APPLIED, cause=WORST * 500, active=MOST, at_ms=AT
    ),
    "installed": Installed(
        agent_id=AGENT, number=MOST, verdict=Verdict.APPLIED, cause=WORST * 500, running="1.2.3", at_ms=AT
    ),
    "tasks": TaskReport(
        agent_id=AGENT,
        tasks={each: TaskState(paused=False, priority=Priority.NORMAL) for each in cameras(MAX_CAMERAS)},
        word=CommandWord(number=MOST, taken=False, cause=WORST * 500, reason=REASON, at_ms=AT),
        jobs={f"{number:0>32}": JOB for number in range(MAX_JOBS)},
        desk=DeskAddress(url=f"https://{'d' * 253}:65535", console=f"https://{'c' * 253}:65535"),
    ),
    "heartbeat": Heartbeat(
        agent_id=AGENT,
        sent_at_ms=AT,
        started_at_ms=AT,
        software=WORST * 64,
        ledger=LEDGER,
        cameras=dict.fromkeys(cameras(), LEDGER),
        spool_bytes=MOST,
        spool_messages=MOST,
        quarantined=MOST,
        resent=MOST,
        passed_over=dict.fromkeys(cameras(), MOST),
        recordings=dict.fromkeys(
            cameras(256), Recording(started_at_ms=AT, position_ms=MOST, pictures=MOST, held=False, end="e" * 32)
        ),
    ),
    "assessed": Assessed(agent_id=AGENT, assessed_at_ms=AT, cameras=dict.fromkeys(cameras(), FACTS)),
}


@pytest.mark.parametrize("kind", LARGEST)
def test_the_largest_message_that_the_contract_allows_is_not_too_large(kind: str) -> None:
    size = len(codec.encode(LARGEST[kind]))
    assert size <= bounds.MAX_BYTES[kind] <= topics.MAX_MESSAGE_BYTES
    assert kind in {"cameras", "configured", "installed"} or size > bounds.MAX_BYTES[kind] / 5, "nor is the bound loose"


def test_each_topic_that_an_agent_may_write_has_a_bound() -> None:
    written = {bounds.kind_of(each.topic) for each in RIGHTS[Role.AGENT] if each.access == "write"}
    assert written == set(bounds.MAX_BYTES)


def test_all_that_an_agent_may_retain_lies_at_fixed_topics_but_the_states_of_cameras_which_provisioning_may_clear() -> (
    None
):
    def wild(role: Role) -> set[str]:
        return {each.topic for each in RIGHTS[role] if each.access == "write" and each.topic.endswith(("+", "#"))}

    assert wild(Role.AGENT) == {topics.camera_status("%u", "+")}
    assert topics.camera_status("+", "+") in wild(Role.PROVISIONING)


def test_what_is_too_large_for_its_topic_is_refused_with_size_and_bound() -> None:
    topic = topics.camera_status("street", "east")
    bounds.check_size(topic, bytes(16 * 1024))
    with pytest.raises(ContractError, match="cameras of 16385 bytes, limit 16384") as refused:
        bounds.check_size(topic, bytes(16 * 1024 + 1))
    assert refused.value.reason is RejectReason.TOO_LARGE
    bounds.check_size(topics.roster(), bytes(100_000))


@given(st.text(max_size=80))
def test_any_topic_has_a_kind_or_none(topic: str) -> None:
    assert bounds.kind_of(topic) == "" or topic.startswith(f"{topics.PREFIX}/agents/")


def test_a_configuration_with_more_cameras_than_an_agent_may_name_is_refused(tmp_path: object) -> None:
    def config(count: int) -> EdgeConfig:
        base = {
            "agent_id": "street",
            "models_dir": "models",
            "broker": {"host": "h", "ca_file": "a", "cert_file": "b", "key_file": "c"},
            "spool": {"directory": "spool"},
        }
        each = [Camera.model_validate({"id": id_, "source": {"kind": "replay", "path": "x"}}) for id_ in cameras(count)]
        return EdgeConfig.model_validate(base | {"cameras": each})

    assert len(config(bounds.MAX_CAMERAS).cameras) == bounds.MAX_CAMERAS
    with pytest.raises(ValueError, match="at most 1024"):
        config(bounds.MAX_CAMERAS + 1)
