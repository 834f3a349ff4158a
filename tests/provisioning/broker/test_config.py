"""The rendered Mosquitto, asked by real clients at both listeners.

 street ──┐                                   ┌── cluster
 avenue ──┤── agents' ── mosquitto ── services' ┼── center
stranger ─┘   (mTLS, patterns)  (mTLS, users)   └── provisioning
"""

import re
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provisioning.broker import config
from provisioning.broker.mosquitto import Mosquitto
from provisioning.contracts.wire import topics
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES, RIGHTS, Role
from provisioning.errors import AuthorityError, BrokerError
from tests.support import mosquittos
from tests.support.exchange import Exchange
from tests.support.mqtt_client import NOT_AUTHORIZED, Client, told
from tests.support.pki import Pki
from tests.support.waiting import LONG_S, until

SERVICES = [Role.CLUSTER, Role.CENTER, Role.PROVISIONING]
Join = Callable[..., Client]


def granted(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith(("#", "user"))]


def test_the_agents_file_says_every_right_of_an_agent_and_no_other() -> None:
    assert granted(config.render_agents_acl()) == [f"pattern {each.access} {each.topic}" for each in RIGHTS[Role.AGENT]]


def test_the_services_file_says_every_right_of_a_service_and_no_pattern() -> None:
    text = config.render_services_acl()
    assert granted(text) == [f"topic {each.access} {each.topic}" for role in SERVICES for each in RIGHTS[role]]
    assert [line for line in text.splitlines() if line.startswith("user")] == [f"user {each}" for each in SERVICES]


def test_the_page_about_emqx_says_the_same_rights() -> None:
    page = (Path(__file__).parents[3] / "docs/emqx.md").read_text(encoding="utf-8")
    block = page.partition("```erlang\n")[2].partition("\n```")[0]
    assert block.splitlines() == [*(line for role in (*SERVICES, Role.AGENT) for line in emqx(role)), "{deny, all}."]


def emqx(role: Role) -> Iterator[str]:
    who = "all" if role is Role.AGENT else f'{{username, "{role}"}}'
    yield f"%% {role}"
    for access, action in (("write", "publish"), ("read", "subscribe")):
        if topics_ := [f'"{each.topic}"' for each in RIGHTS[role] if each.access == access]:
            yield f"{{allow, {who}, {action}, [{', '.join(topics_)}]}}.".replace("%u", "${username}")
    if role is not Role.AGENT:
        yield f'{{deny, {who}, all, ["#"]}}.'


def test_each_release_is_told_in_its_own_words_which_listener_has_which_rights(tmp_path: Path, pki: Pki) -> None:
    def told(program: Mosquitto) -> list[list[str]]:
        text = config.render_configuration(pki.listeners(1, 2), pki.identities, tmp_path, program)
        wanted = ("listener", "plugin", "acl_file", "per_listener_settings", "allow_anonymous", "listener_allow")
        return [line.split() for line in text.splitlines() if line.startswith(wanted)]

    agents, services = str(tmp_path / "agents.acl"), str(tmp_path / "services.acl")
    assert told(mosquittos.FORMER) == [
        ["per_listener_settings", "true"],
        ["listener", "1", "127.0.0.1"], ["allow_anonymous", "false"], ["acl_file", agents],
        ["listener", "2", "127.0.0.1"], ["allow_anonymous", "false"], ["acl_file", services],
    ]  # fmt: skip
    assert told(mosquittos.PRESENT) == [
        ["plugin_load", "agents", "/usr/lib/mosquitto_acl_file.so"], ["plugin_opt_acl_file", agents],
        ["plugin_load", "services", "/usr/lib/mosquitto_acl_file.so"], ["plugin_opt_acl_file", services],
        ["listener", "1", "127.0.0.1"], ["listener_allow_anonymous", "false"], ["plugin_use", "agents"],
        ["listener", "2", "127.0.0.1"], ["listener_allow_anonymous", "false"], ["plugin_use", "services"],
    ]  # fmt: skip


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki(tmp_path / "home")


