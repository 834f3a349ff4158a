"""Composed rules: what they find, against a reckoning by brute force, and what no composed rule can ask."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from center.alarms.rules import composed
from center.alarms.rules.composed import (
    MAX_DEPTH,
    MOMENT_S,
    Absent,
    And,
    Composed,
    Condition,
    Many,
    Not,
    Or,
    Seen,
    Then,
    leaves_of,
)
from center.alarms.rules.composing import AWAY_MS, MOMENT_MS, Composer
from center.alarms.rules.inputs import SeenRow
from center.alarms.rules.matching import look_of
from center.alarms.rules.rule import RuleText
from provisioning.contracts.wire.messages import MachineClass
from tests.center.alarms.making import LEFT_HALF, PLACE, machine, motion, rule, seen
from tests.center.street import AGENT, NOW_MS
from tests.contracts.test_boundary import FORBIDDEN

OTHER: Final = f"{AGENT}/cam-2"
TRUCK: Final = {"op": "seen", "what": {"kind": "standing", "polygon": LEFT_HALF, "for_s": 60}, "classes": ["truck"]}
AGAINST: Final = {"op": "seen", "what": {"kind": "wrong_way", "lane": "north"}, "classes": ["bicycle", "motorcycle"]}
CROSSED: Final = {"op": "seen", "what": {"kind": "line_crossing", "line": "stop"}}
ENTERED: Final = {"op": "seen", "what": {"kind": "zone_entry", "polygon": LEFT_HALF}}
QUEUE: Final = {"op": "many", "polygon": LEFT_HALF, "over": 1, "for_s": 120}
EMPTY: Final = {"op": "absent", "polygon": LEFT_HALF, "for_s": 60}
PARKED = machine(0.2, cls=MachineClass.TRUCK, motion=motion(dwell_s=90))
RIDER = machine(0.8, cls=MachineClass.BICYCLE, motion=motion(180, wrong_way=("north",)))
CROSSING = machine(0.8, motion=motion(90, crossed=(("stop", "left"),)))
INSIDE = machine(0.3)
OUTSIDE = machine(0.9)
PICTURES: Final = ((), (PARKED,), (RIDER,), (CROSSING,), (INSIDE,), (INSIDE, PARKED), (OUTSIDE,), (CROSSING, RIDER))


def composed_of(when: dict[str, Any], **changes: Any) -> Composed:
    return Composed.model_validate({"kind": "composed", "when": when, **changes})


def joined(op: str, *of: dict[str, Any]) -> dict[str, Any]:
    return {"op": op, "of": of[0] if op == "not" else list(of)}


def then(first: dict[str, Any], second: dict[str, Any], within_s: int) -> dict[str, Any]:
    return {"op": "then", "first": first, "second": second, "within_s": within_s}


def at(second: float, *machines: Any, camera: str = "cam-1") -> SeenRow:
    return seen(*machines, camera=camera, at_ms=NOW_MS + round(1000 * second), key=f"{second}")


def found(what: Composed, *rows: SeenRow) -> list[float]:
    """Seconds of the rows with which the rule holds."""
    look = Composer(what)
    return [(row.times.captured_at_ms - NOW_MS) / 1000 for row in rows if look(row) is not None]


def test_a_truck_stands_and_a_two_wheeler_comes_against_the_lane() -> None:
    what = composed_of(joined("and", TRUCK, AGAINST))
    assert found(what, at(0, PARKED), at(5, PARKED), at(9, RIDER), at(14, PARKED, RIDER), at(30, RIDER)) == [14]
    assert found(what, at(0, RIDER), at(9, PARKED), at(25, PARKED)) == [9]  # the ride is ten seconds long


def test_a_line_and_then_a_zone_within_twenty_seconds_at_the_same_camera() -> None:
    what = composed_of(then(CROSSED, ENTERED, 20))
    assert found(what, at(0, CROSSING), at(19, INSIDE), at(35, INSIDE)) == [19]
    assert found(what, at(0, INSIDE), at(1, CROSSING)) == []
    assert found(what, at(0, CROSSING), at(5, INSIDE, camera="cam-2")) == []
    assert found(what, at(0, machine(0.2, motion=motion(90, crossed=(("stop", "left"),))))) == []  # one picture


def test_more_than_n_for_a_time_and_none_for_a_time() -> None:
    two = (INSIDE, machine(0.4))
    assert found(composed_of(QUEUE), at(0, *two), at(60, *two), at(119, *two), at(120, *two), at(130, INSIDE)) == [120]
    assert found(composed_of(QUEUE), at(0, *two), at(60, INSIDE), at(70, *two), at(130, *two)) == []
    assert found(composed_of(QUEUE), at(0, *two), at(181, *two)) == []  # it was away meanwhile
    assert found(composed_of(EMPTY), at(0), at(30, OUTSIDE), at(60, OUTSIDE), at(90, INSIDE)) == [60]


def test_a_camera_that_is_away_answers_neither_yes_nor_no() -> None:
    """A rider at one camera of a crossing while no truck stands at the other."""
    here, there = AGAINST | {"camera": PLACE}, TRUCK | {"camera": OTHER}
    what = composed_of(joined("and", here, joined("not", there)), place_name="the crossing")
    assert found(what, at(0, RIDER)) == []
    assert found(what, at(0, camera="cam-2"), at(100, RIDER)) == [100]
    assert found(what, at(0, PARKED, camera="cam-2"), at(100, RIDER)) == []
    assert found(what, at(0, camera="cam-2"), at(181, RIDER)) == []


def test_what_moves_is_known_for_ten_seconds_to_the_other_cameras_of_a_place() -> None:
    what = composed_of(joined("and", ENTERED | {"camera": PLACE}, ENTERED | {"camera": OTHER}), place_name="school")
    assert found(what, at(0, INSIDE), at(10, INSIDE, camera="cam-2")) == [10]
    assert found(what, at(0, INSIDE), at(11, INSIDE, camera="cam-2")) == []


def test_a_row_that_comes_late_is_what_the_next_one_waited_for_and_one_that_comes_twice_is_one() -> None:
    what = composed_of(then(CROSSED, ENTERED, 20))
    assert found(what, at(10, INSIDE), at(0, CROSSING)) == [0]
    look = Composer(composed_of(QUEUE))
    two = (INSIDE, machine(0.4))
    assert [look(row) is not None for row in (at(0, *two), at(120, *two), at(120, *two))] == [False, True, True]
    assert found(what, at(1000, INSIDE), at(0, CROSSING), at(5, INSIDE)) == []  # long after its time


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"when": joined("not", ENTERED)}, "would never begin"),
        ({"when": then(CROSSED | {"camera": PLACE}, ENTERED | {"camera": OTHER}, 20), "place_name": "x"}, "one camera"),
        ({"when": ENTERED | {"camera": PLACE}}, "give place_name"),
        ({"when": ENTERED, "place_name": "x"}, "names its camera"),
        ({"when": joined("and", ENTERED)}, "at least 2"),
        ({"when": joined("or", *[joined("or", *[ENTERED] * 9)] * 2)}, "16 conditions at most"),
        ({"when": ENTERED | {"colour": "red"}}, "Extra inputs"),
        ({"when": {"op": "seen", "what": {"kind": "standing_lookalike"}}}, "does not match any of the expected tags"),
        ({"when": {"op": "seen", "what": {"kind": "composed", "when": ENTERED}}}, "does not match any of the expected"),
        ({"when": {"op": "crowd", "threshold": 20}}, "does not match any of the expected tags"),
        ({"when": {"op": "seen", "what": {"kind": "crowding", "threshold": 20}}}, "does not match any of the expected"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_in_words(what: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Composed.model_validate({"kind": "composed"} | what)


@pytest.mark.parametrize("depth", [MAX_DEPTH, 40, 20_000])
def test_a_deep_tree_is_refused_before_it_is_read(depth: int) -> None:
    when: dict[str, Any] = ENTERED
    for _ in range(depth):
        when = joined("not", when)
    with pytest.raises(ValidationError, match="levels deep at most"):
        Composed.model_validate({"kind": "composed", "when": when})


def test_a_rule_of_a_place_is_about_the_cameras_that_it_names() -> None:
    what = {"kind": "composed", "place_name": "school", "when": ENTERED | {"camera": OTHER}}
    with pytest.raises(ValidationError, match="and no others"):
        RuleText.model_validate({"name": "n", "what": what, "cameras": [PLACE]})
    assert RuleText.model_validate({"name": "n", "what": what, "cameras": [OTHER]}).place_of(PLACE) == OTHER
    with pytest.raises(ValidationError, match="name them in cameras"):
        rule({"kind": "composed", "when": ENTERED})


def test_no_composed_rule_can_ask_which_machine_was_in_two_places() -> None:
    """Conditions know class, score, size, place in the picture and motion; an order is of one camera."""
    models = {
        value for value in vars(composed).values() if isinstance(value, type) and issubclass(value, BaseModel)
    } - {BaseModel}
    fields = {name for model in models for name in model.model_fields}
    assert fields >= {"op", "of", "first", "second", "camera", "what", "classes"}
    assert {name for name in fields if any(FORBIDDEN.fullmatch(part) for part in name.split("_"))} == set()
    assert fields.isdisjoint({"colour", "colours", "lookalike", "case", "vector", "track", "same", "machine"})
    assert fields.isdisjoint({"threshold", "count", "counts"})  # nor of people: it would choose whose count is told
    assert all(model.model_config.get("extra") == "forbid" for model in models)
    assert {op for op in (And, Or, Not, Then) if "within_s" in op.model_fields} == {Then}
    assert MOMENT_S <= 10


LEAVES: Final = st.sampled_from([TRUCK, AGAINST, CROSSED, ENTERED, QUEUE | {"for_s": 30}, QUEUE | {"for_s": 0}, EMPTY])
ORDERS: Final = st.builds(
    then, st.sampled_from([CROSSED, ENTERED]), st.sampled_from([ENTERED, AGAINST, QUEUE]), st.sampled_from([5, 20, 300])
)
TREES: Final = st.recursive(
    LEAVES | ORDERS,
    lambda below: (
        st.builds(lambda of: joined("not", of), below)
        | st.builds(
            lambda op, of: joined(op, *of), st.sampled_from(["and", "or"]), st.lists(below, min_size=2, max_size=3)
        )
    ),
    max_leaves=5,
)
ROWS: Final = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 4, 9, 10, 11, 31, 150, 181, 7200]),  # 25 rows reach over a day
        st.sampled_from(PICTURES),
        st.sampled_from(["cam-1", "cam-2"]),
    ),
    max_size=25,
)


def placed(when: dict[str, Any], cameras: Sequence[str]) -> dict[str, Any]:
    """The same conditions, each of one of these cameras by its number; both of an order are of the first's."""
    turn = iter(range(1000))

    def of(each: dict[str, Any], camera: str | None = None) -> dict[str, Any]:
        if each["op"] in {"and", "or"}:
            return each | {"of": [of(one) for one in each["of"]]}
        if each["op"] == "not":
            return each | {"of": of(each["of"])}
        camera = cameras[next(turn) % len(cameras)]
        if each["op"] == "then":
            return each | {"first": each["first"] | {"camera": camera}, "second": each["second"] | {"camera": camera}}
        return each | {"camera": camera}

    return of(when)


