"""Builds the channels of a configuration, with secrets read from their files."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from center.clock import NowMs
from center.errors import StartError
from center.notify.channels import webhook_body
from center.notify.channels.base import Channel
from center.notify.channels.https_client import HttpLine
from center.notify.channels.mail import MailChannel
from center.notify.channels.sms import SmsChannel
from center.notify.channels.webhook import WebhookChannel
from provisioning.contracts.config.notify import Mail, Notify, Sms, Webhook
from provisioning.contracts.config.processes import read_secret

MIN_REPORT_SECRET: Final = 32
_T = TypeVar("_T")


def build(config: Notify, now_ms: NowMs) -> dict[str, Channel]:
    """Builds the configured channels, by id.

    Raises:
        ConfigError: a file of a secret cannot be used.
        StartError: it holds no such secret, or a file of certificates holds none.
    """
    channels: list[Channel] = [
        *(_webhook(each, config.offset_minutes, now_ms) for each in config.webhooks),
        *(_mail(each, config.offset_minutes, now_ms) for each in config.mails),
        *(_sms(each, config.offset_minutes) for each in config.sms),
    ]
    return {channel.id: channel for channel in channels}


def _webhook(config: Webhook, offset_minutes: int, now_ms: NowMs) -> WebhookChannel:
    key = webhook_body.key_of(read_secret(config.key_file))
    if key is None:
        raise StartError(
            what=f"key_file {config.key_file} of webhook {config.id} holds no key of 24 to 64 bytes",
            what_to_do=(
                f"Make one that the receiver gets too: "
                f"(umask 077; echo {webhook_body.PREFIX}$(openssl rand -base64 32) > {config.key_file})"
            ),
        )
    line = _believing(
        config.ca_file,
        lambda: HttpLine(
            config.url, allow_loopback=config.allow_loopback, timeout_s=config.timeout_s, ca_file=config.ca_file
        ),
    )
    return WebhookChannel(config, key, line, offset_minutes=offset_minutes, now_ms=now_ms)


def _mail(config: Mail, offset_minutes: int, now_ms: NowMs) -> MailChannel:
    password = None if config.password_file is None else read_secret(config.password_file)
    if password is not None and not password.isascii():
        raise StartError(
            what=f"password_file {config.password_file} of mail {config.id} is not ASCII, as SMTP logins want it",
            what_to_do="Set another password at the relay, and write it there",
        )
    return _believing(
        config.ca_file, lambda: MailChannel(config, password, offset_minutes=offset_minutes, now_ms=now_ms)
    )


def _sms(config: Sms, offset_minutes: int) -> SmsChannel:
    line = _believing(
        config.ca_file,
        lambda: HttpLine(
            config.url,
            allow_loopback=config.allow_loopback,
            timeout_s=config.timeout_s,
            ca_file=config.ca_file,
            tls_name=config.tls_name,
        ),
    )
    return SmsChannel(config, read_secret(config.secret_key_file), line, offset_minutes=offset_minutes)


def report_secret(config: Sms) -> bytes | None:
    """Reads the secret at the end of the path for reports; None if the channel takes no reports.

    Raises:
        ConfigError, StartError: the file cannot be used.
    """
    if config.report_secret_file is None:
        return None
    text = read_secret(config.report_secret_file)
    if len(text) < MIN_REPORT_SECRET or not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise StartError(
            what=(
                f"report_secret_file {config.report_secret_file} of sms {config.id} holds no "
                f"{MIN_REPORT_SECRET} letters and digits"
            ),
            what_to_do=f"Make one: (umask 077; openssl rand -hex 24 > {config.report_secret_file})",
        )
    return text.encode()


def _believing(ca_file: Path | None, make: Callable[[], _T]) -> _T:
    try:
        return make()
    except OSError as error:  # ssl.SSLError is one
        raise StartError(
            what=f"ca_file {ca_file} cannot be used ({error.strerror or error})",
            what_to_do="Give it certificates in PEM, or leave it out to believe those of the system",
        ) from error
