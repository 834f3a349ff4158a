"""`python -m bench.soak.devices [--devices N] [--for SECONDS] [--json FILE]`: exit code 1 if a promise is broken.

```
10,000 devices in one process ─SIP─▶ the agent's platform ─┬─ steady
 1,000 more over TCP          ─────▶                       ├─ SIGTERM, and started again
                                                           └─ kill -9, and started again
```
"""

import argparse
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from rich.console import Console

from bench.soak.devices.promises import Findings, Life, broken
from bench.soak.devices.reporter import Report, Reporter
from bench.soak.devices.settlement import FIRST_TCP, FIRST_UDP, HOST, PLATFORM_ID, Settlement
from bench.soak.verdict import pronounce

_PASSWORD: Final = "of-this-soak-alone"
"""Of simulated devices on loopback."""
_COME_S: Final = 900.0
_READY_S: Final = 60.0
_DOWN_S: Final = 5.0
"""Between the end of one process and the start of the next: devices repeat meanwhile what they said."""
_EXPIRES_S: Final = 300
"""Short, so that every registration is renewed several times, also after the restarts."""


class Soak:
    """A context; leaving it ends what was started."""

    def __init__(self, settlement: Settlement, folder: Path, console: Console) -> None:
        self._settlement = settlement
        self._folder = folder
        self._say = console.print
        self._stack = ExitStack()
        self._port = _free_port()
        self._password = folder / "password"
        self._password.touch(mode=0o600)
        self._password.write_text(_PASSWORD, encoding="utf-8")
        (folder / "spool").mkdir()
        self._station = self._start_station()
        self._lives: list[Life] = []
        self._how, self._ready_s = "start", 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, steady_s: float, after_s: float) -> Findings:
        """All of it.

        Raises:
            TimeoutError: they did not all come, or a process ended.
        """
        settlement = self._settlement
        self._await_station()
        udp = self._start_devices(FIRST_UDP, settlement.over_udp, "udp")
        tcp = self._start_devices(FIRST_TCP, settlement.over_tcp, "tcp") if settlement.over_tcp else None
        self._wait("all devices are there, have told their channels, and are watched", _COME_S, self._is_complete)
        began_s = complete_s = time.monotonic()
        self._say(f"{settlement.devices} devices are there; now {steady_s:g} s", highlight=False)
        self._pause(steady_s)
        ended_s = time.monotonic()
        for how in (signal.SIGTERM, signal.SIGKILL):
            self._restart(how)
            self._say(f"{how.name}, and started again; now {after_s:g} s", highlight=False)
            self._pause(after_s)
        self._end_life(signal.SIGTERM)
        for devices in (udp, tcp):
            if devices is not None:
                devices.end()
        return Findings(
            over_udp=settlement.over_udp,
            over_tcp=settlement.over_tcp,
            watched=settlement.watched,
            heartbeat_s=settlement.heartbeat_s,
            complete_s=complete_s,
            steady=(began_s, ended_s),
            lives=self._lives,
            udp=udp.reports,
            tcp=[] if tcp is None else tcp.reports,
        )

    def _restart(self, how: signal.Signals) -> None:
        self._end_life(how)
        time.sleep(_DOWN_S)
        self._how = how.name
        self._station = self._start_station()
        self._await_station()

    def _end_life(self, how: signal.Signals) -> None:
        station = self._station
        code = station.end(how)
        self._lives.append(Life(self._how, self._ready_s, station.reports, code))

    def _await_station(self) -> None:
        began_s = time.monotonic()
        self._wait("the platform listens", _READY_S, lambda: self._station.reports)
        self._ready_s = self._station.reports[0].at_s - began_s

    def _start_station(self) -> Reporter:
        settlement = self._settlement
        arguments: dict[str, object] = {
            "--port": self._port,
            "--spool": self._folder / "spool",
            "--password-file": self._password,
            "--over-udp": settlement.over_udp,
            "--over-tcp": settlement.over_tcp,
            "--watched": settlement.watched,
            "--heartbeat": settlement.heartbeat_s,
        }
        return self._start("bench.soak.devices.station", arguments, "station.log")

    def _start_devices(self, first_id: str, number: int, transport: str) -> Reporter:
        arguments: dict[str, object] = {
            "--platform": f"{HOST}:{self._port}",
            "--platform-id": PLATFORM_ID,
            "--password-file": self._password,
            "--devices": number,
            "--first-id": first_id,
            "--transport": transport,
            "--interval": self._settlement.heartbeat_s,
            "--retry": self._settlement.heartbeat_s,
            "--expires": _EXPIRES_S,
            "--pictures": 1,
            "--report-every": 1.0,
        }
        return self._start("provisioning.demo.simulators.gb28181", arguments, f"devices-{transport}.log")

    def _start(self, module: str, arguments: dict[str, object], log: str) -> Reporter:
        words = [str(word) for pair in arguments.items() for word in pair]
        reporter = Reporter(module, words, self._folder / log)
        self._stack.callback(reporter.end)
        return reporter

    def _is_complete(self) -> bool:
        settlement, last = self._settlement, self._station.reports[-1]
        everybody = settlement.devices
        return (last["there"], last["listed"], last["held"]) == (everybody, everybody, settlement.watched)

    def _pause(self, seconds: float) -> None:
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            self._must_run()
            time.sleep(0.2)

    def _wait(self, what: str, timeout_s: float, done: Callable[[], object]) -> None:
        ends_s = time.monotonic() + timeout_s
        while not done():
            self._must_run()
            if time.monotonic() > ends_s:
                raise TimeoutError(f"{what}: not within {timeout_s:g} s; the last word: {_last(self._station.reports)}")
            time.sleep(0.2)

    def _must_run(self) -> None:
        if self._station.process.poll() is not None:
            raise TimeoutError(f"the platform ended with code {self._station.process.returncode}")


def main() -> int:
    """Run, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak.devices", description=__doc__)
    parser.add_argument("--devices", type=int, default=10_000, help="over UDP, in one process (default: %(default)s)")
    parser.add_argument("--tcp", type=int, default=1_000, help="more over TCP (default: %(default)s)")
    parser.add_argument("--cameras", type=int, default=200, help="that hold a session (default: %(default)s)")
    parser.add_argument("--interval", type=float, default=60.0, help="between keepalives, s (default: %(default)s)")
    parser.add_argument("--for", dest="seconds", type=float, default=180.0, help="steady, s (default: %(default)s)")
    parser.add_argument("--after", type=float, default=120.0, help="after each restart, s (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="also write figures and reports here")
    options = parser.parse_args()
    console = Console()
    settlement = Settlement(options.devices, options.tcp, options.cameras, options.interval)
    with tempfile.TemporaryDirectory(prefix="wayside-soak-gb28181-") as folder:
        try:
            with Soak(settlement, Path(folder), console) as soak:
                found = soak.run(options.seconds, options.after)
        except (OSError, TimeoutError) as error:
            console.print(f"[red]error[/red] {error}", highlight=False)
            for log in sorted(Path(folder).glob("*.log")):
                console.print(f"{log.name}: {log.read_text(errors='replace')[-2000:]}", highlight=False, markup=False)
            return 2
    return pronounce(
        console,
        "soak of GB/T 28181",
        found.figures(),
        broken(found),
        kept="no keepalive lost, nobody called offline, no storm after a restart",
        report=found.as_json(),
        file=options.json,
    )


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _last(reports: list[Report]) -> object:
    return reports[-1].said if reports else "none"


if __name__ == "__main__":
    sys.exit(main())
