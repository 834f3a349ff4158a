"""`wayside-center` as a person types it: one line for what he can mend, nothing heavy for --help."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from center.__main__ import app
from center.access.permissions import EVERYWHERE, Permission
from center.access.sessions import Auth
from center.app import build
from center.bootstrap import SETUP_CODE, open_records
from center.clock import now_ms
from center.database.instance_lock import alone
from center.database.location import DATABASE
from center.database.store import Store
from center.errors import StartError
from center.evidence.visibility import Viewer
from center.fleet.mqtt import MqttLink
from provisioning.contracts.config.processes import Broker, CenterConfig, load
from provisioning.contracts.errors import ConfigError
from tests.center.conftest import PASSWORD, USERNAME
from tests.center.evidence.desk import CASE, Desk, export, open_desk
from tests.center.world import OpenLine
from tests.support.postgres import USER, Postgres

ROOT = Path(__file__).parents[3]


def _config(folder: Path, *, port: int = 8080, token_mode: int = 0o600, more: str = "") -> Path:
    token = folder / "query-token"
    token.write_text("token")
    token.chmod(token_mode)
    config = folder / "center.toml"
    config.write_text(
        f"""
        port = {port}
        query_token_file = "query-token"
        data_dir = "data"
        {more}
        [broker]
        host = "127.0.0.1"
        ca_file = "ca.pem"
        cert_file = "center.pem"
        key_file = "center.key"
        """
    )
    return config


def open_accounts(config: CenterConfig) -> tuple[Store, Auth]:
    records = open_records(config)
    return records.store, records.auth


def _fails(*arguments: str) -> str:
    done = CliRunner().invoke(app, [*arguments])
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_a_configuration_that_is_wrong_is_one_line(tmp_path: Path) -> None:
    assert "--config" in _fails("run", "--config", str(tmp_path / "nothing.toml"))
    assert "colour" in _fails("run", "--config", str(_config(tmp_path, more="colour = 'red'")))


def test_a_token_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="chmod 600"):
        build(load(CenterConfig, _config(tmp_path, token_mode=0o644)), link=OpenLine())


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = _fails("run", "--config", str(_config(tmp_path, port=port)))
    assert f"127.0.0.1:{port}" in said
    assert "another port" in said


def test_a_second_centre_on_the_same_data_is_one_line_and_names_the_first(tmp_path: Path) -> None:
    config = _config(tmp_path)
    hold = (
        "import sys; from pathlib import Path; from center.database.instance_lock import alone\n"
        "from provisioning.contracts.config.processes import CenterConfig, load\n"
        "with alone(load(CenterConfig, Path(sys.argv[1]))): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(config)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as first:  # fmt: skip
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        said = _fails("run", "--config", str(config))
        first.communicate("")
    assert f"process {first.pid}" in said
    with alone(load(CenterConfig, config)):
        pass  # it went with its process


def test_certificates_that_are_missing_are_named(tmp_path: Path) -> None:
    broker = Broker(host="b", ca_file=tmp_path / "ca.pem", cert_file=tmp_path / "c.pem", key_file=tmp_path / "k.pem")
    with pytest.raises(StartError, match=r"ca\.pem"):
        MqttLink(broker, lambda: None)


def test_a_tls_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "tls.pem").write_text("no certificate")
    more = 'tls_cert_file = "tls.pem"\n        tls_key_file = "tls.key"'
    assert "tls.pem" in _fails("run", "--config", str(_config(tmp_path, more=more)))


def test_the_set_up_code_is_printed_while_there_is_one(tmp_path: Path) -> None:
    config = _config(tmp_path)
    assert "start the centre" in _fails("setup-code", "--config", str(config))
    store, auth = open_accounts(load(CenterConfig, config))
    file = auth.prepare_setup()
    assert file is not None
    done = CliRunner().invoke(app, ["setup-code", "--config", str(config)])
    assert done.stdout == file.read_text()
    auth.setup(code=done.stdout.strip(), username=USERNAME, password=PASSWORD, source="127.0.0.1")
    assert "log in" in _fails("setup-code", "--config", str(config))
    store.close()


def test_a_seal_key_that_is_none_is_named(tmp_path: Path) -> None:
    config = load(CenterConfig, _config(tmp_path, more='seal_key_file = "seal.pub"'))
    with pytest.raises(StartError, match=r"seal\.pub.*Copy seal\.pub from provisioning"):
        build(config, link=OpenLine())
    (tmp_path / "seal.pub").write_text("ab" * 31)
    with pytest.raises(StartError, match=r"seal\.pub"):
        build(config, link=OpenLine())


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StartError, match="data_dir"):
        open_accounts(load(CenterConfig, _config(tmp_path)))


def test_the_data_folder_is_closed_to_others(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    store, auth = open_accounts(load(CenterConfig, _config(tmp_path)))
    code_file = auth.prepare_setup()
    store.close()
    assert code_file == data / SETUP_CODE
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / DATABASE).exists()


def test_a_forgotten_password_is_replaced_without_showing_it(tmp_path: Path) -> None:
    config = _config(tmp_path)
    store, auth = open_accounts(load(CenterConfig, config))
    auth.prepare_setup()
    code = (tmp_path / "data" / SETUP_CODE).read_text(encoding="ascii")
    auth.setup(code=code, username=USERNAME, password=PASSWORD, source="-")
    store.close()
    umask = os.umask(0o022)
    os.umask(umask)
    try:
        done = CliRunner().invoke(
            app,
            ["user", "reset-password", USERNAME, "--config", str(config)],
            input="eight dry umbrellas\neight dry umbrellas\n",
        )
        assert done.exit_code == 0, done.output
        assert "umbrellas" not in done.output
        refused = CliRunner().invoke(
            app, ["user", "reset-password", "nobody", "--config", str(config)], input=f"{PASSWORD}\n{PASSWORD}\n"
        )
        assert refused.exit_code == 2
        assert "nobody does not exist" in refused.stderr
    finally:
        os.umask(umask)
    store, auth = open_accounts(load(CenterConfig, config))
    assert auth.login(username=USERNAME, password="eight dry umbrellas", source="-")
    store.close()


def test_the_schema_is_printed_as_json() -> None:
    done = CliRunner().invoke(app, ["openapi"])
    assert json.loads(done.output)["info"]["title"] == "Wayside centre"


def test_help_is_light() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from center.__main__ import app; "
        "done = CliRunner().invoke(app, ['--help']); assert done.exit_code == 0, done.output; "
        "print(sorted({m.split('.')[0] for m in sys.modules} "
        "& {'fastapi', 'nicegui', 'sqlalchemy', 'alembic', 'paho', 'httpx', 'PIL', 'uvicorn', 'argon2', 'babel'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def _made(folder: Path) -> Path:
    """A centre with its administrator."""
    config = _config(folder, more='audit_key_file = "audit.key"')
    done = CliRunner().invoke(app, ["audit", "new-key", str(folder / "audit.key")])
    assert done.exit_code == 0, done.output
    store, auth = open_accounts(load(CenterConfig, config))
    auth.prepare_setup()
    code = (folder / "data" / SETUP_CODE).read_text(encoding="ascii")
    auth.setup(code=code, username=USERNAME, password=PASSWORD, source="-")
    store.close()
    return config


@pytest.fixture
def umask() -> Iterator[None]:
    """The commands close what they write to everybody else; the test after must not inherit it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def _does(config: Path, *arguments: str, typed: str = "") -> str:
    done = CliRunner().invoke(app, [*arguments, "--config", str(config)], input=typed)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.usefixtures("umask")
