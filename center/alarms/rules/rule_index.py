"""Indexes the rules in force by camera, and matches rows and faults against them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from center.alarms.rules import kinds
from center.alarms.rules.composed import Composed
from center.alarms.rules.composing import Composer
from center.alarms.rules.inputs import Fault, SeenRow
from center.alarms.rules.matching import RowMatcher, RuleFinding, fault_found, look_of
from center.alarms.rules.rule import Rule


@dataclass(frozen=True, slots=True)
class ArmedRule:
    """A rule in force with its matching function."""

    rule: Rule
    look: RowMatcher


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """All rules in force, indexed by camera: most rules name few cameras, and a row meets only its camera's rules."""

    rules: dict[int, ArmedRule] = field(default_factory=dict)
    _everywhere: tuple[ArmedRule, ...] = ()
    _by_place: dict[str, tuple[ArmedRule, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Iterable[Rule], before: "RuleIndex | None" = None) -> "RuleIndex":
        """Prepares rules for matching and indexes them by camera.

        A composed rule that was in force `before` in the same version keeps the rows that it remembers.
        """
        known = {} if before is None else before.rules
        armed = {
            rule.id: known[rule.id] if rule.id in known and known[rule.id].rule == rule else _armed(rule)
            for rule in rules
        }
        by_place: dict[str, list[ArmedRule]] = {}
        for each in armed.values():
            for place in each.rule.text.cameras:
                by_place.setdefault(place, []).append(each)
        everywhere = tuple(each for each in armed.values() if not each.rule.text.cameras)
        return cls(armed, everywhere, {place: tuple(each) for place, each in by_place.items()})

    def found(self, seen: SeenRow) -> Iterator[tuple[Rule, RuleFinding]]:
        """Yields each rule that matches a row captured within its schedule, with the reason."""
        for group in (self._by_place.get(seen.place, ()), self._everywhere):
            for each in group:
                # A row that comes again for a case was matched against every other rule before.
                if (seen.alike is not None) is not isinstance(each.rule.text.what, kinds.StandingLookalike):
                    continue
                finding = each.look(seen)
                if finding is not None and each.rule.text.schedule.cover(seen.times.captured_at_ms):
                    yield each.rule, finding

    def faults_found(self, fault: Fault, now_ms: int) -> Iterator[tuple[Rule, RuleFinding]]:
        """Yields each rule that matches a fault and has its schedule now, with the reason."""
        for each in self.rules.values():
            finding = fault_found(each.rule.text, fault)
            if finding is not None and each.rule.text.schedule.cover(now_ms):
                yield each.rule, finding


def _armed(rule: Rule) -> ArmedRule:
    what = rule.text.what
    return ArmedRule(rule, Composer(what) if isinstance(what, Composed) else look_of(rule.text))
