"""A home in a temporary folder, a clock that is turned by hand, and boxes that enrol without a network."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner, Result

from provisioning.cli.main import app
from provisioning.home.agents import Certificate
from provisioning.home.home import Home, HomeConfig
from provisioning.pki.authority import new_key
from provisioning.signing.documents import SecretsKey

START_MS = 1_790_000_000_000
DAY_MS = 24 * 3600 * 1000


class Clock:
    """Milliseconds since 1970, as they are set."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


class Box:
    """What is on a box: its keys."""

    def __init__(self) -> None:
        self.key: ec.EllipticCurvePrivateKey = new_key()
        self.secrets = SecretsKey(X25519PrivateKey.generate())


def new_home(directory: Path, clock: Clock | None = None) -> Home:
    """A home at 10.0.0.5 with the site `north`."""
    config = HomeConfig(name="county", host="10.0.0.5", account="root")
    home = Home.create(directory, config, now_ms=clock or Clock())
    home.register.add_site("north", "North gate", 31.3, 120.6)
    return home


def enrol(home: Home, agent_id: str, box: Box | None = None, *, site_id: str = "north") -> Certificate:
    """Register an agent where it is new, and enrol a box as it."""
    comer = box or Box()
    home.register.add_agent(agent_id, site_id)
    code, _ = home.register.new_code(agent_id, DAY_MS)
    return home.register.enrol(
        code,
        site_id=site_id,
        agent_id=agent_id,
        key_sha256=f"{comer.key.public_key().public_numbers().x:064x}",
        secrets_key=comer.secrets.public,
        sign=lambda: home.sign(agent_id, comer.key.public_key()),
    )


class Technician:
    """Types commands of `wayside-provision` at one home."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def types(self, *words: str | Path, home: bool = True, env: dict[str, str] | None = None) -> Result:
        """Run a command, whatever becomes of it."""
        return CliRunner().invoke(app, [*map(str, words), *(("--home", str(self.directory)) if home else ())], env=env)

    def asks(self, *words: str | Path, code: int = 0) -> dict[str, Any]:
        """Run a command with --json that ends with `code`; its one object."""
        done = self.types(*words, "--json")
        assert done.exit_code == code, done.output
        assert done.stdout.count("\n") == 1
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def refused(self, *words: str | Path) -> str:
        """Run a command that ends with 2 and one line on stderr; that line."""
        done = self.types(*words, "--json")
        assert done.exit_code == 2, done.output
        assert not done.stdout
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    def sets_up(self, *agents: str) -> None:
        """A home with the site `north` and these agents."""
        self.asks("init", "--host", "10.0.0.5")
        self.asks("site", "add", "north", "--name", "North gate", "--latitude", "31.3", "--longitude", "120.6")
        for agent in agents:
            self.asks("agent", "new", agent, "--site", "north")


def cameras_csv(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """A list of cameras: id, name, url, username, password, latitude, longitude."""
    titles = ("id", "name", "url", "username", "password", "latitude", "longitude")
    path.write_text("".join(",".join(row) + "\n" for row in (titles, *rows)), encoding="utf-8")
    return path
