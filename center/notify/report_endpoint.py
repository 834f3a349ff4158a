"""Accepts the gateway's reports. It cannot log in: a secret in the path and its address must do."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

from center.notify import delivery_report
from center.notify.channels.build import report_secret
from center.notify.errors import ReportRefusedError
from center.notify.outbox import Outbox
from provisioning.contracts.config.notify import Sms


@dataclass
class Received:
    """Counts of one channel's reports since the start."""

    reports: int = 0
    replies_dropped: int = 0
    unreadable: int = 0


@dataclass(frozen=True)
class _Door:
    secret: bytes = field(repr=False)
    sources: frozenset[IPv4Address | IPv6Address]


class ReportGate:
    """Checks and takes delivery reports for all channels that accept any."""

    def __init__(self, configs: tuple[Sms, ...], outbox: Outbox) -> None:
        """Reads the secrets of the channels.

        Raises:
            ConfigError, StartError: a secret's file cannot be used.
        """
        self._outbox = outbox
        self._doors: Mapping[str, _Door] = {
            config.id: _Door(secret, frozenset(map(_plain, config.report_sources)))
            for config in configs
            if (secret := report_secret(config)) is not None
        }
        self.received: Mapping[str, Received] = {name: Received() for name in self._doors}
        self.refused = Counter[str]()

    def take(self, channel_id: str, secret: str, source: str, content: bytes) -> None:
        """Checks and stores a request of the gateway. Blocks.

        Raises:
            ReportRefusedError: wrong channel, secret or source, which are not told apart.
            StoreUnavailableError: the reports were not stored; the gateway will send them again.
        """
        door = self._doors.get(channel_id)
        # The digest is compared whatever the channel: how long it takes says nothing.
        expected = hashlib.sha256(b"" if door is None else door.secret).digest()
        is_right = hmac.compare_digest(expected, hashlib.sha256(secret.encode()).digest())
        if door is None or not is_right or not _is_of(source, door.sources):
            self.refused["reports"] += 1
            raise ReportRefusedError
        push = delivery_report.read(content)
        self._outbox.report(channel_id, push.reports)
        received = self.received[channel_id]
        received.reports += len(push.reports)
        received.replies_dropped += push.replies
        received.unreadable += push.unreadable


def _plain(text: str) -> IPv4Address | IPv6Address:
    """Parses an address; an IPv4 address mapped to IPv6 becomes the IPv4 one."""
    address = ip_address(text)
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _is_of(source: str, sources: frozenset[IPv4Address | IPv6Address]) -> bool:
    try:
        return _plain(source) in sources
    except ValueError:
        return False
