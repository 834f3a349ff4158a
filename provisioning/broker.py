"""Mosquitto, configured from `contracts.topics`: mutual TLS alone, and rights by the certificate's common name.

The broker is transport, not storage: the agent's spool row lives until the archive has committed (docs/flow.md). So the
settings here have one aim, that what the broker cannot do is an error somebody sees:

- Past its queue limit Mosquitto answers PUBACK "Success" and drops (measured: 3,000 published, 1,010 delivered).
  So the limit lies where it is never met; the agents' windows bound the queue, at 64 messages or 16 MiB an agent, and
  message expiry clears what the agent has sent again.
- A session that outlives its connection would hoard messages and, in a shared subscription, keep drawing its half.
  So the intake uses clean sessions, and whatever persistent session there is ends after an hour.
- An oversized packet ends the connection with a reason code instead of vanishing.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning import durable_file
from provisioning.authority import Identity
from provisioning.contracts.topics import MAX_MESSAGE_BYTES, PREFIX, RIGHTS, Role
from provisioning.errors import BrokerError

PROGRAM: Final = "mosquitto"
PACKET_OVERHEAD_BYTES: Final = 4096
"""Fixed header, topic and MQTT 5 properties around the largest message."""
MAX_INFLIGHT: Final = 1024
"""The largest window a configuration may ask for; each side's Receive Maximum lowers it."""


MAX_QUEUED: Final = 1_000_000
"""The full windows of 15,625 agents. Not 0, "no limit": Mosquitto 2.0.21 then ends the connection of a client whose
message the ACL refused ("Quota exceeded"), where it should answer that message alone (measured)."""


@dataclass(frozen=True)
class Listener:
    """Where the broker listens, as whom, and what account runs it."""

    host: str
    port: int
    identity: Identity
    account: str
    """Started as root, Mosquitto becomes this account and must then be able to read every file named here."""


def render_acl() -> str:
    """The access file.

    A `pattern` holds for every user, so `cluster` and `center` would own the topics of agents of those names. A `deny`
    under their own heading is looked at before any pattern and takes that away.
    """
    lines = [f"# Rendered from contracts.topics ({PREFIX}); changes here are lost."]
    for role in (Role.CLUSTER, Role.CENTER):
        lines += ["", f"user {role.value}"]
        lines += [f"topic deny {right.topic.replace('%u', role.value)}" for right in RIGHTS[Role.AGENT]]
        lines += [f"topic {right.access} {right.topic}" for right in RIGHTS[role]]
    lines += ["", "# Agents: %u is the common name of the certificate."]
    lines += [f"pattern {right.access} {right.topic}" for right in RIGHTS[Role.AGENT]]
    return "\n".join(lines) + "\n"


def render_configuration(listener: Listener, *, acl_file: Path, data_dir: Path) -> str:
    """The text of `mosquitto.conf`.

    Raises:
        BrokerError: a path that Mosquitto cannot be told, since its format has no quoting.
    """
    identity = listener.identity
    for path in (identity.ca_file, identity.cert_file, identity.key_file, acl_file, data_dir):
        if "\n" in str(path) or str(path) != str(path).strip():
            raise BrokerError(f"{str(path)!r}: Mosquitto cannot read a path with a line break or a space at its ends")
    return f"""\
# Rendered by wayside-provision; changes here are lost.
user {listener.account}
per_listener_settings false
allow_anonymous false
acl_file {acl_file}

listener {listener.port} {listener.host}
protocol mqtt
cafile {identity.ca_file}
certfile {identity.cert_file}
keyfile {identity.key_file}
tls_version tlsv1.3
require_certificate true
use_identity_as_username true

max_packet_size {MAX_MESSAGE_BYTES + PACKET_OVERHEAD_BYTES}
max_inflight_messages {MAX_INFLIGHT}
max_queued_messages {MAX_QUEUED}
max_queued_bytes 0
queue_qos0_messages false
persistent_client_expiration 1h

# For retained camera states; agents publish them again at every connection, so losing the file loses nothing.
persistence true
persistence_location {data_dir}/
autosave_interval 30

log_dest stderr
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
connection_messages true
"""


def write(directory: Path, listener: Listener) -> Path:
    """Write `mosquitto.conf`, `acl` and the data folder. Returns the configuration file.

    Raises:
        BrokerError: the folder cannot be written.
    """
    data_dir = directory / "data"
    acl_file = directory / "acl"
    text = render_configuration(listener, acl_file=acl_file, data_dir=data_dir)
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable_file.write(acl_file, render_acl().encode())
        return durable_file.write(directory / "mosquitto.conf", text.encode())
    except OSError as error:
        raise BrokerError(f"{directory}: cannot hold the broker's files ({error.strerror}); choose another") from error
