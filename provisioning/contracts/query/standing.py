"""Standing look-alikes: which of some fresh rows show a machine that looks like one that an approved case seeks.

One question for all cases and many rows at once: the vectors stay where they are, and nobody has to ask row by row.
"""

from typing import Self

from pydantic import Field, model_validator

from provisioning.contracts.query.lookalike import MAX_MACHINES, MachineRef
from provisioning.contracts.wire.messages import MachineClass, Message

MAX_STANDING = 1000
"""In the whole system."""
MAX_ROWS = 500
MAX_PAIRS = 50_000
"""Of a case and a row, in one question."""


class StandingCase(Message):
    """What one approved case seeks, and which of the rows are of its area."""

    case: str = Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]+$")
    machines: tuple[MachineRef, ...] = Field(min_length=1, max_length=MAX_MACHINES)
    classes: tuple[MachineClass, ...] = Field(min_length=1, max_length=len(MachineClass))
    at_least: float = Field(ge=0.5, le=1)
    """The cosine from which a machine counts as like."""
    rows: tuple[int, ...] = Field(min_length=1, max_length=MAX_ROWS)
    """Places in `row_keys`."""


class StandingRequest(Message):
    """Compare these rows. Whether the cases are approved and reach these cameras is the centre's to check."""

    cases: tuple[StandingCase, ...] = Field(min_length=1, max_length=MAX_STANDING)
    row_keys: tuple[str, ...] = Field(min_length=1, max_length=MAX_ROWS)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if any(not 0 <= row < len(self.row_keys) for case in self.cases for row in case.rows):
            raise ValueError("rows: places in row_keys, from 0")
        if sum(len(case.rows) for case in self.cases) > MAX_PAIRS:
            raise ValueError(f"cases: at most {MAX_PAIRS} pairs of a case and a row")
        return self


class StandingHit(Message):
    """A machine of a fresh row that looks like what a case seeks: the best of the row for that case."""

    case: str
    machine: MachineRef
    similarity: float = Field(ge=-1, le=1)


class StandingAnswer(Message):
    """All hits. `unseen`: cases none of whose machines has a vector any more."""

    hits: tuple[StandingHit, ...]
    unseen: tuple[str, ...] = ()
