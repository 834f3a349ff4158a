"""Every fault that a check names is made here once, and named; and a broker that is right has none."""

import dataclasses
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioning.broker import config, probe
from provisioning.broker.check import check
from provisioning.broker.config import ListenAddress
from provisioning.contracts.fleet.diagnosis import CheckResult
from provisioning.pki.identities import BROKER, CLIENTS
from tests.support import mosquittos
from tests.support.exchange import Exchange
from tests.support.pki import Pki
from tests.support.ports import free_ports
from tests.support.waiting import LONG_S

pytestmark = pytest.mark.peer


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_ALERT_S", LONG_S)


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    made = Pki(tmp_path / "home")
    for name in CLIENTS:
        made.issue(name)
    return made


@pytest.fixture
def listeners(pki: Pki) -> config.Listeners:
    return pki.listeners(*free_ports(2))


@pytest.fixture
def folder(tmp_path: Path, pki: Pki, listeners: config.Listeners) -> Path:
    return config.write(tmp_path / "broker", listeners, pki.identities, mosquittos.installed()).parent


def wrong(findings: list[CheckResult]) -> dict[str, str]:
    return {each.what: each.detail for each in findings if not each.is_good}


@pytest.fixture
def look(pki: Pki, listeners: config.Listeners, folder: Path) -> Callable[[], dict[str, str]]:
    """What is wrong now."""
    return lambda: wrong(check(folder, listeners, pki.identities, live=False))


def test_what_was_just_rendered_is_good(pki: Pki, listeners: config.Listeners, folder: Path) -> None:
    findings = check(folder, listeners, pki.identities, live=False)
    assert wrong(findings) == {}
    said = {each.what: each.detail for each in findings}
    assert said["revocations agents"] == "number 1, 0 revoked, 29 days left"
    assert said["certificate broker"] == "for 127.0.0.1, ::1, localhost; 729 days left"
    assert said["port agents"] == f"{listeners.agents} is free; no broker runs"


def test_what_others_may_read_is_named(look: Callable[[], dict[str, str]], folder: Path) -> None:
    (folder / "agents.acl").chmod(0o644)
    (found,) = look().items()
    assert found[0] == "files"
    assert "agents.acl: others may use it (mode 644); run: chmod go= " in found[1]


def test_a_key_that_others_may_read_is_named(look: Callable[[], dict[str, str]], pki: Pki) -> None:
    pki.identities.agents.key_file.chmod(0o640)
    assert "agents.key: others may use it (mode 640)" in look()["files"]


def test_an_account_that_does_not_exist_is_named(pki: Pki, listeners: config.Listeners, folder: Path) -> None:
    other = dataclasses.replace(listeners, account="nobody-of-this-name")
    assert "no account 'nobody-of-this-name'" in wrong(check(folder, other, pki.identities, live=False))["files"]


def test_nothing_rendered_is_named_file_by_file(pki: Pki, listeners: config.Listeners, tmp_path: Path) -> None:
    found = wrong(check(tmp_path / "nowhere", listeners, pki.identities, live=False))
    assert set(found) == {
        "files", "mosquitto.conf", "agents.acl", "services.acl", "revocations agents", "revocations services"
    }  # fmt: skip
    assert "wayside-provision broker render" in found["mosquitto.conf"]


def test_drift_is_named_line_by_line(look: Callable[[], dict[str, str]], folder: Path) -> None:
    file = folder / "mosquitto.conf"
    text = file.read_text()
    file.write_text(text.replace("require_certificate true", "require_certificate false", 1))
    (found,) = look().items()
    assert found[0] == "mosquitto.conf"
    assert "is 'require_certificate false' and should be 'require_certificate true'" in found[1]
    assert "more" not in found[1]


def test_a_line_too_many_and_a_line_too_few_are_told_apart(look: Callable[[], dict[str, str]], folder: Path) -> None:
    with (folder / "services.acl").open("a") as file:
        file.write("topic readwrite #\n")
    acl = folder / "agents.acl"
    *kept, last = acl.read_text().splitlines()
    acl.write_text("\n".join(kept) + "\n")
    found = look()
    assert "'topic readwrite #', should not be there" in found["services.acl"]
    assert f"'{last}' is missing" in found["agents.acl"]


