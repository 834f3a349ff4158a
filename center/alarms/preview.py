"""Previews a version of a rule: matches the archived rows of the last 24 hours with the functions that raise alarms."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from center.access.permissions import Scope
from center.alarms.lifecycle import LastAlarm, MatchOutcome, decide
from center.alarms.rule_store import Rules
from center.alarms.rules import kinds
from center.alarms.rules.composed import Composed
from center.alarms.rules.composing import Composer, NotedRow
from center.alarms.rules.inputs import Fault, SeenRow, of_row
from center.alarms.rules.references import ANYWHERE, named_by, named_in
from center.alarms.rules.rule import Rule, RuleText
from center.alarms.rules.rule_index import RuleIndex
from center.alarms.views import NamedPlace, PreviewView
from center.audit.log import Audit
from center.clock import NowMs
from center.search.client import Filters, Search

DAY_MS: Final = 86_400_000
PAGE: Final = 200
EXAMPLES: Final = 20
PLACES: Final = 50
LEAST_ROWS: Final = 20
"""Rows needed to judge the share that a rule matches."""
MOST_NAMED: Final = 100
"""Cameras that one query of the archive may name."""


@dataclass(slots=True)
class PreviewTally:
    """Counts the rows that were added and the matches of one rule in them."""

    rule: Rule
    book: RuleIndex = field(init=False)
    rows: int = 0
    matches: list[tuple[int, str, str]] = field(default_factory=list)
    """Capture time (ms), place and row key of each match."""
    unseen: set[tuple[str, str]] = field(init=False)
    """Zones and lines that the rule names and no row named so far, each with its camera."""
    silent: set[str] = field(init=False)
    """Cameras of the rule of which no row came so far."""
    _composer: Composer | None = field(init=False)
    _noted: list[NotedRow] = field(default_factory=list)
    """Rows for a composed rule, which is evaluated in the order of time."""

    def __post_init__(self) -> None:
        what = self.rule.text.what
        self.book = RuleIndex.of([self.rule])
        self.unseen, self.silent = set(named_by(self.rule.text)), set(self.rule.text.cameras)
        self._composer = Composer(what) if isinstance(what, Composed) else None

    def add(self, rows: Iterable[SeenRow]) -> None:
        """Matches further rows. A row of a camera that the rule does not cover is not counted."""
        cameras = self.rule.text.cameras
        for seen in rows:
            if cameras and seen.place not in cameras:
                continue
            self.rows += 1
            self.silent.discard(seen.place)
            if self.unseen:
                self.unseen -= {(camera, name) for name in named_in(seen) for camera in (seen.place, ANYWHERE)}
            if self._composer is not None:
                self._noted.append(self._composer.note(seen))
            elif any(self.book.found(seen)):
                self.matches.append((seen.times.captured_at_ms, seen.place, seen.row_key))

    def end(self) -> None:
        """Evaluates a composed rule on the rows that were added; once, after the last."""
        if self._composer is None:
            return
        covers = self.rule.text.schedule.cover
        for noted in sorted(self._noted):
            if self._composer.holds(noted) and covers(noted.at_ms):
                self.matches.append((noted.at_ms, self.rule.text.place_of(noted.place), noted.row_key))
        self._noted.clear()

    def alarms(self) -> int:
        """Counts the alarms that the matches would have raised, had each row come as soon as it was captured."""
        last: dict[str, LastAlarm] = {}
        raised = 0
        for at_ms, place, _ in sorted(self.matches):
            window_ms = self.rule.text.window_s * 1000
            if decide(last.get(place), now_ms=at_ms, window_ms=window_ms, lasts=False) is MatchOutcome.RAISED:
                last[place] = LastAlarm(0, at_ms, is_closed=False)
                raised += 1
        return raised


class RulePreviews:
    """Previews the rules of one centre.

    Raises (all methods):
        QueryError: the archive does not answer; StoreUnavailableError.
    """

    def __init__(
        self,
        search: Search,
        audit: Audit,
        rules: Rules,
        faults: Callable[[], Sequence[Fault]],
        now_ms: NowMs,
        *,
        max_share: float,
        max_rows: int,
    ) -> None:
        """`faults` returns the present faults, which stand for the last 24 hours if a rule is about faults."""
        self._search = search
        self._audit = audit
        self._rules = rules
        self._faults = faults
        self._now_ms = now_ms
        self._max_share = max_share
        self._max_rows = max_rows

    async def run(self, rule_id: int, version: int, *, actor: str, sight: Scope) -> PreviewView:
        """Previews a version on the last 24 hours of its own cameras, and stores and returns the result.

        Raises:
            UnknownRuleError: there is no such version in sight.
        """
        text = await asyncio.to_thread(self._rules.text, rule_id, version, sight=sight)
        to_ms = self._now_ms()
        from_ms = to_ms - DAY_MS
        detail = {"rule": rule_id, "version": version, "from_ms": from_ms, "to_ms": to_ms}
        await asyncio.to_thread(self._audit.append, actor, "rule.preview", detail)
        tally = PreviewTally(Rule(rule_id, version, text))
        of_faults = isinstance(text.what, kinds.CameraFault | kinds.PlatformFault)
        if of_faults:
            now_ms = self._now_ms()
            found = [fault for fault in self._faults() if any(tally.book.faults_found(fault, now_ms))]
            by_camera, complete = Counter(fault.place for fault in found), True
            matched = alarms = len(found)
        else:
            complete = await self._tally_rows(tally, text, from_ms, to_ms)
            await asyncio.to_thread(tally.end)
            by_camera = Counter(place for _, place, _ in tally.matches)
            matched, alarms = len(tally.matches), tally.alarms()
        linked = not text.counts_people
        preview = PreviewView(
            rule_id=rule_id,
            version=version,
            at_ms=self._now_ms(),
            from_ms=from_ms,
            to_ms=to_ms,
            rows=tally.rows,
            complete=complete,
            matched=matched,
            alarms=alarms,
            by_camera=dict(by_camera.most_common(PLACES)),
            examples=tuple(key for _, _, key in tally.matches[:EXAMPLES]) if linked else (),
            blank=not of_faults and tally.rows == 0,
            unseen=() if of_faults else tuple(_named_places(tally)),
            silent=() if of_faults else tuple(sorted(tally.silent)[:PLACES]),
            too_broad=tally.rows >= LEAST_ROWS and matched > self._max_share * tally.rows,
        )
        await asyncio.to_thread(self._rules.previewed, preview, actor=actor)
        return preview

    async def _tally_rows(self, tally: PreviewTally, text: RuleText, from_ms: int, to_ms: int) -> bool:
        """Reads archived rows into the tally, newest first; False if there were more than `max_rows`."""
        cameras = tuple(sorted({place.partition("/")[2] for place in text.cameras}))
        filters = Filters(
            from_ms=from_ms, to_ms=to_ms, camera_id=cameras if len(cameras) <= MOST_NAMED else (), limit=PAGE
        )
        read = 0
        while True:
            page = await self._search.rows(filters)
            tally.add(of_row(item) for item in page.items)
            read += len(page.items)
            if page.next_cursor is None:
                return True
            if read >= self._max_rows:
                return False
            filters = filters.model_copy(update={"cursor": page.next_cursor})


def _named_places(tally: PreviewTally) -> Iterator[NamedPlace]:
    """Yields the zones and lines that no row named, of cameras that sent rows."""
    for camera, name in sorted(tally.unseen)[:PLACES]:
        if camera not in tally.silent:
            yield NamedPlace(camera=camera, name=name)
