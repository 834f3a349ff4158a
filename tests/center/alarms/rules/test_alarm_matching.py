"""What each kind of rule finds, and what it leaves alone."""

from typing import Any

import pytest
from pydantic import ValidationError

from center.alarms.rules.inputs import Fault, FaultOf, SeenRow
from center.alarms.rules.matching import RuleFinding, fault_found, look_of
from center.alarms.rules.rule_index import RuleIndex
from provisioning.contracts.wire.messages import MachineClass
from tests.center.alarms.making import LEFT_HALF, PLACE, machine, motion, rule, seen, text
from tests.center.street import AGENT

IN, OUT = 0.25, 0.75
CAR, BIKE = MachineClass.CAR, MachineClass.BICYCLE
ZONE = {"kind": "zone_entry", "polygon": LEFT_HALF}
UP = {"start": [0.5, 1.0], "end": [0.5, 0.0]}
EAST = {"kind": "wrong_way", "polygon": LEFT_HALF, "heading_deg": 90}


@pytest.mark.parametrize(
    ("what", "row", "matches"),
    [
        (ZONE, seen(machine(IN)), True),
        (ZONE, seen(machine(OUT)), False),
        (ZONE, seen(machine(0.25, 1.0)), True),  # cut off by the lower edge
        (ZONE, seen(machine(OUT), machine(IN)), True),
        (ZONE, seen(), False),
        (ZONE, seen(machine(IN), size=(0, 0)), False),
        (ZONE | {"moving_only": True}, seen(machine(IN)), False),
        (ZONE | {"moving_only": True}, seen(machine(IN, motion=motion())), False),
        (ZONE | {"moving_only": True}, seen(machine(IN, motion=motion(90))), True),
        ({"kind": "zone_entry", "zone": "yard"}, seen(machine(OUT, motion=motion(zones={"yard": 0.5}))), True),
        ({"kind": "zone_entry", "zone": "yard"}, seen(machine(OUT, motion=motion(zones={"court": 0.5}))), False),
        ({"kind": "zone_entry", "zone": "yard"}, seen(machine(IN)), False),
        ({"kind": "two_wheeler_on_motorway", "polygon": LEFT_HALF}, seen(machine(IN, cls=BIKE)), True),
        ({"kind": "two_wheeler_on_motorway", "polygon": LEFT_HALF}, seen(machine(IN, cls=CAR)), False),
        (
            {"kind": "two_wheeler_on_motorway", "zone": "fast"},
            seen(machine(IN, cls=BIKE, motion=motion(zones={"fast": 0}))),
            True,
        ),
        ({"kind": "standing", "polygon": LEFT_HALF}, seen(machine(IN, motion=motion(dwell_s=60))), True),
        ({"kind": "standing", "polygon": LEFT_HALF}, seen(machine(IN, motion=motion(dwell_s=59))), False),
        ({"kind": "standing", "polygon": LEFT_HALF}, seen(machine(IN, motion=motion(90, dwell_s=99))), False),
        ({"kind": "standing", "polygon": LEFT_HALF}, seen(machine(OUT, motion=motion(dwell_s=99))), False),
        ({"kind": "standing", "zone": "no stop"}, seen(machine(motion=motion(zones={"no stop": 61}))), True),
        ({"kind": "standing", "zone": "no stop"}, seen(machine(motion=motion(zones={"no stop": 61}, dwell_s=1))), True),
        ({"kind": "standing", "zone": "no stop"}, seen(machine(motion=motion(7, zones={"no stop": 61}))), False),
        ({"kind": "line_crossing", "line": "stop"}, seen(machine(motion=motion(crossed=[("stop", "left")]))), True),
        ({"kind": "line_crossing", "line": "stop"}, seen(machine(motion=motion(crossed=[("gate", "left")]))), False),
        (
            {"kind": "line_crossing", "line": "stop", "to": "right"},
            seen(machine(motion=motion(crossed=[("stop", "left")]))),
            False,
        ),
        ({"kind": "line_crossing", "segment": UP}, seen(machine(0.55, motion=motion(90))), True),
        ({"kind": "line_crossing", "segment": UP, "to": "right"}, seen(machine(0.55, motion=motion(90))), True),
        ({"kind": "line_crossing", "segment": UP, "to": "left"}, seen(machine(0.55, motion=motion(90))), False),
        ({"kind": "line_crossing", "segment": UP, "to": "left"}, seen(machine(0.45, motion=motion(270))), True),
        ({"kind": "line_crossing", "segment": UP}, seen(machine(0.45, motion=motion(90))), False),
        ({"kind": "line_crossing", "segment": UP}, seen(machine(0.65, motion=motion(90))), False),
        ({"kind": "line_crossing", "segment": UP}, seen(machine(0.55, motion=motion(0))), False),
        ({"kind": "line_crossing", "segment": UP}, seen(machine(0.55, motion=motion())), False),
        ({"kind": "line_crossing", "segment": UP}, seen(machine(0.55)), False),
        ({"kind": "wrong_way"}, seen(machine(motion=motion(180, wrong_way=["bus lane"]))), True),
        ({"kind": "wrong_way"}, seen(machine(motion=motion(180))), False),
        (
            {"kind": "wrong_way", "lane": "tram"},
            seen(machine(motion=motion(180, wrong_way=["bus lane"]))),
            False,
        ),
        (EAST, seen(machine(IN, motion=motion(270))), True),
        (EAST, seen(machine(IN, motion=motion(350))), False),
        (EAST, seen(machine(IN, motion=motion(349.9 - 10))), True),
        (EAST, seen(machine(IN, motion=motion(90))), False),
        (EAST, seen(machine(OUT, motion=motion(270))), False),
        (EAST, seen(machine(IN, motion=motion())), False),
        ({"kind": "crowding", "threshold": 30}, seen(people=30), True),
        ({"kind": "crowding", "threshold": 30}, seen(people=29), False),
        ({"kind": "camera_fault"}, seen(machine(IN), people=99), False),
    ],
    ids=lambda value: None if isinstance(value, bool) else "row" if isinstance(value, SeenRow) else value["kind"],
)
def test_a_rule_finds_what_it_is_for_and_nothing_else(what: dict[str, Any], row: SeenRow, matches: bool) -> None:
    assert (look_of(text(what))(row) is not None) is matches


