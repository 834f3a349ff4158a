"""The attacks, one after another: what is done to the street, what is seen of it, and how long health says nothing."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.contracts.wire import topics
from provisioning.errors import DemoError
from tests.chaos.attacks import intruder
from tests.chaos.attacks.street import Attacked
from tests.support.mqtt_client import Client

SAYS_WITHIN_S: Final = 30.0
"""What is wrong stands in health by then."""
ANSWERS_WITHIN_S: Final = 10.0
"""SIP to somebody else, while its parser is attacked. With repair by the square it was twenty and more."""
STRIPS: Final = 8
DAYS_AHEAD: Final = 31
"""A day more than the archive keeps."""
CENTRE_DAYS_AHEAD: Final = 200
"""More than the centre keeps alarms and audit."""
_AHEAD_SPAN_S: Final = 5.0


class Impossible(Exception):
    """This machine does not let us do that; the text says what."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attack came to."""

    seen: str
    health_s: float | None
    """Until health said what was wrong; None where nothing had to be said."""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attack:
    """One thing that is done to the street."""

    name: str
    play: Callable[[Attacked], Outcome]


def strips(world: Attacked) -> Outcome:
    """A1: eight pictures of 16384×1 px, then eight of the longest shape that is let in."""
    before, refused = world.flow(), world.intake().rejected.get("not_jpeg", 0)
    with _agent(world) as agent:
        payloads = [intruder.picture_of_shape(number, 16_384, 1) for number in range(STRIPS)]
        _taken(agent.publish_many(topics.snapshots(agent_id(world)), payloads))
        health_s = world.until(
            "the strips are counted as no pictures",
            lambda: world.intake().rejected.get("not_jpeg", 0) >= refused + STRIPS,
        )
        long = [intruder.picture_of_shape(STRIPS + number, 8_000, 500) for number in range(STRIPS)]
        _taken(agent.publish_many(topics.snapshots(agent_id(world)), long))
        going = world.goes_on(before)
    intake = world.intake()
    faults = _ill(world)
    return Outcome(f"{STRIPS} rejected as not_jpeg; {going}; stuck {len(intake.stuck)}", health_s, faults)


def killed_parser(world: Attacked) -> Outcome:
    """A1, had a picture the power: each parser is killed as soon as it is there, until the centre's health names it."""
    before, killed = world.flow(), set[int]()

    def is_named() -> bool:
        killed.update(world.kill_parsers())
        said = world.centre_health()["dependencies"]
        return any(each["code"] == "intake_stuck" and "parser" in each["cause"] for each in said)

    health_s = world.until("the centre's health names the parser", is_named)
    going = world.goes_on(before)
    return Outcome(f"{len(killed)} parsers killed; {going}", health_s, _ill(world))


def guest_in_the_group(world: Attacked) -> Outcome:
    """A2: a guest subscribes to what it can guess of the group that shares the snapshots."""
    before, dropped = world.flow(), world.intake()
    with _agent(world) as guest:
        for each in intruder.guesses():
            guest.subscribe(each)
        going = world.goes_on(before)
        going_on = world.goes_on(world.flow())
        swallowed = [topic for topic, _ in guest.received if topic.endswith("/snapshots")]
    again = world.intake().duplicates - dropped.duplicates
    faults = (f"the guest was given {len(swallowed)} snapshots",) if swallowed else ()
    seen = f"the guest got {len(swallowed)} snapshots, {again} came twice to the intake; {going}; then {going_on}"
    return Outcome(seen, None, faults + _ill(world))


def heartbeat(world: Attacked) -> Outcome:
    """A5: a heartbeat of 25 kB whose ledger names 1,025 drops of 2^53."""
    before = world.flow()
    died = _deaths(world)
    with _agent(world) as agent:
        _taken(agent.publish_many(topics.heartbeat(agent_id(world)), [intruder.heartbeat_of_drops(1025, 2**53)]))
        health_s = world.until(
            "the centre's health names who broke the contract",
            lambda: agent_id(world) in {each["agent_id"] for each in world.centre_health()["malformed"]},
        )
        going = world.goes_on(before)
    faults = () if _deaths(world) == died else ("a background loop of the centre died",)
    return Outcome(
        f"health names {agent_id(world)} as malformed, no loop died; {going}", health_s, faults + _ill(world)
    )