def test_of_much_drift_five_lines_are_shown(look: Callable[[], dict[str, str]], folder: Path) -> None:
    acl = folder / "agents.acl"
    lines = len(acl.read_text().splitlines())
    acl.write_text("")
    said = look()["agents.acl"]
    assert said.count("is missing") == 5
    assert f"; and {lines - 5} more" in said


def test_a_file_that_is_no_text_is_drift_too(look: Callable[[], dict[str, str]], folder: Path) -> None:
    (folder / "agents.acl").write_bytes(b"\xff\xfe")
    assert "cannot be read" in look()["agents.acl"]


def test_another_address_is_not_in_the_certificate(pki: Pki, listeners: config.Listeners, tmp_path: Path) -> None:
    moved = dataclasses.replace(listeners, services=ListenAddress("127.0.0.2", listeners.services.port))
    folder = config.write(tmp_path / "broker", moved, pki.identities, mosquittos.installed()).parent
    found = wrong(check(folder, moved, pki.identities, live=False))
    assert set(found) == {"certificate broker"}
    assert "not for 127.0.0.2, where it listens, but for 127.0.0.1" in found["certificate broker"]


def test_a_certificate_near_its_end_is_named(look: Callable[[], dict[str, str]], pki: Pki) -> None:
    pki.identities.issue("cluster", now=datetime.now(UTC) - timedelta(days=725))
    (found,) = look().items()
    assert found[0] == "certificate cluster"
    assert "4 days left" in found[1]


def test_a_certificate_for_another_role_is_named(look: Callable[[], dict[str, str]], pki: Pki) -> None:
    center, broker_own = pki.identities.identity("center"), pki.identities.identity(BROKER)
    shutil.copy(pki.identities.identity("cluster").cert_file, center.cert_file)
    assert look() == {"certificate center": "for cluster and another use than center's; issue it again"}
    shutil.copy(broker_own.cert_file, center.cert_file)
    assert "for broker and another use" in look()["certificate center"]


def test_a_certificate_of_the_other_authority_is_named(look: Callable[[], dict[str, str]], pki: Pki) -> None:
    forged = pki.forge("center", pki.identities.agents)
    shutil.copy(forged.cert_file, pki.identities.identity("center").cert_file)
    assert "not signed by" in look()["certificate center"]


def test_a_missing_certificate_is_named(look: Callable[[], dict[str, str]], pki: Pki) -> None:
    pki.identities.identity("provisioning").cert_file.unlink()
    assert "issue it again" in look()["certificate provisioning"]


def test_a_key_that_is_not_the_certificates_is_named(look: Callable[[], dict[str, str]], pki: Pki) -> None:
    own = pki.identities.identity(BROKER)
    shutil.copy(pki.identities.identity("center").key_file, own.key_file)
    assert "does not belong to" in look()["certificate broker"]


def test_a_list_that_the_broker_does_not_have_is_named(look: Callable[[], dict[str, str]], pki: Pki) -> None:
    pki.issue_agent("street")
    pki.revoke("street")
    found = look()
    assert set(found) == {"revocations agents"}
    assert "number 2, 1 revoked" in found["revocations agents"]
    assert "the broker still has number 1, so revocation is not effective" in found["revocations agents"]


def test_a_list_near_its_end_is_named(
    look: Callable[[], dict[str, str]], pki: Pki, listeners: config.Listeners, folder: Path
) -> None:
    pki.renew_list(lifetime=timedelta(days=6))
    config.write(folder, listeners, pki.identities, mosquittos.installed())
    assert "5 days left: past its end everybody is refused" in look()["revocations agents"]


def test_a_foreign_list_is_named(look: Callable[[], dict[str, str]], pki: Pki) -> None:
    shutil.copy(pki.identities.services.crl_file, pki.identities.agents.crl_file)
    assert "not signed by the authority" in look()["revocations agents"]


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(tmp_path)
    for name in CLIENTS:
        made.identity(name)
    yield made
    made.stop()


LIVE = {
    "no certificate", "foreign authority", "agent at the services' port", "service at the agents' port", "own topic",
    "another's topic", "forged acknowledgement", "client id", "oversized packet", "provisioning",
}  # fmt: skip


