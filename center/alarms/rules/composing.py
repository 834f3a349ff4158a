"""Evaluates composed rules on rows as they come. Pure but for the rows that it remembers.

A condition is true, false, or unknown at a moment: a camera that has sent nothing for `AWAY_MS` answers neither yes nor
no, and *not*, *and* and *or* pass that on (Kleene's logic). A condition on a state (in a zone, standing, more than n,
none) is as in the camera's newest picture; one on an event (a line crossed, the wrong way, an order in time)
is true for `MOMENT_S` from it. In a rule of a place a state of what moves is known for `MOMENT_S` alone.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

from center.alarms.rules.composed import (
    MOMENT_S,
    Absent,
    And,
    Composed,
    Condition,
    Leaf,
    Many,
    Not,
    Or,
    Seen,
    Then,
    leaves_of,
)
from center.alarms.rules.inputs import SeenRow
from center.alarms.rules.kinds import LineCrossing, StandingMachine, WrongWay
from center.alarms.rules.matching import RowMatcher, RuleFinding, ground_of, look_of, wants_of
from center.alarms.rules.shapes import Area

AWAY_MS: Final = 180_000
"""Milliseconds without a picture after which a camera counts as away: three heartbeats of a still scene."""
MOMENT_MS: Final = MOMENT_S * 1000
MAX_ROWS: Final = 20_000
"""Rows of one camera that are remembered: more are of a camera whose clock jumps."""
_NOTHING: Final = RuleFinding()


@dataclass(slots=True, order=True)
class NotedRow:
    """A row, and the conditions whose picture it is. Ordered by capture time."""

    at_ms: int
    row_key: str
    place: str = field(compare=False)
    hits: tuple[bool, ...] = field(compare=False)
    """By condition: the picture matches it, whatever was before."""
    finding: RuleFinding = field(compare=False)
    """The machine of the first condition that it matches, if that has one."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A condition that looks at pictures."""

    camera: str | None
    look: RowMatcher
    for_ms: int
    known_ms: int
    """Milliseconds for which a picture says how things are."""
    is_event: bool
    is_negated: bool


class Composer:
    """Matches rows against one composed rule. Rows may come twice and, within the rule's memory, in any order.

    A row that comes after those of its camera and place by more than `memory_ms` is not looked at. Not thread-safe.
    """

    def __init__(self, what: Composed) -> None:
        self._place = what.place_name
        leaves = list(leaves_of(what.when))
        self._leaves = tuple(_compiled(leaf, negated=negated, of_place=bool(self._place)) for leaf, negated in leaves)
        numbers = iter(range(len(leaves)))  # in the order of `leaves_of`
        self._longest_ms = max(leaf.for_ms for leaf in self._leaves)
        self._root = self._evaluating(what.when, numbers)
        self.memory_ms = AWAY_MS + MOMENT_MS + self._longest_ms
        self._rows: dict[str, list[NotedRow]] = {}

    def __call__(self, seen: SeenRow) -> RuleFinding | None:
        """Returns the finding of a row with which the rule holds, None if it does not."""
        noted = self.note(seen)
        return noted.finding if self.holds(noted) else None

    def note(self, seen: SeenRow) -> NotedRow:
        """Matches the conditions against a row by itself."""
        place, first, hits = seen.place, _NOTHING, []
        for leaf in self._leaves:
            found = leaf.look(seen) if leaf.camera is None or leaf.camera == place else None
            hits.append(found is not None)
            if found is not None and first is _NOTHING and not leaf.is_negated:
                first = found
        if self._place and first is not _NOTHING:
            first = RuleFinding(where=self._place, machine=first.machine)
        return NotedRow(seen.times.captured_at_ms, seen.row_key, place, tuple(hits), first)

    def holds(self, noted: NotedRow) -> bool:
        """Remembers a row. True if with it the rule holds, and the row is one of those that it holds by."""
        group = self._remember(noted)
        if group is None:
            return False
        counts = any(hit and not leaf.is_negated for hit, leaf in zip(noted.hits, self._leaves, strict=True))
        if not counts:
            return False
        # A row that comes late may be what those after it waited for.
        later = {row.at_ms for rows in group.values() for row in rows[bisect_right(rows, noted) :]}
        return any(self._root(_Moment(group, at_ms, self._leaves)) for at_ms in sorted({noted.at_ms} | later))

    def _remember(self, noted: NotedRow) -> dict[str, list[NotedRow]] | None:
        rows = self._rows.setdefault(noted.place, [])
        at = bisect_left(rows, noted)
        if at == len(rows) or rows[at] != noted:
            if rows and noted.at_ms < rows[-1].at_ms - self.memory_ms:
                return None
            insort(rows, noted)
            old = bisect_left(rows, rows[-1].at_ms - self.memory_ms, key=_at_ms)
            del rows[: max(old, len(rows) - MAX_ROWS)]
        return self._rows if self._place else {noted.place: rows}

    def _evaluating(self, condition: Condition, numbers: Iterator[int]) -> "_Value":
        """Returns the function that gives a condition's value at a moment; `numbers` are those of its leaves."""
        match condition:
            case And(of=parts):
                return _all_of([self._evaluating(each, numbers) for each in parts])
            case Or(of=parts):
                return _any_of([self._evaluating(each, numbers) for each in parts])
            case Not(of=part):
                return _not(self._evaluating(part, numbers))
            case Then(within_s=within_s):
                first, second, within_ms = next(numbers), next(numbers), 1000 * within_s
                self._longest_ms = max(self._longest_ms, within_ms)
                return lambda moment: moment.then(first, second, within_ms)
            case Seen() | Many() | Absent():
                number = next(numbers)
                return lambda moment: moment.leaf(number)
            case _ as never:
                assert_never(never)


