"""What is submitted to the gateway, and what its answers mean."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.notify.channels import mas
from center.notify.channels.mas import GatewayAccount
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict
from tests.support.mas_gateway import AP_ID, EC_NAME, SECRET, SIGN

ACCOUNT = GatewayAccount(EC_NAME, AP_ID, SECRET, SIGN, throttle_codes=frozenset({"TooFast"}))
TWO = "13800138000,13800138001"
QUOTED = '3号机位检测到"电动车"进梯，请处理'


def opened(body: bytes) -> dict[str, Any]:
    data = json.loads(base64.b64decode(body, validate=True))
    assert isinstance(data, dict)
    return data


def test_the_signature_is_over_the_text_as_it_is_with_its_quotes() -> None:
    data = opened(mas.normal(ACCOUNT, TWO, QUOTED))
    assert data["mac"] == "cc19c0dc67b3731e507efc9edf9445cd"
    assert data["content"] == QUOTED


def test_the_params_of_a_template_are_a_string_that_holds_json() -> None:
    data = opened(mas.templated(ACCOUNT, TWO, "TPL01", ("3号机位", "电动车")))
    assert data["mac"] == "827a0c86b949f9f9acdd835c903982fa"
    assert data["params"] == '["3号机位","电动车"]'
    assert "content" not in data


def test_an_extension_is_signed_too() -> None:
    plain = opened(mas.normal(ACCOUNT, TWO, QUOTED))
    extended = opened(mas.normal(GatewayAccount(EC_NAME, AP_ID, SECRET, SIGN, "07"), TWO, QUOTED))
    assert (plain["addSerial"], extended["addSerial"]) == ("", "07")
    assert plain["mac"] != extended["mac"]


@pytest.mark.parametrize(("how", "said"), [("present", SECRET), ("empty", ""), ("absent", None)])
def test_the_key_is_in_the_body_only_where_the_gateway_wants_it(how: Any, said: str | None) -> None:
    data = opened(mas.normal(GatewayAccount(EC_NAME, AP_ID, SECRET, SIGN, key_in_body=how), TWO, QUOTED))
    assert data.get("secretKey") == said
    assert data["mac"] == "cc19c0dc67b3731e507efc9edf9445cd"


def test_a_key_is_not_in_what_is_printed() -> None:
    assert SECRET not in repr(ACCOUNT)


def answered(data: dict[str, object], status: int = 200) -> AttemptOutcome:
    return mas.read(ACCOUNT, status, json.dumps(data).encode())


@pytest.mark.parametrize("success", [True, "true", "True", "1"])
@pytest.mark.parametrize("spelling", ["msgGroup", "mgsGroup"])
def test_success_is_a_bool_or_a_word_and_the_group_is_spelled_in_two_ways(success: object, spelling: str) -> None:
    outcome = answered({"rspcod": "success", "success": success, spelling: "0123ab"})
    assert outcome == AttemptOutcome(AttemptVerdict.TAKEN, "success", "0123ab")


def test_taken_without_a_group_is_taken() -> None:
    assert answered({"rspcod": "success", "success": True}) == AttemptOutcome(AttemptVerdict.TAKEN, "success")


@pytest.mark.parametrize(
    "code",
    [
        "IllegalMac", "IllegalSignId", "NoSignId", "InvalidMessage",
        "InvalidUsrOrPwd", "TooManyMobiles", "InvalidMobile", "NOT_WHITE_IP",
    ],
)  # fmt: skip
@pytest.mark.parametrize("success", [False, "false", None])
def test_a_business_code_is_final(code: str, success: object) -> None:
    said: dict[str, object] = {} if success is None else {"success": success}
    assert answered({"rspcod": code, "msgGroup": "", **said}) == AttemptOutcome(AttemptVerdict.REFUSED, code)


def test_a_code_that_says_too_fast_is_not() -> None:
    assert answered({"rspcod": "TooFast", "success": False}).verdict is AttemptVerdict.THROTTLED


@pytest.mark.parametrize(
    "data",
    [
        {"rspcod": "success", "success": False}, {"rspcod": "IllegalMac", "success": True}, {"rspcod": "success"},
        {"success": True}, {"rspcod": 5, "success": False}, {"rspcod": "success", "success": "maybe"}, {},
    ],
    ids=str,
)  # fmt: skip
def test_yes_and_no_at_once_is_unknown(data: dict[str, object]) -> None:
    assert answered(data).verdict is AttemptVerdict.UNKNOWN


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(500, "unknown"), (502, "unknown"), (503, "unknown"), (504, "unknown"), (408, "unknown"), (429, "throttled"),
     (301, "not_taken"), (307, "not_taken"), (403, "not_taken"), (404, "not_taken")],
)  # fmt: skip
def test_a_status_says_whether_they_may_have_it(status: int, verdict: str) -> None:
    outcome = answered({"rspcod": "success", "success": True}, status)
    assert (outcome.verdict, outcome.code) == (verdict, f"http_{status}")


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000, b"[]", b'"success"', b"<html>", b"{}" * 40_000])
def test_what_is_no_answer_is_unknown(content: bytes) -> None:
    assert mas.read(ACCOUNT, 200, content) == AttemptOutcome(AttemptVerdict.UNKNOWN, "unreadable")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=10,
)
NAMES = ("rspcod", "success", "msgGroup", "mgsGroup")
VALUE = JSON | st.sampled_from(["success", "true", "IllegalMac", "0123"])
ANSWER = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUE))


@given(st.integers(100, 999), st.binary(max_size=200) | (JSON | ANSWER).map(lambda value: json.dumps(value).encode()))
def test_any_answer_has_a_meaning_and_only_a_clear_yes_is_taken(status: int, content: bytes) -> None:
    outcome = mas.read(ACCOUNT, status, content)
    assert len(outcome.code) <= 48
    assert outcome.code.isascii()
    assert outcome.code.isprintable()
    assert len(outcome.reference) <= 48
    if outcome.verdict is AttemptVerdict.TAKEN:
        data = json.loads(content)
        assert 200 <= status < 300
        assert data["rspcod"] == "success"
        assert data["success"] in {True, "true", "1"} or str(data["success"]).strip().lower() in {"true", "1"}


@given(st.text(max_size=120), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_body_says_what_it_was_given(content: str, mobile: str) -> None:
    try:
        content.encode()
    except UnicodeEncodeError:
        return
    data = opened(mas.normal(ACCOUNT, mobile, content))
    assert (data["content"], data["mobiles"]) == (content, mobile)