def looked_at(exchange: Exchange) -> list[CheckResult]:
    listeners = exchange.pki.listeners(exchange.port, exchange.services_port)
    return check(exchange.log.with_name("broker"), listeners, exchange.pki.identities, live=True)


def test_a_running_broker_that_is_right_has_no_fault(exchange: Exchange) -> None:
    exchange.start()
    findings = looked_at(exchange)
    assert wrong(findings) == {}
    said = {each.what: each.detail for each in findings}
    assert set(said) >= LIVE
    assert said["port agents"] == f"127.0.0.1:{exchange.port} accepts connections"
    assert said["no certificate"] == "refused: TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert said["foreign authority"] == "refused: TLSV1_ALERT_UNKNOWN_CA"
    assert said["oversized packet"].startswith("ends the connection: ")


def test_a_broker_that_does_not_run_is_one_line_each(exchange: Exchange) -> None:
    exchange.start()
    exchange.stop()
    found = wrong(looked_at(exchange))
    assert set(found) == {"port agents", "port services", *LIVE}
    assert "Connection refused" in found["own topic"]


def sloppy(exchange: Exchange, monkeypatch: pytest.MonkeyPatch, right: str, wrong_line: str) -> dict[str, str]:
    """What a check says of a broker that runs with another line than it should."""
    render = config.render_configuration
    with monkeypatch.context() as patched:
        patched.setattr(config, "render_configuration", lambda *given: render(*given).replace(right, wrong_line))
        exchange.start()
    return wrong(looked_at(exchange))


@pytest.mark.parametrize(
    ("right", "wrong_line", "found"),
    [
        ("use_username_as_clientid true", "use_username_as_clientid false", "client id"),
        ("max_packet_size 8392704", "max_packet_size 99999999", "oversized packet"),
    ],
)
def test_a_sloppy_setting_is_found_out_by_what_the_broker_does(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, right: str, wrong_line: str, found: str
) -> None:
    assert set(sloppy(exchange, monkeypatch, right, wrong_line)) == {"mosquitto.conf", found}


def test_a_broker_that_asks_for_no_certificate_is_found_out(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sloppy(exchange, monkeypatch, "require_certificate true", "require_certificate false")
    assert "TLS lets it in" in found["no certificate"]


def test_listeners_that_trust_each_others_authority_are_found_out(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Both authorities in one file, at both listeners: what a hurried hand would write."""
    own = exchange.pki.identities
    both, lists = tmp_path / "both.crt", tmp_path / "both.crl"
    both.write_bytes(own.agents.ca_file.read_bytes() + own.services.ca_file.read_bytes())
    lists.write_bytes(own.agents.crl_file.read_bytes() + own.services.crl_file.read_bytes())
    render = config.render_configuration

    def hurried(*given: Any) -> str:
        files = re.sub(r"^cafile .*$", f"cafile {both}", render(*given), flags=re.MULTILINE)
        return re.sub(r"^crlfile .*$", f"crlfile {lists}", files, flags=re.MULTILINE)

    with monkeypatch.context() as patched:
        patched.setattr(config, "render_configuration", hurried)
        exchange.start()
    found = {"mosquitto.conf", "agent at the services' port", "service at the agents' port"}
    assert set(wrong(looked_at(exchange))) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("pattern write wayside/1/agents/+/heartbeat", "another's topic"),
        ("pattern write wayside/1/agents/%u/archived", "forged acknowledgement"),
    ],
)
def test_a_right_too_many_is_found_out_by_what_the_broker_does(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch, line: str, found: str
) -> None:
    render = config.render_agents_acl
    with monkeypatch.context() as patched:
        patched.setattr(config, "render_agents_acl", lambda: f"{render()}{line}\n")
        exchange.start()
    assert set(wrong(looked_at(exchange))) == {"agents.acl", found}


def test_without_the_agents_authority_the_probes_say_so(exchange: Exchange) -> None:
    exchange.start()
    exchange.pki.identities.agents.key_file.unlink()
    found = wrong(looked_at(exchange))
    assert "nothing can be signed" in found["own topic"]
    assert "no certificate" not in found
