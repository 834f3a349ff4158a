"""Channels by which the centre sends alarms: webhooks, mail, SMS through China Mobile's cloud MAS.

Recipients are named: the outbox, the API and the audit know the name, and the number or address stands here alone.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from string import Formatter
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from provisioning.contracts.section import Port, ResolvedPath, Section

PLACEHOLDERS: Final = frozenset({"camera", "rule", "time", "link"})
"""All fields that a message may contain."""
NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,31}$"
_MOBILE: Final = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
_ADDRESS: Final = re.compile(r"(?=.{1,64}@)[A-Za-z0-9_%+-]+(?:\.[A-Za-z0-9_%+-]+)*@(.+)")
_NAME_OF_HOST: Final = r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*"


def is_loopback(host: str) -> bool:
    """True for a host name or address of this machine itself, as it is written."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return re.fullmatch(_NAME_OF_HOST, text) is not None
    return True


def _host(value: str) -> str:
    if not _is_host(value):
        raise ValueError("a host is a name like relay.example, or an IP address")
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or parts.port == 0 or not _is_host(parts.hostname or ""):
        raise ValueError("an address looks like https://host/path")
    if parts.username is not None or parts.password is not None:
        raise ValueError("user and password do not belong in the address")
    if parts.query or parts.fragment:
        raise ValueError("no ?query and no #fragment: what stands there would be in logs, and the key has a file")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("write the address in ASCII, without spaces")
    return value


def _mobile(value: str) -> str:
    found = _MOBILE.fullmatch(value.strip())
    if found is None:
        raise ValueError("a mobile number of China has 11 digits and begins with 13 to 19")
    return found[1]


def _address(value: str) -> str:
    found = _ADDRESS.fullmatch(value)
    if found is None or re.fullmatch(_NAME_OF_HOST, found[1]) is None:
        raise ValueError("an address looks like duty@example.org")
    return value


def placeholders(template: str) -> tuple[str, ...]:
    """Returns the names in braces, in their order.

    Raises:
        ValueError: braces that do not match, or more in them than a name.
    """
    return tuple(_placeholders(template))


def _placeholders(template: str) -> Iterator[str]:
    for _, name, form, conversion in Formatter().parse(template):
        if name is None:
            continue
        if form or conversion:
            raise ValueError(f"template: {{{name}}} stands alone in its braces")
        yield name


def _template(value: str) -> str:
    names = placeholders(value)
    if unknown := sorted(set(names) - PLACEHOLDERS):
        raise ValueError(
            f"template: {{{unknown[0]}}} is nothing a message says; it says {', '.join(sorted(PLACEHOLDERS))}"
        )
    if missing := sorted(PLACEHOLDERS - {"link"} - set(names)):
        raise ValueError(f"template: {{{missing[0]}}} is missing")
    if any(ord(letter) < 0x20 and letter != "\n" for letter in value):
        raise ValueError("template: control characters do not belong in it")
    return value


Name = Annotated[str, Field(pattern=NAME_PATTERN)]
WebAddress = Annotated[str, Field(max_length=512), AfterValidator(_web_address)]
Host = Annotated[str, Field(max_length=253), AfterValidator(_host)]
Mobile = Annotated[str, AfterValidator(_mobile)]
Address = Annotated[str, Field(max_length=254), AfterValidator(_address)]
Template = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_template)]
Word = Annotated[str, Field(min_length=1, max_length=32, pattern=r"\S")]
Heading = Annotated[str, Field(min_length=1, max_length=64, pattern=r"\S")]


class _Channel(Section):
    id: Name
    give_up_after_s: float = Field(default=86_400.0, ge=10, le=7 * 86_400)
    """Seconds after which an undelivered message is no longer sent."""
    max_waiting: int = Field(default=10_000, ge=1, le=1_000_000)
    """Beyond this number of waiting messages a new one is refused to its sender."""
    timeout_s: float = Field(default=15.0, ge=0.1, le=60)
    """Limit of one attempt, name look-up and handshake included."""


class Webhook(_Channel):
    """One receiver, with requests signed by the rules of standardwebhooks.com."""

    url: WebAddress
    """Uses https; http only to loopback."""
    key_file: ResolvedPath
    """`whsec_` and the Base64 of 24 to 64 random bytes, which the receiver has too; mode 0600."""
    ca_file: ResolvedPath | None = None
    """Certificates of the trusted authorities; None: the system's."""
    allow_loopback: bool = False
    """True permits a receiver on this very machine."""
    per_second: float = Field(default=20.0, gt=0, le=1000)

    @model_validator(mode="after")
    def _encrypted_or_local(self) -> Self:
        _check_local(self.id, self.url, allow_loopback=self.allow_loopback)
        if urlsplit(self.url).scheme == "http" and not is_loopback(urlsplit(self.url).hostname or ""):
            raise ValueError(f"webhook {self.id}: http goes to loopback alone, use https")
        return self