def test_accounts_are_looked_after_from_the_command_line(tmp_path: Path) -> None:
    config = _made(tmp_path)
    assert "north" in _does(config, "district", "add", "north", "--name", "North")
    assert "2 cameras" in _does(config, "district", "cameras", "north", "cabinet-7/cam-1", "cabinet-7/cam-2")
    assert _does(config, "district", "list") == "north  North  cameras: 2\n"
    assert "another account than its author's" in _does(config, "district", "second-account", "north")
    assert "any account" in _does(config, "district", "second-account", "north", "--no-required")
    password = f"{PASSWORD}\n{PASSWORD}\n"
    said = _does(config, "user", "add", "Ana", "--role", "analyst", "--district", "north", typed=password)
    assert "ana is made: analyst@north." in said
    assert PASSWORD not in said
    assert "ana: analyst@north auditor#case-7." in _does(config, "user", "grant", "ana", "auditor", "--case", "case-7")
    assert _does(config, "user", "list") == f"ana  analyst@north auditor#case-7\n{USERNAME}  administrator\n"
    assert "ana: auditor#case-7." in _does(config, "user", "ungrant", "ana", "analyst")
    assert "bo is made: operator." in _does(config, "user", "add", "bo", "--provider", "--role", "operator")
    _does(config, "user", "disable", "ana")
    assert "disabled" in _does(config, "user", "list")
    assert "bo  operator" in _does(config, "user", "list")
    _does(config, "user", "enable", "ana")
    _does(config, "user", "remove-second-factor", "ana")
    assert _does(config, "user", "tokens", "ana") == ""


