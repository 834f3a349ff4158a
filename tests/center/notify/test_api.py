"""The routes: who may see and send what, and the one door that a gateway comes through."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from center.clock import now_ms
from center.notify.delivery_report import MAX_BYTES
from center.notify.lifecycle import LONGEST_WAIT_MS, MessageState
from center.notify.service import Notifier
from provisioning.contracts.config.notify import Notify
from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import NOW_MS
from tests.support import notify_world as own
from tests.support.mas_gateway import Gateway
from tests.support.rude_http import Act
from tests.support.waiting import LONG_S, within
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
GATEWAYS_ADDRESS = "192.0.2.77"


@pytest.fixture
def gateway() -> Any:
    with Gateway() as running:
        yield running


@pytest.fixture
def receiver() -> Any:
    with Receiver() as running:
        yield running


@pytest.fixture
async def notifying(world: World, gateway: Gateway, receiver: Receiver, tmp_path: Path) -> AsyncIterator[World]:
    """A centre with two channels, sending. Its clock begins within a month: none ends meanwhile."""
    ahead_ms = NOW_MS - now_ms()
    sms = own.sms(
        tmp_path,
        gateway.url,
        recipients=[{"name": "duty", "mobile": own.MOBILE}, {"name": "deputy", "mobile": "+8613900139000"}],
        monthly_parts=5,
        report_secret_file=own.secret(tmp_path, "report.secret", own.REPORT_SECRET),
        report_sources=[GATEWAYS_ADDRESS],
    )  # fmt: skip
    config = Notify(sms=(sms,), webhooks=(own.webhook(tmp_path, receiver.url),))
    notifier = Notifier(
        config,
        world.store,
        world.services.audit,
        data_dir=tmp_path,
        retention=world.retention,
        now_ms=lambda: now_ms() + ahead_ms,
    )
    notifying = replace(world, services=replace(world.services, notifier=notifier))
    notifier.start()
    yield notifying
    await notifier.stop()


@pytest.fixture
async def desk(notifying: World) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is logged in."""
    notifying.make_account()
    async with notifying.browser() as browser:
        assert (await browser.post("/api/login", json={"username": USERNAME, "password": PASSWORD})).status_code == 200
        yield browser


async def settled(desk: httpx.AsyncClient, count: int, state: str = "sent") -> list[dict[str, Any]]:
    async with within():
        while True:
            page = (await desk.get("/api/notify/outbox", params={"state": state})).json()
            if len(page["entries"]) >= count:
                entries: list[dict[str, Any]] = page["entries"]
                return entries
            await asyncio.sleep(0.02)


async def test_channels_are_shown_with_masks_rate_and_quota(desk: httpx.AsyncClient, gateway: Gateway) -> None:
    channels = {each["id"]: each for each in (await desk.get("/api/notify/channels")).json()}
    assert channels["sms"]["recipients"] == [
        {"name": "duty", "to": "138****8000"},
        {"name": "deputy", "to": "139****9000"},
    ]
    assert channels["sms"]["quota"]["parts"] == 5
    assert (channels["sms"]["quota"]["used"], channels["sms"]["quota"]["state"]) == (0, "ok")
    assert (channels["sms"]["rate"]["state"], channels["sms"]["rate"]["per_second"]) == ("full", 1000.0)
    assert (channels["desk"]["kind"], channels["desk"]["quota"]) == ("webhook", None)
    await desk.post("/api/notify/test", json={"channel": "sms"})
    await settled(desk, 2)
    (sms,) = [each for each in (await desk.get("/api/notify/channels")).json() if each["id"] == "sms"]
    assert (sms["quota"]["used"], sms["messages"], sms["fault"]) == (2, {"sent": 2}, "")


async def test_no_answer_holds_a_secret_a_number_or_an_address(desk: httpx.AsyncClient) -> None:
    await desk.post("/api/notify/test", json={"channel": "sms"})
    await settled(desk, 2)
    for path in ("/api/notify/channels", "/api/notify/outbox", "/api/health/details"):
        said = (await desk.get(path)).text
        assert not any(secret in said for secret in (*own.SECRETS, own.MOBILE, "13900139000"))