def test_files_are_the_owners_alone(tmp_path: Path, pki: Pki) -> None:
    configuration = config.write(tmp_path / "broker", pki.listeners(1, 2), pki.identities, mosquittos.FORMER)
    folder = configuration.parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    files = ("mosquitto.conf", "agents.acl", "services.acl", "agents.crl", "services.crl")
    assert modes == {"broker": 0o700, "data": 0o700, **dict.fromkeys(files, 0o600)}


def test_a_path_that_the_format_cannot_carry_is_refused(tmp_path: Path, pki: Pki) -> None:
    with pytest.raises(BrokerError, match="line break"):
        config.write(tmp_path / "a\nallow_anonymous true", pki.listeners(1, 2), pki.identities, mosquittos.FORMER)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, pki: Pki) -> None:
    (tmp_path / "broker").write_text("a file")
    with pytest.raises(BrokerError, match="broker: cannot hold the broker's files"):
        config.write(tmp_path / "broker", pki.listeners(1, 2), pki.identities, mosquittos.FORMER)


def test_a_damaged_revocation_list_never_reaches_the_broker(tmp_path: Path, pki: Pki) -> None:
    config.write(tmp_path / "broker", pki.listeners(1, 2), pki.identities, mosquittos.FORMER)
    good = (tmp_path / "broker/agents.crl").read_bytes()
    pki.identities.agents.crl_file.write_bytes(b"damaged")
    with pytest.raises(AuthorityError, match=r"agents\.crl: not a revocation list"):
        config.write(tmp_path / "broker", pki.listeners(1, 2), pki.identities, mosquittos.FORMER)
    assert (tmp_path / "broker/agents.crl").read_bytes() == good


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def join(exchange: Exchange) -> Iterator[Join]:
    """Connect somebody where he belongs."""
    clients: list[Client] = []

    def join(name: str, **options: object) -> Client:
        clients.append(Client(exchange.identity(name), exchange.port_of(name), **options))  # type: ignore[arg-type]
        return clients[-1]

    yield join
    for client in clients:
        client.close()


@pytest.mark.peer
def test_a_picture_reaches_the_cluster_and_its_acknowledgement_the_agent(join: Join) -> None:
    cluster, agent, center = join("cluster"), join("street"), join("center")
    cluster.subscribe(topics.snapshots_shared("test"))
    agent.subscribe(topics.archived("street"))
    center.subscribe(topics.observed("+"))
    assert agent.publish(topics.snapshots("street"), b"picture") == "Success"
    assert cluster.wait_for(1) == [(topics.snapshots("street"), b"picture")]
    assert cluster.publish(topics.archived("street"), b"ack") == "Success"
    assert cluster.publish(topics.observed("street"), b"hint") == "Success"
    assert agent.wait_for(1) == [(topics.archived("street"), b"ack")]
    assert center.wait_for(1) == [(topics.observed("street"), b"hint")]


@pytest.mark.peer
def test_camera_states_are_kept_for_a_centre_that_comes_later(join: Join) -> None:
    join("street").publish(topics.camera_status("street", "east"), b"online", retain=True)
    center = join("center")
    center.subscribe(topics.camera_status("+", "+"))
    assert center.wait_for(1) == [(topics.camera_status("street", "east"), b"online")]


@pytest.mark.peer
def test_a_configuration_waits_for_its_agent_and_the_answer_for_provisioning(join: Join) -> None:
    provisioning = join("provisioning")
    provisioning.publish(topics.configuration("street"), b"sealed", retain=True)
    provisioning.publish(topics.roster(), b"roster", retain=True)
    agent, neighbour, center = join("street"), join("avenue"), join("center")
    agent.subscribe(topics.configuration("street"))
    neighbour.subscribe(topics.configuration("+"))
    neighbour.subscribe(topics.roster())
    center.subscribe(topics.roster())
    assert agent.wait_for(1) == [(topics.configuration("street"), b"sealed")]
    assert center.wait_for(1) == [(topics.roster(), b"roster")]
    agent.publish(topics.configured("street"), b"confirmed", retain=True)
    provisioning.subscribe(topics.configured("+"))
    assert provisioning.wait_for(1) == [(topics.configured("street"), b"confirmed")]
    assert neighbour.nothing_arrives()


