"""Standing look-alikes: finds, in fresh rows, machines that look like those that approved cases seek.

One request compares all cases with many rows: the vectors stay in the cluster, and rows are not asked for singly.
"""

from typing import Self

from pydantic import Field, model_validator

from provisioning.contracts.query.lookalike import MAX_MACHINES, MachineRef
from provisioning.contracts.wire.messages import MachineClass, Message

MAX_STANDING = 1000
"""Limit for the whole system."""
MAX_ROWS = 500
MAX_PAIRS = 50_000
"""Limit of pairs of a case and a row in one request."""


class StandingCase(Message):
    """Machines that one approved case seeks, and the rows in its area."""

    case: str = Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]+$")
    machines: tuple[MachineRef, ...] = Field(min_length=1, max_length=MAX_MACHINES)
    classes: tuple[MachineClass, ...] = Field(min_length=1, max_length=len(MachineClass))
    at_least: float = Field(ge=0.5, le=1)
    """The cosine at and above which a machine counts as alike."""
    rows: tuple[int, ...] = Field(min_length=1, max_length=MAX_ROWS)
    """Indices of its rows in `row_keys`."""


class StandingRequest(Message):
    """Compares these rows. The centre checks that the cases are approved and cover these cameras."""

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
    """A machine of a fresh row that looks like one that a case seeks: the row's best match for that case."""

    case: str
    machine: MachineRef
    similarity: float = Field(ge=-1, le=1)


class StandingAnswer(Message):
    """All hits. `unseen` lists cases whose machines all have lost their vectors."""

    hits: tuple[StandingHit, ...]
    unseen: tuple[str, ...] = ()
