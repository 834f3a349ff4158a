"""What a letter is, whatever the labels hold, and what a relay's replies mean."""

from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from center.notify.channels import mail_text
from center.notify.channels.base import Parcel
from center.notify.lifecycle import AttemptVerdict
from center.notify.message import Label, Message
from provisioning.contracts.config.notify import Address
from tests.support.notify_world import AT_MS, message

SENDER = "wayside@county.example"
LABEL = TypeAdapter(Label)


def letter_of(alarm: Message, *, address: str = "officer@county.example", text: str = "text\n") -> bytes:
    return mail_text.mail(
        Parcel("0" * 32, alarm, "officer", text), sender=SENDER, address=address, at_ms=AT_MS
    ).as_bytes()


@given(st.text(max_size=64), st.text(max_size=300))
def test_no_label_and_no_text_adds_a_header_a_part_or_a_recipient(label: str, text: str) -> None:
    try:
        LABEL.validate_python(label)
    except ValidationError:
        return
    letter = message_from_bytes(letter_of(message(rule=label), text=text), policy=default)
    assert {name.lower() for name in letter} == {
        "from", "to", "subject", "date", "message-id", "auto-submitted",
        "content-type", "content-transfer-encoding", "mime-version",
    }  # fmt: skip
    assert (letter["To"], letter["From"]) == ("officer@county.example", SENDER)
    assert letter.get_content_type() == "text/plain"
    assert not letter.is_multipart()
    assert letter["Message-ID"] == f"<{'0' * 32}@county.example>"


def test_the_text_arrives_as_it_was() -> None:
    text = "电动车进梯\n3号机位\n.\n2026-11-18 19:06:40 +08:00\n"
    letter = message_from_bytes(letter_of(message(), text=text), policy=default)
    assert letter.get_content().splitlines() == text.splitlines()


@given(st.text("abc.@-_%+X9", max_size=30))
def test_every_address_that_the_configuration_takes_can_be_written_to(text: str) -> None:
    try:
        address = TypeAdapter(Address).validate_python(text)
    except ValidationError:
        return
    letter = message_from_bytes(letter_of(message(), address=address), policy=default)
    assert letter["To"] == address


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(250, "taken"), (421, "throttled"), (450, "not_taken"), (451, "not_taken"), (535, "not_taken"),
     (550, "refused"), (554, "refused"), (354, "not_taken"), (-1, "unknown"), (0, "unknown"), (700, "unknown")],
)  # fmt: skip
def test_a_reply_says_whether_they_have_it(code: int, verdict: str) -> None:
    assert mail_text.read(code).verdict == verdict


@given(st.integers(-1, 999))
def test_before_the_text_nobody_has_it(code: int) -> None:
    assert mail_text.refused(code).verdict in {
        AttemptVerdict.REFUSED,
        AttemptVerdict.THROTTLED,
        AttemptVerdict.NOT_TAKEN,
    }


def test_an_address_is_masked_to_its_first_letter_and_its_domain() -> None:
    assert mail_text.masked("officer@county.example") == "o***@county.example"