@pytest.mark.usefixtures("umask")
def test_a_reset_password_ends_the_accounts_tokens_unless_they_are_to_stay(tmp_path: Path) -> None:
    config = _made(tmp_path)
    opened = open_records(load(CenterConfig, config))
    account = opened.users.get(USERNAME)
    opened.tokens.create(account.user_id, account.access, name="board", scopes=[Permission.CAMERA_VIEW], actor=USERNAME)
    opened.store.close()
    typed = "eight dry umbrellas\neight dry umbrellas\n"
    said = _does(config, "user", "reset-password", USERNAME, "--keep-tokens", typed=typed)
    assert "all sessions of the account have ended" in said
    assert "until" in _does(config, "user", "tokens", USERNAME)
    said = _does(config, "user", "reset-password", USERNAME, typed=typed)
    assert "all sessions and API tokens of the account have ended" in said
    assert "revoked" in _does(config, "user", "tokens", USERNAME)


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("user", "ungrant", USERNAME, "administrator"), "last administrator"),
        (("user", "disable", USERNAME), "last administrator"),
        (("user", "grant", "nobody", "analyst"), "nobody does not exist"),
        (("user", "grant", USERNAME, "analyst", "--district", "nowhere"), "District nowhere does not exist"),
        (("user", "revoke-token", USERNAME, "0123456789abcdef"), "Token 0123456789abcdef does not exist"),
    ],
)
def test_what_the_command_line_cannot_do_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in _fails(*arguments, "--config", str(_made(tmp_path)))


@pytest.mark.usefixtures("umask")
def test_the_audit_is_verified_here_and_from_an_export_elsewhere(tmp_path: Path) -> None:
    config = _made(tmp_path)
    assert "Entries 1 to 1 are intact" in _does(config, "audit", "verify")
    export = tmp_path / "audit.jsonl"
    assert "4 lines" in _does(config, "audit", "export", "-o", str(export))
    verify = ["audit", "verify", "--export", str(export), "--key", str(tmp_path / "audit.pub")]
    done = CliRunner().invoke(app, verify)
    assert (done.exit_code, "Entries 1 to 3 are intact" in done.stdout) == (0, True), done.output
    export.write_text(export.read_text().replace("setup.done", "setup.doge"))
    done = CliRunner().invoke(app, verify)
    assert (done.exit_code, "BROKEN at entry 1" in done.stderr) == (1, True), done.output
    export.write_text("no export")
    assert "audit export" in _fails(*verify)
    assert "audit.jsonl.gone" in _fails("audit", "verify", "--export", f"{export}.gone")
    _fails("audit", "verify", "--export", str(export), "--key", str(export))


@pytest.mark.usefixtures("umask")
def test_the_key_of_the_audit_is_made_once_for_its_owner(tmp_path: Path) -> None:
    key = tmp_path / "audit.key"
    made = CliRunner().invoke(app, ["audit", "new-key", str(key)])
    assert made.exit_code == 0
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text() not in made.output
    before = key.read_bytes()
    assert "choose another file" in _fails("audit", "new-key", str(key))
    assert key.read_bytes() == before
    assert "another folder" in _fails("audit", "new-key", str(tmp_path / "nowhere" / "audit.key"))


def test_an_audit_key_that_is_none_is_named(tmp_path: Path) -> None:
    config = _config(tmp_path, more='audit_key_file = "audit.key"')
    with pytest.raises(StartError, match=r"audit\.key.*wayside-center audit new-key"):
        build(load(CenterConfig, config), link=OpenLine())


