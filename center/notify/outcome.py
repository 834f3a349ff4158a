"""What one attempt came to. The line between *not taken* and *unknown* is the one that decides about doubles."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:.-]{0,47}")
UNREADABLE: Final = "unreadable"


class Verdict(StrEnum):
    """Of one attempt."""

    TAKEN = "taken"
    """They have it."""
    REFUSED = "refused"
    """They will never take this one."""
    NOT_TAKEN = "not_taken"
    """They do not have it, and may take it later."""
    THROTTLED = "throttled"
    """The same, because we were too fast."""
    UNKNOWN = "unknown"
    """They may have it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt. No field ever holds a secret, a number or an address."""

    verdict: Verdict
    code: str
    """A stable word for programs: ours, or theirs where it is one."""
    reference: str = ""
    """What they call it, for their report."""


def code_of(text: object) -> str:
    """A foreign word, if it is one that may stand in a log."""
    return text if isinstance(text, str) and _CODE.fullmatch(text) else UNREADABLE
