"""`python -m bench.cluster.loss [--quick] [--json FILE]`: parts of a cluster of four machines on this one are killed.

Under load; each row is one loss: the longest time without a commit that it cost, and when forty more commits were in.
Then the same with all stages in the intake's process, on one machine. At the end the books of both: sent, acknowledged,
rows, distinct rows. Parser and canary are stubs; the rest is real, as in tests/scenarios/test_cluster_loss.py. Exit
code 1 if anything was lost or is there twice. `--quick`: one machine, one replica, composed.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from provisioning.contracts.config.cluster import IntakeStage
from tests.support.custodian import Custodian
from tests.support.losses import Loss, Losses
from tests.support.nodes import Machines
from tests.support.premises import Site

ROLES = {2: ["business"], 3: ["parse"], 4: ["archive"], 5: ["storage", "archive"]}
_ONE_MACHINE = {2: ["business", "parse", "archive", "storage"]}
_STAGES = [stage.value for stage in IntakeStage]
_LINES = 20
_FROZEN_S = 40.0
"""Longer than the head takes to give a machine up, and Serve a replica."""
_Acts = Callable[[Losses, Machines], Iterator[Loss]]


def main() -> int:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.loss", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--rate", type=float, default=25.0, help="snapshots a second (default: 25)")
    parser.add_argument("--only", choices=["spread", "composed"], help="one form")
    parser.add_argument("--quick", action="store_true", help="in its smallest form: does it work?")
    arguments = parser.parse_args()
    report: dict[str, Any] = {"cores": os.cpu_count(), "ready_s": {}, "losses": []}
    books = Counter[str]()
    forms: dict[str, tuple[dict[int, list[str]], list[str], _Acts]] = {
        "spread": (ROLES, [], _spread),
        "composed": (_ONE_MACHINE, _STAGES, _few if arguments.quick else _composed),
    }
    for name, (roles, stages, acts) in forms.items():
        if name == arguments.only or (arguments.only is None and not (arguments.quick and name == "spread")):
            try:
                books.update(_of_form(name, roles, stages, acts, arguments.rate, report, arguments.json))
            except pytest.fail.Exception as error:
                sys.stderr.write(f"bench.cluster.loss: {name}: {error}\n")
                return 1
    _print(report)
    report["books"] = dict(books)
    _write(report, arguments.json)
    Console().print(f"{dict(books)}")
    return 1 if books["lost"] or books["doubled"] or books["acknowledged"] != books["sent"] else 0


def _of_form(
    name: str,
    roles: dict[int, list[str]],
    stages: list[str],
    acts: _Acts,
    rate: float,
    report: dict[str, Any],
    file: Path | None,
) -> dict[str, int]:
    """Kill its parts one after the other, and return the books of this cluster."""
    with tempfile.TemporaryDirectory(prefix="wayside-loss-") as folder:
        site = Site(Path(folder))
        site.exchange.start()
        machines = Machines(site, roles, flush_ms=100, with_intake=stages)
        try:
            began_s = time.monotonic()
            machines.start_all(300)
            report["ready_s"][name] = time.monotonic() - began_s
            custodian = Custodian(site.exchange.section("street"), "street", rate=rate)
            custodian.start()
            try:
                losses = Losses(site, machines, custodian)
                for loss in acts(losses, machines):
                    report["losses"].append(asdict(loss))
                    # At once: a later one may fail.
                    _write(report, file)
                books = losses.books()
            finally:
                custodian.close()
            return asdict(books) | {"lost": books.lost, "doubled": books.doubled}
        except pytest.fail.Exception:
            # The folder goes, and with it what the machines have said.
            for log in sorted(site.root.glob("node-*.log")):
                last = log.read_text(errors="replace").splitlines()[-_LINES:]
                sys.stderr.write("\n".join([f"{log.name}:", *last, ""]))
            raise
        finally:
            machines.close()
            site.close()


def _few(losses: Losses, _machines: Machines) -> Iterator[Loss]:
    yield losses.of("nothing", lambda: None)
    yield losses.replica("intake", "intake with all stages")


def _composed(losses: Losses, machines: Machines) -> Iterator[Loss]:
    yield losses.replica("intake", "intake with all stages")
    yield losses.replica("intake", "the same again")
    yield losses.fencing("another archiver opens the archive of the composed")
    yield losses.machine(machines.head, "machine: the only one, composed")


def _spread(losses: Losses, machines: Machines) -> Iterator[Loss]:
    yield losses.of("nothing", lambda: None)
    for deployment in ("parser", "canary", "archiver", "intake", "query"):
        yield losses.replica(deployment)
    yield losses.fencing()
    yield losses.machine(machines.head, "machine: head and intake")
    yield losses.machine(3, "machine: parse")
    (holder,) = machines.replicas("archiver").values()
    yield losses.machine(holder, "machine: the archiver's, another stands in")
    (holder,) = machines.replicas("archiver").values()
    yield losses.of("machine: the archiver's, frozen, then awake", lambda: _freeze(machines, holder))


def _freeze(machines: Machines, number: int) -> None:
    """Alive and deaf, as a machine whose disk hangs; when it wakes, the head has given it up, and its raylet ends."""
    pids = machines.processes(number)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(_FROZEN_S)  # the loss itself: so long the machine is deaf
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def _print(report: dict[str, Any]) -> None:
    table = Table("killed under load", "longest time without a commit, s", "40 commits after, s")
    for loss in report["losses"]:
        table.add_row(loss["what"], f"{loss['silence_s']:.1f}", f"{loss['settled_s']:.1f}")
    Console().print(table)
    for name, seconds in report["ready_s"].items():
        Console().print(f"{name}: ready after {seconds:.0f} s")


def _write(report: dict[str, Any], file: Path | None) -> None:
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