@pytest.mark.peer
def test_an_agent_writes_to_its_own_topics_alone(join: Join) -> None:
    agent = join("street")
    refused = [
        topics.snapshots("avenue"),
        topics.heartbeat("avenue"),
        topics.camera_status("avenue", "east"),
        topics.configured("avenue"),
        topics.archived("street"),
        topics.archived("avenue"),
        topics.rejected("street"),
        topics.observed("street"),
        topics.configuration("street"),
        topics.roster(),
        topics.snapshots("cluster"),
        "wayside/1/agents/street",
        "wayside/1/agents/street/snapshots/deeper",
        "elsewhere",
        "$SYS/broker/uptime",
    ]
    assert {topic: agent.publish(topic) for topic in refused} == dict.fromkeys(refused, NOT_AUTHORIZED)


@pytest.mark.peer
def test_an_agent_reads_its_own_acknowledgements_alone(join: Join) -> None:
    cluster, agent, neighbour = join("cluster"), join("street"), join("avenue")
    for topic in (topics.archived("street"), "wayside/#", "#", topics.observed("+"), topics.snapshots_shared("test")):
        neighbour.subscribe(topic)
    agent.subscribe(topics.archived("street"))
    assert cluster.publish(topics.archived("street"), b"ack") == "Success"
    cluster.publish(topics.observed("street"), b"hint")
    agent.publish(topics.snapshots("street"), b"picture")
    assert agent.wait_for(1) == [(topics.archived("street"), b"ack")]
    assert neighbour.nothing_arrives()


@pytest.mark.peer
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_writes_what_its_role_says_and_nothing_else(join: Join, name: Role) -> None:
    client = join(name)
    every = [
        topics.snapshots("street"),
        topics.heartbeat("street"),
        topics.camera_status("street", "east"),
        topics.configured("street"),
        topics.snapshots(name),
        topics.heartbeat(name),
        topics.archived("street"),
        topics.rejected("street"),
        topics.observed("street"),
        topics.configuration("street"),
        topics.roster(),
    ]
    allowed = {
        Role.CLUSTER: {topics.archived("street"), topics.rejected("street"), topics.observed("street")},
        # A camera's state it may clear, and so could write.
        Role.PROVISIONING: {topics.configuration("street"), topics.roster(), topics.camera_status("street", "east")},
    }.get(name, set())
    assert {topic for topic in every if client.publish(topic) != NOT_AUTHORIZED} == allowed


@pytest.mark.peer
@pytest.mark.parametrize("name", [Role.CENTER, Role.PROVISIONING])
def test_no_service_but_the_cluster_reads_a_picture(join: Join, name: Role) -> None:
    reader, agent = join(name), join("street")
    for topic in (topics.snapshots("+"), topics.snapshots_shared("test"), "#"):
        reader.subscribe(topic)
    agent.publish(topics.snapshots("street"), b"picture")
    assert reader.nothing_arrives()


@pytest.mark.peer
def test_an_agent_called_like_a_service_is_an_agent_all_the_same(exchange: Exchange) -> None:
    """The product signs no such name; were the agents' authority stolen, it still could not speak for a service."""
    forged = exchange.pki.forge("cluster", exchange.pki.identities.agents)
    client = Client(forged, exchange.port)
    assert client.publish(topics.archived("street")) == NOT_AUTHORIZED
    client.close()
    assert told(exchange.services_port, forged, forged.ca_file) != "accepted"


