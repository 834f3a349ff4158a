"""The words in which `ray_cluster.query.reader` says that it has no answer."""

from typing import Final

from pydantic import BaseModel, Field, ValidationError

MAX_ERROR_BYTES: Final = 4096
SAID: Final = frozenset(
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


class SaidError(Exception):
    """`query` answered, and this is its answer: what it means depends on what was asked."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Said(BaseModel):
    """Body of an error of `query`."""

    error: str = Field(max_length=64)
    attention: tuple[str, ...] = Field(default=(), max_length=64)
    """What needs a person, a line each."""


def attention_of(body: bytes) -> str:
    """What an answer says needs a person; empty where it says nothing."""
    try:
        return "; ".join(Said.model_validate_json(body[:MAX_ERROR_BYTES]).attention)[:300]
    except ValidationError:
        return ""


def kind_of(body: bytes) -> str:
    """The kind of error that an answer names; empty where it names none."""
    try:
        return Said.model_validate_json(body[:MAX_ERROR_BYTES]).error
    except ValidationError:
        return ""
