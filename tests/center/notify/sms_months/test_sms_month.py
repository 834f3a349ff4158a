"""A month of SMS on a real database, by the routes and under a clock turned by hand: sent, billed, complained of."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from center.health import ChannelSuspendedError, fault_of_channels
from center.notify.channels.base import Channel, Parcel
from center.notify.delivery_report import DeliveryReport
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict
from center.notify.outbox import Pause
from center.notify.service import Notifier
from provisioning.contracts.config.notify import Notify
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.support import notify_world as own
from tests.support.notify_desk import NOT_TAKEN, UNKNOWN

pytestmark = pytest.mark.anyio
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
NOVEMBER_1_MS = 1_793_462_400_000  # midnight in China
MONTH = "/api/notify/sms/sms/months/2026-11"
LEDGER = "/api/notify/sms/sms/complaints"


class Month:
    """A centre with one SMS channel, whose messages a test sends by hand."""

    def __init__(self, world: World, folder: Path) -> None:
        config = own.sms(
            folder,
            "https://gateway.example/sms",
            max_parts=3,
            template_id="TPL01",
            statement={"day": "日期", "parts": "条数", "template": "模板", "total": "合计"},
            tariff={"scheme": "graduated", "steps": [{"up_to": 5, "price": "0.05"}, {"price": "0.04"}]},
        )
        hook = own.webhook(folder, "https://desk.example/hook")
        self.notifier = Notifier(
            Notify(sms=(config,), webhooks=(hook,)),
            world.store,
            world.services.audit,
            data_dir=folder,
            retention=world.retention,
            now_ms=world.clock,
        )
        self.world = replace(world, services=replace(world.services, notifier=self.notifier))
        self.sms: Channel = self.notifier.channels["sms"]
        self.sent = 0

    def send(self, day: int, outcome: AttemptOutcome | str, *, long: bool = False, channel: str = "sms") -> None:
        """Hands a message over on a day of November, to that outcome, or to one that is taken under a reference."""
        self.world.clock.now_ms = NOVEMBER_1_MS + (day - 1) * DAY_MS + 12 * HOUR_MS + self.sent * 1000
        self.sent += 1
        name = "某某路与某某街交叉口东侧人行道旁立杆上的三号摄像机" * 2 if long else "3号机位"
        self.notifier.deliver(own.message(self.sent, camera_name=name, rule="电动车进梯" * (9 if long else 1)), channel)
        parcel = self.notifier.outbox.claim(self.notifier.channels[channel])
        assert isinstance(parcel, Parcel)
        taken = outcome if isinstance(outcome, AttemptOutcome) else None
        taken = taken or AttemptOutcome(AttemptVerdict.TAKEN, "success", str(outcome))
        self.notifier.outbox.settle(self.notifier.channels[channel], parcel.parcel_id, taken)

    def report(self, reference: str, *, delivered: bool) -> None:
        self.notifier.outbox.report(
            "sms", [DeliveryReport(reference, delivered, "DELIVRD" if delivered else "DB:0140")]
        )


@pytest.fixture
def month(world: World, tmp_path: Path) -> Month:
    return Month(world, tmp_path)


@pytest.fixture
async def desk(month: Month) -> AsyncIterator[httpx.AsyncClient]:
    month.world.make_account()
    async with month.world.browser() as browser:
        assert (await browser.post("/api/login", json={"username": USERNAME, "password": PASSWORD})).status_code == 200
        yield browser


def statement(*rows: str) -> bytes:
    return "\n".join(("手机号,日期,模板,条数", *rows)).encode("gb18030")


async def test_a_month_is_counted_by_day_compared_with_the_carriers_file_and_priced(
    month: Month, desk: httpx.AsyncClient
) -> None:
    month.send(2, "a", long=True)  # three parts
    month.send(2, "b")
    month.send(2, NOT_TAKEN)  # on this day nothing comes of it, and so it is sent again on the next
    month.send(3, "webhooks-are-no-sms", channel="desk")
    month.world.clock.now_ms = NOVEMBER_1_MS + 2 * DAY_MS
    month.send(4, UNKNOWN)
    for reference, delivered in (("a", True), ("b", False), ("b", True), ("b", False)):
        month.report(reference, delivered=delivered)
    view = (await desk.get(MONTH)).json()
    first, *_ = view["days"]
    assert first == {
        "day": "2026-11-02",
        "template": "TPL01",
        "messages": 3,
        "submitted": 5,
        "accepted": 4,
        "unknown": 0,
        "delivered": 4,
        "failed": 0,
    }
    assert (sum(each["accepted"] for each in view["days"]), sum(each["unknown"] for each in view["days"])) == (4, 1)
    assert view["statement"] is view["comparison"] is None
    assert view["cost"] == {"currency": "CNY", "own": "0.20", "carrier": None}

    refused = await desk.put(f"{MONTH}/statement", content=statement("139,2026-12-01,TPL01,4"))
    assert (refused.status_code, refused.json()["code"]) == (422, "statement_day")
    assert (await desk.get(MONTH)).json() == view
    rows = (
        "13800138000,2026-11-02,TPL01,3",
        "13800138000,2026-11-02,TPL01,1",
        "13800138000,2026-11-05,TPL02,2",
        ",合计,,6",
    )
    taken = (await desk.put(f"{MONTH}/statement", content=statement(*rows))).json()
    compared = taken["comparison"]
    assert [(each["day"], each["template"], each["own"], each["carrier"]) for each in compared["rows"]] == [
        ("2026-11-02", "TPL01", 4, 4),
        ("2026-11-05", "TPL02", 0, 2),
    ]
    assert (compared["verdict"], compared["percent"], compared["limit_percent"]) == ("disputed", "33.34", 5)
    assert taken["cost"] == {"currency": "CNY", "own": "0.20", "carrier": "0.29"}
    again = (await desk.put(f"{MONTH}/statement", content=statement("1,2026-11-02,TPL01,4"))).json()
    assert (again["comparison"]["verdict"], again["comparison"]["percent"]) == ("within", "0.00")
    with month.world.store.transaction() as session:
        assert "13800138000" not in str(
            session.connection().exec_driver_sql("SELECT * FROM notify_sms_statements").all()
        )

    assert (await desk.get("/api/notify/sms/sms/months")).json() == ["2026-11"]
    book = load_workbook(io.BytesIO((await desk.get(f"{MONTH}/export")).content))
    assert book.sheetnames == ["每日 Days", "对账 Comparison", "结论 Verdict", "投诉 Complaints"]
    assert [cell.value for cell in book.worksheets[1][2]] == ["2026-11-02", "TPL01", 4, 4, 0]
    sheet = (await desk.get(f"{MONTH}/export", params={"form": "csv"})).text
    assert '"sms","2026-11-02","TPL01",3,5,4,0,4,0' in sheet
    assert (await desk.get("/api/notify/sms/desk/months")).status_code == 404


async def test_the_eleventh_complaint_within_seven_days_stops_the_channel_until_a_person_lifts_it(
    month: Month, desk: httpx.AsyncClient
) -> None:
    clock, outbox = month.world.clock, month.notifier.outbox
    clock.now_ms = NOVEMBER_1_MS + 20 * DAY_MS

    async def complain(day: float, **changes: Any) -> httpx.Response:
        made_at_ms = NOVEMBER_1_MS + int((day - 1) * DAY_MS)
        return await desk.post(LEDGER, json={"made_at_ms": made_at_ms, "source": "carrier", **changes})

    for number in range(10):  # entered late, and in no order
        answer = await complain(8 + 6 * (number % 2), reference=f"T-{number}", recipient="duty" if number else "")
        assert answer.status_code == 201
    for changes, code in (
        ({"reference": "T-3"}, "complaint_taken"),
        ({"reference": own.MOBILE}, "complaint_reference"),
        ({"recipient": "stranger"}, "unknown_recipient"),
        ({"made_at_ms": clock.now_ms + 1}, "complaint_ahead"),
    ):
        assert (await complain(9, **changes)).json()["code"] == code
    assert (await complain(15)).status_code == 201  # seven days after the first five
    ledger = (await desk.get(LEDGER)).json()
    assert (ledger["suspended"], ledger["most_in_a_week"], len(ledger["complaints"])) == (False, 10, 11)
    month.send(21, "before")
    assert (await complain(14.5)).status_code == 201
    (ledger,) = [(await desk.get(LEDGER)).json()]
    assert (ledger["suspended"], ledger["most_in_a_week"]) == (True, 11)

    month.notifier.deliver(own.message(90), "sms")
    clock.now_ms += 30 * 60_000
    month.notifier.deliver(own.message(91), "sms")
    assert outbox.claim(month.sms) == Pause(None)
    assert isinstance(fault := fault_of_channels(month.notifier.standings()), ChannelSuspendedError)
    assert fault.text() == "Channel sms is suspended: more than 10 complaints within seven days."
    clock.now_ms += 31 * 60_000  # the first of both is too old now, and no time lifts a suspension
    assert outbox.claim(month.sms) == Pause(None)
    (shown,) = [each for each in (await desk.get("/api/notify/channels")).json() if each["id"] == "sms"]
    assert shown["suspended_since_ms"] == ledger["suspensions"][0]["since_ms"]
    assert shown["messages"] == {"sent": 1, "expired": 1, "waiting": 1}

    lift = "/api/notify/sms/sms/suspension/lift"
    for reason in ("", " ", f"{own.MOBILE} was told", "x" * 201):
        assert (await desk.post(lift, json={"reason": reason})).status_code == 422
    lifted = (await desk.post(lift, json={"reason": "the rule that sent too much is retired"})).json()
    assert (lifted["suspended"], lifted["most_in_a_week"]) == (False, 0)
    assert (await desk.post(lift, json={"reason": "again"})).json()["code"] == "not_suspended"
    parcel = outbox.claim(month.sms)
    assert isinstance(parcel, Parcel)
    assert parcel.message.id == "alarm-91"
    assert (await complain(20)).status_code == 201  # one alone: those before count no more
    assert not (await desk.get(LEDGER)).json()["suspended"]
    assert fault_of_channels(month.notifier.standings()) is None
    audited = [each.action for each in month.world.services.audit.page(limit=100)]
    assert (audited.count("notify.complaint"), audited.count("notify.suspended")) == (13, 1)
    assert audited.count("notify.suspension_lifted") == 1
