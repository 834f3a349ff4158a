"""What a message may say, and what it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from center.notify.message import Message, blanks, moment, parcel_id
from provisioning.contracts.config.notify import PLACEHOLDERS
from tests.support.notify_world import AT_MS, message


def test_a_message_has_a_camera_a_moment_a_rule_and_a_path_and_nothing_else() -> None:
    assert set(Message.model_fields) == {"id", "camera_id", "camera_name", "rule", "at_ms", "link"}
    assert set(blanks(message(), 480)) == PLACEHOLDERS
    for extra in ({"picture": b"\xff\xd8"}, {"people": 3}, {"text": "anything"}):
        with pytest.raises(ValidationError):
            message(**extra)


@pytest.mark.parametrize("field", ["camera_name", "rule"])
@pytest.mark.parametrize(
    "label",
    ["苏E12345 进入", "东门 京A·D12345", "粤B-F12345", "电话13800138000", "8613800138000", "11010519491231002X"],
    ids=["plate", "plate of a new-energy car", "plate with a dash", "mobile", "mobile with prefix", "identity number"],
)  # fmt: skip
def test_a_label_that_looks_like_a_plate_or_a_number_of_somebody_is_refused(field: str, label: str) -> None:
    with pytest.raises(ValidationError, match="no message may hold"):
        message(1, **{field: label})


@pytest.mark.parametrize(
    "label", ["3号机位", "东门 2", "京华路口", "苏州河北岸", "34020000001320000001", "G104 K12+300"]
)
def test_an_ordinary_label_is_no_plate(label: str) -> None:
    assert message(camera_name=label).camera_name == label


@pytest.mark.parametrize("link", ["https://elsewhere/x", "//elsewhere/x?y", "/x?token=1", "/x#y", "x", "/x y", "/x\ny"])
def test_a_link_is_a_path_of_the_console(link: str) -> None:
    with pytest.raises(ValidationError):
        message(link=link)


def test_a_time_names_its_zone() -> None:
    assert moment(AT_MS, 480) == "2026-11-18 19:06:40 +08:00"
    assert moment(AT_MS, -210) == "2026-11-18 07:36:40 -03:30"
    assert moment(AT_MS, 0).endswith("+00:00")


@given(st.lists(st.tuples(*[st.text("ab-", min_size=1, max_size=4)] * 3), min_size=2, max_size=2, unique=True))
def test_two_hand_overs_never_share_an_id(triples: list[tuple[str, str, str]]) -> None:
    first, second = (parcel_id(*triple) for triple in triples)
    assert first != second
    assert first == parcel_id(*triples[0])
    assert len(first) == 32
