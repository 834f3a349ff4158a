"""Messages, channels and secrets for tests of notifications."""

import ssl
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from center.clock import NowMs, now_ms
from center.notify.channels import build
from center.notify.channels.base import Channel, ChannelTerms, Kind, Parcel, Refusal
from center.notify.lifecycle import AttemptOutcome, AttemptVerdict
from center.notify.limits import Limits, Quota
from center.notify.message import Message, parcel_id
from provisioning.contracts.config.notify import Mail, Notify, Sms, Webhook
from provisioning.files import durable
from provisioning.pki.authority import SERVER, Authority, new_key, private_pem, public_pem
from tests.support.mail_relay import PASSWORD
from tests.support.mas_gateway import AP_ID, EC_NAME, SECRET, SIGN, SIGNATURE, TOO_FAST
from tests.support.webhook_receiver import KEY_TEXT

AT_MS = 1_795_000_000_000
MOBILE = "13800138000"
ADDRESS = "duty.officer@example.org"
REPORT_SECRET = "0123456789abcdef0123456789abcdef"
SECRETS = (SECRET, KEY_TEXT, KEY_TEXT.removeprefix("whsec_"), PASSWORD, REPORT_SECRET)
"""What no outcome, log, view or error may hold."""


def message(number: int = 1, /, **changes: Any) -> Message:
    """An alarm."""
    facts = {
        "id": f"alarm-{number}",
        "camera_id": "34020000001320000001",
        "camera_name": "3号机位",
        "rule": "电动车进梯",
        "at_ms": AT_MS,
        "link": "/alarms/17",
    }
    return Message(**{**facts, **changes})


def secret(folder: Path, name: str, text: str) -> Path:
    """A file of it, as it must be."""
    return durable.write(folder / name, text.encode())


def webhook(folder: Path, url: str, **changes: Any) -> Webhook:
    """A receiver on loopback."""
    facts = {
        "id": "desk",
        "url": url,
        "key_file": secret(folder, "hook.key", KEY_TEXT),
        "allow_loopback": True,
        "timeout_s": 60.0,
    }
    return Webhook(**{**facts, **changes})


def mail(folder: Path, port: int, **changes: Any) -> Mail:
    """A relay on loopback, without TLS."""
    facts: dict[str, Any] = {
        "id": "mail",
        "host": "localhost",
        "port": port,
        "security": "none",
        "sender": "wayside@county.example",
        "recipients": [{"name": "officer", "address": ADDRESS}],
        "timeout_s": 60.0,
    }
    return Mail(**{**facts, **changes})


def sms(folder: Path, url: str, **changes: Any) -> Sms:
    """A gateway on loopback."""
    facts: dict[str, Any] = {
        "id": "sms",
        "url": url,
        "allow_loopback": True,
        "ec_name": EC_NAME,
        "ap_id": AP_ID,
        "secret_key_file": secret(folder, "mas.key", SECRET),
        "sign": SIGN,
        "signature": SIGNATURE,
        "recipients": [{"name": "duty", "mobile": MOBILE}],
        "throttle_codes": [TOO_FAST],
        "part_units": 67,
        "per_second": 1000.0,
        "timeout_s": 60.0,
    }
    return Sms(**{**facts, **changes})


def channel(config: Webhook | Mail | Sms, clock: NowMs = now_ms) -> Channel:
    """The channel of that configuration."""
    kinds = {Webhook: "webhooks", Mail: "mails", Sms: "sms"}
    return build.build(Notify(**{kinds[type(config)]: (config,)}), clock)[config.id]


def parcel_of(channel: Channel, number: int = 1) -> Parcel:
    """What an alarm becomes for the channel's first recipient."""
    parcel = channel.prepare(message(number), next(iter(channel.recipients)))
    assert isinstance(parcel, Parcel)
    return parcel


class Pki:
    """A server's certificate for some names, and the authority to believe."""

    def __init__(self, folder: Path, *names: str) -> None:
        folder.mkdir(exist_ok=True)
        authority = Authority.create(folder, "ca", "Test authority", crl_lifetime=timedelta(days=1))
        key = new_key()
        made = authority.sign(key.public_key(), names[0], SERVER, lifetime=timedelta(days=1), hosts=names)
        durable.write(folder / "server.pem", public_pem(made) + private_pem(key))
        self.ca_file = authority.ca_file
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(folder / "server.pem")


class StubChannel:
    """A channel whose outcomes a test decides: for the outbox and the loops, which know no other side."""

    kind = Kind.SMS

    def __init__(
        self,
        name: str = "stub",
        *,
        recipients: Mapping[str, str] | None = None,
        most_possible: int | None = 2,
        quota: Quota | None = None,
        limits: Limits | None = None,
        give_up_after_ms: int = 3_600_000,
        max_waiting: int = 1000,
        parts: int = 1,
    ) -> None:
        self.id = name
        self.recipients: Mapping[str, str] = recipients or {"duty": "138****8000", "deputy": "139****9000"}
        self.terms = ChannelTerms(limits or Limits(1e6), give_up_after_ms, max_waiting, most_possible, quota)
        self.parts = parts
        self.refusal: str | None = None
        self.outcome = AttemptOutcome(AttemptVerdict.TAKEN, "success")
        self.delivered: list[Parcel] = []

    def prepare(self, message: Message, recipient: str) -> Parcel | Refusal:
        """Whatever it is."""
        if self.refusal is not None:
            return Refusal(self.refusal)
        if recipient not in self.recipients:
            return Refusal("not_listed")
        return Parcel(parcel_id(message.id, self.id, recipient), message, recipient, message.rule, self.parts)

    async def deliver(self, parcel: Parcel) -> AttemptOutcome:
        """As the test says."""
        self.delivered.append(parcel)
        return self.outcome

    async def probe(self) -> str:
        """Always there."""
        return ""
