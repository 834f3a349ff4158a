"""The command line and what it prepares, without starting Ray."""

import importlib.util
import mmap
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import load
from provisioning.contracts.errors import ConfigError
from ray_cluster.__main__ import app
from ray_cluster.errors import StartFailed
from ray_cluster.node.environment import DASHBOARD_START_S, RAYLET_START_S, ensure_secret, home, prepare
from tests.ray_cluster.world import NOW_MS, archiver, entry
from tests.support.ports import free_ports
from tests.support.power_cut import Disk
from tests.support.square_nets import NETS

ROOT = Path(__file__).parents[3]
CONFIG = """
models_dir = "models"
archive_dir = "archive"
auth_token_file = "secrets/ray"
query_token_file = "secrets/query"
gcs_port = {gcs}
dashboard_port = {dashboard}
query_port = {query}
[broker]
host = "127.0.0.1"
ca_file = "ca"
cert_file = "cert"
key_file = "key"
"""


@pytest.fixture
def config_file(tmp_path: Path) -> Iterator[Path]:
    gcs, dashboard, query = free_ports(3)
    path = tmp_path / "cluster.toml"
    path.write_text(CONFIG.format(gcs=gcs, dashboard=dashboard, query=query))
    before = dict(os.environ)
    yield path
    os.environ.clear()
    os.environ.update(before)


