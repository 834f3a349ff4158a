"""The processes of one street: agents, a broker, a centre; each can be killed at any moment and started again."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import cv2
import numpy as np

from edge_agent.spool import ledger
from edge_agent.spool.database import reading
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import Heartbeat, Ledger
from provisioning.contracts.wire.topics import Role
from tests.chaos import agent, archive
from tests.chaos.tallies import Tallies, Tally
from tests.support.exchange import Exchange
from tests.support.tap import Tap

CAMERAS: Final = 4
LIVE_PER_S: Final = 14.0
"""30 streams of the reference county: 20 M pictures a day of 500 sources are 0.46 a second each."""
CENTRE: Final = "centre"
_PATIENCE_S: Final = 300.0
"""For a machine with much else to do: nothing here is a race."""


class ChaosError(Exception):
    """The street does not do what it must for the trial to go on."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What has happened so far."""

    selected: int = 0
    archived: int = 0
    deliveries: int = 0
    again: int = 0
    acknowledged: int = 0
    resent: int = 0

    def __sub__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) - getattr(other, name) for name in Counts.__slots__))


class Street:
    """Context manager; leaving it ends every process that it started."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.exchange = Exchange(root)
        self.archive_dir = root / "archive"
        self.centre_since_ms = 0
        self.afterwards = ExitStack()
        """What an act leaves to be undone when all processes have ended."""
        self.edges: dict[str, EdgeConfig] = {}
        self._broker_file = root / "centre.json"
        self._tallies = Tallies(root / "tallies")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._pictures = _pictures(root / "pictures", 3)
        self._one_picture = _pictures(root / "one-picture", 1)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.push(self.afterwards)
            stack.callback(self._tallies.close)
            stack.callback(self.exchange.stop)
            self.exchange.start()
            stack.callback(self._stop_all)
            self._broker_file.write_text(self.exchange.section(Role.CLUSTER).model_dump_json())
            center = self.exchange.identity(Role.CENTER)
            self._tap = Tap(center, self.exchange.services_port, [topics.heartbeat("+")])
            stack.callback(self._tap.close)
            self.start_centre()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._stack.close()

    def _stop_all(self) -> None:
        for name in list(self._processes):
            self.stop(name)

    # --- processes

    def add_agent(self, name: str, spool: Path) -> None:
        """An agent with cameras that never end, its spool there. It runs when this returns."""
        self.edges[name] = self._edge(name, spool, self._pictures, loop=True)
        self.start_agent(name)

    def start_agent(self, name: str) -> None:
        """Start it, and wait until it is ready."""
        file = self.root / f"{name}.json"
        file.write_text(self.edges[name].model_dump_json())
        self._start(name, ["tests.chaos.agent", str(file)], agent.READY)

    def start_centre(self) -> None:
        """Start it, and wait until it is ready."""
        where = [str(self.archive_dir), str(self._broker_file), str(self.root / "tallies")]
        self.centre_since_ms = archive.now_ms()
        self._start(CENTRE, ["tests.chaos.archive", *where], archive.READY)

    def kill(self, name: str) -> None:
        """SIGKILL: nothing is closed, nothing flushed."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> None:
        """SIGTERM, and SIGKILL where that is not enough."""
        process = self._processes.pop(name)
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def settle(self) -> None:
        """No camera brings anything new; wait until nothing is in flight, then stop the agents.

        Raises:
            ChaosError: something stays in flight.
        """
        for name, edge in self.edges.items():
            self.stop(name)
            self.edges[name] = self._edge(name, edge.spool.directory, self._one_picture, loop=False)
            self.start_agent(name)
        for name in self.edges:
            self.until(f"nothing of {name} is in flight", lambda name=name: not self.ledger(name).in_flight)  # type: ignore[misc] # bound now
            self.stop(name)

    # --- what is to be seen of them

    def ledger(self, name: str) -> Ledger:
        """An agent's, read from its disk."""
        with reading(self.edges[name].spool.directory) as db:
            return ledger.total(ledger.tally(db))

    def archived_ids(self, name: str) -> set[str]:
        """What an agent's books say that the archive has."""
        with reading(self.edges[name].spool.directory) as db:
            rows = db.execute("SELECT id FROM observations WHERE state = ?", (ledger.ObservationState.ARCHIVED,))
            return {row[0] for row in rows.fetchall()}

    def counts(self) -> Counts:
        """Over all agents, and over every life of each process."""
        books = [self.ledger(name) for name in self.edges]
        resent: dict[tuple[str, int], int] = {}
        for payload in self._tap.on("/heartbeat"):
            beat = codec.decode(Heartbeat, payload)
            resent[beat.agent_id, beat.started_at_ms] = beat.resent
        return Counts(
            selected=sum(each.selected for each in books),
            archived=sum(each.archived for each in books),
            deliveries=self._tallies.read(Tally.RECEIVED),
            again=self._tallies.read(Tally.AGAIN),
            acknowledged=self._tallies.read(Tally.ACKNOWLEDGED),
            resent=sum(resent.values()),
        )

    def flows(self, name: str, pictures: int = 20) -> None:
        """Wait until so many more pictures of this agent are archived.

        Raises:
            ChaosError: they are not.
        """
        wanted = self.ledger(name).archived + pictures
        self.until(f"{pictures} more pictures of {name} are archived", lambda: self.ledger(name).archived >= wanted)

    def until(self, what: str, done: Callable[[], object]) -> None:
        """Wait for it.

        Raises:
            ChaosError: it does not come, or a process that should run has ended.
        """
        ends_s = time.monotonic() + _PATIENCE_S
        while not done():
            for name, process in self._processes.items():
                if process.poll() is not None:
                    raise ChaosError(f"{name} ended with {process.returncode}:\n{self._last_words(name)}")
            if time.monotonic() > ends_s:
                words = "\n".join(self._last_words(name) for name in self._processes)
                raise ChaosError(f"waited {_PATIENCE_S:.0f} s in vain until {what}: {self.counts()}\n{words}")
            time.sleep(0.1)

    # --- inside

    def _start(self, name: str, module: list[str], ready: str) -> None:
        log = self.root / f"{name}.log"
        before = log.read_text().count(ready) if log.exists() else 0
        with log.open("ab") as output:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", *module], stdout=output, stderr=output, stdin=subprocess.DEVNULL
            )
        self.until(f"{name} is ready", lambda: log.read_text().count(ready) > before)

    def _last_words(self, name: str) -> str:
        return "\n".join((self.root / f"{name}.log").read_text(errors="replace").splitlines()[-10:])

    def _edge(self, name: str, spool: Path, pictures: Path, *, loop: bool) -> EdgeConfig:
        source = {"kind": "replay", "path": pictures, "interval_s": CAMERAS / LIVE_PER_S, "loop": loop}
        cameras = [
            {"id": f"{name}-{n}", "source": source, "selector": {"change_threshold": 0, "max_per_second": 25}}
            for n in range(CAMERAS)
        ]
        return EdgeConfig.model_validate(
            {
                "agent_id": name,
                "broker": self.exchange.section(name).model_dump(),
                "models_dir": self.root,
                "spool": {"directory": spool},
                "window": {"resend_after_s": 3.0},
                "heartbeat_s": 1.0,
                "cameras": cameras,
            }
        )


def _pictures(folder: Path, count: int) -> Path:
    folder.mkdir()
    for level in range(count):
        grey = np.full((36, 64, 3), 60 * level, np.uint8)
        (folder / f"{level}.png").write_bytes(cv2.imencode(".png", grey)[1].tobytes())
    return folder
