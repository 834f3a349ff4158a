"""A server's verdict on a certificate: a ticket lets the client in, silence does too, an alert refuses it."""

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest

from provisioning.net.tls_verdict import read_verdict
from provisioning.pki.identities import Identity
from tests.support.pki import HOST, Pki
from tests.support.waiting import LONG_S


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@contextmanager
def shown(pki: Pki, identity: Identity | None, *, tickets: int, greeting: bytes = b"") -> Iterator[ssl.SSLSocket]:
    """A client that has shown this certificate to a server that asks agents for theirs."""
    own = pki.issue("enrolment")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pki.identities.agents.ca_file))
    server.verify_mode = ssl.CERT_REQUIRED
    server.num_tickets = tickets
    server.load_cert_chain(own.cert_file, own.key_file)
    client = ssl.create_default_context(cafile=str(own.ca_file))
    if identity is not None:
        client.load_cert_chain(identity.cert_file, identity.key_file)

    def serve(accepted: socket.socket) -> ssl.SSLSocket | None:
        with suppress(ssl.SSLError):  # the client is refused
            tls = server.wrap_socket(accepted, server_side=True)
            tls.write(greeting)
            return tls
        return None

    near, far = socket.socketpair()
    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(serve, far)
        with client.wrap_socket(near, server_hostname=HOST) as tls:
            yield tls
        if (there := served.result(LONG_S)) is not None:
            there.close()


def test_a_ticket_ends_the_waiting(pki: Pki) -> None:
    with shown(pki, pki.issue_agent("street"), tickets=1) as tls:
        assert read_verdict(tls, LONG_S) is None


def test_a_server_without_tickets_is_silent(pki: Pki) -> None:
    with shown(pki, pki.issue_agent("street"), tickets=0) as tls:
        assert read_verdict(tls, 0.1) is None


def test_an_alert_is_raised_by_its_name(pki: Pki) -> None:
    with shown(pki, None, tickets=1) as tls, pytest.raises(ssl.SSLError) as refused:
        read_verdict(tls, LONG_S)
    assert refused.value.reason == "TLSV13_ALERT_CERTIFICATE_REQUIRED"


def test_what_is_said_unasked_is_returned(pki: Pki) -> None:
    with shown(pki, pki.issue_agent("street"), tickets=0, greeting=b"220 mail") as tls:
        assert read_verdict(tls, LONG_S) == b"220 mail"
