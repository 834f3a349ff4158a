"""What the gateway pushes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from center.notify import delivery_report
from center.notify.delivery_report import MAX_BYTES, MAX_ITEMS, DeliveryReport, GatewayPush

ONE = {
    "reportStatus": "CM:0000", "mobile": "13800138000", "submitDate": "20261124214001",
    "receiveDate": "20261124214003", "errorCode": "DELIVRD", "msgGroup": "0123",
}  # fmt: skip


def pushed(value: object) -> GatewayPush:
    return delivery_report.read(json.dumps(value).encode())


def test_one_report_or_an_array_of_them() -> None:
    delivered = DeliveryReport("0123", delivered=True, code="DELIVRD")
    assert pushed(ONE) == GatewayPush((delivered,))
    assert pushed([ONE, {**ONE, "errorCode": "DB:0140"}]) == GatewayPush(
        (delivered, DeliveryReport("0123", False, "DB:0140"))
    )
    assert pushed([]) == GatewayPush()


def test_the_groups_other_spelling_and_the_codes_other_place() -> None:
    other = {"mgsGroup": "77", "reportStatus": "DELIVRD", "mobile": "x"}
    assert pushed(other).reports == (DeliveryReport("77", delivered=True, code="DELIVRD"),)


def test_a_reply_of_a_person_is_counted_and_nothing_of_it_is_kept() -> None:
    reply = {"mobile": "13800138000", "smsContent": "谁在那里", "sendTime": "20261124214003", "addSerial": ""}
    push = pushed([reply, ONE])
    assert (push.replies, len(push.reports)) == (1, 1)
    assert "谁" not in repr(push)
    assert "13800138000" not in repr(push)


@pytest.mark.parametrize(
    "value", [{}, {"msgGroup": "1"}, {**ONE, "msgGroup": ""}, {**ONE, "msgGroup": "a b"}, 5, None, "x"]
)
def test_what_is_no_report_is_counted(value: object) -> None:
    assert pushed(value) == GatewayPush(unreadable=1)


def test_a_push_is_bounded_in_bytes_and_items() -> None:
    assert delivery_report.read(b" " * (MAX_BYTES + 1)) == GatewayPush(unreadable=1)
    many = delivery_report.read(json.dumps([{"msgGroup": "1", "errorCode": "x"}] * (MAX_ITEMS + 7)).encode())
    assert (len(many.reports), many.unreadable) == (MAX_ITEMS, 7)
    assert delivery_report.read(b"[" * MAX_BYTES) == GatewayPush(unreadable=1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=60),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["msgGroup", "mgsGroup", "errorCode", "reportStatus", "smsContent", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_push(content: bytes) -> None:
    push = delivery_report.read(content)
    for each in push.reports:
        assert each.reference
        assert each.reference.isascii()
        assert len(each.reference) <= 48
        assert each.delivered == (each.code == "DELIVRD")
