"""Evaluates archived rows and device faults against the active rules and raises alarms.

Idempotent: a match of a rule's version and a row, or an episode of a fault, is stored once.
"""

import hashlib
import threading
from collections import ChainMap, Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from center.alarms.latency import Hop, HopHistograms
from center.alarms.lifecycle import AlarmEvent, AlarmState, LastAlarm, MatchOutcome, decide, delay
from center.alarms.rules.inputs import Fault, RowTimes, SeenRow
from center.alarms.rules.matching import RuleFinding
from center.alarms.rules.rule import Rule
from center.alarms.rules.rule_index import RuleIndex
from center.alarms.tables import AlarmRecord, EventRecord, MatchRecord, NoticeRecord
from center.alarms.views import RuleFindingView
from center.alarms.writer import ITSELF, AlarmWriter, Writing
from center.clock import NowMs
from center.database.store import Store
from center.retention import ALARMS, Retention
from provisioning.contracts.config.processes import Alarms

KEPT_MS: Final = 35 * 86_400_000
"""Milliseconds for which a match is remembered: longer than the archive keeps its row."""
LONGEST_WINDOW_MS: Final = 86_400_000
_BATCH: Final = 400
"""Subjects in one database query."""
_NO_TIMES: Final = dict.fromkeys(field.name for field in fields(RowTimes)) | {"clock": ""}
"""Times of an alarm without a row: that of a fault."""


@dataclass(frozen=True, slots=True)
class _Match:
    """A match of a rule. `times` is None for a fault, which is never late."""

    rule: Rule
    finding: RuleFinding
    subject: str
    place: str
    agent_id: str
    camera_id: str
    row_key: str | None = None
    times: RowTimes | None = None
    trusted: bool = True

    @property
    def key(self) -> tuple[str, int, int]:
        return self.subject, self.rule.id, self.rule.version


