"""Configures Mosquitto from `contracts.wire.topics`: mutual TLS alone, and rights by the certificate's common name.

Two listeners. Agents come to theirs with certificates of the agents' authority and may use their own topics; their MQTT
client id is replaced by their name, so no client takes over another's session. Cluster, centre and provisioning come to
the other with certificates of the services' authority. Neither authority's certificates open the other listener, so no
agent can ever be taken for a *cluster*, whatever its certificate says.

The broker is transport, not storage: the agent's spool row lives until the archive has committed (docs/flow.md). So the
settings here have one aim, that every failure of the broker is a visible error:

- Past its queue limit Mosquitto answers PUBACK "Success" and drops (measured: 3,000 published, 1,010 delivered).
  So the limit lies where it is never met; the agents' windows bound the queue, at 64 messages or 16 MiB an agent, and
  message expiry clears messages that the agent has sent again.
- A session that outlives its connection would hoard messages and, in a shared subscription, keep drawing its half.
  So the intake uses clean sessions, and any persistent session ends after an hour.
- An oversized packet ends the connection instead of vanishing; the log says why.
"""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from provisioning.broker.mosquitto import Mosquitto
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES, PREFIX, RIGHTS, Role
from provisioning.errors import BrokerError
from provisioning.files import durable
from provisioning.pki import revocation_list
from provisioning.pki.authority import Authority
from provisioning.pki.identities import BROKER, Identities, Identity

CONFIGURATION: Final = "mosquitto.conf"
AGENTS_ACL: Final = "agents.acl"
SERVICES_ACL: Final = "services.acl"
AGENTS_CRL: Final = "agents.crl"
SERVICES_CRL: Final = "services.crl"
"""Copies: Mosquitto reads only lists that were found good (`provisioning.pki.revocation_list`)."""
DATA: Final = "data"
PACKET_OVERHEAD_BYTES: Final = 4096
"""Fixed header, topic and MQTT 5 properties around the largest message."""
MAX_INFLIGHT: Final = 1024
"""The largest window that a configuration may ask for; each side's Receive Maximum lowers it."""


MAX_QUEUED: Final = 1_000_000
"""The full windows of 15,625 agents. Not 0, "no limit": Mosquitto 2.0.21 then ends the connection of a client whose
message the ACL refused ("Quota exceeded"), when it should refuse that message alone (measured)."""


MEMORY_LIMIT: Final = 2 * 1024**3
"""The full windows of 128 agents. At it Mosquitto ends the sender's connection (measured), and the agent's spool still
has the picture; without it the kernel ends Mosquitto, which finds the same again in its data file."""


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Address of a listener."""

    host: str
    port: int

    @property
    def here(self) -> tuple[str, int]:
        """Address for connections from this machine: a wildcard is every address, loopback too."""
        return ({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port)  # noqa: S104

    def accepts(self) -> bool:
        """True if a server accepts connections there."""
        try:
            socket.create_connection(self.here, 1.0).close()
        except OSError:
            return False
        return True

    def why_taken(self) -> str | None:
        """Explains why no server could begin to listen there now; None if one could."""
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(place)
        except OSError as error:
            return error.strerror or str(error)
        return None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Listeners:
    """Addresses of the broker's two listeners, and the account that runs it."""

    agents: ListenAddress
    services: ListenAddress
    account: str
    """Started as root, Mosquitto becomes this account and must then be able to read every file named here."""


def render_agents_acl() -> str:
    """Renders the access file of the agents' listener: `%u` is the common name of the certificate."""
    rights = (f"pattern {right.access} {right.topic}" for right in RIGHTS[Role.AGENT])
    return "\n".join((_HEAD, *rights)) + "\n"


def render_services_acl() -> str:
    """Renders the access file of the services' listener."""
    lines = [_HEAD]
    for role in Role:
        if role is not Role.AGENT:
            lines += ["", f"user {role.value}", *(f"topic {right.access} {right.topic}" for right in RIGHTS[role])]
    return "\n".join(lines) + "\n"


