"""A whole site in one temporary folder: certificates, a real Mosquitto, and the real processes as subprocesses."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edge_agent.__main__ import app
from engines.catalog.catalog import default_models_dir
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import EdgeConfig, load
from provisioning.contracts.wire.topics import Role
from tests.support.exchange import Exchange
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

BIN = Path(sys.executable).parent


class Site:
    """Start, kill and ask the processes of one site. Everything that was started ends with `close`."""

    def __init__(self, root: Path, make: type[Exchange] = Exchange) -> None:
        self.root = root
        self.exchange = make(root)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def broker_table(self, name: str) -> dict[str, Any]:
        """The `[broker]` table of the process that goes by this name."""
        return self.exchange.section(name).model_dump(mode="json")

    def edge_config(self, agent: str, cameras: list[dict[str, Any]], **tables: Any) -> Path:
        """Write `<agent>.toml`."""
        content = {
            "agent_id": agent,
            "models_dir": str(default_models_dir()),
            "broker": self.broker_table(agent),
            "spool": {"directory": str(self.root / f"{agent}-spool")},
            "heartbeat_s": 1.0,
            **tables,
            "cameras": cameras,
        }
        EdgeConfig.model_validate(content, context={"base": self.root})
        return self.write_toml(agent, content)

    def write_toml(self, name: str, content: dict[str, Any]) -> Path:
        """Write a configuration. JSON's scalars, arrays and inline tables are TOML once `:` is `=`."""
        path = self.root / f"{name}.toml"
        path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in content.items()), encoding="utf-8")
        return path

    def start(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        """Start a process in its own session, its output appended to `<name>.log`."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._processes[name] = process
        return process

    def start_agent(self, agent: str, config: Path) -> None:
        """Start `wayside-edge run` and wait until it is ready."""
        seen = self.text(agent).count("ready")
        self.start(agent, [str(BIN / "wayside-edge"), "run", "--config", str(config)])
        until(lambda: self.text(agent).count("ready") > seen, f"{agent} is ready")

    def kill(self, name: str) -> None:
        """SIGKILL, to the process and its session: nothing is flushed, nobody says goodbye."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=LONG_S)

    def start_cluster(self, broker: dict[str, Any] | None = None) -> Path:
        """Start `wayside-cluster run` with its own ports and wait until it is ready. Returns its configuration."""
        config = self.write_toml(
            "cluster",
            {
                "models_dir": str(default_models_dir()),
                "archive_dir": str(self.root / "archive"),
                "metrics_dir": str(self.root / "metrics"),
                "gcs_port": free_port(),
                "dashboard_port": free_port(),
                "query_port": free_port(),
                "auth_token_file": str(self.root / "ray-token"),
                "query_token_file": str(self.root / "query-token"),
                "broker": broker or self.broker_table(Role.CLUSTER.value),
            },
        )
        self.start("cluster", [str(BIN / "wayside-cluster"), "run", "--config", str(config)])
        until(
            lambda: self._alive("cluster") and "ready http" in self.text("cluster"),
            "the cluster is ready",
            patience_s=120,
        )
        return config

    def _alive(self, name: str) -> bool:
        process = self._processes[name]
        if process.poll() is not None:
            pytest.fail(f"{name} ended with {process.returncode}:\n{self.text(name)[-3000:]}")
        return True

    def query(self, config: Path, path: str) -> dict[str, Any]:
        """GET from `ray_cluster.query.reader` with its bearer token."""
        settings = load(ClusterConfig, config)
        token = settings.query_token_file.read_text(encoding="utf-8").strip()
        request = urllib.request.Request(
            f"http://127.0.0.1:{settings.query_port}{path}", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=LONG_S) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def stop(self, name: str, timeout_s: float = LONG_S) -> int:
        """SIGTERM and the exit code."""
        process = self._processes.pop(name)
        process.terminate()
        return process.wait(timeout=timeout_s)

    def pid(self, name: str) -> int:
        """Of a process that was started."""
        return self._processes[name].pid

    def log(self, name: str) -> Path:
        """Where a process's output goes."""
        return self.root / f"{name}.log"

    def text(self, name: str) -> str:
        """What a process has printed so far."""
        log = self.log(name)
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def ledger(self, config: Path) -> dict[str, Any]:
        """`wayside-edge ledger --json`, in this process: to start one takes 0.4 s of a processor, and it is polled."""
        done = CliRunner().invoke(app, ["ledger", "--json", "--config", str(config)])
        assert done.exit_code == 0, done.output
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def close(self) -> None:
        """End what still runs."""
        self.exchange.stop()
        for process in self._processes.values():
            process.terminate()
        for name, process in list(self._processes.items()):
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill(name)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
