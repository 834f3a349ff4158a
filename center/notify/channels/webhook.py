"""Sends webhooks: one signed POST each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from center.clock import NowMs
from center.notify.channels import webhook_body
from center.notify.channels.base import ChannelTerms, Kind, Parcel, Refusal
from center.notify.channels.https_client import HttpAnswer, HttpLine
from center.notify.lifecycle import AttemptOutcome
from center.notify.limits import Limits
from center.notify.message import Message, parcel_id
from provisioning.contracts.config.notify import Webhook

RECIPIENT: Final = "receiver"
"""Name of the only recipient of a webhook."""


class WebhookChannel:
    """POSTs to one receiver, at least once, under one id."""

    kind: Final = Kind.WEBHOOK

    def __init__(self, config: Webhook, key: bytes, line: HttpLine, *, offset_minutes: int, now_ms: NowMs) -> None:
        self.id: Final = config.id
        self.terms: Final = ChannelTerms(
            limits=Limits(config.per_second),
            give_up_after_ms=round(config.give_up_after_s * 1000),
            max_waiting=config.max_waiting,
            most_possible=None,
        )
        self.recipients: Final[Mapping[str, str]] = MappingProxyType({RECIPIENT: config.url.split("/")[2]})
        self._key = key
        self._line = line
        self._offset_minutes = offset_minutes
        self._now_ms = now_ms

    def prepare(self, message: Message, recipient: str) -> Parcel | Refusal:
        """Writes the body; refuses no message to the receiver."""
        if recipient not in self.recipients:
            return Refusal("not_listed")
        name = parcel_id(message.id, self.id, recipient)
        return Parcel(name, message, recipient, webhook_body.body(message, name, self._offset_minutes).decode())

    async def deliver(self, parcel: Parcel) -> AttemptOutcome:
        """Signs and sends a parcel in one POST."""
        content = parcel.text.encode()
        headers = webhook_body.headers(self._key, parcel, self._now_ms() // 1000, content)
        answer = await self._line.post("", content, headers)
        return webhook_body.read(answer.status) if isinstance(answer, HttpAnswer) else answer

    async def probe(self) -> str:
        """Asks the receiver's address with HEAD, which submits nothing."""
        return await self._line.probe()
