"""Counts crossings that reach the archive, with detections between snapshots and without.

Run it with `python -m bench.edge.crossings [--for SECONDS] [--cameras N]`.

```
N × 1080p25 with a line ─▶ wayside-edge run ─▶ Mosquitto ─▶ an intake that counts what the snapshots tell
```
"""

import argparse
import re
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import MQTTMessage
from rich.console import Console
from rich.table import Table

from bench.edge.cameras import serving
from bench.edge.passing import LINE, PASSES, SECONDS, footage
from bench.process import cpu_s
from bench.soak.cameras.hearing import Intake, Tap
from bench.soak.cameras.premises import HOST, Premises, free_ports, stop, wait_for
from bench.soak.cameras.weighing import descendants
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import CameraState

_ONLINE_S: Final = 120.0
_HOME_S: Final = 20.0
"""What was selected by then is redacted."""
_METRIC: Final = re.compile(r"^wayside_edge_(\w+?)(?:_total)?(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


class _Counting(Intake):
    """What the snapshots tell."""

    def __init__(self, premises: Premises) -> None:
        self.snapshots = self.crossings = self.headings = self.machines = 0
        super().__init__(premises)

    def _heard(self, message: MQTTMessage) -> None:
        snapshot, _ = codec.decode_snapshot(bytes(message.payload))
        self.snapshots += 1
        motions = [machine.motion for machine in snapshot.machines if machine.motion is not None]
        self.machines += len(snapshot.machines)
        self.crossings += sum(len(motion.crossed) for motion in motions)
        self.headings += sum(motion.heading_deg is not None for motion in motions)
        super()._heard(message)


@dataclass(frozen=True)
class Run:
    """One."""

    seconds: float
    true: float
    figures: dict[str, Any]


def run(folder: Path, film: Path, *, cameras: int, seconds: float, share: float) -> Run:
    """One agent, so long; `share`: its `streams.looking_share`."""
    folder.mkdir()
    names = [f"cam-{n}" for n in range(cameras)]
    (metrics_port,) = free_ports(1)
    with Premises(folder) as premises:
        premises.start_broker()
        intake, tap = _Counting(premises), Tap(premises)
        with serving(dict.fromkeys(names, film)) as served:
            sections = {"streams": {"looking_share": share}, "metrics_port": metrics_port}
            agent, _ = premises.start_agent([_camera(name, served.port) for name in names], **sections)
            online = CameraState.ONLINE
            wait_for("online", lambda: list(tap.states.values()).count(online) == cameras, _ONLINE_S)
            began_s, began_cpu_s = time.monotonic(), _cpu_s(agent.process.pid)
            time.sleep(seconds)  # the span over which processor time is taken
            took_s = time.monotonic() - began_s
            cores = (_cpu_s(agent.process.pid) - began_cpu_s) / took_s
            metrics = _metrics(metrics_port)
        time.sleep(_HOME_S)  # what was selected last comes home before the books are read
        stop(agent.process)
        intake.close()
        tap.close()
        figures = {
            "crossings told": intake.crossings,
            "machines, with a heading": f"{intake.machines}, {intake.headings}",
            "snapshots": intake.snapshots,
            "events seen": metrics["events"],
            "pictures for them": metrics["event_pictures"],
            "looks": metrics["looks"],
            "looks skipped": metrics["looks_skipped"],
            "ms a look": round(1000 * metrics["look_seconds"]),
            "s a redaction": round(metrics["redaction_seconds"], 2),
            "cores": round(cores, 2),
        }
    return Run(took_s, cameras * took_s * len(PASSES) / SECONDS, figures)


def _camera(name: str, port: int) -> dict[str, Any]:
    return {
        "id": name,
        "source": {"kind": "rtsp", "url": f"rtsp://{HOST}:{port}/{name}"},
        "lines": [{"name": "line", "start": LINE[0], "end": LINE[1]}],
    }


def _cpu_s(pid: int) -> float:
    return cpu_s(pid) + sum(cpu_s(child) for child in descendants(pid))


def _metrics(port: int) -> Counter[str]:
    """By name, over all cameras."""
    connection = HTTPConnection(HOST, port, timeout=10)
    connection.request("GET", "/metrics")
    found: Counter[str] = Counter()
    for name, value in _METRIC.findall(connection.getresponse().read().decode()):
        found[name] += float(value)  # type: ignore[assignment] # seconds among them
    connection.close()
    return found


def main() -> None:
    """Run with looks and without, and print both."""
    parser = argparse.ArgumentParser(prog="python -m bench.edge.crossings", description=__doc__)
    parser.add_argument("--for", dest="seconds", type=float, default=120.0)
    parser.add_argument("--cameras", type=int, default=1)
    options = parser.parse_args()
    table = Table("what", "without looks", "with looks", title=f"{options.cameras} cameras")
    with tempfile.TemporaryDirectory(prefix="wayside-crossings-") as scratch:
        film = footage(Path(scratch) / "passing.h264")
        runs = [
            run(Path(scratch) / f"share-{share}", film, cameras=options.cameras, seconds=options.seconds, share=share)
            for share in (0.0, 0.3)
        ]
    table.add_row("crossings that there were, about", *(f"{each.true:.0f}" for each in runs))
    for name in runs[0].figures:
        table.add_row(name, *(str(each.figures[name]) for each in runs))
    Console().print(table)


if __name__ == "__main__":
    main()
