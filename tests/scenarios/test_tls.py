"""Debian's sslscan before every TLS listener that is ours: what docs/tls.md states, and nothing beside it.

```
sslscan ─┬─▶ Mosquitto: agents, services      wayside-center run ◀─┬─ sslscan
         └─▶ enrolment                        GA/T 1400, desk    ◀─┘
```
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_agent.clock import SystemClock
from edge_agent.desk.handler import DeskServer
from provisioning.contracts.config import processes
from provisioning.contracts.wire.topics import Role
from tests.edge_agent.viid.serving import serving as viid_serving
from tests.provisioning.serving import new_home
from tests.provisioning.serving import serving as enrolment_serving
from tests.support.exchange import listens
from tests.support.pki import HOST
from tests.support.ports import free_port
from tests.support.premises import BIN, Site
from tests.support.sslscan import AEAD_1_2, AEAD_1_3, Offered, offered
from tests.support.waiting import LONG_S, until

pytestmark = pytest.mark.peer

ALL = {"1.2": AEAD_1_2, "1.3": AEAD_1_3}
NEWEST = {"1.3": AEAD_1_3}


@dataclass(frozen=True)
class Listener:
    port: int
    ca_file: Path
    states: dict[str, set[str]]
    """Suites by version, as docs/tls.md has them."""


@pytest.fixture
def listeners(site: Site, tmp_path: Path) -> Iterator[dict[str, Listener]]:
    site.exchange.start()
    issued = site.exchange.pki.issue("enrolment")  # any server's certificate for 127.0.0.1
    home = new_home(tmp_path)
    https = {"tls_cert_file": issued.cert_file, "tls_key_file": issued.key_file}
    with ExitStack() as stack:
        stack.enter_context(enrolment_serving(home))
        viid = stack.enter_context(viid_serving(tmp_path, tls_cert_file=issued.cert_file, tls_key_file=issued.key_file))
        yield {
            "agents": Listener(site.exchange.port, issued.ca_file, NEWEST),
            "services": Listener(site.exchange.services_port, issued.ca_file, NEWEST),
            "enrolment": Listener(home.config.enrolment_port, home.identities.services.ca_file, NEWEST),
            "centre": Listener(_centre(site, https), issued.ca_file, ALL),
            "viid": Listener(viid.port, issued.ca_file, ALL),
            "desk": Listener(stack.enter_context(_desk(tmp_path, https)), issued.ca_file, ALL),
        }


def _centre(site: Site, https: dict[str, Path]) -> int:
    token = site.root / "query-token"
    token.write_text("q" * 40)
    token.chmod(0o600)
    port = free_port()
    config = site.write_toml(
        "center",
        {
            "port": port,
            "query_token_file": str(token),
            "data_dir": str(site.root / "center"),
            "broker": site.broker_table(Role.CENTER.value),
            **{name: str(file) for name, file in https.items()},
        },
    )
    site.start("center", [str(BIN / "wayside-center"), "run", "--config", str(config)])
    until(lambda: listens(port), "the centre serves")
    return port


@contextmanager
def _desk(folder: Path, https: dict[str, Path]) -> Iterator[int]:
    port, stop = free_port(), threading.Event()
    settings = processes.Desk.model_validate({"host": HOST, "port": port, "token_file": folder / "desk.token"} | https)
    server = DeskServer(settings, {}, folder, lambda _: False, SystemClock())
    thread = threading.Thread(target=server.run, args=(stop,))
    thread.start()
    try:
        until(lambda: listens(port))
        yield port
    finally:
        stop.set()
        thread.join(LONG_S)


def test_every_listener_offers_what_the_page_states_and_no_more(listeners: dict[str, Listener]) -> None:
    for name, listener in listeners.items():
        assert offered(listener.port) == Offered(listener.states, set()), name
        _verified(listener)


def _verified(listener: Listener) -> None:
    """A client that trusts the authority alone, and asks for the address, is content with name and chain."""
    context = ssl.create_default_context(cafile=str(listener.ca_file))
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    with socket.create_connection((HOST, listener.port), LONG_S) as plain:
        context.wrap_socket(plain, server_hostname=HOST).close()
