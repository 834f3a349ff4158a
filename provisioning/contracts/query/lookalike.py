"""Look-alike search: finds machines that look like a given machine, for a case and never without one.

The centre checks that the case exists, is approved, and covers the cameras and span; the cluster refuses a request that
names no case, purpose, cameras and span, and writes each one down before it searches.
"""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from provisioning.contracts.ids import AGENT_PATTERN, CAMERA_PATTERN
from provisioning.contracts.query.archive import MachineColour, ObjectRow
from provisioning.contracts.wire.messages import Count, MachineClass, Message, Share, TimeMs

MAX_MACHINES = 8
MAX_CAMERAS = 256
MAX_HITS = 1000
MAX_SPAN_DAYS = 31
_DAY_MS = 86_400_000
Source = Annotated[str, StringConstraints(pattern=f"^{AGENT_PATTERN[1:-1]}/{CAMERA_PATTERN[1:-1]}$")]
"""An agent and one of its cameras, joined by a slash: two agents may each have a `cam-1`."""


class MachineRef(Message):
    """A machine in the archive."""

    row_key: str = Field(max_length=128)
    index: int = Field(ge=0, lt=512)


class LookalikeRequest(Message):
    """Searches for machines like these: several pictures of one machine may be given; a row counts by its best match.

    All are in the archive. A picture from elsewhere gets there through a desk agent, which covers it; no caller has a
    vector to search with.
    """

    case: str = Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]+$")
    purpose: str = Field(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
    asked_by: str = Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]+$")
    """Account at the centre; it is only written down."""
    machines: tuple[MachineRef, ...] = Field(min_length=1, max_length=MAX_MACHINES)
    sources: tuple[Source, ...] = Field(min_length=1, max_length=MAX_CAMERAS)
    """The cameras of the case's area, each with its agent."""
    from_ms: TimeMs
    to_ms: TimeMs
    """End of the span of capture times, exclusive; at most `MAX_SPAN_DAYS` after `from_ms`."""
    classes: tuple[MachineClass, ...] = Field(default=(), max_length=len(MachineClass))
    colours: tuple[MachineColour, ...] = Field(default=(), max_length=len(MachineColour))
    """Empty: any. A machine of unknown colour is found only then."""
    limit: int = Field(default=100, ge=1, le=MAX_HITS)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.from_ms < self.to_ms <= self.from_ms + MAX_SPAN_DAYS * _DAY_MS:
            raise ValueError(f"from_ms, to_ms: a span of at most {MAX_SPAN_DAYS} days")
        return self


class LookalikeHit(Message):
    """A machine, and the cosine of its likeness. It does not state that this is the same machine."""

    machine: ObjectRow
    similarity: float = Field(ge=-1, le=1)


class LookalikePage(Message):
    """One line of the answer: the best hits of the days searched so far. Each line replaces the one before."""

    hits: tuple[LookalikeHit, ...]
    days_done: Count
    days: Count
    failed_days: tuple[str, ...] = ()
    """Days that could not be searched; the answer lacks them."""
    recall: Share | None = None
    """Lowest recall that the canary measured on a day of the answer; None: all days are exact, or unmeasured."""
    final: bool