class Reckoning:
    """All rows at hand, and every moment looked at anew."""

    def __init__(self, what: Composed, rows: Sequence[SeenRow]) -> None:
        self.what = what
        self.rows = rows

    def holds(self, row: SeenRow) -> bool:
        positive = [leaf for leaf, negated in leaves_of(self.what.when) if not negated]
        ours = (leaf for leaf in positive if leaf.camera in (None, row.place))
        return any(self.matches(leaf, row) for leaf in ours) and self.value(self.what.when, row) is True

    def value(self, node: Condition, now: SeenRow) -> bool | None:
        match node:
            case And(of=parts):
                values = [self.value(part, now) for part in parts]
                return False if False in values else None if None in values else True
            case Or(of=parts):
                values = [self.value(part, now) for part in parts]
                return True if True in values else None if None in values else False
            case Not(of=part):
                value = self.value(part, now)
                return None if value is None else not value
            case Then(first=first, second=second, within_s=within_s):
                rows = self.until(second.camera, now)
                if not rows or self.age(rows[-1], now) > AWAY_MS:
                    return None
                return any(
                    self.age(late, now) < MOMENT_MS
                    and self.lasted(second, late)
                    and any(
                        0 < self.age(early, late) <= 1000 * within_s and self.lasted(first, early) for early in rows
                    )
                    for late in rows
                )
            case _:
                return self.leaf(node, now)

    def leaf(self, leaf: Seen | Many | Absent, now: SeenRow) -> bool | None:
        rows = self.until(leaf.camera, now)
        kind = leaf.what.kind if isinstance(leaf, Seen) else leaf.op
        event = kind in {"line_crossing", "wrong_way"}
        known_ms = MOMENT_MS if self.what.place_name and kind in {"zone_entry", "many"} else AWAY_MS
        if not rows or self.age(rows[-1], now) > known_ms:
            return None
        if event:
            return any(self.matches(leaf, row) for row in rows if self.age(row, now) < MOMENT_MS)
        return self.lasted(leaf, rows[-1])

    def lasted(self, leaf: Any, row: SeenRow) -> bool:
        """By the definition: some row so long before, and all from it to this one match, none of them far apart."""
        for_ms = 1000 * getattr(leaf, "for_s", 0)
        rows = self.until(leaf.camera, row)
        return any(
            self.age(rows[begin], row) >= for_ms
            and all(self.matches(leaf, each) for each in rows[begin:])
            and all(self.age(a, b) <= AWAY_MS for a, b in pairwise(rows[begin:]))
            for begin in range(len(rows))
        )

    def until(self, camera: str | None, now: SeenRow) -> list[SeenRow]:
        place = camera or now.place
        return [row for row in self.rows if row.place == place and self.age(row, now) >= 0]

    @staticmethod
    def age(row: SeenRow, now: SeenRow) -> int:
        return now.times.captured_at_ms - row.times.captured_at_ms

    @staticmethod
    def matches(leaf: Any, row: SeenRow) -> bool:
        if isinstance(leaf, Seen):
            return look_of(leaf)(row) is not None
        inside = sum(each.box.x0 + each.box.x1 < row.width for each in row.machines)
        return inside > leaf.over if isinstance(leaf, Many) else not inside


