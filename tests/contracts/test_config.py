"""A configuration that cannot work says so before anything starts: file, key, remedy."""

from pathlib import Path

import pytest

from provisioning.contracts.config import EdgeConfig, load, read_secret
from provisioning.contracts.errors import ConfigError

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
        ('id = "cam-1"', 'id = "a/b"', "cameras.0.id"),
        ("[[cameras]]", '[[cameras]]\nid = "cam-1"\nsource = { kind = "replay", path = "x" }\n[[cameras]]', "twice"),
        ("[spool]", "[spool]\nmax_bytes = 5", "spool.max_bytes"),
        ('agent_id = "cabinet-7"', "agent_id = ", "TOML"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, GOOD.replace(old, new, 1))
    assert said in str(caught.value)
    assert "edge.toml" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_redaction_can_only_be_made_stricter(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="face_threshold"):
        _load(tmp_path, GOOD + "policy = { face_threshold = 0.9 }\n")
    assert _load(tmp_path, GOOD + "policy = { face_threshold = 0.1 }\n").cameras[0].policy.face_threshold == 0.1


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
