"""The page of a month of SMS: the carrier's file is chosen and compared, complaints suspend, a reason lifts.

test: complaints ─API─▶ centre ─▶ page ─▶ Chromium
"""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from playwright.sync_api import FilePayload, expect

from tests.center.alarms.making import LEFT_HALF, PLACE
from tests.center.world import camera_status
from tests.e2e.conftest import Visitor
from tests.e2e.test_alarms import enforce, told

pytestmark = [pytest.mark.e2e, pytest.mark.peer]
CONFIG = """
        [[notify.sms]]
        id = "county-sms"
        url = "https://gateway.example/sms"
        ec_name = "测试企业"
        ap_id = "apidemo"
        secret_key_file = "query-token"
        sign = "SIGN0001"
        signature = "县交通"
        recipients = [{ name = "duty", mobile = "13800138000" }]
        [notify.sms.statement]
        day = "日期"
        parts = "条数"
        [notify.sms.tariff]
        scheme = "graduated"
        steps = [{ up_to = 100, price = "0.05" }, { price = "0.04" }]
"""
HOOK = """
        [[notify.webhooks]]
        id = "desk"
        url = "http://127.0.0.1:9/"
        allow_loopback = true
        key_file = "desk.key"
"""


def tells(*channels: str) -> str:
    """Alarms go by these channels, one a level."""
    return f"        [alarms]\n        tell = {[[each] for each in channels]}\n"


def csv(*rows: str) -> FilePayload:
    return {"name": "账单.csv", "mimeType": "text/csv", "buffer": "\n".join(("日期,条数", *rows)).encode("gb18030")}


@pytest.mark.parametrize("center", [CONFIG], indirect=True)
def test_a_carriers_file_is_compared_and_a_suspension_is_lifted_with_a_reason(visitor: Visitor) -> None:
    visitor.set_up()
    page, now = visitor.page, datetime.now(UTC).astimezone(timezone(timedelta(hours=8)))
    visitor.go("/sms-months")
    expect(page.get_by_text("Nothing was sent in this month")).to_be_visible()
    field = page.get_by_label(f"CSV or XLSX of {now:%Y-%m}")
    field.set_input_files(csv("2019-01-01,7"))
    expect(page.get_by_role("alert")).to_contain_text(f"No day of {now:%Y-%m} stands under 日期 in these lines: 2.")
    field.set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": bytes(600_000)})
    expect(page.get_by_role("alert")).to_contain_text("larger than 524288 bytes")
    field.set_input_files(csv(f"{now:%Y-%m}-01,120", f"{now:%Y/%m}/01 08:00,3"))
    expect(page.get_by_text("Disputed", exact=True)).to_be_visible()
    expect(page.get_by_text("100.00 % of the carrier's parts; the limit is 5 %")).to_be_visible()
    expect(page.get_by_text("5.92 CNY")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="+123")).to_have_count(1)
    complain(visitor, 10)
    page.get_by_label("Carrier's number").fill("13800138000")
    page.get_by_role("button", name="Enter complaint").click()
    expect(page.get_by_text("A mobile or identity number is no number of a complaint.")).to_be_visible()
    page.get_by_label("Carrier's number").fill("T-20261129-1")
    page.get_by_role("button", name="Enter complaint").click()
    expect(page.get_by_text("This channel is suspended since")).to_be_visible()
    visitor.photograph("sms-months")
    page.get_by_role("button", name="Lift suspension").click()
    expect(page.get_by_text("Write 1 to 200 characters")).to_be_visible()
    page.get_by_label("Reason for lifting it").fill("the rule that sent too much is retired")
    page.get_by_role("button", name="Lift suspension").click()
    expect(page.get_by_role("row").filter(has_text="the rule that sent too much is retired")).to_have_count(1)
    expect(page.get_by_text("This channel is suspended since")).to_have_count(0)
    expect(page.get_by_text("Most within seven days: 0.")).to_be_visible()


def complain(visitor: Visitor, count: int) -> None:
    for number in range(count):
        answer = visitor.context.request.post(
            f"{visitor.center.url}/api/notify/sms/county-sms/complaints",
            data={"made_at_ms": int(time.time() * 1000) - number * 60_000, "source": "carrier"},
            headers={"origin": visitor.center.url},
        )
        assert answer.ok, answer.text()


@pytest.mark.parametrize(
    ("center", "ways", "row"),
    [
        pytest.param(
            CONFIG + tells("county-sms"),
            ("No notices of alarms are sent: no channel of alarms.tell sends.", "告警通知没有发出"),
            ("Notice not sent", "通知未发出"),
            id="no other",
        ),
        pytest.param(
            CONFIG + HOOK + tells("county-sms", "desk"),
            ("Alarms go by the channels of alarms.tell that send: desk.", "能发送的渠道发送：desk"),
            ("Sending notice", "通知发送中"),
            id="another",
        ),
    ],
    indirect=["center"],
)
def test_the_page_of_alarms_says_that_a_channel_is_suspended_and_of_an_alarm_whether_its_notice_was_sent(
    visitor: Visitor, ways: tuple[str, str], row: tuple[str, str]
) -> None:
    visitor.set_up()
    page = visitor.page
    zone = {"kind": "zone_entry", "polygon": LEFT_HALF}
    enforce(visitor, {"name": "Gate", "what": zone, "cameras": [PLACE], "severity": "critical", "window_s": 1})
    visitor.center.deliver(camera_status("cam-1", name="Gate"))
    visitor.go("/alarms")
    expect(page.get_by_text("No alarms")).to_be_visible()
    complain(visitor, 11)
    told(visitor, "k1", 1)
    alert = page.locator(".ws-alert-bad")  # the frame's own, of health, stands beside it
    expect(alert).to_contain_text("Channel county-sms is suspended after complaints and sends nothing.")
    expect(alert).to_contain_text(ways[0])
    expect(page.locator("tbody tr").get_by_text(row[0], exact=True)).to_be_visible()
    visitor.photograph(f"alarms-suspended-{row[0].split()[0]}-en")
    visitor.prefer(language="zh")
    visitor.go("/alarms")
    expect(alert).to_contain_text("渠道 county-sms 因投诉被暂停，不发送任何消息。")
    expect(alert).to_contain_text(ways[1])
    expect(page.locator("tbody tr").get_by_text(row[1], exact=True)).to_be_visible()
    visitor.photograph(f"alarms-suspended-{row[0].split()[0]}-zh")
    visitor.go("/sms-months")
    expect(alert).to_contain_text("改经渠道 desk 发送" if "desk" in ways[0] else "它的告警没有发出")
    visitor.photograph(f"sms-suspended-{row[0].split()[0]}-zh")