def rows_of(steps: Sequence[tuple[int, Any, str]]) -> list[SeenRow]:
    now_s, rows = 0, []
    for number, (step, machines, camera) in enumerate(steps):
        now_s += step
        rows.append(seen(*machines, camera=camera, at_ms=NOW_MS + 1000 * now_s, key=f"{number:04}"))
    return sorted(rows, key=lambda row: (row.times.captured_at_ms, row.row_key))


@given(when=TREES, steps=ROWS, of_place=st.booleans())
@example(when=joined("and", AGAINST, joined("not", TRUCK)), steps=[(0, (RIDER,), "cam-1")], of_place=True)
def test_it_finds_what_brute_force_finds(when: dict[str, Any], steps: list[Any], of_place: bool) -> None:
    said = {"when": placed(when, (PLACE, OTHER)), "place_name": "crossing"} if of_place else {"when": when}
    try:
        what = Composed.model_validate({"kind": "composed"} | said)
    except ValidationError:
        return  # of negated conditions alone, or too deep
    rows = rows_of(steps)
    look, all_of_it = Composer(what), Reckoning(what, rows)
    # Rows of one moment: the first of them does not know the others yet.
    apart = [row for row in rows if sum(row.times.captured_at_ms == each.times.captured_at_ms for each in rows) == 1]
    assert [row.row_key for row in rows if look(row) is not None and row in apart] == [
        row.row_key for row in apart if all_of_it.holds(row)
    ]
