"""A script at two terminals of the training ground: one has the walk, the other the product's commands and its API."""

import csv
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from provisioning.contracts.config.processes import read_secret
from provisioning.demo.centre import USER
from provisioning.demo.web import WebClient, WebError
from tests.support.waiting import LONG_S, until

BIN = Path(sys.executable).parent
WORD = re.compile(r"[a-z_]+")
AGENT, SITE = "street", "crossing"
PATIENCE_S = 900.0
"""A fault is rung up once the product names it: a silent agent takes half a minute, and a cluster's start more."""


class Said(NamedTuple):
    """One thing that the product says: what it is about, and a name of the run-book."""

    about: str
    name: str


class Trainee:
    """The walk in a process of its own; it ends with `end`."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.out = folder / "out"
        self.home = self.state / "home"
        self.secrets = self.state / "secrets"
        self.agent_file = self.state / "agent" / "agent.toml"
        self.center_file = self.state / "configuration" / "center.toml"
        options: list[str | Path] = ["--language", "en", "--trainee", "script"]
        options += ["--state", self.state, "--report", self.out]
        self._walk = subprocess.Popen(
            [BIN / "wayside-provision", "demo", "--training", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"WAYSIDE_HOME": str(folder / "nowhere")},
        )
        self.lines: list[str] = []
        self._read = 0
        self._reader = threading.Thread(target=self._listen)
        self._reader.start()
        self._session: WebClient | None = None

    def _listen(self) -> None:
        assert self._walk.stdout is not None
        for line in self._walk.stdout:
            self.lines.append(line.rstrip("\n"))
            sys.stdout.write(line)

    # --- the walk

    def hear(self, *texts: str) -> list[str]:
        """Waits for a line with one of these texts. Returns the lines since the last that was waited for."""

        def place() -> int | None:
            is_over = not self._reader.is_alive()
            found = (n for n, line in enumerate(self.lines[self._read :], 1) if any(text in line for text in texts))
            at = next(found, None)
            assert at is not None or not is_over, f"it ended without saying {texts}:\n" + "\n".join(self.lines[-20:])
            return at

        until(place, f"the walk says {texts}", seen=lambda: len(self.lines), patience_s=PATIENCE_S)
        end = self._read + (place() or 0)
        heard, self._read = self.lines[self._read : end], end
        return heard

    def type(self, line: str) -> None:
        assert self._walk.stdin is not None
        self._walk.stdin.write(f"{line}\n")
        self._walk.stdin.flush()

    def end(self) -> int:
        """Waits for its end, or brings it about."""
        assert self._walk.stdin is not None
        self._walk.stdin.close()
        code = self._walk.wait(LONG_S)
        self._reader.join(LONG_S)
        assert self._walk.stdout is not None
        self._walk.stdout.close()
        return code

    # --- the product

    def ask(self) -> set[Said]:
        """Asks every place that a trainee can ask."""
        box = self._run("wayside-edge", "doctor", "--json", "--config", self.agent_file)
        centre = self._run("wayside-provision", "doctor", "--json", "--home", self.home, "--config", self.center_file)
        said = {
            Said(each["where"], word)
            for text in (box, centre)
            for each in json.loads(text)["diagnoses"]
            if each["fault"] is not None
            for word in WORD.findall(f"{each['fault']} {each['found']}")
        }
        for each in self._get("/api/cameras"):
            said |= {Said(f"camera {each['camera_id']}", word) for word in (each["code"], each["cause_kind"])}
        said |= {Said(f"agent {each['agent_id']}", each["cause_kind"]) for each in self._get("/api/agents")}
        for stage in self._get("/api/pipeline", "stages"):
            said |= {Said(stage["stage"], cause["code"]) for cause in stage["causes"]}
        return said

    def _get(self, path: str, key: str | None = None) -> list[dict[str, Any]]:
        """Returns what the API lists; nothing while the centre starts."""
        if self._session is None:
            console = next(line.split()[1] for line in self.lines if line.strip().startswith("console"))
            self._session = WebClient(console)
            password = read_secret(self.secrets / "administrator-password")
            self._session.post("/api/login", {"username": USER, "password": password})
        try:
            answer = self._session.get_json(path)
        except WebError:
            return []
        return list(answer if key is None else answer[key])

    @staticmethod
    def _run(program: str, *arguments: str | Path) -> str:
        return subprocess.run([BIN / program, *arguments], capture_output=True, text=True, check=False).stdout

    @staticmethod
    def do(program: str, *arguments: str | Path) -> None:
        """Runs a command of a remedy."""
        done = subprocess.run([BIN / program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def correct_list(self, camera: str, field: str, change: Callable[[str], str]) -> None:
        """Changes a camera in the list of cameras, and imports it."""
        file = self.secrets / "cameras.csv"
        with file.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
        for row in rows:
            if row["id"] == camera:
                row[field] = change(row[field])
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self.do("wayside-provision", "cameras", "import", AGENT, file, "--replace", "--home", self.home)