@pytest.mark.parametrize(
    ("changes", "matches"),
    [
        ({}, True),
        ({"classes": ["car", "bus"]}, True),
        ({"classes": ["bus"]}, False),
        ({"min_score": 0.91}, False),
        ({"min_size": 0.1}, True),
        ({"min_size": 0.11}, False),
    ],
    ids=["all", "class", "other class", "score", "size", "too small"],
)
def test_class_score_and_size_are_asked(changes: dict[str, Any], matches: bool) -> None:
    assert (look_of(text(ZONE, **changes))(seen(machine(IN))) is not None) is matches


def test_a_finding_names_the_machine_and_the_line() -> None:
    row = seen(machine(IN, motion=motion(90, crossed=[("stop", "left")])))
    assert look_of(text({"kind": "line_crossing", "line": "stop"}))(row) == RuleFinding("stop → left", row.machines[0])


def test_of_a_crowd_nothing_is_found_but_that_there_is_one() -> None:
    assert look_of(text({"kind": "crowding", "threshold": 10}))(seen(machine(IN), people=57)) == RuleFinding()


def test_a_book_asks_only_the_rules_of_a_camera_and_only_in_their_hours() -> None:
    by_day = {"spans": [{"begins": "08:00", "ends": "20:00"}]}
    rules = [
        rule(ZONE, number=1),
        rule(ZONE, number=2, cameras=[f"{AGENT}/cam-2"]),
        rule(ZONE, number=3, cameras=["cabinet-8/cam-1"]),
        rule({"kind": "zone_entry", "zone": "yard"}, number=4),
        rule({"kind": "crowding", "threshold": 10}, number=5),
        rule(ZONE, number=6, schedule=by_day),
    ]
    row = seen(machine(IN, motion=motion(zones={"yard": 1})), people=10)
    assert [found.id for found, _ in RuleIndex.of(rules).found(row)] == [1, 4, 5]


