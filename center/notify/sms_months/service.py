"""Service of the monthly account of SMS: months, the carrier's files, exports; complaints are in its `ledger`."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import func, select

from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store
from center.notify.channels.base import Channel, Kind
from center.notify.limits import month_of
from center.notify.sms_months import sheets, statement
from center.notify.sms_months.comparison import OwnCount, StatementComparison, compare
from center.notify.sms_months.errors import NoSmsChannelError, StatementUnsetError
from center.notify.sms_months.ledger import ComplaintLedger, ComplaintView
from center.notify.sms_months.sheets import MonthFormat
from center.notify.sms_months.tables import SmsDayRecord, StatementRecord
from center.notify.sms_months.tariff import cost
from center.notify.sms_months.views import (
    ComparisonView,
    SmsCostView,
    SmsMonthView,
    day_views,
    statement_view,
)
from provisioning.contracts.config.notify import Notify, Sms

_COMPLAINTS: Final = 1000
"""Complaints of a month that an export lists, the newest."""


class SmsMonths:
    """Account of each SMS channel by the month. Every method blocks.

    Raises (all methods):
        NoSmsChannelError: no SMS channel has this id.
        StoreUnavailableError: the database does not work; nothing was changed.
    """

    def __init__(
        self, config: Notify, channels: Mapping[str, Channel], store: Store, audit: Audit, now_ms: NowMs
    ) -> None:
        self._configs: Final[dict[str, Sms]] = {each.id: each for each in config.sms}
        self._channels = {name: channel for name, channel in channels.items() if channel.kind is Kind.SMS}
        self._store = store
        self._audit = audit
        self._now_ms = now_ms
        self._offset_minutes = config.offset_minutes
        self.ledger: Final = ComplaintLedger(store, audit, now_ms)

    @property
    def channels(self) -> tuple[str, ...]:
        """Ids of the SMS channels."""
        return tuple(self._channels)

    def channel(self, name: str) -> Channel:
        """Returns an SMS channel by its id."""
        try:
            return self._channels[name]
        except KeyError:
            raise NoSmsChannelError(channel=name) from None

    def months(self, channel: str) -> tuple[str, ...]:
        """Returns the months with counts or a file, newest first; the present one is always among them."""
        name = self.channel(channel).id
        days = select(func.substr(SmsDayRecord.day, 1, 7)).where(SmsDayRecord.channel == name).distinct()
        files = select(StatementRecord.month).where(StatementRecord.channel == name)
        with self._store.transaction() as session:
            known = {*session.scalars(days), *session.scalars(files)}
        return tuple(sorted(known | {month_of(self._now_ms(), self._offset_minutes)}, reverse=True))

    def month(self, channel: str, month: str) -> SmsMonthView:
        """Reads a month: own counts, the carrier's beside them where there is a file, cost where prices are set."""
        config = self._configs[self.channel(channel).id]
        days = select(SmsDayRecord).where(SmsDayRecord.channel == channel, SmsDayRecord.day.startswith(f"{month}-"))
        with self._store.transaction() as session:
            records = list(session.scalars(days.order_by(SmsDayRecord.day, SmsDayRecord.template)))
            file = session.get(StatementRecord, (channel, month))
            compared = None if file is None else compare(_own(records), statement.ROWS.validate_json(file.rows))
            return SmsMonthView(
                channel=channel,
                month=month,
                days=day_views(records),
                statement=statement_view(file),
                comparison=None if compared is None else ComparisonView.of(compared),
                cost=_cost(config, sum(each.accepted for each in records), compared),
            )

    def take(self, channel: str, month: str, data: bytes, *, actor: str) -> SmsMonthView:
        """Takes the carrier's file of a month, in place of an earlier one; whole or not at all.

        Raises:
            StatementUnsetError: the channel's configuration names no columns.
            TooLargeError, StatementFileError, StatementHeadingsError, StatementDayError, StatementPartsError,
                StatementTotalError: see `statement.read`.
        """
        columns = self._configs[self.channel(channel).id].statement
        if columns is None:
            raise StatementUnsetError(channel=channel)
        rows = statement.read(data, columns, month)
        sha256 = hashlib.sha256(data).hexdigest()
        with self._store.transaction() as session:
            session.merge(
                StatementRecord(
                    channel=channel,
                    month=month,
                    taken_at_ms=self._now_ms(),
                    taken_by=actor,
                    sha256=sha256,
                    rows=statement.ROWS.dump_json(rows).decode(),
                )
            )
            facts = {"channel": channel, "month": month, "sha256": sha256, "parts": sum(each.parts for each in rows)}
            self._audit.add(session, actor, "notify.statement", facts)
        return self.month(channel, month)

    def export(self, channel: str, month: str, form: MonthFormat, *, actor: str) -> bytes:
        """Exports a month as a file, with the complaints that were made in it."""
        view = self.month(channel, month)
        content = sheets.export(view, self._complaints(channel, month), form)
        self._audit.append(actor, "notify.month_export", {"channel": channel, "month": month, "form": form})
        return content

    def _complaints(self, channel: str, month: str) -> Sequence[ComplaintView]:
        entered = self.ledger.read(self.channel(channel), limit=_COMPLAINTS).complaints
        return [each for each in entered if month_of(each.made_at_ms, self._offset_minutes) == month]


def _own(records: Sequence[SmsDayRecord]) -> list[OwnCount]:
    return [OwnCount(each.day, each.template, each.accepted) for each in records]


def _cost(config: Sms, own: int, compared: StatementComparison | None) -> SmsCostView | None:
    if config.tariff is None:
        return None
    return SmsCostView(
        currency=config.tariff.currency,
        own=str(cost(own, config.tariff)),
        carrier=None if compared is None else str(cost(compared.carrier, config.tariff)),
    )
