"""`python -m bench.cluster_loss [--json FILE]`: parts of a cluster of four machines on this one are killed under load.

Each row is one loss: the longest time without a commit that it cost, and when forty more commits were in. At the end
the books: sent, acknowledged, rows, distinct rows. Parser and canary are stubs; the rest is real, as in
tests/scenarios/test_cluster_loss.py. Exit code 1 if anything was lost or is there twice.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.support.custodian import Custodian
from tests.support.losses import Loss, Losses
from tests.support.nodes import Machines
from tests.support.premises import Site

ROLES = {2: ["business"], 3: ["parse"], 4: ["archive"], 5: ["storage", "archive"]}
_FROZEN_S = 40.0
"""Longer than the head takes to give a machine up, and Serve a replica."""


def main() -> int:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster_loss", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--rate", type=float, default=25.0, help="snapshots a second (default: 25)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wayside-loss-") as folder:
        site = Site(Path(folder))
        site.exchange.start()
        machines = Machines(site, ROLES, flush_ms=100)
        try:
            return _measured(site, machines, arguments.rate, arguments.json)
        finally:
            machines.close()
            site.close()


def _measured(site: Site, machines: Machines, rate: float, file: Path | None) -> int:
    began_s = time.monotonic()
    machines.start_all(300)
    ready_s = time.monotonic() - began_s
    custodian = Custodian(site.exchange.section("street"), "street", rate=rate)
    custodian.start()
    try:
        losses = Losses(site, machines, custodian)
        seen = [losses.of("nothing", lambda: None)]
        seen += [losses.replica(deployment) for deployment in ("parser", "canary", "archiver", "intake", "query")]
        seen.append(losses.fencing())
        seen.append(losses.machine(machines.head, "machine: head and intake"))
        seen.append(losses.machine(3, "machine: parse"))
        (holder,) = machines.replicas("archiver").values()
        seen.append(losses.machine(holder, "machine: the archiver's, another stands in"))
        (holder,) = machines.replicas("archiver").values()
        seen.append(losses.of("machine: the archiver's, frozen, then awake", lambda: _freeze(machines, holder)))
        books = losses.books()
    finally:
        custodian.close()
    _print(seen, ready_s)
    Console().print(f"{books}; lost {books.lost}, doubled {books.doubled}")
    if file:
        report = {
            "cores": os.cpu_count(), "ready_s": ready_s, "losses": [asdict(loss) for loss in seen],
            "books": asdict(books) | {"lost": books.lost, "doubled": books.doubled},
        }  # fmt: skip
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if books.lost or books.doubled or books.acknowledged != books.sent else 0


def _freeze(machines: Machines, number: int) -> None:
    """Alive and deaf, as a machine whose disk hangs; when it wakes, the head has given it up, and its raylet ends."""
    pids = machines.processes(number)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(_FROZEN_S)  # the loss itself: so long the machine is deaf
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def _print(seen: list[Loss], ready_s: float) -> None:
    table = Table("killed under load", "longest time without a commit, s", "40 commits after, s")
    for loss in seen:
        table.add_row(loss.what, f"{loss.silence_s:.1f}", f"{loss.settled_s:.1f}")
    Console().print(table)
    Console().print(f"four machines ready after {ready_s:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