@pytest.mark.peer
def test_an_agents_client_id_is_its_name_whatever_it_asks_for(exchange: Exchange, join: Join) -> None:
    street = join("street", client_id="street")
    thief = join("avenue", client_id="street")
    assert thief.publish(topics.heartbeat("avenue")) == "No matching subscribers"
    assert street.publish(topics.heartbeat("street")) == "No matching subscribers"
    assert street.ended is None


@pytest.mark.peer
@pytest.mark.parametrize("name", ["street", "cluster"])
def test_messages_that_a_client_never_releases_are_not_taken(exchange: Exchange, name: str) -> None:
    """QoS 2: the broker would hold up to 1,024 of them, 8 MiB each."""
    client = Client(exchange.identity(name), exchange.port_of(name))
    client._paho.publish(topics.heartbeat(name), b"x", qos=2)
    assert client.wait_for_the_end() == "QoS not supported"
    client.close()


@pytest.mark.peer
def test_plain_text_is_not_spoken(exchange: Exchange) -> None:
    for port in (exchange.port, exchange.services_port):
        with socket.create_connection(("127.0.0.1", port), LONG_S) as plain:
            plain.sendall(bytes.fromhex("101000044d5154540502003c00000362616400"))
            plain.settimeout(LONG_S)
            with pytest.raises(ConnectionResetError):
                plain.recv(64)


@pytest.mark.peer
def test_mosquitto_calls_no_option_deprecated_and_rights_outlive_a_reload(exchange: Exchange, join: Join) -> None:
    street, stolen = join("street"), exchange.identity("avenue")
    exchange.pki.revoke("avenue")
    exchange.reload()
    until(lambda: told(exchange.port, stolen, stolen.ca_file) == "SSLV3_ALERT_CERTIFICATE_REVOKED", "the list is read")
    for agent in (street, join("lane")):
        assert agent.publish(topics.snapshots("avenue")) == NOT_AUTHORIZED
        assert agent.publish(topics.archived("street")) == NOT_AUTHORIZED
    assert street.publish(topics.heartbeat("street")) == "No matching subscribers"
    assert join("center").publish(topics.archived("street")) == NOT_AUTHORIZED
    log = exchange.log.read_text(encoding="utf-8")
    assert [line for line in log.splitlines() if re.search(r"deprecated|Please replace|no longer", line)] == []


@pytest.mark.peer
def test_the_largest_message_passes_and_a_larger_one_ends_the_connection(join: Join) -> None:
    cluster, agent = join("cluster"), join("street")
    cluster.subscribe(topics.snapshots("+"))
    assert agent.publish(topics.snapshots("street"), bytes(MAX_MESSAGE_BYTES)) == "Success"
    # paho 2.1 reads in portions of 100 reads. A packet that ends with a portion it hands over at the next byte.
    assert agent.publish(topics.snapshots("street"), b"next") == "Success"
    assert len(cluster.wait_for(2)[0][1]) == MAX_MESSAGE_BYTES
    verdict = agent.publish(topics.snapshots("street"), bytes(MAX_MESSAGE_BYTES + config.PACKET_OVERHEAD_BYTES + 1))
    assert verdict != "Success"
    assert agent.wait_for_the_end() is not None


@pytest.mark.peer
def test_a_slow_reader_loses_nothing(join: Join) -> None:
    """Mosquitto's default queue of 1,000 messages would drop here, behind a PUBACK that says Success."""
    cluster, agent = join("cluster", manual_ack=True, ReceiveMaximum=1), join("street")
    cluster.subscribe(topics.snapshots("+"))
    numbers = [str(number).encode() for number in range(1500)]
    assert set(agent.publish_many(topics.snapshots("street"), numbers)) == {"Success"}
    for count in range(1, len(numbers) + 1):
        assert len(cluster.wait_for(count)) == count  # Receive Maximum 1: the next waits for our word
        cluster.acknowledge(cluster.mids[-1])
    assert [payload for _, payload in cluster.received] == numbers
