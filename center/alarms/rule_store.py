"""Stores rules: every version is kept, every change audited, and no version comes into force without a preview.

`sight` is the cameras on which the caller may do it: a rule that covers others is treated as absent.
"""

import threading
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.access.districts import want_second_account
from center.access.permissions import Scope, account_of
from center.alarms.errors import (
    BeyondSightError,
    BlankPreviewError,
    NoPreviewError,
    OwnRuleError,
    RuleChangedError,
    SecondAccountError,
    TooBroadError,
    TooManyRulesError,
    UnknownRuleError,
)
from center.alarms.lifecycle import MatchOutcome
from center.alarms.rules.kinds import StandingLookalike
from center.alarms.rules.rule import Rule, RuleText
from center.alarms.tables import MatchRecord, PreviewRecord, RuleRecord, VersionRecord
from center.alarms.views import LateList, LateView, PreviewView, RuleList, RuleVersionView, RuleView
from center.alarms.visibility import cameras_of, matched_in_sight, sees_rule
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store

MAX_RULES: Final = 2000
STANDING_NAME: Final = "Standing look-alike"
LATE: Final = (MatchOutcome.LATE, MatchOutcome.UNTRUSTED)


class Rules:
    """Rules of one centre. Blocks.

    Raises (all methods):
        StoreUnavailableError: nothing was changed.
    """

    def __init__(
        self,
        store: Store,
        audit: Audit,
        now_ms: NowMs,
        changed: Callable[[Sequence[Rule]], None],
        *,
        max_share: float,
    ) -> None:
        """`changed` is called with the rules in force, after each change of these and once by `load`."""
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._changed = changed
        self._max_share = max_share
        self._lock = threading.Lock()

    def load(self) -> None:
        """Puts the rules in force that were so in the last run."""
        with self._lock:
            self._changed(self._in_force())

    def create(self, text: RuleText, *, actor: str, sight: Scope, action: str = "rule.create") -> RuleView:
        """Creates a rule, switched off. `action` is the audit's name of what made it.

        Raises:
            BeyondSightError: it covers cameras out of sight.
            TooManyRulesError: there are `MAX_RULES`.
            OwnRuleError: it is for standing look-alikes; cases create that rule by themselves.
        """
        if isinstance(text.what, StandingLookalike):
            raise OwnRuleError
        _check_within(sight, text)
        with self._lock, self._store.transaction() as session:
            alive = select(func.count()).select_from(RuleRecord).where(RuleRecord.retired_at_ms.is_(None))
            if (session.scalar(alive) or 0) >= MAX_RULES:
                raise TooManyRulesError(limit=MAX_RULES)
            rule = RuleRecord(newest=1)
            session.add(rule)
            session.flush()
            self._write(session, rule, text, actor, action)
            return _view(session, rule)

    def change(self, rule_id: int, text: RuleText, *, version: int, actor: str, sight: Scope) -> RuleView:
        """Writes a new version after `version`. The one in force stays until the new one is previewed and switched on.

        Raises:
            BeyondSightError: it would cover cameras out of sight.
            UnknownRuleError, RuleChangedError: there is none, or `version` is not its newest any more.
            OwnRuleError: it would become the rule of standing look-alikes, or cease to be it.
        """
        _check_within(sight, text)
        with self._lock, self._store.transaction() as session:
            rule = _rule(session, rule_id, sight)
            _check(rule, version)
            before = RuleText.model_validate_json(_version(session, rule_id, version).text)
            if isinstance(text.what, StandingLookalike) is not isinstance(before.what, StandingLookalike):
                raise OwnRuleError
            rule.newest += 1
            self._write(session, rule, text, actor, "rule.change")
            return _view(session, rule)

    def have_standing(self, *, actor: str) -> None:
        """Makes sure that the rule of standing look-alikes exists; the first time it is created and switched on.

        It needs no preview: each case says what it looks for, and was approved by a second person.
        """
        with self._lock:
            with self._store.transaction() as session:
                alive = (
                    select(VersionRecord.text)
                    .join(
                        RuleRecord,
                        (RuleRecord.id == VersionRecord.rule_id) & (RuleRecord.newest == VersionRecord.version),
                    )
                    .where(RuleRecord.retired_at_ms.is_(None))
                )
                texts = (RuleText.model_validate_json(text) for text in session.scalars(alive))
                if any(isinstance(text.what, StandingLookalike) for text in texts):
                    return
                rule = RuleRecord(newest=1, on_version=1)
                session.add(rule)
                session.flush()
                text = RuleText(name=STANDING_NAME, what=StandingLookalike(kind="standing_lookalike"))
                self._write(session, rule, text, actor, "rule.create")
            self._changed(self._in_force())

    def switch_on(self, rule_id: int, *, version: int, actor: str, sight: Scope, unseen: bool = False) -> RuleView:
        """Puts a version in force. `unseen`: also if its preview had no rows, which is written to the audit.

        Raises:
            UnknownRuleError, RuleChangedError: there is none, or `version` is not its newest any more.
            SecondAccountError: `actor` wrote it, and a district of its cameras wants a second account.
            NoPreviewError, BlankPreviewError, TooBroadError: it has no preview, the preview had no rows, or it
                matches more than the allowed share of them.
        """
        with self._lock:
            with self._store.transaction() as session:
                rule = _rule(session, rule_id, sight)
                _check(rule, version)
                written = _version(session, rule_id, version)
                author = account_of(written.actor)
                if author == account_of(actor) and _wants_second(session, written):
                    raise SecondAccountError(rule_id=rule_id, version=version, author=author)
                preview = _preview(session, rule_id, version)
                if preview is None:
                    raise NoPreviewError(rule_id=rule_id, version=version)
                if preview.blank and not unseen:
                    raise BlankPreviewError(rule_id=rule_id)
                if preview.too_broad:
                    raise TooBroadError(
                        rule_id=rule_id,
                        matched=preview.matched,
                        rows=preview.rows,
                        percent=f"{self._max_share * 100:g}",
                    )
                rule.on_version = version
                about = {"rule": rule_id, "version": version} | ({"unseen": True} if preview.blank else {})
                self._audit.add(session, actor, "rule.on", about)
                session.flush()
                view = _view(session, rule)
            self._changed(self._in_force())
            return view

    def switch_off(self, rule_id: int, *, actor: str, sight: Scope, retire: bool = False) -> RuleView:
        """Takes a rule out of force; `retire`: for good, but its versions and alarms stay.

        Raises:
            UnknownRuleError: there is none.
        """
        with self._lock:
            with self._store.transaction() as session:
                rule = _rule(session, rule_id, sight)
                rule.on_version = None
                if retire and rule.retired_at_ms is None:
                    rule.retired_at_ms = self._now_ms()
                self._audit.add(session, actor, "rule.retire" if retire else "rule.off", {"rule": rule_id})
                session.flush()
                view = _view(session, rule)
            self._changed(self._in_force())
            return view

    def rule(self, rule_id: int, *, sight: Scope) -> RuleView:
        """Returns one rule.

        Raises:
            UnknownRuleError: there is none.
        """
        with self._store.transaction() as session:
            return _view(session, _rule(session, rule_id, sight))

    def rules(self, *, sight: Scope, before: int | None = None, limit: int = 50) -> RuleList:
        """Returns a page of rules, newest first, with retired ones."""
        query = select(RuleRecord).order_by(RuleRecord.id.desc())
        if before is not None:
            query = query.where(RuleRecord.id < before)
        with self._store.transaction() as session:
            # The cameras of a rule stand in its text: there are few enough to be read one by one.
            in_sight = (rule for rule in session.scalars(query) if _sees(session, rule, sight))
            found = list(islice(in_sight, limit + 1))
            items = tuple(_view(session, rule) for rule in found[:limit])
        return RuleList(items=items, next_cursor=str(items[-1].id) if len(found) > limit else None)

    def versions(self, rule_id: int, *, sight: Scope) -> tuple[RuleVersionView, ...]:
        """Returns the versions of a rule, oldest first, without earlier ones that covered cameras out of sight.

        Raises:
            UnknownRuleError: there is none.
        """
        with self._store.transaction() as session:
            _rule(session, rule_id, sight)
            records = session.scalars(
                select(VersionRecord).where(VersionRecord.rule_id == rule_id).order_by(VersionRecord.version)
            )
            views = [
                RuleVersionView(
                    version=record.version,
                    text=RuleText.model_validate_json(record.text),
                    written_at_ms=record.at_ms,
                    written_by=record.actor,
                )
                for record in records
            ]
        return tuple(view for view in views if sees_rule(sight, view.text))

    def text(self, rule_id: int, version: int, *, sight: Scope) -> RuleText:
        """Returns the content of one version.

        Raises:
            UnknownRuleError: there is none.
        """
        with self._store.transaction() as session:
            _rule(session, rule_id, sight)
            text = RuleText.model_validate_json(_version(session, rule_id, version).text)
        if not sees_rule(sight, text):
            raise UnknownRuleError(rule_id=rule_id, version=version)
        return text

    def previewed(self, preview: PreviewView, *, actor: str) -> None:
        """Stores the preview of a version and audits it."""
        with self._store.transaction() as session:
            record = PreviewRecord(rule_id=preview.rule_id, version=preview.version, preview=preview.model_dump_json())
            session.add(record)
            self._audit.add(
                session,
                actor,
                "rule.previewed",
                {"rule": preview.rule_id, "version": preview.version, "rows": preview.rows, "matched": preview.matched},
            )

    def late(self, rule_id: int, *, sight: Scope, cursor: tuple[int, str] | None = None, limit: int = 50) -> LateList:
        """Returns a page of matches that came too late, newest first; `cursor` is where the last page ended.

        Raises:
            UnknownRuleError: there is no such rule.
        """
        query = (
            select(MatchRecord)
            .where(MatchRecord.rule_id == rule_id, MatchRecord.outcome.in_(LATE), matched_in_sight(sight))
            .order_by(MatchRecord.at_ms.desc(), MatchRecord.subject)
            .limit(limit + 1)
        )
        if cursor is not None:
            at_ms, subject = cursor
            older = MatchRecord.at_ms < at_ms
            query = query.where(older | ((MatchRecord.at_ms == at_ms) & (MatchRecord.subject > subject)))
        with self._store.transaction() as session:
            _rule(session, rule_id, sight)
            found = session.scalars(query).all()
        page = found[:limit]
        return LateList(
            items=tuple(LateView.model_validate(record) for record in page),
            next_cursor=f"{page[-1].at_ms}~{page[-1].subject}" if len(found) > limit else None,
        )

    def _write(self, session: Session, rule: RuleRecord, text: RuleText, actor: str, action: str) -> None:
        session.add(
            VersionRecord(
                rule_id=rule.id,
                version=rule.newest,
                text=text.model_dump_json(),
                at_ms=self._now_ms(),
                actor=actor[:64],
            )
        )
        detail = {"rule": rule.id, "version": rule.newest, "name": text.name, "kind": text.what.kind}
        self._audit.add(session, actor, action, detail)
        session.flush()

    def _in_force(self) -> tuple[Rule, ...]:
        query = (
            select(VersionRecord)
            .join(RuleRecord, RuleRecord.id == VersionRecord.rule_id)
            .where(RuleRecord.on_version == VersionRecord.version)
            .order_by(VersionRecord.rule_id)
        )
        with self._store.transaction() as session:
            return tuple(
                Rule(record.rule_id, record.version, RuleText.model_validate_json(record.text))
                for record in session.scalars(query)
            )


