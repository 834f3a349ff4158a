"""Writes mails and reads the relay's replies. Pure; `mail` does the I/O."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from center.notify.channels.base import Parcel
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict

SUBJECT_LETTERS: Final = 120
AUTH_CODES: Final = frozenset({530, 534, 535, 538})
"""RFC 4954: the login was refused, until an administrator mends it."""


def mail(parcel: Parcel, *, sender: str, address: str, at_ms: int) -> EmailMessage:
    """Writes a plain text mail to one mailbox.

    Its Message-ID never changes, so that mail programs show a double once.
    """
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(addr_spec=sender)
    letter["To"] = Address(addr_spec=address)
    letter["Subject"] = f"{parcel.message.rule} · {parcel.message.camera_name}"[:SUBJECT_LETTERS]
    letter["Date"] = datetime.fromtimestamp(at_ms / 1000, UTC)
    letter["Message-ID"] = f"<{parcel.parcel_id}@{sender.partition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic reply, please
    letter.set_content(parcel.text, cte="base64")
    return letter


def read(code: int) -> AttemptOutcome:
    """Reads an SMTP reply (RFC 5321 §4.2.1) as an outcome."""
    cause = f"smtp_{code}" if 100 <= code < 600 else "unreadable"
    if 200 <= code < 300:
        return AttemptOutcome(AttemptVerdict.TAKEN, cause)
    if code == 421:
        return AttemptOutcome(AttemptVerdict.THROTTLED, cause)
    if 500 <= code < 600 and code not in AUTH_CODES:
        return AttemptOutcome(AttemptVerdict.REFUSED, cause)
    return AttemptOutcome(AttemptVerdict.NOT_TAKEN if 300 <= code < 600 else AttemptVerdict.UNKNOWN, cause)


def refused(code: int) -> AttemptOutcome:
    """Reads a reply that came before the text was sent: whatever it is, the relay does not have the mail."""
    outcome = read(code)
    return (
        outcome
        if outcome.verdict in {AttemptVerdict.REFUSED, AttemptVerdict.THROTTLED}
        else AttemptOutcome(AttemptVerdict.NOT_TAKEN, outcome.code)
    )


def masked(address: str) -> str:
    """Masks an address as `d***@example.org`."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain}"
