"""The self-check: nothing in a clean installation, each planted weakness by its name, and no secret in any text."""

import json
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.routing import compile_path
from typer.testing import CliRunner

from center.__main__ import app
from center.access.permissions import Role
from center.access.route_permissions import RoutePermissions, RouteRule
from center.access.second_factor import SecondFactorRecord
from center.access.tokens import Token
from center.access.users import GrantRequest
from center.app import unguarded
from center.audit.log import VERIFIED
from center.bootstrap import Records, open_records, records_of
from center.clock import now_ms
from center.database.location import DATABASE
from center.database.store import LoginSession, User
from center.self_check.advisories import check_packages
from center.self_check.findings import Weakness
from center.self_check.service import SelfCheck
from provisioning.contracts.config.processes import CenterConfig, load
from provisioning.files import durable
from provisioning.signing.documents import SealKey
from tests.center.conftest import PASSWORD, USERNAME, Clock
from tests.center.world import quick_passwords
from tests.support.fresh_store import fresh_store
from tests.support.pki import Pki
from tests.support.ports import free_port
from tests.support.steady import Following

DAY_MS = 86_400_000
SECRET = "kEJd83-kd93kd-29dk"
TODAY = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
LONG_AGO = "2020-01-01T00:00:00Z"
ENDS = 10**15


