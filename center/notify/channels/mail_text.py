"""Mail: what is sent, and how the relay's answer is read. Pure; `mail_channel` does the I/O."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from center.notify.channels.base import Parcel
from center.notify.outcome import Outcome, Verdict

SUBJECT_LETTERS: Final = 120
AUTH_CODES: Final = frozenset({530, 534, 535, 538})
"""RFC 4954: a password that is wrong today; somebody will mend it."""


def mail(parcel: Parcel, *, sender: str, address: str, at_ms: int) -> EmailMessage:
    """Plain text to one mailbox. The Message-ID is the same at each attempt: mail programs show a double once."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(addr_spec=sender)
    letter["To"] = Address(addr_spec=address)
    letter["Subject"] = f"{parcel.message.rule} · {parcel.message.camera_name}"[:SUBJECT_LETTERS]
    letter["Date"] = datetime.fromtimestamp(at_ms / 1000, UTC)
    letter["Message-ID"] = f"<{parcel.parcel_id}@{sender.partition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic reply, please
    letter.set_content(parcel.text, cte="base64")
    return letter


def read(code: int) -> Outcome:
    """What an SMTP reply means (RFC 5321 §4.2.1)."""
    said = f"smtp_{code}" if 100 <= code < 600 else "unreadable"
    if 200 <= code < 300:
        return Outcome(Verdict.TAKEN, said)
    if code == 421:
        return Outcome(Verdict.THROTTLED, said)
    if 500 <= code < 600 and code not in AUTH_CODES:
        return Outcome(Verdict.REFUSED, said)
    return Outcome(Verdict.NOT_TAKEN if 300 <= code < 600 else Verdict.UNKNOWN, said)


def refused(code: int) -> Outcome:
    """The same of a reply before the text was sent: whatever it was, they do not have it."""
    outcome = read(code)
    return (
        outcome if outcome.verdict in {Verdict.REFUSED, Verdict.THROTTLED} else Outcome(Verdict.NOT_TAKEN, outcome.code)
    )


def masked(address: str) -> str:
    """`d***@example.org`."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}***@{domain}"