class MailRecipient(Section):
    """A mailbox and its name in the outbox, API and audit."""

    name: Name
    address: Address


class Mail(_Channel):
    """Mail through one relay."""

    host: Host
    port: Port = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` only to loopback."""
    ca_file: ResolvedPath | None = None
    username: str | None = Field(default=None, max_length=254, pattern=r"^[\x21-\x7e]+$")
    password_file: ResolvedPath | None = None
    sender: Address
    recipients: tuple[MailRecipient, ...] = Field(min_length=1, max_length=100)
    template: Template = "{rule}\n{camera}\n{time}\n{link}\n"
    per_second: float = Field(default=2.0, gt=0, le=1000)

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError(f"mail {self.id}: {self.host} is not loopback, so security is starttls or tls")
        if (self.username is None) != (self.password_file is None):
            raise ValueError(f"mail {self.id}: username and password_file go together")
        _check_distinct(self.id, [each.name for each in self.recipients])
        return self


class SmsRecipient(Section):
    """A mobile number and its name in the outbox, API and audit. Unlisted numbers get nothing: the white list."""

    name: Name
    mobile: Mobile = Field(repr=False)


class SmsStatement(Section):
    """Headings of the columns in the carrier's monthly file; each carrier has its own."""

    day: Heading
    """Column of the day, or of the day and time, of each line."""
    parts: Heading
    """Column of the parts that the carrier bills for the line."""
    template: Heading | None = None
    """Column of the carrier's template, with the id as `template_id` has it. None: counts are compared by day alone."""
    total: Word | None = None
    """Word in the day's column of a line of totals, such as 合计. The line is added to nothing: it must agree."""


class SmsPriceStep(Section):
    """Price of a part up to a volume of the month."""

    up_to: int | None = Field(default=None, ge=1)
    """Last part of the month that costs this; None in the last step alone."""
    price: str = Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,6})?$")
    """Decimal text: a number of TOML would be rounded to a binary one."""


class SmsTariff(Section):
    """Prices of the contract by the parts of a month."""

    scheme: Literal["graduated", "volume"]
    """`graduated`: each part costs the price of its own step; `volume`: all parts cost that of the step reached."""
    currency: str = Field(default="CNY", pattern=r"^[A-Z]{3}$")
    steps: tuple[SmsPriceStep, ...] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        ends = [each.up_to for each in self.steps[:-1]]
        if self.steps[-1].up_to is not None or None in ends:
            raise ValueError("tariff: every step but the last has an up_to, and the last has none")
        known = [end for end in ends if end is not None]
        if known != sorted(set(known)):
            raise ValueError("tariff: each up_to is larger than the one before")
        return self


class Sms(_Channel):
    """China Mobile cloud MAS over HTTP. Names of settings follow the gateway's fields."""

    url: WebAddress
    """Address up to `/sms`: `/norsubmit` or `/tmpsubmit` is added."""
    allow_plain_http: bool = False
    """Permits the gateway's plain http address. An eavesdropper on the way then reads account, key and numbers."""
    allow_loopback: bool = False
    tls_name: Host | None = None
    """The name on the gateway's certificate where it is not that of `url`. It is checked, never skipped."""
    ca_file: ResolvedPath | None = None
    ec_name: str = Field(min_length=1, max_length=128)
    """The enterprise, exactly as the account has it."""
    ap_id: str = Field(min_length=1, max_length=64)
    secret_key_file: ResolvedPath
    key_in_body: Literal["present", "empty", "absent"] = "present"
    """Some gateways want the key in the signature alone."""
    sign: str = Field(pattern=r"^[A-Za-z0-9]{1,64}$")
    """Code of the signature, not its text."""
    signature: str = Field(min_length=1, max_length=20, pattern=r"^[^【】\s]+$")
    """Text of the signature without 【】: the gateway puts it in front, and it counts."""
    add_serial: str = Field(default="", pattern=r"^[0-9]{0,20}$")
    template: Template = "{rule} {camera} {time} {link}"
    template_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """A text that the carrier keeps (tmpsubmit); `template` is then the same text, its blanks in the same order."""
    part_units: int = Field(default=70, ge=60, le=70)
    """UTF-16 units that are billed as one part of a long message: 70 or 67, as the contract says."""
    max_parts: int = Field(default=1, ge=1, le=8)
    """A longer text is cut, its names first."""
    recipients: tuple[SmsRecipient, ...] = Field(min_length=1, max_length=500)
    forbidden_words: tuple[Word, ...] = Field(default=(), max_length=1000)
    """Words that the carrier blocks: a text with one of them is not sent."""
    monthly_parts: int = Field(default=25_000, ge=1)
    warn_share: float = Field(default=0.8, gt=0, le=1)
    over_quota: Literal["stop", "overflow"] = "stop"
    """`overflow` goes on sending, at the price of the contract."""
    per_second: float = Field(default=20.0, gt=0, le=1000)
    carrier_rate: Literal["full", "half", "quarter", "floor"] = "full"
    """Rate that the carrier has announced; nothing is sent faster, whatever the gateway answers."""
    throttle_codes: tuple[str, ...] = Field(default=(), max_length=32)
    """Answers (`rspcod`) that mean: too fast."""
    restore_after_s: float = Field(default=600.0, ge=1, le=86_400)
    """Seconds without a throttling answer after which the next faster rate is tried."""
    give_up_after_s: float = Field(default=3600.0, ge=10, le=7 * 86_400)
    repeat_unknown: bool = True
    """Sends a message with an unknown outcome once more: then some arrive twice; without it some are lost."""
    report_secret_file: ResolvedPath | None = None
    """32 characters or more, the last part of the address for the gateway's reports. None: reports are refused."""
    report_sources: tuple[str, ...] = Field(default=(), max_length=64)
    """Addresses from which the gateway sends reports; reports from others are ignored."""
    statement: SmsStatement | None = None
    """Columns of the carrier's monthly file; None: none is read."""
    tariff: SmsTariff | None = None
    """Prices by monthly volume; None: no cost is computed."""

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        _check_local(self.id, self.url, allow_loopback=self.allow_loopback)
        parts = urlsplit(self.url)
        if parts.scheme == "http" and not (is_loopback(parts.hostname or "") or self.allow_plain_http):
            raise ValueError(f"sms {self.id}: use https, or set allow_plain_http where the carrier has nothing else")
        _check_distinct(self.id, [each.name for each in self.recipients])
        if self.template_id is not None and len(set(placeholders(self.template))) != len(placeholders(self.template)):
            raise ValueError(f"sms {self.id}: each blank of a carrier's template is filled once")
        if (self.report_secret_file is None) != (not self.report_sources):
            raise ValueError(f"sms {self.id}: report_secret_file and report_sources go together")
        for source in self.report_sources:
            try:
                ip_address(source)
            except ValueError as error:
                raise ValueError(f"sms {self.id}: report_sources are IP addresses, {source!r} is none") from error
        return self


class Notify(Section):
    """`[notify]`: the channels of a centre."""

    utc_offset: str = Field(default="+08:00", pattern=r"^[+-](0[0-9]|1[0-4]):[0-5][0-9]$")
    """Zone of the times in messages, which name it, and of the quota's months."""
    keep_days: int = Field(default=30, ge=1, le=365)
    """Days for which the outbox keeps messages that are finished."""
    webhooks: tuple[Webhook, ...] = Field(default=(), max_length=32)
    mails: tuple[Mail, ...] = Field(default=(), max_length=32)
    sms: tuple[Sms, ...] = Field(default=(), max_length=8)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _check_distinct("notify", [each.id for each in (*self.webhooks, *self.mails, *self.sms)])
        return self

    @property
    def offset_minutes(self) -> int:
        """`utc_offset` in minutes, east positive."""
        hours, minutes = self.utc_offset[1:].split(":")
        return (-1 if self.utc_offset[0] == "-" else 1) * (int(hours) * 60 + int(minutes))


def _check_local(channel: str, url: str, *, allow_loopback: bool) -> None:
    if is_loopback(urlsplit(url).hostname or "") and not allow_loopback:
        raise ValueError(
            f"{channel}: {urlsplit(url).hostname} is this machine itself; allow_loopback = true if it is meant"
        )


def _check_distinct(where: str, names: list[str]) -> None:
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise ValueError(f"{where}: ids and names must differ, found twice: {', '.join(twice)}")