class Installation:
    """A centre's folder as it should be."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pki = folder, Pki(folder / "pki")
        self.config_file = folder / "center.toml"
        self.advisories = folder / "advisories"
        self.advisories.mkdir()
        advise(self.advisories, "unrelated", name="no-such-package", events=[{"introduced": "0"}])
        self.token = durable.write(folder / "query-token", SECRET.encode())
        SealKey.create(folder / "audit.key")
        own = self.pki.issue("center")
        self.tls_cert, self.tls_key = folder / "tls.pem", folder / "tls.key"
        durable.write(self.tls_cert, own.cert_file.read_bytes())
        durable.write(self.tls_key, own.key_file.read_bytes())
        self.config_file.write_text(
            f"""
            query_token_file = "query-token"
            query_url = "http://127.0.0.1:{free_port()}"
            data_dir = "data"
            audit_key_file = "audit.key"
            tls_cert_file = "tls.pem"
            tls_key_file = "tls.key"
            [self_check]
            advisories_dir = "advisories"
            [broker]
            host = "127.0.0.1"
            ca_file = "{own.ca_file}"
            cert_file = "{own.cert_file}"
            key_file = "{own.key_file}"
            """
        )
        self.config = load(CenterConfig, self.config_file)
        (folder / "data").mkdir(mode=0o700)
        fresh_store(folder / "data" / DATABASE).close()


def advise(folder: Path, name_of_file: str, *, name: str, events: list[dict[str, str]], modified: str = TODAY) -> None:
    """Brings one advisory."""
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    advisory = {
        "id": f"GHSA-{name_of_file}",
        "modified": modified,
        "affected": [affected],
        "database_specific": {"severity": "CRITICAL"},
    }
    (folder / f"{name_of_file}.json").write_text(json.dumps(advisory))


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def secure_account(records: Records, name: str, role: Role = Role.OPERATOR) -> None:
    """Makes an account with a second factor."""
    made = records.users.add(name, PASSWORD, [GrantRequest(role)], actor="test")
    with records.store.transaction() as session:
        session.add(SecondFactorRecord(user_id=made.user_id, secret="x", confirmed=True, last_step=0))


def test_a_clean_installation_has_no_finding_and_the_command_says_what_it_finds(installation: Installation) -> None:
    records = open_records(installation.config)
    secure_account(records, USERNAME, Role.ADMINISTRATOR)
    records.store.close()
    words = ["check", "--config", str(installation.config_file)]
    clean = CliRunner().invoke(app, words)
    assert (clean.exit_code, clean.stdout) == (0, "No weakness was found.\n"), clean.output
    installation.token.chmod(0o640)
    found = CliRunner().invoke(app, [*words, "--json"])
    assert found.exit_code == 1, found.output
    told = json.loads(found.stdout)
    (finding,) = told["findings"]
    assert (finding["weakness"], finding["severity"]) == ("secret_readable", "high")
    assert finding["where"] == "query_token_file"
    assert f"chmod 600 {installation.token}" in finding["remedy"]
    assert told["packages_compared"] is True
    listed = CliRunner().invoke(app, words)
    assert "HIGH   secret_readable (query_token_file): " in listed.stdout
    assert SECRET not in found.output + listed.output


def plant_accounts(folder: Path, clock: Clock) -> Records:
    """Makes records of 200 days, by a wall clock that was set forward: nobody cares for them or their accounts."""
    clock.now_ms = now_ms() - 200 * DAY_MS
    clocks = Following(clock)
    records = records_of(
        fresh_store(folder / DATABASE),
        data_dir=folder,
        audit_key=None,
        audit_keep_days=180,
        session_hours=12,
        passwords=quick_passwords(),
        clock=clock,
        clocks=clocks,
    )
    records.retention.advance()
    secure_account(records, "dora")
    secure_account(records, "olga")
    clock.now_ms = now_ms()
    clocks.skew_ms = 200 * DAY_MS
    secure_account(records, "endless")
    records.users.add(USERNAME, PASSWORD, [GrantRequest(Role.ADMINISTRATOR)], actor="test")
    user_id = records.users.get("endless").user_id
    made = {"user_id": user_id, "created_at_ms": 1, "expires_at_ms": ENDS}
    with records.store.transaction() as session:
        session.execute(update(User).where(User.username == "olga").values(password_set_at_ms=1))
        session.add(LoginSession(token_sha256="0" * 64, **made))
        session.add(Token(token_id="3f" * 8, name="x", secret_sha256="0" * 64, scopes="[]", **made))
    records.audit.append("olga", "login", {})
    return records


def plant_files(installation: Installation) -> None:
    """Has a certificate end, a key be open, a secret be a default, and advisories be old."""
    ending = installation.pki.issue_agent("short", lifetime=timedelta(days=5))
    installation.tls_cert.write_bytes(ending.cert_file.read_bytes())
    installation.tls_key.chmod(0o644)
    installation.token.write_text("ChangeMe\n")
    until_fixed = [{"introduced": "0"}, {"fixed": "9999"}]
    advise(installation.advisories, "planted", name="HTTPX", events=until_fixed, modified=LONG_AGO)
    advise(installation.advisories, "unrelated", name="y", events=[], modified=LONG_AGO)
    (installation.advisories / "cut.json").write_text('{"id": ')


def test_every_planted_weakness_is_found_by_its_name(installation: Installation) -> None:
    clock, port = Clock(), free_port()
    records = plant_accounts(installation.folder / "data", clock)
    plant_files(installation)
    config = installation.config.model_copy(
        update={
            "query_url": "http://archive.county:8100",
            "metrics_port": port,
            "audit_key_file": None,
            "broker": installation.config.broker.model_copy(update={"ca_file": installation.folder / "gone.pem"}),
        }
    )
    checking = SelfCheck(config, records.store, records.retention, clock)
    debug = RouteRule("GET", "/debug", compile_path("/debug")[0], None)
    rules = (*RoutePermissions.of(unguarded().routes).rules, debug)
    with closing(socket.create_server(("0.0.0.0", port))):
        report = checking.run(rules)
        records.audit.append("ana", VERIFIED, {"intact": False})
        later = checking.run(rules)
    records.store.close()
    found = {each.weakness: each.where for each in report.findings}
    assert len(found) == len(report.findings)
    assert found == {
        Weakness.DORMANT_ACCOUNT: "dora",
        Weakness.NO_SECOND_FACTOR: USERNAME,
        Weakness.OLD_PASSWORD: "olga",
        Weakness.ENDLESS_SESSION: "endless",
        Weakness.ENDLESS_TOKEN: "endless",
        Weakness.CERTIFICATE_ENDS: "tls_cert_file",
        Weakness.FILE_UNREADABLE: "broker.ca_file",
        Weakness.OPEN_ROUTE: "GET /debug",
        Weakness.SECRET_READABLE: "tls_key_file",
        Weakness.DEFAULT_SECRET: "query_token_file",
        Weakness.PLAIN_LISTENER: "metrics_port",
        Weakness.PLAIN_CONNECTION: "query_url",
        Weakness.RETENTION_STOPPED: "retention",
        Weakness.AUDIT_UNVERIFIED: "audit",
        Weakness.AUDIT_UNSIGNED: "audit_key_file",
        Weakness.BACKUP_OLD: "data_dir",
        Weakness.KNOWN_FAULT: "httpx",
        Weakness.ADVISORY_UNREADABLE: "self_check.advisories_dir",
        Weakness.ADVISORIES_OLD: "self_check.advisories_dir",
    }
    assert {each.weakness for each in later.findings} == set(Weakness) - {Weakness.AUDIT_UNVERIFIED}
    severities = [each.severity for each in report.findings]
    assert severities == sorted(severities, key=["high", "medium", "low"].index)
    said = " ".join(f"{each.text()} {each.advice()}" for each in report.findings)
    assert "{" not in said
    assert "changeme" not in said.lower()


@pytest.mark.parametrize(
    ("version", "events", "is_found"),
    [
        ("1.4", [{"introduced": "0"}, {"fixed": "1.5"}], True),
        ("1.5", [{"introduced": "0"}, {"fixed": "1.5"}], False),
        ("1.5rc1", [{"introduced": "0"}, {"fixed": "1.5"}], True),
        ("0.0.1a1", [{"introduced": "0"}, {"fixed": "1.5"}], True),
        ("2.0", [{"introduced": "1.0"}, {"last_affected": "2.0"}], True),
        ("2.0.1", [{"introduced": "1.0"}, {"last_affected": "2.0"}], False),
        ("0.9", [{"introduced": "1.0"}], False),
        ("3.1", [{"introduced": "1.0"}, {"fixed": "2.0"}, {"introduced": "3.0"}, {"fixed": "3.2"}], True),
        ("2.5", [{"fixed": "2.0"}, {"introduced": "3.0"}, {"fixed": "3.2"}, {"introduced": "1.0"}], False),
    ],
)
def test_a_version_is_compared_with_the_events_of_a_range(
    tmp_path: Path, version: str, events: list[dict[str, str]], is_found: bool
) -> None:
    advise(tmp_path, "one", name="Some.Package", events=events)
    found = list(check_packages(tmp_path, {"some-package": version}, datetime.now(UTC), days=90))
    assert [each.weakness for each in found] == ([Weakness.KNOWN_FAULT] if is_found else [])
