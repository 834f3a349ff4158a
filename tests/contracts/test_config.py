"""A configuration that cannot work says so before anything starts: file, key, remedy."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from provisioning.contracts.config.processes import CenterConfig, EdgeConfig, load, read_secret
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.documents import Configuration

GOOD = """
agent_id = "cabinet-7"
models_dir = "models"
[broker]
host = "127.0.0.1"
ca_file = "ca.pem"
cert_file = "cabinet-7.pem"
key_file = "cabinet-7.key"
[spool]
directory = "spool"
[[cameras]]
id = "cam-1"
name = "东门"
source = { kind = "rtsp", url = "rtsp://127.0.0.1:8554/a" }
"""


def _load(tmp_path: Path, text: str) -> EdgeConfig:
    path = tmp_path / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return load(EdgeConfig, path)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = _load(tmp_path, GOOD)
    assert config.spool.directory == tmp_path / "spool"
    assert config.broker.ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('agent_id = "cabinet-7"', 'agent_id = "cluster"', "agent_id"),
        ('agent_id = "cabinet-7"', 'agent_id = "cabinet-7"\nspeed = 1', "speed"),
        ("rtsp://127.0.0.1:8554/a", "rtsp://user:secret@127.0.0.1/a", "username"),
        ("rtsp://127.0.0.1:8554/a", "http://127.0.0.1/a", "rtsp://host:554/path"),
        ("127.0.0.1:8554/a", "127.0.0.1:85540/a", "ort out of range"),
        ("127.0.0.1:8554/a", "127.0.0.1:0/a", "rtsp://host:554/path"),
        ('id = "cam-1"', 'id = "a/b"', "cameras.0.id"),
        ("[[cameras]]", '[[cameras]]\nid = "cam-1"\nsource = { kind = "replay", path = "x" }\n[[cameras]]', "twice"),
        ("[spool]", "[spool]\nmax_bytes = 5", "spool.max_bytes"),
        ('agent_id = "cabinet-7"', "agent_id = ", "TOML"),
        ("rtsp://127.0.0.1:8554/a", 'rtsp://127.0.0.1:8554/a", username = "admin', "username goes together"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, GOOD.replace(old, new, 1))
    assert said in str(caught.value)
    assert "edge.toml" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_agent_without_cameras_must_be_one_that_can_be_told(tmp_path: Path) -> None:
    bare = GOOD.split("[[cameras]]", maxsplit=1)[0]
    with pytest.raises(ConfigError, match="enrol the agent"):
        _load(tmp_path, bare)
    told = """
