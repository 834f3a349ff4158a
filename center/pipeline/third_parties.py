"""Lists the probes of a centre: one for each third party that its configuration names."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final
from urllib.parse import urlencode

import httpx

from center.access.errors import ProviderUnreachableError
from center.access.oidc import Oidc
from center.errors import marked
from center.notify.channels.base import Channel, Kind
from center.pipeline import causes, node_metrics, ntp
from center.pipeline.causes import Cause
from center.pipeline.node_metrics import ServerStorage
from center.pipeline.probes import (
    HUNG_UP,
    NAME_UNKNOWN,
    TLS_FAILED,
    UNREACHABLE,
    CertificateEnd,
    Probe,
    ProbeFault,
    ProbeValue,
)
from center.pipeline.stages import Stage
from provisioning.contracts.config.probes import Probes

THIS_MACHINE: Final = "chronyd"
MAX_METRICS_BYTES: Final = 16 * 1024 * 1024
NOT_METRICS: Final = marked("its answer is no page of metrics")
_CHANNELS: Final[Mapping[Kind, tuple[Stage, Cause]]] = {
    Kind.MAIL: (Stage.MAIL, causes.RELAY_AWAY),
    Kind.SMS: (Stage.SMS, causes.GATEWAY_AWAY),
    Kind.WEBHOOK: (Stage.WEBHOOKS, causes.RECEIVER_AWAY),
}
_TEXTS: Final = {
    "unreachable": UNREACHABLE,
    "name_unknown": NAME_UNKNOWN,
    "tls_failed": TLS_FAILED,
    "hung_up": HUNG_UP,
    "forbidden_address": marked("its name leads to this machine or to no host"),
    "no_tls_or_login": marked("it offers no STARTTLS"),
    "ConnectError": UNREACHABLE,
    "RemoteProtocolError": HUNG_UP,
    "ReadError": HUNG_UP,
}
"""Texts of the codes of attempts, and of httpx's errors. Others, such as `smtp_554`, are shown as they are."""
_SLOW: Final = frozenset({"timeout", "ConnectTimeout", "ReadTimeout"})


def probes(
    config: Probes, channels: Mapping[str, Channel], oidc: Oidc | None, certificates: Mapping[str, datetime]
) -> Iterator[Probe]:
    """Yields the probes. `certificates`: ends of those that sign exports, by their setting."""
    if config.ntp:
        yield Probe(Stage.CLOCK, THIS_MACHINE, ntp.follows)
    for host in config.ntp:
        yield Probe(Stage.CLOCK, host, partial(ntp.offset, host, timeout_s=config.timeout_s - 1))
    if oidc is not None:
        yield Probe(Stage.SIGN_IN, oidc.name, partial(_provider, oidc))
    for name, channel in channels.items():
        stage, cause = _CHANNELS[channel.kind]
        yield Probe(stage, name, partial(_channel, channel, cause))
    for setting, ends in certificates.items():
        yield Probe(Stage.TIME_STAMPS, setting, partial(_certificate, ends))
    if config.prometheus_url is not None:
        query = urlencode([("match[]", match) for match in node_metrics.MATCHES])
        address = f"{config.prometheus_url.rstrip('/')}/federate?{query}"
        yield Probe(Stage.STORAGE, config.prometheus_url, partial(metrics, address))
    for server, address in config.node_exporters.items():
        yield Probe(Stage.STORAGE, address, partial(metrics, address, server=server))


async def metrics(address: str, *, server: str = "") -> tuple[ServerStorage, ...]:
    """Reads the servers' storage from a page of metrics.

    Raises:
        ProbeFault: it cannot be read.
    """
    body = bytearray()
    try:
        async with httpx.AsyncClient(trust_env=False) as client, client.stream("GET", address) as answer:
            if answer.status_code != 200:
                raise ProbeFault(causes.METRICS_AWAY, f"HTTP {answer.status_code}")
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_METRICS_BYTES:
                    raise ProbeFault(causes.METRICS_AWAY, NOT_METRICS)
        return node_metrics.read(body.decode(), server=server)
    except httpx.HTTPError as error:
        raise _fault(causes.METRICS_AWAY, type(error).__name__) from error
    except ValueError as error:
        raise ProbeFault(causes.METRICS_AWAY, NOT_METRICS) from error


async def _provider(oidc: Oidc) -> ProbeValue:
    try:
        await oidc.probe()
    except ProviderUnreachableError as error:
        raise _fault(causes.PROVIDER_AWAY, str(error.facts["cause"])) from error
    return None


async def _channel(channel: Channel, cause: Cause) -> ProbeValue:
    if code := await channel.probe():
        raise _fault(cause, code)
    return None


async def _certificate(ends: datetime) -> ProbeValue:
    return CertificateEnd(round(ends.timestamp() * 1000))


def _fault(cause: Cause, code: str) -> Exception:
    return TimeoutError(code) if code in _SLOW else ProbeFault(cause, _TEXTS.get(code, code))
