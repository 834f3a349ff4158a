"""Matches rules against one row or one fault. Pure: the same in an alarm and in a preview."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

from center.alarms.rules import kinds
from center.alarms.rules.composed import Absent, Composed, Many, Seen
from center.alarms.rules.inputs import Fault, FaultOf, SeenRow
from center.alarms.rules.rule import RuleText
from center.alarms.rules.shapes import Area, Line, Side, crossing
from provisioning.contracts.config.camera import Point
from provisioning.contracts.wire.messages import Box, CodedCause, Machine, MachineClass


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """Reason for a match: the machine, if there is one, and the line, zone or lane, or the fault."""

    where: str = ""
    machine: Machine | None = None
    code: str = ""
    cause: str = ""
    reason: CodedCause | None = None


RowMatcher = Callable[[SeenRow], RuleFinding | None]
_CROWD: Final = RuleFinding()
"""Finding of crowding: neither the count nor anything else that it was made of."""
_LOWEST: Final = math.nextafter(1.0, 0.0)


def look_of(text: RuleText | Seen) -> RowMatcher:
    """Returns the function that matches a rule or a condition against a row, its shapes measured once.

    The schedule is left out. A composed rule matches no row by itself (`center.alarms.rules.composing`).
    """
    wants = wants_of(text)
    match text.what:
        case kinds.ZoneEntry() | kinds.MotorwayLane() | kinds.StandingMachine() as zone:
            look = _in_zone(zone, wants)
        case kinds.LineCrossing(segment=Line() as segment, to=to):
            look = _crossed(segment, to, wants)
        case kinds.LineCrossing(line=line, to=to):
            look = _crossed_named(line, to, wants)
        case kinds.WrongWay(polygon=None, lane=lane):
            look = _wrong_way_named(lane, wants)
        case kinds.WrongWay() as what:
            look = _wrong_way(what, wants)
        case kinds.Crowding(threshold=threshold):
            look = partial(_crowd, threshold)
        case kinds.StandingLookalike():
            look = partial(_alike, wants)
        case kinds.CameraFault() | kinds.PlatformFault() | Composed():
            look = _nothing
        case _ as never:
            assert_never(never)
    return look


def fault_found(text: RuleText, fault: Fault) -> RuleFinding | None:
    """Matches a rule against a fault; ignores the rule's schedule."""
    codes: tuple[str, ...]
    match text.what:
        case kinds.CameraFault(states=states, for_s=for_s):
            of, codes = FaultOf.CAMERA, states
        case kinds.PlatformFault(parts=parts, for_s=for_s, warnings=warnings):
            if fault.is_warning and not warnings:
                return None
            of, codes = FaultOf.PLATFORM, parts
        case _:
            return None
    elsewhere = bool(text.cameras) and fault.place not in text.cameras
    if fault.of is not of or fault.code not in codes or fault.for_ms < for_s * 1000 or elsewhere:
        return None
    return RuleFinding(code=fault.code, cause=fault.cause, reason=fault.reason)


_Wants = Callable[[Machine, SeenRow], bool]


def wants_of(text: RuleText | Seen | Many | Absent) -> _Wants:
    """Returns a predicate: a machine is of the classes, and its score and size reach the minima."""
    classes = frozenset(text.classes or MachineClass)
    if isinstance(text, RuleText | Seen) and isinstance(text.what, kinds.MotorwayLane):
        classes = frozenset(cls for cls in classes if cls.is_two_wheeler)
    min_score, min_size = text.min_score, text.min_size

    def wants(machine: Machine, seen: SeenRow) -> bool:
        return (
            machine.score >= min_score
            and machine.cls in classes
            and (not min_size or _size(machine.box) >= min_size * max(seen.width, seen.height))
        )

    return wants


def _size(box: Box) -> int:
    return max(box.x1 - box.x0, box.y1 - box.y0)


def ground_of(box: Box, seen: SeenRow) -> tuple[float, float]:
    """Returns a machine's place on the road in shares of the picture: the bottom centre of its box, as in the tracker.

    A box that the picture's lower edge cuts off ends just inside of it, or no zone could be drawn to hold it.
    """
    return (box.x0 + box.x1) / 2 / seen.width, min(box.y1 / seen.height, _LOWEST)


def _crowd(threshold: int, seen: SeenRow) -> RuleFinding | None:
    return _CROWD if seen.people >= threshold else None


