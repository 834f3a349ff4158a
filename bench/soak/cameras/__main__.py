"""`python -m bench.soak.cameras [--for SECONDS] [--cameras N] [--json FILE]`: exit code 1 if a promise is broken.

```
30 × 1080p25, half H.265 ─▶ wayside-edge run ─▶ Mosquitto ─▶ an intake that confirms
```
"""

import argparse
import sys
import tempfile
import time
from itertools import chain, cycle
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from bench.edge.cameras import serving
from bench.edge.film import GOP, RATE, film, later
from bench.soak.cameras.hearing import Intake, Tap
from bench.soak.cameras.premises import HOST, Premises, stop, wait_for
from bench.soak.cameras.promises import Findings, broken
from bench.soak.cameras.weighing import Sample, sample
from bench.soak.verdict import pronounce
from edge_agent.spool.database import reading
from edge_agent.spool.ledger import tally
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.wire.messages import CameraState, Ledger
from provisioning.demo.simulators.rtsp_server import write_footage

_SAMPLE_S: Final = 5.0
_DRAIN_S: Final = 120.0
_ONLINE_S: Final = 120.0
_SIGN_OF_LIFE_S: Final = 60.0
_QUIET: Final = 3
"""Every third camera stands before a still scene."""


def main() -> int:
    """Run, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak.cameras", description=__doc__)
    parser.add_argument("--for", dest="seconds", type=float, default=600.0, help="how long (default: %(default)s)")
    parser.add_argument("--cameras", type=int, default=30, help="how many (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="also write figures, samples and ledgers here")
    parser.add_argument("--scratch", type=Path, help="work on this disk (default: the temporary folder)")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="wayside-soak-", dir=options.scratch) as folder:
        try:
            found = _soak(Path(folder), options.cameras, options.seconds, console)
        except (OSError, TimeoutError) as error:
            console.print(f"[red]error[/red] {error}", highlight=False)
            for log in ("agent.log", "broker.log"):
                if (Path(folder) / log).exists():
                    console.print((Path(folder) / log).read_text(errors="replace")[-2000:], highlight=False)
            return 2
    return pronounce(
        console,
        "soak",
        found.figures(),
        broken(found),
        kept="no camera lost, memory flat, the rate stated and held, the ledger whole",
        report=found.as_json(),
        file=options.json,
    )


def _soak(folder: Path, number: int, seconds: float, console: Console) -> Findings:
    console.print("encoding what the cameras show", highlight=False)
    mounts = _films(folder, number)
    samples: list[Sample] = []
    with Premises(folder) as premises:
        broker = premises.start_broker()
        intake, tap = Intake(premises), Tap(premises)
        with serving(mounts) as served:
            agent, edge = premises.start_agent([_camera(name, served.port) for name in mounts])
            wait_for("every camera is online", lambda: _are_online(tap, number), _ONLINE_S)
            console.print(f"{number} cameras are online; now {seconds:g} s", highlight=False)
            before, began_s = len(intake.deliveries), time.monotonic()
            while time.monotonic() - began_s < seconds and agent.process.poll() is None:
                samples.append(sample(agent.process.pid, served.pid, broker.process.pid))
                time.sleep(_SAMPLE_S)
            took_s, in_time, lost = time.monotonic() - began_s, len(intake.deliveries) - before, list(tap.lost)
        console.print("the cameras are off; what is selected is brought home", highlight=False)
        wait_for("nothing is under way", lambda: not _in_flight(edge), _DRAIN_S)
        code = stop(agent.process)
        intake.close()
        tap.close()
        return Findings(
            seconds=took_s,
            in_time=in_time,
            ledgers=_ledgers(edge),
            delivered=intake.by_camera,
            lost=lost,
            heartbeats=tap.heartbeats,
            samples=samples,
            cameras=list(mounts),
            sign_of_life_s=_SIGN_OF_LIFE_S,
            exit_code=code,
        )


def _films(folder: Path, number: int) -> dict[str, Path]:
    """Encoded once; cameras begin at different keyframes of the same film, and every third stands before a picture."""
    moving: dict[str, list[Path]] = {"h264": [], "h265": []}
    still: list[Path] = []
    for codec, gops in (("h264", 5), ("h265", 2)):  # H.265 takes five times as long to encode
        units = film(folder / f"moving.{codec}", codec, pictures=gops * GOP)
        for begin in range(gops):
            path = folder / f"moving-{begin}.{codec}"
            write_footage(path, codec, (RATE, 1), later(units, begin))
            moving[codec].append(path)
        still.append(folder / f"still.{codec}")
        film(still[-1], codec, pictures=GOP, still=True)
    shown = chain.from_iterable(zip(cycle(moving["h264"]), cycle(moving["h265"]), strict=False))
    standing = cycle(still)
    return {f"cam-{n:02}": next(standing if n % _QUIET == 0 else shown) for n in range(number)}


def _camera(name: str, port: int) -> dict[str, Any]:
    return {
        "id": name,
        "source": {"kind": "rtsp", "url": f"rtsp://{HOST}:{port}/{name}"},
        "selector": {"heartbeat_s": _SIGN_OF_LIFE_S},
    }


def _are_online(tap: Tap, number: int) -> bool:
    return sum(state is CameraState.ONLINE for state in list(tap.states.values())) == number


def _ledgers(edge: EdgeConfig) -> dict[str, Ledger]:
    with reading(edge.spool.directory) as db:
        return tally(db)


def _in_flight(edge: EdgeConfig) -> int:
    return sum(ledger.in_flight for ledger in _ledgers(edge).values())


if __name__ == "__main__":
    sys.exit(main())