async def test_a_test_says_that_it_is_one_and_who_sent_it(
    desk: httpx.AsyncClient, gateway: Gateway, notifying: World
) -> None:
    answer = await desk.post("/api/notify/test", json={"channel": "sms", "recipient": "deputy"})
    assert answer.status_code == 202
    assert [each["recipient"] for each in answer.json()] == ["deputy"]
    await settled(desk, 1)
    (taken,) = gateway.taken
    assert taken.mobile == "13900139000"
    assert "测试" in taken.content
    audited = {each.action: (each.actor, json.loads(each.detail)) for each in notifying.services.audit.page(limit=100)}
    assert audited["notify.test"] == (USERNAME, {"channel": "sms", "recipients": ["deputy"]})
    assert audited["notify.hand_over"][1]["to"] == "139****9000"


async def test_the_outbox_is_read_page_by_page_and_filtered(desk: httpx.AsyncClient, notifying: World) -> None:
    for number in range(5):
        await asyncio.to_thread(notifying.services.notifier.deliver, own.message(number), "desk")
    await settled(desk, 5)
    first = (await desk.get("/api/notify/outbox", params={"limit": 3})).json()
    rest = (await desk.get("/api/notify/outbox", params={"limit": 3, "before": first["next_before"]})).json()
    assert [each["message"]["id"] for each in first["entries"] + rest["entries"]] == [
        f"alarm-{number}" for number in (4, 3, 2, 1, 0)
    ]
    assert rest["next_before"] is None
    assert (await desk.get("/api/notify/outbox", params={"channel": "sms"})).json()["entries"] == []
    assert (await desk.get("/api/notify/outbox", params={"state": "failed"})).json()["entries"] == []
    for wrong in ({"state": "lost"}, {"limit": 201}, {"before": 0}, {"channel": "a b"}):
        assert (await desk.get("/api/notify/outbox", params=wrong)).status_code == 422


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"channel": "fax"}, 404, "unknown_channel"),
        ({"channel": "sms", "recipient": "mayor"}, 404, "unknown_recipient"),
        ({"channel": "SMS!"}, 422, "invalid_request"),
    ],
    ids=["no such channel", "not on the white list", "no name"],
)
async def test_what_cannot_be_sent_is_named(desk: httpx.AsyncClient, body: Any, status: int, code: str) -> None:
    answer = await desk.post("/api/notify/test", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_quota_stops_and_the_channel_says_so(desk: httpx.AsyncClient, gateway: Gateway) -> None:
    for _ in range(3):
        await desk.post("/api/notify/test", json={"channel": "sms"})
    (failed,) = await settled(desk, 1, "failed")
    assert (failed["code"], failed["attempts"]) == ("quota_spent", 0)
    (sms,) = [each for each in (await desk.get("/api/notify/channels")).json() if each["id"] == "sms"]
    assert (sms["quota"]["used"], sms["quota"]["state"], len(gateway.taken)) == (5, "spent", 5)


async def test_a_reduction_is_seen_in_the_channel(
    desk: httpx.AsyncClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.notify.lifecycle.FIRST_WAIT_MS", LONGEST_WAIT_MS)  # not while the test looks
    gateway.reductions = 1
    await desk.post("/api/notify/test", json={"channel": "sms", "recipient": "duty"})
    (waiting,) = await settled(desk, 1, "waiting")
    async with within():
        while waiting["attempts"] == 0:
            (waiting,) = await settled(desk, 1, "waiting")
    assert waiting["code"] == "TooFast"
    (sms,) = [each for each in (await desk.get("/api/notify/channels")).json() if each["id"] == "sms"]
    assert (sms["rate"]["state"], sms["rate"]["per_second"], sms["quota"]["used"]) == ("half", 500.0, 0)


async def test_nobody_without_a_session_sees_or_sends(notifying: World) -> None:
    notifying.make_account()
    async with notifying.browser() as browser:
        for method, path in (("GET", "channels"), ("GET", "outbox"), ("POST", "test"), ("GET", "reports/sms/x")):
            assert (await browser.request(method, f"/api/notify/{path}")).status_code == 401


def pushing(notifying: World, source: str = GATEWAYS_ADDRESS) -> httpx.AsyncClient:
    """The gateway, which has no session."""
    return notifying.browser(source=source)


def door(secret: str = own.REPORT_SECRET, channel: str = "sms") -> str:
    return f"/api/notify/reports/{channel}/{secret}"


async def test_a_delivery_report_comes_in_by_secret_and_address(
    desk: httpx.AsyncClient, notifying: World, gateway: Gateway
) -> None:
    await desk.post("/api/notify/test", json={"channel": "sms"})
    await settled(desk, 2)
    duty, deputy = sorted(gateway.taken, key=lambda taken: taken.mobile)
    async with pushing(notifying) as push:
        for report in (gateway.report(duty), gateway.report(duty), gateway.report(deputy, "DB:0140")):
            assert (await push.post(door(), json=report)).status_code == 200
        assert (await push.post(door(), json=[{"mobile": own.MOBILE, "smsContent": "谁"}, 5])).status_code == 200
    states = {each["recipient"]: (each["state"], each["code"]) for each in await settled(desk, 1, "delivered")}
    states |= {each["recipient"]: (each["state"], each["code"]) for each in await settled(desk, 1, "undelivered")}
    assert states == {"duty": ("delivered", "DELIVRD"), "deputy": ("undelivered", "DB:0140")}
    (sms,) = [each for each in (await desk.get("/api/notify/channels")).json() if each["id"] == "sms"]
    assert (sms["reports"], sms["replies_dropped"], sms["reports_unreadable"]) == (3, 1, 1)
    assert sms["messages"] == {"delivered": 1, "undelivered": 1}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (door(secret="0" * 32), GATEWAYS_ADDRESS),
        (door(secret="x"), GATEWAYS_ADDRESS),
        (door(channel="desk"), GATEWAYS_ADDRESS),
        (door(channel="none"), GATEWAYS_ADDRESS),
        (door(), "192.0.2.78"),
        (door(), "testclient"),
    ],
    ids=["wrong secret", "short secret", "channel without reports", "no channel", "wrong address", "no address"],
)
async def test_any_other_report_is_refused_without_saying_why(notifying: World, path: str, source: str) -> None:
    async with pushing(notifying, source) as push:
        answer = await push.post(path, json={"msgGroup": "1", "errorCode": "DELIVRD"})
        forwarded = await push.post(path, json={}, headers={"X-Forwarded-For": GATEWAYS_ADDRESS})
    assert (answer.status_code, answer.json()["code"]) == (404, "report_refused")
    assert forwarded.status_code == 404
    assert own.REPORT_SECRET not in answer.text


