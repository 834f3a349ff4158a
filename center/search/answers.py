"""Reads the errors with which `ray_cluster.query.reader` answers."""

from typing import Final

from pydantic import BaseModel, Field, ValidationError

MAX_ERROR_BYTES: Final = 4096
OBSERVATION_ERRORS: Final = frozenset(
    {
        "unknown_observation",
        "picture_withheld",
        "picture_leak",
        "picture_erased",
        "picture_damaged",
        "picture_held",
        "not_brought",
    }
)
"""Error kinds of `ray_cluster.query.reader` that are facts about one observation."""


class QueryAnsweredError(Exception):
    """`query` answered with an error; its meaning depends on the request."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class ErrorBody(BaseModel):
    """Body of an error of `query`."""

    error: str = Field(max_length=64)
    attention: tuple[str, ...] = Field(default=(), max_length=64)
    """Faults that need a person, a line each."""


def attention_of(body: bytes) -> str:
    """Reads from an answer the faults that need a person; empty where it names none."""
    try:
        return "; ".join(ErrorBody.model_validate_json(body[:MAX_ERROR_BYTES]).attention)[:300]
    except ValidationError:
        return ""


def kind_of(body: bytes) -> str:
    """Reads the kind of error from an answer; empty where it names none."""
    try:
        return ErrorBody.model_validate_json(body[:MAX_ERROR_BYTES]).error
    except ValidationError:
        return ""
