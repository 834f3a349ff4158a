"""Draws the monthly account of SMS: own counts, the carrier's file beside them, cost, complaints, suspension."""

import asyncio
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from nicegui import ui
from starlette.requests import Request

from center.console.attempt import at_fault, attempt
from center.console.fleet.camera import labelled_links
from center.console.frame import empty, frame, problem
from center.console.language import Language
from center.console.widgets import moments
from center.console.widgets.chosen_file import ChosenFile
from center.console.widgets.markup import moment, words
from center.console.widgets.table import state, table
from center.errors import CenterError, marked
from center.notify.sms_months.comparison import StatementVerdict
from center.notify.sms_months.complaint_rule import MOST
from center.notify.sms_months.errors import (
    ComplaintAheadError,
    ComplaintReferenceError,
    ComplaintTakenError,
    LiftReasonError,
)
from center.notify.sms_months.ledger import MAX_REASON, MAX_REFERENCE, ComplaintSource, LedgerView
from center.notify.sms_months.service import SmsMonths
from center.notify.sms_months.sheets import MEDIA_TYPES
from center.notify.sms_months.statement import MAX_BYTES
from center.notify.sms_months.views import ComparisonView, SmsMonthView
from center.services import identity_of, services_of

TITLE: Final = marked("SMS by the month")
PATH: Final = "/sms-months"
_MONTHS: Final = 12
"""Months that have a link; older ones have an address."""
_VERDICTS: Final = {
    StatementVerdict.WITHIN: ("ok", marked("Within the limit")),
    StatementVerdict.DISPUTED: ("bad", marked("Disputed")),
}
_SOURCES: Final = {
    ComplaintSource.CARRIER: marked("Carrier"),
    ComplaintSource.RECIPIENT: marked("Recipient"),
}
_FIELDS: Final = "outlined dense stack-label"


@dataclass(frozen=True, slots=True)
class _Account:
    """A month of a channel, with the channel's ledger."""

    months: tuple[str, ...]
    view: SmsMonthView
    ledger: LedgerView
    carries_alarms: bool
    fallback: str | None
    """The channel by which its alarms go while it sends nothing."""


def show(request: Request) -> None:
    """Draws the page `/sms-months`."""
    months = services_of(request).notifier.sms_months
    with frame(request, title=TITLE, active=PATH) as _:
        words("h1", _(TITLE))
        if not months.channels:
            empty(_("No SMS channel is configured"), _("Add one under [[notify.sms]] and restart the centre."))
            return
        page = _Page(request, months, _)
    ui.timer(0, page.load, once=True)


