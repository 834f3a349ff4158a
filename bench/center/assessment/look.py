"""What it costs to look at every camera and write that down, three times a minute; beside a bare upsert of the rows."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from bench.measure import Comparison, compare, wall_ms
from center.assessment.recording.recorder import Recorder
from center.audit.log import Audit
from center.database.store import Store
from center.fleet.devices import Devices
from center.fleet.roster import Roster
from provisioning.contracts.wire.messages import Assessed, CameraFacts, CameraState, CameraStatus, PictureCheck

_CAMERAS: Final = 100
"""Of one agent."""
_BEGIN_MS: Final = 1_795_449_600_000


def measure(folder: Path, cameras: int, runs: int) -> Comparison:
    """Wall milliseconds of one look; each agent has told of its picture checks since the last."""
    with _recorder(folder / "look.sqlite3", cameras) as look, closing(_bare(folder / "bare.sqlite3")) as bare:

        def upsert() -> None:
            with bare:
                bare.executemany(
                    "INSERT INTO hours VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET told = told | excluded.told",
                    [(f"agent-{n // _CAMERAS}", f"cam-{n}", 498_736) for n in range(cameras)],
                )

        return compare(
            f"assessment: one look at {cameras:,} cameras",
            "ms",
            look,
            lambda: wall_ms(upsert),
            baseline_is="bare upsert of as many rows",
            runs=runs,
        )


@contextmanager
def _recorder(path: Path, cameras: int) -> Iterator[Callable[[], float]]:
    now_ms = _BEGIN_MS
    store = Store(path)
    store.migrate()

    def clock() -> int:
        return now_ms

    devices = Devices(store, Roster(store, Audit(store, clock), None, clock), clock)
    devices.link(up=True)
    recorder = Recorder(store, devices, clock)
    recorder.link(up=True)
    agents = {f"agent-{n // _CAMERAS}": list[str]() for n in range(cameras)}
    for n in range(cameras):
        agents[f"agent-{n // _CAMERAS}"].append(f"cam-{n}")
        devices.changed(
            CameraStatus(
                agent_id=f"agent-{n // _CAMERAS}",
                camera_id=f"cam-{n}",
                name="",
                state=CameraState.ONLINE,
                cause="",
                since_ms=_BEGIN_MS,
            )
        )
    facts = CameraFacts(scores=dict.fromkeys(PictureCheck, 0.1))

    def look() -> float:
        nonlocal now_ms
        now_ms += 60_000
        for agent_id, ids in agents.items():
            recorder.assessed(Assessed(agent_id=agent_id, assessed_at_ms=now_ms, cameras=dict.fromkeys(ids, facts)))
        return wall_ms(recorder.tick)

    yield look
    store.close()


def _bare(path: Path) -> sqlite3.Connection:
    bare = sqlite3.connect(path)
    bare.execute("PRAGMA journal_mode=WAL")
    bare.execute("PRAGMA synchronous=NORMAL")
    bare.execute(
        "CREATE TABLE hours (agent TEXT, camera TEXT, hour INTEGER, told INTEGER, PRIMARY KEY (agent, camera, hour))"
    )
    return bare