def _rule(session: Session, rule_id: int, sight: Scope) -> RuleRecord:
    rule = session.get(RuleRecord, rule_id)
    if rule is None or not _sees(session, rule, sight):
        raise UnknownRuleError(rule_id=rule_id, version=1)
    return rule


def _sees(session: Session, rule: RuleRecord, sight: Scope) -> bool:
    if sight.everywhere:
        return True
    versions = {rule.newest} | ({rule.on_version} if rule.on_version is not None else set())
    texts = (RuleText.model_validate_json(_version(session, rule.id, version).text) for version in versions)
    return sees_rule(sight, *texts)


def _check_within(sight: Scope, text: RuleText) -> None:
    if not sees_rule(sight, text):
        raise BeyondSightError


def _check(rule: RuleRecord, version: int) -> None:
    if rule.newest != version or rule.retired_at_ms is not None:
        raise RuleChangedError(rule_id=rule.id, newest=rule.newest, version=version)


def _version(session: Session, rule_id: int, version: int) -> VersionRecord:
    record = session.get(VersionRecord, (rule_id, version))
    if record is None:
        raise UnknownRuleError(rule_id=rule_id, version=version)
    return record


def _preview(session: Session, rule_id: int, version: int) -> PreviewView | None:
    query = (
        select(PreviewRecord)
        .where(PreviewRecord.rule_id == rule_id, PreviewRecord.version == version)
        .order_by(PreviewRecord.id.desc())
        .limit(1)
    )
    record = session.scalar(query)
    return None if record is None else PreviewView.model_validate_json(record.preview)


def _view(session: Session, rule: RuleRecord) -> RuleView:
    record = _version(session, rule.id, rule.newest)
    return RuleView(
        id=rule.id,
        version=rule.newest,
        text=RuleText.model_validate_json(record.text),
        on_version=rule.on_version,
        retired=rule.retired_at_ms is not None,
        written_at_ms=record.at_ms,
        written_by=record.actor,
        preview=_preview(session, rule.id, rule.newest),
        second_account=_wants_second(session, record),
    )


def _wants_second(session: Session, record: VersionRecord) -> bool:
    return want_second_account(session, cameras_of(RuleText.model_validate_json(record.text)))
