"""Decoders fall while snapshots flow: each takes its own camera for seconds, and the ledger stays whole.

```
gst-rtsp-server ─▶ agent ─▶ fork server ─┬─ gate  ✗ SIGSEGV  ✗ SIGKILL
                     │                   └─ yard  never notices
                     └──▶ Mosquitto ──▶ archive
```
"""

import os
import signal
from pathlib import Path

import pytest

from edge_agent.spool.database import reading
from edge_agent.spool.ledger import tally
from provisioning.contracts.config import processes as config
from provisioning.contracts.wire import codec
from provisioning.demo import process_table
from tests.edge_agent.cameras import encoded, footage, serving
from tests.edge_agent.premises import Archive, running
from tests.edge_agent.world import edge_config, noise
from tests.support.exchange import Exchange
from tests.support.waiting import LONG_S, until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(120)]


def cameras(port: int) -> list[config.Camera]:
    return [
        config.Camera(
            id=name,
            source=config.RtspSource(url=f"rtsp://127.0.0.1:{port}/{name}", read_timeout_s=30),
            selector=config.Selector(max_per_second=25, change_threshold=0),
        )
        for name in ("gate", "yard")
    ]


def processes(agent: int) -> dict[str, int]:
    """Return the agent's processes by name; a camera's has the camera's."""
    found = {}
    for pid in process_table.descendants(process_table.read(), agent):
        try:
            found[(Path("/proc") / str(pid) / "comm").read_text().strip()] = pid
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
    return found


def test_a_decoder_that_falls_takes_its_own_camera_for_seconds(tmp_path: Path) -> None:
    exchange = Exchange(tmp_path)
    exchange.start()
    archive = Archive(exchange)

    def rows(camera: str) -> int:
        return sum(codec.decode_snapshot(row)[0].camera_id == camera for row in list(archive.rows.values()))

    units = encoded(tmp_path, [noise(seed) for seed in range(10)], "h264")
    mounts = [footage(tmp_path / f"{name}.footage", "h264", units) for name in ("gate", "yard")]
    with serving("--mount", mounts[0], "--mount", mounts[1]) as (port, _):
        broker = exchange.section("street")
        edge = edge_config(tmp_path, *cameras(port), broker=broker.model_dump(), redactor={"queue_per_camera": 8})
        with running(tmp_path, edge) as agent:
            until(lambda: rows("gate") and rows("yard"))
            for number in (signal.SIGSEGV, signal.SIGKILL):
                before = processes(agent.pid)
                gate, yard = rows("gate"), rows("yard")
                os.kill(before["gate"], number)
                until(lambda before=before: processes(agent.pid).get("gate", before["gate"]) != before["gate"])  # type: ignore[misc]
                until(lambda gate=gate, yard=yard: rows("gate") > gate + 2 and rows("yard") > yard)  # type: ignore[misc]
                assert processes(agent.pid)["yard"] == before["yard"]
                until(lambda number=number: f"the decoder crashed ({number.name})" in log(tmp_path))  # type: ignore[misc]
            left = processes(agent.pid)
            agent.terminate()
            assert agent.wait(LONG_S) == 0
    assert log(tmp_path).count("camera lost camera=gate cause=crashed") == 2
    assert "camera lost camera=yard" not in log(tmp_path)
    until(lambda: not any((Path("/proc") / str(pid)).exists() for pid in left.values()))
    with reading(edge.spool.directory) as db:
        ledgers = tally(db)
    for ledger in ledgers.values():
        assert ledger.balanced
        assert ledger.rejected == 0
        assert ledger.dropped.keys() <= {"interrupted"}
    archive.close()
    exchange.stop()


def log(folder: Path) -> str:
    return (folder / "agent.log").read_text()