def render_configuration(listeners: Listeners, identities: Identities, directory: Path, mosquitto: Mosquitto) -> str:
    """Renders `mosquitto.conf` in the words of this Mosquitto's release, for files that lie in `directory`.

    Raises:
        BrokerError: a path that Mosquitto cannot read, since its format has no quoting.
    """
    own = identities.identity(BROKER)
    files = {"agents": directory / AGENTS_ACL, "services": directory / SERVICES_ACL}
    rights = _by_option(files) if mosquitto.acl_plugin is None else _by_plugin(files, mosquitto.acl_plugin)
    agents = _listener(listeners.agents, own, identities.agents, rights.listeners["agents"], directory / AGENTS_CRL)
    services = _listener(
        listeners.services, own, identities.services, rights.listeners["services"], directory / SERVICES_CRL
    )
    return f"""\
{_HEAD}
user {listeners.account}
{rights.everywhere}

{agents}
# The name in the certificate is the client id: nobody can take over another's session.
use_username_as_clientid true

{services}

# Else Nagle's algorithm holds a hint or an acknowledgement back for up to 40 ms.
set_tcp_nodelay true
max_packet_size {MAX_MESSAGE_BYTES + PACKET_OVERHEAD_BYTES}
max_inflight_messages {MAX_INFLIGHT}
max_queued_messages {MAX_QUEUED}
max_queued_bytes 0
memory_limit {MEMORY_LIMIT}
queue_qos0_messages false
persistent_client_expiration 1h

# For retained states and documents; all are published again at every connection, so losing the file loses nothing.
persistence true
persistence_location {_plain(directory / DATA)}/
autosave_interval 30

log_dest stderr
log_type error
log_type warning
log_type notice
log_timestamp_format %Y-%m-%dT%H:%M:%S
connection_messages true
"""


def write(directory: Path, listeners: Listeners, identities: Identities, mosquitto: Mosquitto) -> Path:
    """Writes `mosquitto.conf`, the access files, the data folder, and copies of the revocation lists.

    Returns the configuration file.

    Raises:
        BrokerError: the folder cannot be written.
        AuthorityError: a revocation list is damaged, or older than the one that is here.
    """
    configuration = write_configuration(directory, listeners, identities, mosquitto)
    try:
        revocation_list.take(identities.agents, directory / AGENTS_CRL)
        revocation_list.take(identities.services, directory / SERVICES_CRL)
    except OSError as error:
        raise _unwritable(directory, error) from error
    return configuration


def write_configuration(directory: Path, listeners: Listeners, identities: Identities, mosquitto: Mosquitto) -> Path:
    """Writes the same without the revocation lists, for a caller that updates those itself.

    Raises:
        BrokerError: the folder cannot be written.
    """
    text = render_configuration(listeners, identities, directory, mosquitto)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        (directory / DATA).mkdir(mode=0o700, exist_ok=True)
        durable.write(directory / AGENTS_ACL, render_agents_acl().encode())
        durable.write(directory / SERVICES_ACL, render_services_acl().encode())
        return durable.write(directory / CONFIGURATION, text.encode())
    except OSError as error:
        raise _unwritable(directory, error) from error


def _unwritable(directory: Path, error: OSError) -> BrokerError:
    return BrokerError(f"{directory}: cannot hold the broker's files ({error.strerror}); choose another")


_HEAD: Final = f"# Rendered by wayside-provision from contracts.topics ({PREFIX}); changes here are lost."


@dataclass(frozen=True, slots=True)
class _Rights:
    """Lines that give each listener its access file and refuse clients without a name."""

    everywhere: str
    listeners: dict[str, str]


def _by_option(files: dict[str, Path]) -> _Rights:
    """Writes them in the options that Mosquitto 2.0 has."""
    lines = {name: f"allow_anonymous false\nacl_file {_plain(file)}" for name, file in files.items()}
    return _Rights("per_listener_settings true", lines)


def _by_plugin(files: dict[str, Path], plugin: Path) -> _Rights:
    """Writes them for Mosquitto 2.1 and later, where a listener without its `plugin_use` allows everything."""
    loaded = (f"plugin_load {name} {plugin}\nplugin_opt_acl_file {_plain(file)}" for name, file in files.items())
    lines = {name: f"listener_allow_anonymous false\nplugin_use {name}" for name in files}
    return _Rights("\n".join(loaded), lines)


def _listener(address: ListenAddress, own: Identity, authority: Authority, rights: str, crl_file: Path) -> str:
    return f"""\
listener {address.port} {address.host}
protocol mqtt
{rights}
cafile {_plain(authority.ca_file)}
crlfile {_plain(crl_file)}
certfile {_plain(own.cert_file)}
keyfile {_plain(own.key_file)}
tls_version tlsv1.3
require_certificate true
# Of QoS 2 it would hold {MAX_INFLIGHT} messages for each client that never releases them.
max_qos 1
use_identity_as_username true"""


def _plain(path: Path) -> Path:
    if "\n" in str(path) or str(path) != str(path).strip():
        raise BrokerError(f"{str(path)!r}: Mosquitto cannot read a path with a line break or a space at its ends")
    return path