@dataclass(frozen=True, slots=True)
class _Moment:
    """Knows the rows of each camera up to a moment, and gives the values of conditions then."""

    rows: dict[str, list[NotedRow]]
    at_ms: int
    leaves: tuple[_Leaf, ...]

    def leaf(self, number: int) -> bool | None:
        """Returns a condition's value; None while its camera is away."""
        leaf = self.leaves[number]
        rows, end = self._known(leaf.camera, leaf.known_ms)
        if not end:
            return None
        if leaf.is_event:
            return any(row.hits[number] for row in rows[self._since(rows, MOMENT_MS) : end])
        return self._has_lasted(rows, end - 1, number)

    def then(self, first: int, second: int, within_ms: int) -> bool | None:
        """Returns whether `second` was seen within a moment, and `first` before it; None while the camera is away."""
        rows, end = self._known(self.leaves[second].camera, AWAY_MS)
        if not end:
            return None
        for at in range(self._since(rows, MOMENT_MS), end):
            if not self._has_lasted(rows, at, second):
                continue
            begin = bisect_left(rows, rows[at].at_ms - within_ms, key=_at_ms)
            before = bisect_left(rows, rows[at].at_ms, key=_at_ms)
            if any(self._has_lasted(rows, each, first) for each in range(begin, before)):
                return True
        return False

    def _known(self, camera: str | None, known_ms: int) -> tuple[list[NotedRow], int]:
        """Returns the rows of a camera and the number of those up to now; 0 if the newest of these is too old."""
        rows = self.rows.get(camera, []) if camera else next(iter(self.rows.values()))
        end = bisect_right(rows, self.at_ms, key=_at_ms)
        return (rows, end) if end and rows[end - 1].at_ms >= self.at_ms - known_ms else (rows, 0)

    def _since(self, rows: list[NotedRow], span_ms: int) -> int:
        return bisect_right(rows, self.at_ms - span_ms, key=_at_ms)

    def _has_lasted(self, rows: list[NotedRow], at: int, number: int) -> bool:
        """True if the row at an index matches, and all before it for as long as the condition wants."""
        for_ms = self.leaves[number].for_ms
        begin = at
        while rows[begin].hits[number]:
            if rows[at].at_ms - rows[begin].at_ms >= for_ms:
                return True
            if not begin or rows[begin].at_ms - rows[begin - 1].at_ms > AWAY_MS:
                return False
            begin -= 1
        return False


_Value = Callable[[_Moment], bool | None]


def _all_of(parts: Sequence[_Value]) -> _Value:
    def value(moment: _Moment) -> bool | None:
        values = [part(moment) for part in parts]
        return False if False in values else None if None in values else True

    return value


def _any_of(parts: Sequence[_Value]) -> _Value:
    def value(moment: _Moment) -> bool | None:
        values = [part(moment) for part in parts]
        return True if True in values else None if None in values else False

    return value


def _not(part: _Value) -> _Value:
    def value(moment: _Moment) -> bool | None:
        found = part(moment)
        return None if found is None else not found

    return value


def _compiled(leaf: Leaf, *, negated: bool, of_place: bool) -> _Leaf:
    is_event = isinstance(leaf, Seen) and isinstance(leaf.what, LineCrossing | WrongWay)
    moves = isinstance(leaf, Many) or (isinstance(leaf, Seen) and not isinstance(leaf.what, StandingMachine))
    for_ms = 1000 * leaf.for_s if isinstance(leaf, Many | Absent) else 0
    known_ms = MOMENT_MS if of_place and moves and not is_event else AWAY_MS
    return _Leaf(leaf.camera, _look(leaf), for_ms, known_ms, is_event, negated)


def _look(leaf: Leaf) -> RowMatcher:
    match leaf:
        case Seen():
            return look_of(leaf)
        case Many(over=over):
            return _counted(leaf, lambda number: number > over)
        case Absent():
            return _counted(leaf, lambda number: not number)
        case _ as never:
            assert_never(never)


def _counted(leaf: Many | Absent, wanted: Callable[[int], bool]) -> RowMatcher:
    """Matches a number of machines in a zone; the finding has the first of them."""
    area, wants = Area.of(leaf.polygon), wants_of(leaf)

    def look(seen: SeenRow) -> RuleFinding | None:
        if not seen.width:
            return None
        inside = [
            machine
            for machine in seen.machines
            if wants(machine, seen) and area.contains(*ground_of(machine.box, seen))
        ]
        return RuleFinding(machine=inside[0] if inside else None) if wanted(len(inside)) else None

    return look


def _at_ms(row: NotedRow) -> int:
    return row.at_ms