class AlarmEvaluator:
    """Evaluates rows and faults against all rules in force.

    Blocks: call it from a thread that may wait for the database.

    Raises (all methods):
        StoreUnavailableError: nothing was written. Rows and faults that are passed again then count as new.
    """

    def __init__(
        self, store: Store, register: AlarmWriter, hops: HopHistograms, now_ms: NowMs, *, late_after_ms: int
    ) -> None:
        self._store = store
        self._register = register
        self._hops = hops
        self._now_ms = now_ms
        self._late_after_ms = late_after_ms
        self._book = RuleIndex()
        self._matching = threading.Lock()
        """Hints and what reconciling finds come by two threads, and composed rules remember rows."""
        self._last: dict[tuple[int, str], LastAlarm] = {}
        self.rows = 0
        """Rows evaluated since the start."""
        self.outcomes: Counter[MatchOutcome] = Counter()
        """Matches since the start, by outcome."""

    def load(self) -> None:
        """Loads the newest alarm of each rule and place that a further match may still belong to."""
        with self._store.transaction() as session:
            open_since = self._now_ms() - LONGEST_WINDOW_MS
            newest = (
                select(func.max(AlarmRecord.id))
                .where((AlarmRecord.raised_at_ms >= open_since) | (AlarmRecord.state != AlarmState.CLOSED))
                .group_by(AlarmRecord.rule_id, AlarmRecord.place)
            )
            for alarm in session.scalars(select(AlarmRecord).where(AlarmRecord.id.in_(newest))):
                last = LastAlarm(alarm.id, alarm.raised_at_ms, alarm.state == AlarmState.CLOSED)
                self._last[alarm.rule_id, alarm.place] = last

    def watch(self, rules: Iterable[Rule]) -> None:
        """Puts these rules in force, in place of those before."""
        self._book = RuleIndex.of(rules, self._book)

    def observed(self, rows: Iterable[SeenRow]) -> None:
        """Evaluates rows that were committed, as a hint or the archive reports them."""
        heard_at_ms, book = self._now_ms(), self._book
        matches = []
        with self._matching:
            for seen in rows:
                self.rows += 1
                matches += [_of_row(rule, finding, seen) for rule, finding in book.found(seen)]
        if matches:
            self._take(matches, heard_at_ms)

    def faults(self, faults: Iterable[Fault]) -> None:
        """Evaluates the present faults; the caller passes a fault again for as long as it lasts."""
        heard_at_ms, book = self._now_ms(), self._book
        matches = [
            _of_fault(rule, finding, fault)
            for fault in faults
            for rule, finding in book.faults_found(fault, heard_at_ms)
        ]
        if matches:
            self._take(matches, heard_at_ms)

    def rules_naming(self, fault: Fault) -> tuple[Rule, ...]:
        """Returns the rules in force that match a present fault."""
        return tuple(rule for rule, _ in self._book.faults_found(fault, self._now_ms()))

    def closed(self, alarm: AlarmRecord) -> None:
        """Notes that a user closed an alarm: a fault that lasts raises another from now on."""
        last = self._last.get((alarm.rule_id, alarm.place))
        if last is not None and last.alarm_id == alarm.id:
            self._last[alarm.rule_id, alarm.place] = LastAlarm(alarm.id, last.raised_at_ms, is_closed=True)

    def forget(self, retention: Retention, *, keep_ms: int) -> None:
        """Deletes matches that cannot be observed again, and alarms closed and last added to `keep_ms` ago."""
        closed = AlarmRecord.state == AlarmState.CLOSED
        with self._store.transaction() as session:
            oldest_ms = session.scalar(select(func.min(AlarmRecord.last_at_ms)).where(closed))
        due_ms, horizon_ms = retention.due_ms(), retention.horizon_ms(ALARMS, keep_ms, oldest_ms=oldest_ms)
        with self._store.transaction() as session:
            if due_ms is not None:
                session.execute(delete(MatchRecord).where(MatchRecord.at_ms < due_ms - KEPT_MS))
            if horizon_ms is None:
                return
            old = closed & (AlarmRecord.last_at_ms < horizon_ms)
            ended = select(AlarmRecord.id).where(old)
            for table in (EventRecord, NoticeRecord):
                session.execute(delete(table).where(table.alarm_id.in_(ended)))
            session.execute(delete(AlarmRecord).where(old))

    def _take(self, matches: Sequence[_Match], heard_at_ms: int) -> None:
        with self._register.writing() as writing:
            known = _known(writing.session, matches)
            fresh: dict[tuple[int, str], LastAlarm] = {}
            last = ChainMap(fresh, self._last)
            outcomes: Counter[MatchOutcome] = Counter()
            raised: list[tuple[_Match, AlarmRecord]] = []
            for match in matches:
                if match.key in known:
                    continue
                known.add(match.key)
                outcome = self._outcome(match, last, writing.now_ms)
                outcomes[outcome] += 1
                alarm_id = None
                if outcome is MatchOutcome.RAISED:
                    alarm = _raise(writing, match, heard_at_ms)
                    raised.append((match, alarm))
                    alarm_id = alarm.id
                    fresh[match.rule.id, match.place] = LastAlarm(alarm_id, writing.now_ms, is_closed=False)
                elif outcome is MatchOutcome.REPEATED:
                    alarm_id = last[match.rule.id, match.place].alarm_id
                    _repeat(writing, alarm_id)
                writing.session.add(_kept(match, outcome, alarm_id, writing.now_ms))
            writing.afterwards.append(lambda: self._done(fresh, outcomes, raised))

    def _outcome(self, match: _Match, last: Mapping[tuple[int, str], LastAlarm], now_ms: int) -> MatchOutcome:
        if match.times is not None:
            late = delay(
                match.times.captured_at_ms, trusted=match.trusted, now_ms=now_ms, late_after_ms=self._late_after_ms
            )
            if late is not None:
                return late
        return decide(
            last.get((match.rule.id, match.place)),
            now_ms=now_ms,
            window_ms=match.rule.text.window_s * 1000,
            lasts=match.times is None,
        )

    def _done(
        self,
        fresh: Mapping[tuple[int, str], LastAlarm],
        outcomes: Counter[MatchOutcome],
        raised: Sequence[tuple[_Match, AlarmRecord]],
    ) -> None:
        """Takes over what was committed: last alarms, counts of outcomes, times of hops."""
        self._last.update(fresh)
        self.outcomes.update(outcomes)
        for match, alarm in raised:
            if match.times is not None:
                self._hops.observe(Hop.SELECT, alarm.captured_at_ms, alarm.selected_at_ms)
                self._hops.observe(Hop.REDACT, alarm.selected_at_ms, alarm.redacted_at_ms)
                self._hops.observe(Hop.SPOOL, alarm.redacted_at_ms, alarm.spooled_at_ms)
                self._hops.observe(Hop.PUBLISH, alarm.spooled_at_ms, alarm.published_at_ms)
                self._hops.observe(Hop.EDGE, alarm.captured_at_ms, alarm.published_at_ms)
                self._hops.observe(Hop.ARRIVE, alarm.published_at_ms, alarm.received_at_ms)
                self._hops.observe(Hop.PARSE, alarm.received_at_ms, alarm.parsed_at_ms)
                self._hops.observe(Hop.COMMIT, alarm.parsed_at_ms, alarm.committed_at_ms)
                self._hops.observe(Hop.HEAR, alarm.committed_at_ms, alarm.heard_at_ms)
            self._hops.observe(Hop.DECIDE, alarm.heard_at_ms, alarm.raised_at_ms)