def _alike(wants: _Wants, seen: SeenRow) -> RuleFinding | None:
    if seen.alike is None or not wants(seen.alike.machine, seen):
        return None
    return RuleFinding(where=seen.alike.case, machine=seen.alike.machine)


def _nothing(_seen: SeenRow) -> RuleFinding | None:
    """Matches no row: faults are in none."""
    return None


def _in_zone(what: kinds.ZoneEntry | kinds.MotorwayLane | kinds.StandingMachine, wants: _Wants) -> RowMatcher:
    heads: bool | None = None
    followed, for_s = False, 0
    match what:
        case kinds.ZoneEntry(moving_only=True):
            heads, followed = True, True
        case kinds.StandingMachine():
            heads, followed, for_s = False, True, what.for_s
    if what.zone is not None:
        return _in_named_zone(what.zone, wants, heads=heads, for_s=for_s)
    return _in_polygon(what.polygon, wants, heads=heads, followed=followed, for_s=for_s)


def _in_polygon(
    polygon: tuple[Point, ...] | None,
    wants: _Wants,
    *,
    heads: bool | None,
    followed: bool,
    for_s: float = 0.0,
) -> RowMatcher:
    """Matches machines in a polygon.

    `heads`: they must have a heading (True), none (False) or either (None). `followed`: only those that the edge
    follows.
    """
    area = Area.of(polygon or ())

    def look(seen: SeenRow) -> RuleFinding | None:
        if not seen.width:
            return None
        for machine in seen.followed if followed else seen.machines:
            if (
                wants(machine, seen)
                and (not followed or _moves_so(machine, heads, for_s))
                and area.contains(*ground_of(machine.box, seen))
            ):
                return RuleFinding(machine=machine)
        return None

    return look


def _moves_so(machine: Machine, heads: bool | None, for_s: float) -> bool:
    motion = machine.motion
    if motion is None:
        return False
    return (heads is None or heads is (motion.heading_deg is not None)) and motion.dwell_s >= for_s


def _in_named_zone(zone: str, wants: _Wants, *, for_s: float, heads: bool | None) -> RowMatcher:
    def look(seen: SeenRow) -> RuleFinding | None:
        for machine in seen.followed:
            inside_s = None if machine.motion is None else machine.motion.zones.get(zone)
            if inside_s is not None and inside_s >= for_s and _moves_so(machine, heads, 0.0) and wants(machine, seen):
                return RuleFinding(zone, machine)
        return None

    return look


def _crossed_named(line: str | None, to: Side | None, wants: _Wants) -> RowMatcher:
    def look(seen: SeenRow) -> RuleFinding | None:
        for machine in seen.followed:
            for each in () if machine.motion is None else machine.motion.crossed:
                if each.line == line and (to is None or each.to == to) and wants(machine, seen):
                    return RuleFinding(f"{line} → {each.to}", machine)
        return None

    return look


def _crossed(segment: Line, to: Side | None, wants: _Wants) -> RowMatcher:
    def look(seen: SeenRow) -> RuleFinding | None:
        if not seen.width:
            return None
        for machine in seen.followed:
            if machine.motion is None or machine.motion.heading_deg is None:
                continue
            heading, size = math.radians(machine.motion.heading_deg), _size(machine.box)
            x, y = ground_of(machine.box, seen)
            before = (x - math.sin(heading) * size / seen.width, y + math.cos(heading) * size / seen.height)
            side = crossing(segment, before, (x, y))
            if side is not None and (to is None or side is to) and wants(machine, seen):
                return RuleFinding(f"→ {side}", machine)
        return None

    return look


def _wrong_way_named(lane: str | None, wants: _Wants) -> RowMatcher:
    def look(seen: SeenRow) -> RuleFinding | None:
        for machine in seen.followed:
            for name in () if machine.motion is None else machine.motion.wrong_way:
                if (lane is None or name == lane) and wants(machine, seen):
                    return RuleFinding(name, machine)
        return None

    return look


def _wrong_way(what: kinds.WrongWay, wants: _Wants) -> RowMatcher:
    area = Area.of(what.polygon or ())
    along, tolerance = what.heading_deg or 0.0, what.tolerance_deg

    def look(seen: SeenRow) -> RuleFinding | None:
        if not seen.width:
            return None
        for machine in seen.followed:
            heading = None if machine.motion is None else machine.motion.heading_deg
            if (
                heading is not None
                and abs((heading - along + 180) % 360 - 180) > tolerance
                and wants(machine, seen)
                and area.contains(*ground_of(machine.box, seen))
            ):
                return RuleFinding(machine=machine)
        return None

    return look
