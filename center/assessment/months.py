"""Closes months: each is judged once, kept as published, and corrected only by a further version with a name.

A month closes `CLOSES_AFTER_MS` after its end, when late messages have come. It is judged when it is first read after
that, and before the register, the maintenance or the settings change: a later change never reaches it.
"""

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from center.assessment.errors import MonthOpenError, UnknownVersionError
from center.assessment.period import Period, parse
from center.assessment.recording.facts import HOUR_MS
from center.assessment.report import Judged, Version
from center.assessment.settings import SettingsBook
from center.assessment.tables import HeardCameraRecord, MonthRecord
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store

CLOSES_AFTER_MS: Final = 4 * 24 * HOUR_MS
"""Like a day of the archive: an outage of 72 hours delivers late."""
LOOKS_BACK: Final = 13
"""Months that are closed before a change; older ones when they are first read."""
ITSELF: Final = "(centre)"
_JUDGED: Final = TypeAdapter(Judged)


class Months:
    """Publishes the closed months of one centre. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
    """

    def __init__(
        self, store: Store, audit: Audit, settings: SettingsBook, now_ms: NowMs, judge: Callable[[str], Judged]
    ) -> None:
        self._store = store
        self._audit = audit
        self._settings = settings
        self._now_ms = now_ms
        self._judge = judge

    def published(self, period: str, version: int | None = None) -> Judged | None:
        """Returns a closed month, in its newest or the given version; None for a period that is not closed.

        Raises:
            BadPeriodError: the text is no period.
            UnknownVersionError: the month has no such version.
        """
        span = self._parse(period)
        found = self._load(span.text, version)
        if found is None and version is None and self._is_closed(span):
            found = self._close(span)
        if found is None and version is not None:
            raise UnknownVersionError(period=span.text, version=version)
        return found

    def versions(self, month: str) -> tuple[Version, ...]:
        """Returns the published versions of a month, oldest first; none of a month that is not closed.

        Raises:
            BadPeriodError: the text is no period.
        """
        self.published(month)
        query = select(MonthRecord).where(MonthRecord.month == month).order_by(MonthRecord.version)
        with self._store.transaction() as session:
            return tuple(_version(record) for record in session.scalars(query))

    def correct(self, month: str, name: str, *, actor: str) -> Version:
        """Judges a closed month anew, by the register and settings as they are now, and publishes its newest version.

        Raises:
            BadPeriodError: the text is no period.
            MonthOpenError: the month is not closed: nothing is published yet that could be corrected.
        """
        if self.published(month) is None:
            raise MonthOpenError(period=month)
        judged = self._judge(month)
        with self._store.transaction() as session:
            # The audit's lock comes first: two corrections at once get different numbers.
            detail = {"month": month, "name": name}
            self._audit.add(session, actor, "assessment.month_corrected", detail)
            newest = session.scalar(select(func.max(MonthRecord.version)).where(MonthRecord.month == month)) or 0
            version = Version(newest + 1, name, actor, self._now_ms())
            _keep(session, month, replace(judged, version=version))
        return version

    def close_due(self) -> None:
        """Judges months that are due to close; called before anything changes by which they are judged."""
        query = select(func.min(HeardCameraRecord.first_hour))
        with self._store.transaction() as session:
            first_hour = session.scalar(query)
        if first_hour is None:
            return
        zone_h = self._settings.load().zone_h
        last = datetime.fromtimestamp((self._now_ms() - CLOSES_AFTER_MS) / 1000 + zone_h * 3600, UTC)
        year, month = last.year, last.month
        for _ in range(LOOKS_BACK):
            year, month = (year - 1, 12) if month == 1 else (year, month - 1)
            span = self._parse(f"{year:04}-{month:02}")
            if span.end_hour <= first_hour:
                return
            self.published(span.text)

    def last_closed(self) -> str | None:
        """Returns the newest month that is closed, `2026-10`; None if no camera was in service in it."""
        zone_h = self._settings.load().zone_h
        latest = datetime.fromtimestamp((self._now_ms() - CLOSES_AFTER_MS) / 1000 + zone_h * 3600, UTC)
        month = f"{(latest.replace(day=1) - timedelta(days=1)):%Y-%m}"
        return None if self.published(month) is None else month

    def _parse(self, text: str) -> Period:
        return parse(text, zone_h=self._settings.load().zone_h)

    def _is_closed(self, span: Period) -> bool:
        return span.kind == "month" and span.to_ms + CLOSES_AFTER_MS <= self._now_ms()

    def _close(self, span: Period) -> Judged | None:
        """Judges a month and stores it, unless no camera was in service in it."""
        judged = self._judge(span.text)
        if not judged.report.fleet.served.counted + judged.report.fleet.served.excused:
            return None
        version = Version(1, "", ITSELF, self._now_ms())
        with self._store.transaction() as session:
            self._audit.add(session, ITSELF, "assessment.month_closed", {"month": span.text})
            first = session.get(MonthRecord, (span.text, 1)) is None
            if first:
                _keep(session, span.text, replace(judged, version=version))
            else:
                session.rollback()  # another thread or process was first
        return self._load(span.text, None)

    def _load(self, month: str, version: int | None) -> Judged | None:
        query = select(MonthRecord).where(MonthRecord.month == month).order_by(MonthRecord.version.desc()).limit(1)
        if version is not None:
            query = query.where(MonthRecord.version == version)
        with self._store.transaction() as session:
            record = session.scalar(query)
            return None if record is None else _JUDGED.validate_json(zlib.decompress(record.judged))


def _keep(session: Session, month: str, judged: Judged) -> None:
    version = judged.version
    assert version is not None  # noqa: S101 - narrows the type: both callers have just given it one
    session.add(
        MonthRecord(
            month=month,
            version=version.number,
            name=version.name,
            actor=version.actor,
            at_ms=version.at_ms,
            judged=zlib.compress(_JUDGED.dump_json(judged)),
        )
    )


def _version(record: MonthRecord) -> Version:
    return Version(record.version, record.name, record.actor, record.at_ms)
