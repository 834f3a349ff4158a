"""SMS against a gateway that decides by itself: templates, parts, refusals, forbidden words."""

from pathlib import Path

import pytest

from center.notify.channels.base import Parcel, Refusal
from center.notify.lifecycle import AttemptVerdict
from tests.support import notify_world as world
from tests.support.mas_gateway import Gateway
from tests.support.notify_world import parcel_of

pytestmark = pytest.mark.anyio


async def test_a_carriers_template_is_filled_in_its_own_order(tmp_path: Path) -> None:
    with Gateway() as gateway:
        gateway.templates["TPL01"] = "${}在${}，${}"
        config = world.sms(tmp_path, gateway.url, template="{rule}在{camera}，{time}", template_id="TPL01")
        channel = world.channel(config)
        parcel = parcel_of(channel)
        assert (await channel.deliver(parcel)).verdict is AttemptVerdict.TAKEN
        assert gateway.taken[0].content == parcel.text == "电动车进梯在3号机位，2026-11-18 19:06:40 +08:00"


async def test_the_gateway_counts_the_parts_that_we_counted(tmp_path: Path) -> None:
    with Gateway() as gateway:
        channel = world.channel(world.sms(tmp_path, gateway.url, max_parts=3))
        for length in (1, 19, 20, 60, 64):
            alarm = world.message(length, camera_name="长" * length, rule="🚲" * length)
            parcel = channel.prepare(alarm, "duty")
            assert isinstance(parcel, Parcel)
            await channel.deliver(parcel)
            assert gateway.taken[-1].parts == parcel.parts
        assert {each.parts for each in gateway.taken} == {1, 2, 3}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"ec_name": "另一家"}, "InvalidUsrOrPwd"),
        ({"sign": "OTHER"}, "IllegalSignId"),
    ],
    ids=["account", "signature"],
)
async def test_what_the_gateway_refuses_is_named(change: dict[str, str], code: str, tmp_path: Path) -> None:
    with Gateway() as gateway:
        channel = world.channel(world.sms(tmp_path, gateway.url, **change))
        outcome = await channel.deliver(parcel_of(channel))
        assert (outcome.verdict, outcome.code) == (AttemptVerdict.REFUSED, code)


async def test_a_wrong_key_a_foreign_address_and_a_spent_quota_are_refusals(tmp_path: Path) -> None:
    with Gateway() as gateway:
        wrong = world.secret(tmp_path, "wrong.key", "another-key")
        mistaken = world.channel(
            world.sms(tmp_path, gateway.url, key_in_body="empty").model_copy(update={"secret_key_file": wrong})
        )
        assert (await mistaken.deliver(parcel_of(mistaken))).code == "IllegalMac"
        channel = world.channel(world.sms(tmp_path, gateway.url))
        gateway.is_white_ip = False
        assert (await channel.deliver(parcel_of(channel))).code == "NOT_WHITE_IP"
        gateway.is_white_ip, gateway.quota_parts = True, 0
        assert (await channel.deliver(parcel_of(channel))).code == "QuotaExhausted"
        assert gateway.taken == []


def test_a_forbidden_word_is_refused_also_where_it_would_be_cut(tmp_path: Path) -> None:
    channel = world.channel(world.sms(tmp_path, "http://127.0.0.1:9/sms", forbidden_words=["发 票"]))
    assert channel.prepare(world.message(rule="代开发票"), "duty") == Refusal("forbidden_word")
    long = world.message(rule="长" * 60 + "发票")
    assert channel.prepare(long, "duty") == Refusal("forbidden_word")
    assert isinstance(channel.prepare(world.message(), "duty"), Parcel)
