"""`python -m tests.chaos [--json FILE]`: play every act, close the books, print both; 1 when a promise is broken."""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from provisioning.broker import mosquitto
from provisioning.errors import BrokerError
from tests.chaos import acts, books
from tests.chaos.acts import ACTS, AGENT, Act, Impossible
from tests.chaos.street import ChaosError, Counts, Street

DRAIN: Final = 5.0
"""Times real time, at least."""
_out = Console(highlight=False, width=max(110, Console().width))


@dataclass(frozen=True, slots=True)
class Played:
    """One act and what came of it."""

    name: str
    times: int
    seconds: float
    counts: Counts
    skipped: str = ""


def main() -> int:
    """Play, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--scratch", type=Path, help="try it on this disk (default: the temporary folder)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which something is killed")
    parser.add_argument("--only", help="play the acts whose name has this in it")
    arguments = parser.parse_args()
    try:
        mosquitto.installed()
    except BrokerError as error:
        _out.print(str(error), style="red")
        return 2
    step_aside()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # and so all that runs is ended
    chosen = [act for act in ACTS if arguments.only is None or arguments.only in act.name]
    with tempfile.TemporaryDirectory(prefix="wayside-chaos-", dir=arguments.scratch) as folder:
        try:
            report = play(Path(folder), chosen, random.Random(arguments.seed))
        except ChaosError as error:
            _out.print(f"BROKEN: {error}", style="red")
            return 1
    show(report)
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(as_json(report, arguments.seed), indent=2) + "\n", encoding="utf-8")
    return 1 if report.faults else 0


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    played: list[Played]
    closed: list[books.Books]
    drain: books.Drain | None
    faults: list[str]


def step_aside() -> None:
    """Begin again in a network and a set of mounts of our own, where that is allowed: nothing is left of them then."""
    unshare, ip = (shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") for name in ("unshare", "ip"))
    if acts.APART_FROM in os.environ:
        subprocess.run([str(ip), "link", "set", "lo", "up"], check=True)
        return
    if unshare is None or ip is None:
        return
    options = [unshare, "--net", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*options, "true"], capture_output=True, check=False).returncode != 0:
        return
    outer = " ".join(str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in ("net", "mnt"))
    user = {} if os.geteuid() == 0 else {"USER": "root", "LOGNAME": "root"}  # whom Mosquitto would else turn into
    environment = os.environ | user | {acts.APART_FROM: outer}
    os.execve(unshare, [*options, sys.executable, "-m", "tests.chaos", *sys.argv[1:]], environment)


def play(folder: Path, chosen: Sequence[Act], chance: random.Random) -> Report:
    """Every act on one street, then the books."""
    played: list[Played] = []
    back_ms = 0
    with Street(folder) as street:
        street.add_agent(AGENT, folder / "spool")
        street.flows(AGENT)
        for act in chosen:
            played.append(_one(act, street, chance))
            _out.print(f"{act.name}: {played[-1].skipped or f'{played[-1].seconds:.0f} s'}")
            if act.play is acts.centre_away:
                back_ms = street.centre_since_ms
        street.settle()
        street.stop("centre")
        rows = books.read_archive(street.archive_dir)
        closed = books.close(street, rows)
    drained = books.drain(rows, AGENT, back_ms) if back_ms else None
    faults = [fault for each in closed for fault in each.faults()]
    if drained is not None and drained.times_live < DRAIN:
        faults.append(f"the backlog went at {drained.times_live:.1f} times real time, {DRAIN:g} are promised")
    if back_ms and drained is None:
        faults.append("the centre was away, and too little came of that to tell how fast a backlog goes")
    return Report(played, closed, drained, faults)


def _one(act: Act, street: Street, chance: random.Random) -> Played:
    before, began_s = street.counts(), time.monotonic()
    try:
        times = act.play(street, chance)
    except Impossible as error:
        return Played(act.name, 0, 0.0, Counts(), f"skipped: {error}")
    return Played(act.name, times, time.monotonic() - began_s, street.counts() - before)


def show(report: Report) -> None:
    """Tables for a person."""
    table = Table("act", "times", "s", "selected", "archived", "deliveries", "again", "acks", "resent", title="acts")
    for each in report.played:
        figures = [str(getattr(each.counts, name)) for name in Counts.__slots__]
        table.add_row(each.name, str(each.times) if not each.skipped else "skipped", f"{each.seconds:.0f}", *figures)
    _out.print(table)
    table = Table("agent", "selected", "archived", "rejected", "dropped", "lost", "twice", title="books")
    for book in report.closed:
        ledger = book.ledger
        drops = ", ".join(f"{name} {n}" for name, n in ledger.dropped.items()) or "0"
        figures = [str(n) for n in (ledger.selected, ledger.archived, ledger.rejected)]
        table.add_row(book.agent_id, *figures, drops, str(book.lost), str(book.twice))
    _out.print(table)
    if report.drain is not None:
        d = report.drain
        _out.print(
            f"drain: {d.backlog} of backlog at {d.per_s:.0f}/s beside {d.live_per_s:.1f}/s live, which is"
            f" {d.times_live:.1f} times real time; live pictures archived after {d.live_waited_ms / 1000:.1f} s, at"
            f" most {d.live_waited_most_ms / 1000:.1f} s"
        )
    for fault in report.faults:
        _out.print(f"BROKEN: {fault}", style="red")
    skipped = [each.name for each in report.played if each.skipped]
    if skipped:
        _out.print(f"not tried here: {', '.join(skipped)}", style="yellow")
    if not report.faults:
        _out.print("every promise was kept" + (" that was tried" if skipped else ""), style="green")


def as_json(report: Report, seed: int) -> dict[str, Any]:
    """The same for a program."""
    return {
        "seed": seed,
        "acts": [asdict(each) for each in report.played],
        "books": [asdict(each) | {"ledger": each.ledger.model_dump()} for each in report.closed],
        "drain": None if report.drain is None else asdict(report.drain) | {"times_live": report.drain.times_live},
        "broken": report.faults,
    }


if __name__ == "__main__":
    sys.exit(main())