def _of_row(rule: Rule, finding: RuleFinding, seen: SeenRow) -> _Match:
    if seen.alike is not None:
        # A row may resemble what two cases seek, and each case has its own windows.
        case = hashlib.sha256(seen.alike.case.encode()).hexdigest()[:16]
        return _Match(
            rule,
            finding,
            f"{seen.row_key}#{case}",
            f"{seen.place}#{case}",
            seen.agent_id,
            seen.camera_id,
            row_key=seen.row_key,
            times=seen.times,
            trusted=seen.trusted,
        )
    # A match of crowding is linked to no picture: the hash only serves to recognise it again.
    linked = not rule.text.counts_people
    hashed = hashlib.sha256(f"{rule.id}:{rule.version}:{seen.row_key}".encode()).hexdigest()
    return _Match(
        rule,
        finding,
        seen.row_key if linked else hashed,
        rule.text.place_of(seen.place),
        seen.agent_id,
        seen.camera_id,
        row_key=seen.row_key if linked else None,
        times=seen.times,
        trusted=seen.trusted,
    )


def _of_fault(rule: Rule, finding: RuleFinding, fault: Fault) -> _Match:
    subject = f"{fault.of}:{fault.code}:{fault.place}:{fault.since_ms}"
    return _Match(rule, finding, subject, fault.place, fault.agent_id, fault.camera_id)


def _known(session: Session, matches: Sequence[_Match]) -> set[tuple[str, int, int]]:
    """Returns the keys of matches whose outcome is stored."""
    subjects = sorted({match.subject for match in matches})
    known = set()
    for start in range(0, len(subjects), _BATCH):
        wanted = MatchRecord.subject.in_(subjects[start : start + _BATCH])
        rows = session.execute(select(MatchRecord.subject, MatchRecord.rule_id, MatchRecord.version).where(wanted))
        known |= {(subject, rule_id, version) for subject, rule_id, version in rows}
    return known


def _raise(writing: Writing, match: _Match, heard_at_ms: int) -> AlarmRecord:
    text, times, now_ms = match.rule.text, match.times, writing.now_ms
    quiet = text.quiet.cover(now_ms)
    alarm = AlarmRecord(
        rule_id=match.rule.id,
        rule_version=match.rule.version,
        rule_name=text.name,
        kind=text.what.kind,
        severity=text.severity,
        place=match.place,
        agent_id=match.agent_id,
        camera_id=match.camera_id,
        row_key=match.row_key,
        finding=RuleFindingView.of(match.finding).model_dump_json(),
        state=AlarmState.OPEN,
        level=0,
        quiet=quiet,
        repeats=0,
        raised_at_ms=now_ms,
        last_at_ms=now_ms,
        escalates_at_ms=now_ms + text.escalate_after_min[0] * 60_000 if text.escalate_after_min else None,
        **(asdict(times) if times else _NO_TIMES),
        heard_at_ms=heard_at_ms,
        stored_at_ms=None,
        sent_at_ms=None,
    )
    writing.session.add(alarm)
    writing.session.flush()
    writing.note(alarm, AlarmEvent.RAISED, ITSELF)
    if not quiet:
        writing.notify(alarm)
    return alarm


def _repeat(writing: Writing, alarm_id: int) -> None:
    alarm = writing.session.get_one(AlarmRecord, alarm_id)
    alarm.repeats += 1
    alarm.last_at_ms = writing.now_ms


def _kept(match: _Match, outcome: MatchOutcome, alarm_id: int | None, now_ms: int) -> MatchRecord:
    return MatchRecord(
        subject=match.subject,
        rule_id=match.rule.id,
        version=match.rule.version,
        outcome=outcome,
        alarm_id=alarm_id,
        place=match.place,
        captured_at_ms=match.times.captured_at_ms if match.times else now_ms,
        at_ms=now_ms,
    )


def keep_ms(settings: Alarms) -> int:
    """Returns the milliseconds for which a closed alarm is kept: never fewer than its matches are remembered."""
    return max(settings.keep_days * 86_400_000, KEPT_MS)