def tangled_xml(world: Attacked) -> Outcome:
    """A6: MESSAGEs of 59 kB whose XML has to be repaired, without a password, while somebody else asks for OPTIONS."""
    before, slowest_s, sent = world.flow(), 0.0, 0
    attacker = intruder.SipStranger(world.sip(), "127.0.0.66")
    other = intruder.SipStranger(world.sip(), "127.0.0.77")
    try:
        for _ in range(4):
            for piece in (b"<a></b>", b"<a>", b"</b>"):
                attacker.message(intruder.tangled_xml(piece))
                sent += 1
            answer_s = other.options_s()
            slowest_s = max(slowest_s, float("inf") if answer_s is None else answer_s)
            world.children.pause(0.5)
    finally:
        attacker.close()
        other.close()
    slow = (f"OPTIONS of somebody else was answered after {slowest_s:.1f} s",) if slowest_s > ANSWERS_WITHIN_S else ()
    going = world.goes_on(before)
    return Outcome(f"{sent} messages, OPTIONS answered within {slowest_s:.2f} s; {going}", None, slow + _ill(world))


def wrong_clock_of_centre(world: Attacked) -> Outcome:
    """A3: the centre starts again under a wall clock that is 200 days ahead, and later under the right one."""
    before, kept = world.flow(), world.alarms_listed()
    world.street.restart("center", under=_clock_ahead(CENTRE_DAYS_AHEAD))
    world.until("the centre answers again", world.street.try_to_enter)
    health_s = world.until(
        "the centre's health names its clock",
        lambda: any(each["code"] == "retention_stopped" for each in world.centre_health()["dependencies"]),
    )
    world.children.pause(_AHEAD_SPAN_S)
    left = world.alarms_listed()
    world.street.restart("center", under=["env"])
    world.until("the centre answers again", world.street.try_to_enter)
    going = world.goes_on(before)
    faults = () if left >= kept else (f"{kept} alarms were listed, {left} are left",)
    return Outcome(f"{kept} alarms listed before, {left} after; {going}", health_s, faults + _ill(world))


def wrong_clock_of_cluster(world: Attacked) -> Outcome:
    """A3: the cluster starts again under a wall clock that is 31 days ahead."""
    before, kept = world.flow(), world.archive_status()
    world.street.restart("cluster", under=_clock_ahead(DAYS_AHEAD))
    up_s = world.until("the cluster is up again", world.street.cluster_is_up)
    health_s = world.until(
        "the archive's alarms name the clock",
        lambda: any("retention" in each for each in world.archive_status().alarms),
    )
    world.children.pause(_AHEAD_SPAN_S)
    going = world.goes_on(before)
    now = world.archive_status()
    faults = () if now.rows >= kept.rows else (f"{kept.rows} rows were archived, {now.rows} are left",)
    if "attention" not in world.cluster_health():
        faults = (*faults, "the cluster's /health names nothing that needs attention")
    seen = f"up after {up_s:.0f} s; {kept.rows} rows before, {now.rows} after; {going}; says: {'; '.join(now.alarms)}"
    return Outcome(seen, health_s, faults)


ATTACKS: Final = (
    Attack("A1 strips of pixels", strips),
    Attack("A1 every parser killed", killed_parser),
    Attack("A2 a guest in the group", guest_in_the_group),
    Attack("A5 a heartbeat without bounds", heartbeat),
    Attack("A6 tangled XML", tangled_xml),
    Attack("A3 the centre's clock 200 days ahead", wrong_clock_of_centre),
    Attack("A3 the cluster's clock 31 days ahead", wrong_clock_of_cluster),
)


def _clock_ahead(days: int) -> list[str]:
    """A command under which a program sees a wall clock that is ahead; the boot clock stays the machine's."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        raise Impossible("no wrong clock for one process: apt-get install faketime")
    return [
        "env",
        f"LD_PRELOAD={library}",
        "RAY_LD_PRELOAD_ON_WORKERS=1",
        f"FAKETIME=+{days}d",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
        "NO_FAKE_STAT=1",
    ]


def agent_id(world: Attacked) -> str:
    """Of the captured agent, by its certificate."""
    return world.identity.common_name


@contextlib.contextmanager
def _agent(world: Attacked) -> Iterator[Client]:
    client = Client(world.identity, world.street.ports.broker)
    try:
        yield client
    finally:
        client.close()


def _taken(verdicts: list[str]) -> None:
    if set(verdicts) != {"Success"}:
        raise DemoError(f"the broker did not take what was sent: {sorted(set(verdicts))}")


def _ill(world: Attacked) -> tuple[str, ...]:
    """What cluster and centre say is wrong, a line each."""
    said = {"cluster": world.cluster_health()["status"], "centre": world.centre_health()["status"]}
    return tuple(f"the {name} says {status}" for name, status in said.items() if status != "ok")


def _deaths(world: Attacked) -> int:
    return sum(each["died"] for each in world.centre_health()["loops"])