@pytest.mark.parametrize(
    ("what", "fault", "matches"),
    [
        ({"kind": "camera_fault"}, Fault(FaultOf.CAMERA, "offline", AGENT, "cam-1", 1, "", 30_000), True),
        ({"kind": "camera_fault"}, Fault(FaultOf.CAMERA, "offline", AGENT, "cam-1", 1, "", 29_999), False),
        (
            {"kind": "camera_fault", "states": ["offline"]},
            Fault(FaultOf.CAMERA, "paused", AGENT, "cam-1", 1, "", 30_000),
            False,
        ),
        ({"kind": "camera_fault"}, Fault(FaultOf.PLATFORM, "agent", AGENT, "", 1, "", 30_000), False),
        ({"kind": "platform_fault"}, Fault(FaultOf.PLATFORM, "agent", AGENT, "", 1, "", 30_000), True),
        ({"kind": "platform_fault"}, Fault(FaultOf.CAMERA, "offline", AGENT, "cam-1", 1, "", 30_000), False),
        (ZONE, Fault(FaultOf.CAMERA, "offline", AGENT, "cam-1", 1, "", 30_000), False),
    ],
    ids=["camera", "too short", "other state", "no camera", "agent", "no platform", "no fault"],
)
def test_faults_are_found_by_their_rules(what: dict[str, Any], fault: Fault, matches: bool) -> None:
    assert (fault_found(text(what), fault) is not None) is matches
    elsewhere = text(what | {}, cameras=["cabinet-8/cam-9"]) if what["kind"] == "camera_fault" else None
    assert elsewhere is None or fault_found(elsewhere, fault) is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"what": ZONE, "cameras": []}, "name them in cameras"),
        ({"what": ZONE, "cameras": ["<script>alert(1)</script>"]}, "pattern"),
        ({"what": ZONE, "cameras": ["cabinet-7/'; DROP TABLE alarms; --"]}, "pattern"),
        ({"what": ZONE, "cameras": [PLACE] * 1025}, "at most 1024"),
        ({"what": ZONE, "cameras": [PLACE], "faces": True}, "Extra inputs"),
        ({"what": ZONE | {"plate": "x"}, "cameras": [PLACE]}, "Extra inputs"),
        ({"what": {"kind": "zone_entry"}}, "either zone"),
        ({"what": {"kind": "zone_entry", "zone": "a", "polygon": LEFT_HALF}}, "either zone"),
        ({"what": {"kind": "person_entry"}}, "does not match any of the expected tags"),
        ({"what": {"kind": "wrong_way", "polygon": LEFT_HALF}}, "go together"),
        ({"what": {"kind": "line_crossing"}}, "either line"),
        ({"what": {"kind": "two_wheeler_on_motorway", "zone": "a"}, "classes": ["car"]}, "bicycles and motorcycles"),
        ({"what": {"kind": "crowding", "threshold": 9}}, "greater than or equal to 10"),
        ({"what": {"kind": "crowding", "threshold": 10}, "window_s": 299}, "raise window_s"),
        ({"what": {"kind": "crowding", "threshold": 10}, "classes": ["car"]}, "leave classes out"),
        (
            {
                "what": {"kind": "crowding", "threshold": 10},
                "schedule": {"spans": [{"begins": "08:00", "ends": "08:01"}]},
            },
            "lengthen its schedule",
        ),
        ({"what": {"kind": "platform_fault"}, "cameras": [PLACE]}, "leave cameras out"),
        ({"what": ZONE, "cameras": [PLACE], "name": "a\nb"}, "pattern"),
        ({"what": ZONE, "cameras": [PLACE], "min_score": float("nan")}, "min_score"),
    ],
    ids=[str(number) for number in range(19)],
)
def test_a_rule_that_cannot_be_meant_says_why(body: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        text(**{"name": "a rule", **body})
