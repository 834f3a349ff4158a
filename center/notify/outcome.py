"""Outcome of one attempt. The line between *not taken* and *unknown* decides about doubles."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:.-]{0,47}")
UNREADABLE: Final = "unreadable"


class AttemptVerdict(StrEnum):
    """Verdict on one attempt."""

    TAKEN = "taken"
    """The receiving side has the message."""
    REFUSED = "refused"
    """The receiving side will never take this message."""
    NOT_TAKEN = "not_taken"
    """The receiving side does not have it, and may take it later."""
    THROTTLED = "throttled"
    """The same, because messages come too fast."""
    UNKNOWN = "unknown"
    """The receiving side may have it."""


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """Outcome of one attempt. No field ever holds a secret, a number or an address."""

    verdict: AttemptVerdict
    code: str
    """A stable word for programs: the centre's, or the receiving side's where it is one."""
    reference: str = ""
    """The receiving side's id of the message, for its report."""


def code_of(text: object) -> str:
    """Returns a foreign code if it may stand in a log, else `UNREADABLE`."""
    return text if isinstance(text, str) and _CODE.fullmatch(text) else UNREADABLE