[provisioning]
host = "192.0.2.1"
seal_key_file = "seal.pub"
secrets_key_file = "secrets.key"
documents_dir = "documents"
"""
    assert _load(tmp_path, bare + told).cameras == ()


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "replay", "path": "/etc"},
        {"kind": "drop_folder", "path": "/etc"},
        {"kind": "rtsp", "url": "rtsp://192.0.2.7/1", "username": "admin", "password_file": "/etc/shadow"},
    ],
)
def test_a_document_from_afar_names_no_file_of_the_box(source: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="may not name files"):
        Configuration.model_validate({"cameras": [{"id": "cam-1", "source": source}]})


def test_redaction_can_only_be_made_stricter(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="face_threshold"):
        _load(tmp_path, GOOD + "policy = { face_threshold = 0.9 }\n")
    assert _load(tmp_path, GOOD + "policy = { face_threshold = 0.1 }\n").cameras[0].policy.face_threshold == 0.1


CENTER = """
query_token_file = "token"
data_dir = "data"
[broker]
host = "127.0.0.1"
ca_file = "ca.pem"
cert_file = "center.pem"
key_file = "center.key"
"""


@pytest.mark.parametrize(
    "line",
    [
        'database_url = "postgresql://wayside@127.0.0.1:5432/center"',
        'database_url = "postgresql://wayside@/center?host=/run/postgresql"',
        'database_url = "postgresql://wayside@db.county/center?sslmode=verify-full&sslrootcert=/etc/ca.pem"',
        'database_url = "postgresql://wayside@[::1]/center"\ndatabase_password_file = "password"',
    ],
)
def test_a_database_that_is_near_or_proves_itself_is_taken(tmp_path: Path, line: str) -> None:
    path = tmp_path / "center.toml"
    path.write_text(line + CENTER, encoding="utf-8")
    assert load(CenterConfig, path).database_url.startswith("postgresql://")


@pytest.mark.parametrize(
    ("issuer", "redirect_url", "said"),
    [
        ("http://id.county", "https://c.county/login/provider/back", "oidc.issuer"),
        ("https://id.county", "http://c.county/login/provider/back", "oidc.redirect_url"),
        ("https://id.county", "https://c.county/elsewhere", "ends in /login/provider/back"),
        ("https://id.county", "https://c.county/login/provider/back", ""),
        ("http://127.0.0.1:9", "http://localhost:8080/login/provider/back", ""),
    ],
)
def test_a_provider_is_asked_over_tls(tmp_path: Path, issuer: str, redirect_url: str, said: str) -> None:
    path = tmp_path / "center.toml"
    section = f'[oidc]\nissuer = "{issuer}"\nclient_id = "wayside"\nredirect_url = "{redirect_url}"\n'
    path.write_text(CENTER + section, encoding="utf-8")
    if said:
        with pytest.raises(ConfigError, match=said):
            load(CenterConfig, path)
    else:
        assert load(CenterConfig, path).oidc is not None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('database_url = "postgresql://wayside:hunter2@127.0.0.1/center"', "database_password_file"),
        ('database_url = "postgresql://wayside@127.0.0.1/center?password=hunter2"', "database_password_file"),
        ('database_url = "postgresql://wayside@db.county/center"', "sslmode=verify-full"),
        ('database_url = "postgresql://wayside@db.county/center?sslmode=require"', "sslmode=verify-full"),
        ('database_url = "postgresql://wayside@/center?host=db.county"', "sslmode=verify-full"),
        ('database_url = "postgresql://wayside@127.0.0.1/center?hostaddr=192.0.2.7"', "sslmode=verify-full"),
        ('database_url = "mysql://wayside@127.0.0.1/center"', "postgresql://user@host"),
        ('database_url = "postgresql://wayside@127.0.0.1"', "postgresql://user@host"),
        ('database_password_file = "password"', "goes with database_url"),
        ("audit_keep_days = 179", "audit_keep_days"),
    ],
)
def test_a_database_in_the_open_is_refused(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "center.toml"
    path.write_text(line + CENTER, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(CenterConfig, path)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_missing_file_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        load(EdgeConfig, tmp_path / "none.toml")


def test_a_secret_others_may_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2\n", encoding="utf-8")
    secret.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        read_secret(secret)
    assert "hunter2" not in str(caught.value)
    secret.chmod(0o600)
    assert read_secret(secret) == "hunter2"
    secret.write_text(" \n", encoding="utf-8")
    with pytest.raises(ConfigError, match="empty"):
        read_secret(secret)


PLATFORM = """
[gb28181]
host = "10.20.0.2"
platform_id = "34020000002000000001"
"""
GATE = """
[[cameras]]
id = "gate"
[cameras.source]
kind = "gb28181"
device_id = "34020000001180000001"
channel_id = "34020000001310000001"
username = "34020000001180000001"
password_file = "nvr.password"
"""


def test_a_gb28181_platform_has_a_realm_and_ports_of_its_own(tmp_path: Path) -> None:
    config = _load(tmp_path, GOOD + GATE + PLATFORM)
    assert config.gb28181 is not None
    assert (config.gb28181.domain, config.gb28181.port, config.gb28181.media_ports) == (
        "3402000000",
        5060,
        (30000, 30499),
    )
    own = _load(tmp_path, GOOD + PLATFORM + 'realm = "3402000000.spvmn.cn"')
    assert own.gb28181 is not None
    assert own.gb28181.domain == "3402000000.spvmn.cn"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (PLATFORM, "", "give [gb28181]"),
        ("34020000002000000001", "34020000001180000001", "a SIP server has 200"),
        ("34020000002000000001", "99020000002000000001", "99 is no province"),
        ("34020000002000000001", "3402000000200000001", "platform_id"),
        ('host = "10.20.0.2"', 'host = "10.20.0.2"\nport = 30010', "media_ports"),
        ('host = "10.20.0.2"', 'host = "10.20.0.2"\nmedia_ports = [30100, 30000]', "media_ports"),
        ('username = "34020000001180000001"\npassword_file = "nvr.password"', "", "password of its own"),
        ('device_id = "34020000001180000001"', 'device_id = "a/b"', "device_id"),
        ("password_file", "speed = 2\npassword_file", "speed goes together with span"),
        ("password_file", "span = { started_at_ms = 2, ended_at_ms = 2 }\npassword_file", "must be after"),
    ],
)
def test_each_fault_of_a_gb28181_camera_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = GOOD + GATE + PLATFORM
    assert old in text
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text.replace(old, new, 1))
    assert said in str(caught.value)


def _second(*changes: tuple[str, str]) -> str:
    text = GATE.replace('"gate"', '"yard"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('username = "34020000001180000001"', 'username = "admin"'), "cameras gate and yard are of one device"),
        (("password_file", "heartbeat_s = 30\npassword_file"), "the same heartbeat_s"),
        (("password_file", "set_guard = true\npassword_file"), "the same set_guard"),
        (('"nvr.password"', '"other.password"'), "the same password_file"),
        (('"yard"', '"yard"'), "two cameras ask for it"),
    ],
)
def test_cameras_of_one_device_agree_on_what_is_the_devices(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    channel = [] if "two cameras" in said else [("34020000001310000001", "34020000001310000002")]
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, GOOD + GATE + _second(change, *channel) + PLATFORM)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        ("34020000001310000001", "34020000001310000002"),
        ("password_file", "stream = 1\npassword_file"),
        ("password_file", "span = { started_at_ms = 1, ended_at_ms = 2 }\npassword_file"),
        ('device_id = "34020000001180000001"', 'device_id = "34020000001180000002"'),
    ],
)
def test_channels_are_told_apart_by_device_stream_and_span(tmp_path: Path, change: tuple[str, str]) -> None:
    assert len(_load(tmp_path, GOOD + GATE + _second(change) + PLATFORM).cameras) == 3


def test_a_gb28181_camera_may_come_in_a_document_with_a_sealed_password() -> None:
    source = {"kind": "gb28181", "device_id": "d", "channel_id": "c", "username": "d"}
    with pytest.raises(ValidationError, match="may not name files"):
        Configuration.model_validate({"cameras": [{"id": "g", "source": {**source, "password_file": "/etc/shadow"}}]})
    told = Configuration.model_validate({"cameras": [{"id": "g", "source": {**source, "password_sealed": "ab" * 40}}]})
    assert "abab" not in repr(told)
