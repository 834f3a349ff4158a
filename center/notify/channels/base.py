"""The protocol of every channel: prepare a message, then hand it over once and return the outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from center.notify.lifecycle import AttemptOutcome
from center.notify.limits import Limits, Quota
from center.notify.message import Message


class Kind(StrEnum):
    """Kind of a channel."""

    WEBHOOK = "webhook"
    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class ChannelTerms:
    """Limits and quota that bind a channel."""

    limits: Limits
    give_up_after_ms: int
    max_waiting: int
    most_possible: int | None
    """Unknown outcomes that end a message; None: at least once, under one id."""
    quota: Quota | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to one recipient, ready to be handed over."""

    parcel_id: str
    message: Message
    recipient: str
    text: str
    """The text that people read."""
    parts: int = 1
    """Parts that are billed and paced."""
    params: tuple[str, ...] = ()
    """Values for the placeholders of the carrier's own template."""
    template: str = ""
    """Id of the carrier's own template; empty for a text of the centre's."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule of the centre that a message breaks; it is never sent."""

    code: str


class Channel(Protocol):
    """Sends messages to its recipients. `tests/conformance/test_channel.py` is its contract."""

    @property
    def id(self) -> str:
        """Name of the channel in the configuration."""

    @property
    def kind(self) -> Kind:
        """Kind of the channel."""

    @property
    def terms(self) -> ChannelTerms:
        """Limits and quota of the channel."""

    @property
    def recipients(self) -> Mapping[str, str]:
        """Names of the recipients, each with its address masked, as the audit and pages show it."""

    def prepare(self, message: Message, recipient: str) -> Parcel | Refusal:
        """Prepares a message for one recipient, or returns the rule that refuses it. Pure."""

    async def deliver(self, parcel: Parcel) -> AttemptOutcome:
        """Hands a parcel over once, within a bounded time, and returns the outcome. Raises only for a bug."""

    async def probe(self) -> str:
        """Finds out within the same time if the other side answers, and sends no message.

        Returns:
            "", or the code of the fault, as of an attempt's outcome.
        """