def invoke(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def test_tokens_are_made_once_and_for_their_owner_alone(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "from outside")
    config = load(ClusterConfig, config_file)
    prepare(config)
    tokens = [path.read_text() for path in (config.auth_token_file, config.query_token_file)]
    assert tokens[0] != tokens[1]
    assert [len(token) for token in tokens] == [64, 64]
    for path in (config.auth_token_file, config.query_token_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN_PATH"]) == ("token", str(config.auth_token_file))
    assert "RAY_AUTH_TOKEN" not in os.environ
    prepare(config)
    assert [path.read_text() for path in (config.auth_token_file, config.query_token_file)] == tokens


def test_ray_waits_for_a_raylet_that_a_busy_machine_starts_slowly(config_file: Path) -> None:
    prepare(load(ClusterConfig, config_file))
    assert dict(os.environ)["RAY_raylet_start_wait_time_s"] == str(RAYLET_START_S)
    from ray._private import ray_constants  # noqa: PLC0415 - Ray is slow to import

    assert os.environ["RAY_DASHBOARD_STARTUP_TIMEOUT_S"] == str(DASHBOARD_START_S)
    assert hasattr(ray_constants, "RAY_DASHBOARD_STARTUP_TIMEOUT_S"), "this Ray reads another switch"
    library = importlib.util.find_spec("ray._raylet")
    assert library is not None
    assert library.origin is not None
    with Path(library.origin).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        assert content.find(b"RAY_raylet_start_wait_time_s\0") > 0, "this Ray reads another switch"


def test_ray_has_a_home_in_which_it_asks_no_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ray._common.usage.usage_lib import get_cluster_config_to_report  # noqa: PLC0415 - Ray is slow to import

    made = Path(home(tmp_path)["HOME"])
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    asked: list[str] = []
    monkeypatch.setattr(requests, "get", lambda url, **_: asked.append(url))
    get_cluster_config_to_report(str(made / "ray_bootstrap_config.yaml"))
    assert asked == []
    get_cluster_config_to_report(str(made / "none.yaml"))
    assert len(asked) == 3


def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        ensure_secret(tmp_path / "token")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        ensure_secret(tmp_path / "file" / "sub" / "token")


def test_a_token_that_was_made_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    ensure_secret(tmp_path / "token")
    assert disk.has(tmp_path / "token")
    assert disk.has(tmp_path)


@pytest.mark.parametrize("key", ["query_port", "dashboard_port"])
def test_a_taken_port_is_named_with_its_key(config_file: Path, key: str) -> None:
    config = load(ClusterConfig, config_file)
    with socket.create_server(("127.0.0.1", getattr(config, key))), pytest.raises(StartFailed, match=f"another {key}"):
        prepare(config)
    with socket.create_server(("127.0.0.1", getattr(config, key))):
        code, _, error = invoke("run", "--config", str(config_file))
    assert code == 2
    assert key in error
    assert len(error.strip().splitlines()) == 1


def test_a_bad_configuration_is_one_line_and_code_2(tmp_path: Path, config_file: Path) -> None:
    config_file.write_text(config_file.read_text().replace("archive_dir", "archive_dri"))
    for path, word in ((config_file, "archive_dri"), (tmp_path / "none.toml", "cannot be read")):
        for command in ("run", "status", "verify"):
            code, _, error = invoke(command, "--config", str(path))
            assert (code, len(error.strip().splitlines())) == (2, 1)
            assert word in error


def test_status_of_nothing_says_what_to_start(config_file: Path) -> None:
    ensure_secret(load(ClusterConfig, config_file).query_token_file)
    code, _, error = invoke("status", "--config", str(config_file))
    assert code == 2
    assert "wayside-cluster" in error


def test_status_says_what_makes_no_way_and_why(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = {"stage": "parser", "messages": 8, "seconds": 40, "cause": "fault in a deployment: MemoryError()"}
    answers: dict[str, dict[str, Any]] = {
        "/health": {"status": "no progress", "error": "stuck", "attention": ["8 messages make no way"]},
        "/status": {"rows": 7, "alarms": []},
        "/intake": {"received": 9, "stuck": [stuck]},
    }
    monkeypatch.setattr("ray_cluster.cli.status.ask_query", lambda _, path: answers[path])
    code, out, _ = invoke("status", "--config", str(config_file))
    assert code == 1
    assert "no progress" in out
    assert "MemoryError" in out


def test_verify_reads_every_picture_and_finds_the_damaged_one(config_file: Path) -> None:
    config = load(ClusterConfig, config_file)
    assert invoke("verify", "--config", str(config_file))[0] == 0
    archiver(config.archive_dir).commit([entry(number) for number in range(5)], now_ms=NOW_MS)
    code, output, _ = invoke("verify", "--config", str(config_file))
    assert code == 0
    assert output.split().count("5") == 2
    (pack,) = (config.archive_dir / "packs").rglob("*.pack")
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.write_bytes(content)
    code, _, error = invoke("verify", "--config", str(config_file))
    assert code == 1
    assert error.count("restore") == 1


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from ray_cluster.__main__ import app; "
        "assert 'run' in CliRunner().invoke(app, ['--help']).output; "
        "print({'ray', 'lancedb', 'cv2', 'onnxruntime', 'fastapi', 'paho', 'numpy'} & {m for m in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_detectors_are_shown_with_what_is_wrong(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parser = {
        "models": {"mine": "ab" * 32},
        "in_memory": ["mine"],
        "pictures": {"mine": 7, "old": 2},
        "reused": {},
        "fell_back": {},
    }
    answers: list[dict[str, Any]] = [
        {"parsers": [parser | {"faults": []}]},
        {"parsers": [parser | {"faults": ["mine: no numbers"]}] * 2},
        {"error": "unavailable", "detail": "no replica answers"},
    ]
    monkeypatch.setattr("ray_cluster.cli.detectors.ask_query", lambda *_: answers.pop(0))
    code, out, _ = invoke("detectors", "--config", str(config_file))
    assert code == 0
    assert all(word in out for word in ("mine", "old", "abababababab", "7", "yes", "no"))
    code, out, err = invoke("detectors", "--config", str(config_file))
    assert code == 1
    assert err.count("mine: no numbers") == 1
    code, _, err = invoke("detectors", "--config", str(config_file), "--json")
    assert code == 2
    assert "no replica answers" in err


def test_another_assignment_is_taken_by_a_command_or_nothing_changes(config_file: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    name = NETS[1].put(models)
    file = tmp_path / "detectors.toml"
    config_file.write_text(f'detectors_file = "detectors.toml"\nparser_model = "{name}"\n' + config_file.read_text())
    mine = tmp_path / "mine.toml"
    mine.write_text(f'[[detectors]]\nname = "{name}"\ncameras = ["gate"]')
    code, out, _ = invoke("detectors", "--config", str(config_file), "--use", str(mine))
    assert (code, file.read_text()) == (0, mine.read_text())
    assert f"{name} " in out
    assert "within seconds" in out
    before = file.read_text()
    mine.write_text('[[detectors]]\nname = "of-a-dream"')
    code, _, err = invoke("detectors", "--config", str(config_file), "--use", str(mine))
    assert (code, file.read_text()) == (2, before)
    assert "not taken: of-a-dream: no such artifact" in err
