"""Sends SMS through a gateway: one POST a number."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from center.notify.channels import mas, parts
from center.notify.channels.base import ChannelTerms, Kind, Parcel, Refusal
from center.notify.channels.https_client import HttpAnswer, HttpLine
from center.notify.lifecycle import AttemptOutcome
from center.notify.limits import Limits, Quota, RateState
from center.notify.message import Message, blanks, holds_any, parcel_id
from provisioning.contracts.config.notify import Sms, placeholders

MOST_POSSIBLE: Final = 2
"""Unknown outcomes that end a message, whatever is set: the gateway knows no idempotency id."""


class SmsChannel:
    """Sends SMS through China Mobile cloud MAS."""

    kind: Final = Kind.SMS

    def __init__(self, config: Sms, secret_key: str, line: HttpLine, *, offset_minutes: int) -> None:
        self.id: Final = config.id
        self.terms: Final = ChannelTerms(
            limits=Limits(config.per_second, RateState(config.carrier_rate), round(config.restore_after_s * 1000)),
            give_up_after_ms=round(config.give_up_after_s * 1000),
            max_waiting=config.max_waiting,
            most_possible=MOST_POSSIBLE if config.repeat_unknown else 1,
            quota=Quota(config.monthly_parts, config.warn_share, config.over_quota == "overflow"),
        )
        self._mobiles = {each.name: each.mobile for each in config.recipients}
        self.recipients: Final[Mapping[str, str]] = MappingProxyType(
            {name: mas.masked(mobile) for name, mobile in self._mobiles.items()}
        )
        self._config = config
        self._account = mas.GatewayAccount(
            ec_name=config.ec_name,
            ap_id=config.ap_id,
            secret_key=secret_key,
            sign=config.sign,
            add_serial=config.add_serial,
            key_in_body=config.key_in_body,
            throttle_codes=frozenset(config.throttle_codes),
        )
        self._line = line
        self._offset_minutes = offset_minutes

    def prepare(self, message: Message, recipient: str) -> Parcel | Refusal:
        """Fills, cuts and counts the text; refuses recipients not on the white list and texts that would be blocked."""
        if recipient not in self.recipients:
            return Refusal("not_listed")
        config = self._config
        template = parts.without_brackets(config.template)
        limit = parts.room(config.signature, config.part_units, config.max_parts)
        filled = parts.fitted(template, blanks(message, self._offset_minutes), limit)
        text = template.format_map(filled)
        if config.template_id is None:
            text = parts.cut(text, limit)
        # Checked before it is cut: half a forbidden word is no way around the filter.
        if holds_any(template.format_map(blanks(message, self._offset_minutes)), config.forbidden_words):
            return Refusal("forbidden_word")
        return Parcel(
            parcel_id=parcel_id(message.id, self.id, recipient),
            message=message,
            recipient=recipient,
            text=text,
            parts=parts.billed(text, config.signature, config.part_units),
            params=tuple(filled[name] for name in placeholders(config.template)) if config.template_id else (),
            template=config.template_id or "",
        )

    async def deliver(self, parcel: Parcel) -> AttemptOutcome:
        """Submits a parcel in one POST."""
        mobile, template_id = self._mobiles[parcel.recipient], self._config.template_id
        if template_id is None:
            path, content = mas.NORMAL, mas.normal(self._account, mobile, parcel.text)
        else:
            path, content = mas.TEMPLATE, mas.templated(self._account, mobile, template_id, parcel.params)
        answer = await self._line.post(path, content, {"Content-Type": "text/plain; charset=utf-8"})
        return mas.read(self._account, answer.status, answer.content) if isinstance(answer, HttpAnswer) else answer

    async def probe(self) -> str:
        """Asks the gateway's address with HEAD, which submits nothing."""
        return await self._line.probe()