def test_the_routes_are_printed_with_their_permissions() -> None:
    done = CliRunner().invoke(app, ["routes"])
    assert done.exit_code == 0, done.output
    assert "GET       observation.search   /api/observations\n" in done.stdout
    assert "POST      open                 /api/login\n" in done.stdout
    rows = json.loads(CliRunner().invoke(app, ["routes", "--json"]).stdout)
    assert {"method": "GET", "path": "/live", "permission": "live.view"} in rows
    assert len(rows) == len(done.stdout.splitlines())


@pytest.mark.peer
@pytest.mark.usefixtures("umask")
def test_a_centre_on_postgresql_takes_its_password_from_a_file(
    tmp_path: Path, postgres: Postgres, request: pytest.FixtureRequest
) -> None:
    name = postgres.create()
    request.addfinalizer(lambda: postgres.drop(name))
    password = tmp_path / "database-password"
    password.write_text(postgres.password + "\n")
    password.chmod(0o600)
    more = f'database_url = "postgresql://{USER}@/{name}?host={postgres.folder}"'
    config = _config(tmp_path, more=f'{more}\n        database_password_file = "database-password"')
    assert "No account" not in _does(config, "user", "list")
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    assert "ana is made" in _does(config, "user", "add", "ana", "--role", "administrator", typed=typed)
    assert _does(config, "user", "list") == "ana  administrator\n"
    assert "are intact" in _does(config, "audit", "verify")
    assert not (tmp_path / "data" / DATABASE).exists()
    password.write_text("wrong")
    said = _fails("user", "list", "--config", str(config))
    assert "password authentication failed" in said
    password.chmod(0o644)
    assert "chmod 600" in _fails("user", "list", "--config", str(config))


def test_evidence_is_verified_without_any_configuration(tmp_path: Path) -> None:
    desk = open_desk(tmp_path / "desk")
    archive = tmp_path / "evidence.zip"
    export(desk.sealer, archive, pictures=1)
    good = CliRunner().invoke(app, ["evidence", "verify", str(archive), "--ca", str(desk.root)])
    assert good.exit_code == 0, good.output
    assert f"case {CASE.number}, exported by operator" in good.stdout
    bad = bytearray(archive.read_bytes())
    bad[200] ^= 4
    archive.write_bytes(bad)
    refused = CliRunner().invoke(app, ["evidence", "verify", str(archive), "--ca", str(desk.root)])
    assert refused.exit_code == 1
    assert "REFUSED (changed) observations/0001-cam-0/picture.jpg" in refused.stderr
    assert "cannot be read" in _fails("evidence", "verify", str(tmp_path / "none.zip"), "--ca", str(desk.root))
    assert "no certificate" in _fails("evidence", "verify", str(archive), "--ca", str(archive))


def _evidence(desk: Desk, more: str = "") -> str:
    """The section that names a desk's keys."""
    keys = ("ca_file", "signing_cert_file", "signing_key_file", "stamp_cert_file", "stamp_key_file")
    return "\n".join(("[evidence]", *(f'{key} = "{getattr(desk.settings, key)}"' for key in keys), more))


@pytest.mark.anyio
async def test_a_centre_with_keys_exports_and_one_without_does_not(tmp_path: Path) -> None:
    desk = open_desk(tmp_path / "desk", now_ms=now_ms)
    config = load(CenterConfig, _config(tmp_path, more=_evidence(desk)))
    center = build(config, link=OpenLine())
    assert center.services.evidence is not None
    async with center.lifespan(center.application()):
        assert await center.services.evidence.latest(Viewer(EVERYWHERE, "operator")) == ()
    assert (config.data_dir / "evidence").stat().st_mode & 0o777 == 0o700
    without = build(load(CenterConfig, _config(tmp_path)), link=OpenLine())
    assert without.services.evidence is None


def test_a_key_of_evidence_that_cannot_be_used_stops_the_start_with_the_remedy(tmp_path: Path) -> None:
    desk = open_desk(tmp_path / "desk", now_ms=now_ms)
    for more, why in (
        (_evidence(desk).replace("evidence.key", "timestamp.key"), "is not the key of"),
        (_evidence(desk).replace("services.crt", "none.crt"), "cannot be read"),
        (_evidence(desk, f'font_file = "{desk.root}"'), "no TrueType font"),
    ):
        with pytest.raises(StartError, match=why):
            build(load(CenterConfig, _config(tmp_path, more=more)), link=OpenLine())
