"""Checks that the running broker refuses what it must, with certificates that end in five minutes."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from provisioning.broker.config import PACKET_OVERHEAD_BYTES, ListenAddress, Listeners
from provisioning.broker.probe import ACCEPTED, Probe, tls_answer
from provisioning.contracts.fleet.diagnosis import CheckResult
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES, Role
from provisioning.errors import BrokerError, ProvisioningError
from provisioning.files import durable
from provisioning.pki.authority import CLIENT, Authority, new_key, private_pem, public_pem
from provisioning.pki.identities import Identities, Identity

LIFETIME: Final = timedelta(minutes=5)
REFUSED: Final = "Not authorized"
TAKEN: Final = ("Success", "No matching subscribers")


def check(listeners: Listeners, identities: Identities) -> list[CheckResult]:
    """Runs all attempts, one after another; a failure stops none of the others.

    Readers of heartbeats get an empty one, from an agent that does not exist, and ignore it.
    """
    with TemporaryDirectory(prefix="wayside-probe-") as folder:
        visit = _Visit(Path(folder), listeners, identities)
        checks: dict[str, Callable[[], str]] = {
            "no certificate": visit.without_certificate,
            "foreign authority": visit.of_a_foreign_authority,
            "agent at the services' port": partial(visit.agent_at, listeners.services),
            "service at the agents' port": partial(visit.service_at, listeners.agents),
            "own topic": visit.own_topic,
            "another's topic": visit.anothers_topic,
            "forged acknowledgement": visit.forged_acknowledgement,
            "client id": visit.client_id,
            "oversized packet": visit.oversized_packet,
            "provisioning": visit.provisioning,
        }
        return [CheckResult.of(what, check, ProvisioningError) for what, check in checks.items()]


class _Visit:
    """Attempts of two unknown agents. Every method describes its finding, or raises ProvisioningError."""

    def __init__(self, folder: Path, listeners: Listeners, identities: Identities) -> None:
        self._folder = folder
        self._at = listeners
        self._identities = identities
        self._name, self._other = (f"probe-{secrets.token_hex(4)}" for _ in range(2))

    def without_certificate(self) -> str:
        ca_file = self._identities.services.ca_file
        return self._refused(*((each, None, ca_file) for each in (self._at.agents, self._at.services)))

    def of_a_foreign_authority(self) -> str:
        ca_file = self._identities.services.ca_file
        # The names of ours, on keys of our own making.
        cases = []
        for address, ours, name in (
            (self._at.agents, self._identities.agents, self._name),
            (self._at.services, self._identities.services, Role.CLUSTER.value),
        ):
            place = self._folder / f"foreign-{name}"
            place.mkdir(mode=0o700)
            subject = ours.certificate.subject.rfc4514_string().removeprefix("CN=")
            foreign = Authority.create(place, "foreign", subject, crl_lifetime=LIFETIME)
            cases.append((address, self._sign(foreign, name, place), ca_file))
        return self._refused(*cases)

    def agent_at(self, address: ListenAddress) -> str:
        agent = self._agent(self._name)
        return self._refused((address, agent, agent.ca_file))

    def service_at(self, address: ListenAddress) -> str:
        own = self._identities.identity(Role.PROVISIONING.value)
        return self._refused((address, own, own.ca_file))

    def own_topic(self) -> str:
        topic = topics.heartbeat(self._name)
        with self._connected(self._name) as probe:
            return _expect(topic, probe.publish(topic), TAKEN)

    def anothers_topic(self) -> str:
        topic = topics.heartbeat(self._other)
        with self._connected(self._name) as probe:
            return _expect(topic, probe.publish(topic), (REFUSED,))

    def forged_acknowledgement(self) -> str:
        topic = topics.archived(self._name)
        with self._connected(self._name) as probe:
            return _expect(topic, probe.publish(topic), (REFUSED,))

    def client_id(self) -> str:
        with self._connected(self._name) as first, self._connected(self._other, client_id=self._name) as second:
            for probe, name in ((second, self._other), (first, self._name)):
                verdict = probe.publish(topics.heartbeat(name))
                if verdict not in TAKEN:
                    raise BrokerError(
                        f"a client that gave the client id of another ended that one's connection ({verdict}):"
                        " use_username_as_clientid must be true at the agents' listener"
                    )
        return "bound to the certificate's name"

    def oversized_packet(self) -> str:
        with self._connected(self._name) as probe:
            verdict = probe.publish(topics.heartbeat(self._name), bytes(MAX_MESSAGE_BYTES + PACKET_OVERHEAD_BYTES + 1))
            if verdict in TAKEN or probe.ended is None:
                raise BrokerError(f"a packet over max_packet_size was answered: {verdict}")
            return f"ends the connection: {verdict}"

    def provisioning(self) -> str:
        own = self._identities.identity(Role.PROVISIONING.value)
        probe = Probe(self._at.services, own, f"{self._name}-check")
        try:
            _expect("the configuration of an agent", probe.publish(topics.configuration(self._name)), TAKEN)
            _expect("an acknowledgement", probe.publish(topics.archived(self._name)), (REFUSED,))
        finally:
            probe.close()
        return "may send configurations, and no acknowledgement"

    @contextmanager
    def _connected(self, name: str, *, client_id: str | None = None) -> Iterator[Probe]:
        probe = Probe(self._at.agents, self._agent(name), client_id or name)
        try:
            yield probe
        finally:
            probe.close()

    def _agent(self, name: str) -> Identity:
        return self._sign(self._identities.agents, name, self._folder)

    def _sign(self, authority: Authority, name: str, place: Path) -> Identity:
        made = Identity(name, self._identities.services.ca_file, place / f"{name}.crt", place / f"{name}.key")
        if not made.cert_file.exists():
            key = new_key()
            certificate = authority.sign(key.public_key(), name, CLIENT, lifetime=LIFETIME)
            durable.write(made.key_file, private_pem(key))
            durable.write(made.cert_file, public_pem(certificate))
        return made

    def _refused(self, *cases: tuple[ListenAddress, Identity | None, Path]) -> str:
        words = []
        for address, identity, ca_file in cases:
            word = tls_answer(address, identity, ca_file)
            if word == ACCEPTED:
                raise BrokerError(f"{address}: TLS lets it in; render the configuration again and restart the broker")
            words.append(word)
        return f"refused: {', '.join(dict.fromkeys(words))}"


def _expect(what: str, verdict: str, wanted: tuple[str, ...]) -> str:
    if verdict not in wanted:
        should = " or ".join(wanted)
        raise BrokerError(f"{what}: {verdict}, and should be {should}; render the access files again and restart it")
    return f"{what}: {verdict}"