class _Page:
    """Draws one month of a channel, and enters what its user writes."""

    def __init__(self, request: Request, months: SmsMonths, _: Language) -> None:
        self._months, self._ = months, _
        self._actor = identity_of(request).actor
        self._now_ms = services_of(request).now_ms
        self._notices = services_of(request).alarms.notices
        self._channel = request.query_params.get("channel", months.channels[0])
        self._month = request.query_params.get("month", "")
        self._body = ui.element("div").classes("ws-column")

    async def load(self) -> None:
        """Reads everything anew and draws it."""
        try:
            account = await asyncio.to_thread(self._read)
        except CenterError as error:
            self._body.clear()
            with self._body:
                problem(error, self._)
            return
        self._body.clear()
        with self._body:
            self._links(account)
            self._suspension(account)
            self._counts(account.view)
            self._statement(account.view)
            self._complaints(account.ledger)

    def _read(self) -> _Account:
        months = self._months.months(self._channel)
        month = self._month if self._month in months else months[0]
        ledger = self._months.ledger.read(self._months.channel(self._channel))
        delivery = None if self._notices is None else self._notices.delivery
        carries_alarms = delivery is not None and self._channel in delivery.roster
        fallback = delivery.fallback_of(self._channel) if delivery is not None and carries_alarms else None
        return _Account(months, self._months.month(self._channel, month), ledger, carries_alarms, fallback)

    def _links(self, account: _Account) -> None:
        _, view = self._, account.view
        if len(self._months.channels) > 1:
            with labelled_links(_("Channel")):
                for channel in self._months.channels:
                    link = ui.link(channel, f"{PATH}?{urlencode({'channel': channel})}")
                    if channel == view.channel:
                        link.props('aria-current="page"')
        with labelled_links(_("Month")):
            for month in account.months[:_MONTHS]:
                link = ui.link(month, f"{PATH}?{urlencode({'channel': view.channel, 'month': month})}")
                if month == view.month:
                    link.props('aria-current="page"')
            words("span", "").classes("ws-grow")
            words("span", _("Download")).classes("ws-muted")
            for form in MEDIA_TYPES:
                target = f"/api/notify/sms/{view.channel}/months/{view.month}/export?{urlencode({'form': form})}"
                ui.link(form.upper(), target).props("download")

    def _suspension(self, account: _Account) -> None:
        _, ledger = self._, account.ledger
        if not ledger.suspended:
            return
        with ui.element("div").classes("ws-alert ws-alert-bad").props('role="alert"'):
            text = _("This channel is suspended since {time}: more than {limit} complaints within seven days.")
            words("strong", text.format(time=moments.local(ledger.suspensions[0].since_ms), limit=MOST))
            words("span", _("It sends nothing, alarms included. Messages wait until they expire."))
            if account.fallback is not None:
                words("span", _("Its alarms go by channel {channel} meanwhile.").format(channel=account.fallback))
            elif account.carries_alarms:
                words("strong", _("Its alarms are not sent: no other channel of alarms.tell sends."))
        trouble = ui.element("div")
        with ui.element("div").classes("ws-form"):
            reason = ui.input(_("Reason for lifting it")).props(f"{_FIELDS} maxlength={MAX_REASON}")

            async def lift() -> None:
                channel, text = self._months.channel(self._channel), reason.value or ""
                done = await attempt(
                    trouble,
                    _,
                    lambda: self._months.ledger.lift(channel, text, actor=self._actor),
                    {LiftReasonError: reason},
                )
                if done is not None:
                    await self.load()

            ui.button(_("Lift suspension"), color=None, on_click=lift).props("outline no-caps")

    def _counts(self, view: SmsMonthView) -> None:
        _ = self._
        words("h2", _("Sent, by day and template"))
        if not view.days:
            empty(_("Nothing was sent in this month"), _("Counts by day begin with the release that has this page."))
            return
        heads = (
            _("Day"),
            _("Template"),
            _("Messages"),
            _("Submitted parts"),
            _("Accepted parts"),
            _("Unknown parts"),
            _("Delivered parts"),
            _("Failed parts"),
        )
        with table(*heads, label=_("Sent, by day and template")):
            for each in view.days:
                counts = (each.messages, each.submitted, each.accepted, each.unknown, each.delivered, each.failed)
                _row((each.day, each.template or "–"), counts)
            totals = tuple(
                sum(getattr(each, name) for each in view.days)
                for name in ("messages", "submitted", "accepted", "unknown", "delivered", "failed")
            )
            _row((_("Total"), ""), totals)
        note = _(
            "A message counts on the day it was handed over, each attempt for itself, and a long one by its parts. "
            "Unknown: the gateway gave no readable answer, and the carrier may have billed them."
        )
        words("div", note).classes("ws-muted")
        if view.cost is not None and view.comparison is None:
            cost = _("Cost of the accepted parts: {amount} {currency}")
            words("div", cost.format(amount=view.cost.own, currency=view.cost.currency))

    def _statement(self, view: SmsMonthView) -> None:
        _ = self._
        words("h2", _("Carrier's file"))
        if view.comparison is not None and view.statement is not None:
            self._verdict(view, view.comparison)
            heads = (_("Day"), _("Template"), _("Own"), _("Carrier"), _("Difference"))
            with table(*heads, label=_("Carrier's file")):
                for each in view.comparison.rows:
                    template = _("all") if each.template is None else each.template or "–"
                    _row((each.day, template), (each.own, each.carrier), f"{each.difference:+,}")
            with words("div", "").classes("ws-muted"):
                words("span", f"{_.named(_('Uploaded'), view.statement.taken_by)} ")
                moment(moments.local(view.statement.taken_at_ms), moments.utc(view.statement.taken_at_ms))
                words("div", f"SHA-256 {view.statement.sha256}").classes("ws-sub")
        trouble = ui.element("div")

        async def take(data: bytes) -> None:
            done = await attempt(
                trouble, _, lambda: self._months.take(view.channel, view.month, data, actor=self._actor)
            )
            if done is not None:
                await self.load()

        with ui.element("div").classes("ws-form"):
            label = _("CSV or XLSX of {month}").format(month=view.month)
            ChosenFile(label, accept=".csv,.xlsx", limit=MAX_BYTES, on_file=take)

    def _verdict(self, view: SmsMonthView, compared: ComparisonView) -> None:
        _ = self._
        tone, name = _VERDICTS[compared.verdict]
        limit = compared.limit_percent
        with ui.element("dl").classes("ws-panel ws-facts"):
            words("dt", _("Verdict"))
            with ui.element("dd"):
                state(tone, _(name))
            words("dt", _("Own accepted parts"))
            words("dd", f"{compared.own:,}")
            words("dt", _("Carrier's parts"))
            words("dd", f"{compared.carrier:,}")
            words("dt", _("Difference"))
            share = "–" if compared.percent is None else f"{compared.percent} %"
            words("dd", _("{share} of the carrier's parts; the limit is {limit} %").format(share=share, limit=limit))
            if view.cost is not None:
                words("dt", _("Cost by own count"))
                words("dd", f"{view.cost.own} {view.cost.currency}")
                words("dt", _("Cost by the carrier's count"))
                words("dd", f"{view.cost.carrier} {view.cost.currency}")
        if compared.verdict is StatementVerdict.DISPUTED:
            with ui.element("div").classes("ws-alert ws-alert-warn"):
                words("strong", _("The month is disputed: both parties' records are needed."))
                words("span", _("Download this month, and ask the carrier for its record of each message."))

    def _complaints(self, ledger: LedgerView) -> None:
        _ = self._
        words("h2", _("Complaints"))
        text = _("Most within seven days: {count}. More than {limit} suspend the channel until a person lifts it.")
        words("div", text.format(count=ledger.most_in_a_week, limit=MOST))
        self._new_complaint()
        if ledger.complaints:
            heads = (_("Made"), _("Source"), _("Recipient"), _("Carrier's number"), _("Entered by"))
            with table(*heads, label=_("Complaints")):
                for each in ledger.complaints:
                    with ui.element("tr"):
                        moment(moments.local(each.made_at_ms), moments.utc(each.made_at_ms), tag="td")
                        words("td", _(_SOURCES[each.source])).classes("ws-nowrap")
                        words("td", each.recipient or _("Not on the list"))
                        words("td", each.reference or "–").classes("ws-mono")
                        words("td", each.entered_by)
        lifted = [each for each in ledger.suspensions if each.lifted_at_ms is not None]
        if lifted:
            words("h2", _("Lifted suspensions"))
            with table(_("Suspended"), _("Lifted"), _("By"), _("Reason"), label=_("Lifted suspensions")):
                for past in lifted:
                    with ui.element("tr"):
                        moment(moments.local(past.since_ms), moments.utc(past.since_ms), tag="td")
                        moment(moments.local(past.lifted_at_ms or 0), moments.utc(past.lifted_at_ms or 0), tag="td")
                        words("td", past.lifted_by)
                        words("td", past.reason)

    def _new_complaint(self) -> None:
        _, channel = self._, self._months.channel(self._channel)
        trouble = ui.element("div")
        with ui.element("div").classes("ws-form"):
            now = moments.to_input(self._now_ms())
            label = _("Made ({zone})").format(zone=moments.ZONE_TEXT)
            made = ui.input(label, value=now).props(f"{_FIELDS} type=datetime-local")
            sources = {each.value: _(name) for each, name in _SOURCES.items()}
            source = ui.select(sources, label=_("Source"), value=ComplaintSource.CARRIER.value).props(_FIELDS)
            names = {"": _("Not on the list")} | {name: f"{name} ({to})" for name, to in channel.recipients.items()}
            recipient = ui.select(names, label=_("Recipient"), value="").props(_FIELDS)
            reference = ui.input(_("Carrier's number")).props(f"{_FIELDS} maxlength={MAX_REFERENCE}")

            async def enter() -> None:
                made_at_ms = moments.from_input(made.value)
                if made_at_ms is None:
                    at_fault(made, _("Enter date and time."))
                    return
                chosen, told, number = ComplaintSource(source.value), recipient.value, (reference.value or "").strip()
                done = await attempt(
                    trouble,
                    _,
                    lambda: self._months.ledger.enter(
                        channel,
                        made_at_ms=made_at_ms,
                        source=chosen,
                        recipient=told,
                        reference=number,
                        actor=self._actor,
                    ),
                    {ComplaintAheadError: made, ComplaintReferenceError: reference, ComplaintTakenError: reference},
                )
                if done is not None:
                    await self.load()

            ui.button(_("Enter complaint"), color=None, on_click=enter).props("outline no-caps")
        note = _("No phone number is entered: choose the recipient's name, or leave it at “Not on the list”.")
        words("div", note).classes("ws-muted")


def _row(names: tuple[str, str], counts: tuple[int, ...], last: str | None = None) -> None:
    with ui.element("tr"):
        words("td", names[0]).classes("ws-nowrap")
        words("td", names[1]).classes("ws-mono")
        for count in (*(f"{each:,}" for each in counts), *(() if last is None else (last,))):
            words("td", count).classes("ws-number")
