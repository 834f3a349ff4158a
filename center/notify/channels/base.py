"""The one protocol of every channel: say what a message becomes, then hand it over once and say what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from center.notify.limits import Limits
from center.notify.message import Message
from center.notify.outcome import Outcome
from center.notify.quota import Quota


class Kind(StrEnum):
    """How a channel reaches somebody."""

    WEBHOOK = "webhook"
    MAIL = "mail"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a channel is bound by."""

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
    """As people read it."""
    parts: int = 1
    """As it is billed and paced."""
    params: tuple[str, ...] = ()
    """What fills the carrier's own template."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule of ours that this message breaks; it is never sent."""

    code: str


class Channel(Protocol):
    """A way to somebody. `tests/conformance/test_channel.py` is its contract."""

    @property
    def id(self) -> str:
        """Its name in the configuration."""

    @property
    def kind(self) -> Kind:
        """What it is."""

    @property
    def terms(self) -> Terms:
        """What it is bound by."""

    @property
    def recipients(self) -> Mapping[str, str]:
        """Who may be sent to, and each one masked, as the audit and pages show him."""

    def prepare(self, message: Message, recipient: str) -> Parcel | Refusal:
        """What the message becomes for that recipient. Pure."""

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Hand it over, once, within a bounded time, and say what came of it. Only a bug is raised."""
