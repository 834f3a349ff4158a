"""FlashMQ on loopback in Mosquitto's place: another make of broker, from its vendor (Debian has none).

It reads access files in Mosquitto's format, one for both listeners, and knows no revocation lists (docs/broker.md).
"""

import shutil
from pathlib import Path

import pytest

from provisioning.broker import config
from provisioning.broker.config import DATA, MAX_INFLIGHT, PACKET_OVERHEAD_BYTES
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES
from provisioning.files import durable
from provisioning.pki.authority import Authority
from provisioning.pki.identities import BROKER
from tests.support.exchange import Exchange

PACKET_BYTES = MAX_MESSAGE_BYTES + PACKET_OVERHEAD_BYTES


class FlashMq(Exchange):
    """The same two listeners, of one FlashMQ."""

    def command(self) -> list[str | Path]:
        """Its files, written as they are rendered today, and what starts it with them."""
        program = shutil.which("flashmq")
        if program is None:
            pytest.skip("flashmq is not installed: docs/broker.md says where it comes from")
        identities = self.pki.identities
        (self.folder / DATA).mkdir(mode=0o700, parents=True, exist_ok=True)
        acl = config.render_agents_acl() + config.render_services_acl()
        durable.write(self.folder / "flashmq.acl", acl.encode())
        text = f"""\
storage_dir {self.folder / DATA}
mosquitto_acl_file {self.folder / "flashmq.acl"}
allow_anonymous false
max_qos 1
max_packet_size {PACKET_BYTES}
client_max_write_buffer_size {2 * PACKET_BYTES}
max_qos_msg_pending_per_client {64 * MAX_INFLIGHT - 1}
max_qos_bytes_pending_per_client {1 << 30}
expire_sessions_after_seconds 3600
{self._listener(self.port, identities.agents)}
{self._listener(self.services_port, identities.services)}
"""
        return [program, "--config-file", durable.write(self.folder / "flashmq.conf", text.encode())]

    def _listener(self, port: int, authority: Authority) -> str:
        own = self.pki.identities.identity(BROKER)
        return f"""\
listen {{
  protocol mqtt
  inet_protocol ip4
  inet4_bind_address 127.0.0.1
  port {port}
  fullchain {own.cert_file}
  privkey {own.key_file}
  minimum_tls_version tlsv1.3
  client_verification_ca_file {authority.ca_file}
  tcp_nodelay true
}}"""