async def test_an_address_of_ipv4_in_an_ipv6_socket_is_the_same(notifying: World) -> None:
    async with pushing(notifying, f"::ffff:{GATEWAYS_ADDRESS}") as push:
        assert (await push.post(door(), json={"msgGroup": "1", "errorCode": "DELIVRD"})).status_code == 200


async def test_a_report_is_bounded_and_rubbish_is_answered_at_once(notifying: World) -> None:
    async with pushing(notifying) as push:
        assert (await push.post(door(), content=b"\xff" * 100)).status_code == 200
        assert (await push.post(door(), content=b" " * (MAX_BYTES + 1))).status_code == 413
    assert notifying.services.notifier.gate.received["sms"].unreadable == 1


@pytest.mark.parametrize(
    "trick", ["/api/notify/reports/../test", "/api/notify/reports/x/../../outbox", "/api/notify/reports"]
)
async def test_a_path_in_disguise_opens_nothing_else(notifying: World, trick: str) -> None:
    notifying.make_account()
    async with pushing(notifying) as push:
        request = push.build_request("POST", "/api/health", json={"channel": "sms"})
        request.url = request.url.copy_with(raw_path=trick.encode())
        answer = await push.send(request)
    assert answer.status_code in {401, 404}
    assert (await asyncio.to_thread(notifying.services.notifier.outbox_page)).entries == ()


async def test_what_came_of_an_unknown_outcome_is_shown(desk: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.script.append(Act.HANG_UP_AFTER)
    await desk.post("/api/notify/test", json={"channel": "sms", "recipient": "duty"})
    async with within():
        while True:
            (entry,) = (await desk.get("/api/notify/outbox")).json()["entries"]
            if entry["attempts"]:
                break
            await asyncio.sleep(0.02)
    assert (entry["state"], entry["code"], entry["attempts"]) == (MessageState.WAITING, "hung_up", 1)
    assert entry["due_ms"] > entry["changed_ms"]


async def test_an_alarm_that_is_brought_twice_is_told_once(notifying: World, receiver: Receiver) -> None:
    deliver = notifying.services.notifier.deliver
    first = await asyncio.gather(*(asyncio.to_thread(deliver, own.message(), "desk") for _ in range(4)))
    assert len({receipt.parcel_id for (receipt,) in first}) == 1
    assert await asyncio.to_thread(receiver.arrived.acquire, timeout=LONG_S)
    await asyncio.to_thread(deliver, own.message(), "desk")
    assert receiver.requests == 1
