"""Times fifty analysts at once who mix lists, counts, pictures and look-alikes, at 1,000,000 machines on this machine.

Run it with `python -m bench.center.analysts`.

    this process: 50 analysts, each asks, reads, waits 0 to 2 s ──▶ centre ──▶ query ──▶ archive of one open day
                                                                                           ▲
                                  a writer: a commit a second, as a day of a million machines has them; and its upkeep

Query, centre, writer and upkeep are processes of their own, served by uvicorn on loopback. The mix is `MIX`, drawn anew
by each analyst each time; a look-alike is the search of a case of that analyst, over 256 of 500 cameras and the whole
day. Times are of whole answers, by the monotonic clock of this process, which shares the two cores.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import shutil
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import asdict
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
from rich.console import Console
from rich.table import Table

from bench.center.api import (
    ANALYSTS,
    HOUR_MS,
    PASSWORD,
    PATIENCE_S,
    PICTURES,
    THINK_S,
    TOKEN,
    USERNAME,
    Answer,
    Keys,
    Waits,
    add_pictures,
    log_in,
    running,
    serve_centre,
    serve_query,
    sessions,
)
from bench.cluster.archive.city import CAMERAS, DAY_START_MS, City
from bench.cluster.archive.load import NOW_MS, OFFSET_MINUTES, RETENTION_DAYS, fill
from bench.process import cpu_s
from provisioning.contracts.wire.messages import MachineClass
from provisioning.retention.state import Clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.index_policy import SMALL_FRAGMENTS
from ray_cluster.maintenance.upkeep import Upkeep
from ray_cluster.query.reader import Query
from ray_cluster.serve.upkeep_deployment import NICE, PAUSE_S
from tests.support.ports import free_ports

MIX: Final[dict[str, int]] = {
    "newest 50 rows": 3,
    "50 rows: camera, class, two hours": 6,
    "one observation": 2,
    "its picture": 6,
    "count by class and hour": 2,
    "look-alike": 1,
}
"""Number of requests of each kind among twenty."""
SUPERVISOR: Final = "supervisor"
WRITES_EVERY_S: Final = 1.0
SNAPSHOTS_A_WRITE: Final = 4
DAY_MS: Final = 24 * HOUR_MS
_CASE_CAMERAS: Final = 256


class Asked(NamedTuple):
    """A request: method, path, and parameters or body."""

    method: str
    path: str
    params: dict[str, Any] | None = None
    body: dict[str, Any] | None = None


def request(kind: str, dice: random.Random, keys: Keys, number: int) -> Asked:
    """Draws a request of this kind."""
    match kind:
        case "newest 50 rows":
            return Asked("GET", "/observations", {"limit": 50})
        case "50 rows: camera, class, two hours":
            from_ms = DAY_START_MS + dice.randrange(22) * HOUR_MS
            span = {"from_ms": from_ms, "to_ms": from_ms + 2 * HOUR_MS}
            return Asked("GET", "/observations", {"camera_id": f"cam-{dice.randrange(CAMERAS)}", "cls": "car"} | span)
        case "one observation":
            return Asked("GET", f"/observations/{dice.choice(keys.indexed + keys.fresh)}")
        case "its picture":
            return Asked("GET", f"/observations/{dice.choice(keys.fresh)}/picture")
        case "count by class and hour":
            span = {"from_ms": DAY_START_MS, "to_ms": DAY_START_MS + DAY_MS, "bin_ms": HOUR_MS}
            return Asked("GET", "/search/counts", {"cls": dice.choice(list(MachineClass)).value} | span)
        case _:
            return Asked("POST", f"/cases/{_case(number)}/search", None, {"limit": 20})


def _case(number: int) -> str:
    return f"bench-{number}"


def write(directory: Path, stop: Event) -> None:
    """Commits as a day of a million machines does: 12 of them a second."""
    archiver = Archiver(
        directory,
        retention_days=RETENTION_DAYS,
        offset_minutes=OFFSET_MINUTES,
        now=Clocks(NOW_MS, NOW_MS, "bench"),
    )
    for entries in City(seed=2).snapshots(1_000_000, SNAPSHOTS_A_WRITE, first=10_000_000, spread_ms=DAY_MS):
        if stop.wait(WRITES_EVERY_S):
            return
        archiver.commit(entries, now_ms=NOW_MS)


def settle(directory: Path) -> None:
    """Lets upkeep finish: a load commits faster than any street, and leaves it hundreds of commits behind."""
    upkeep = Upkeep(directory, offset_minutes=OFFSET_MINUTES)
    while any(day.fragments >= SMALL_FRAGMENTS for day in upkeep.run_once(now_ms=NOW_MS).days):
        continue


def tend(directory: Path, stop: Event) -> None:
    """Compacts and indexes as `UpkeepReplica` does, with its pauses and priority."""
    os.nice(NICE)
    upkeep = Upkeep(directory, offset_minutes=OFFSET_MINUTES)
    while not stop.wait(PAUSE_S):
        upkeep.run_once(now_ms=NOW_MS)


def copied(archive: Path, to: Path) -> Path:
    """Copies an archive; files of tables never change, and are linked."""
    shutil.copytree(archive, to, ignore=shutil.ignore_patterns("tables"))
    shutil.copytree(archive / "tables", to / "tables", copy_function=os.link)
    return to


def open_cases(url: str, logged_in: list[dict[str, str]], keys: Keys) -> None:
    """Makes a case for each analyst, which a supervisor approves, and which seeks one machine."""
    terms = {
        "purpose": "figures",
        "cameras": [f"bench/cam-{number}" for number in range(_CASE_CAMERAS)],
        "from_ms": DAY_START_MS,
        "to_ms": DAY_START_MS + DAY_MS,
        "expires_at_ms": int(time.time() * 1000) + 30 * DAY_MS,
        "cls": "car",
    }
    with httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False) as browser:
        administrator = log_in(browser, {"username": USERNAME, "password": PASSWORD})
        known = {"username": SUPERVISOR, "password": PASSWORD}
        account = known | {"grants": [{"role": "supervisor"}]}
        browser.post("/api/users", json=account, headers=administrator).raise_for_status()
        supervisor = log_in(browser, known)
        for number, analyst in enumerate(logged_in):
            case = f"/api/cases/{_case(number)}"
            made = {"number": _case(number), "terms": terms}
            browser.post("/api/cases", json=made, headers=analyst).raise_for_status()
            sought = {"row_key": keys.indexed[number % len(keys.indexed)], "index": 0}
            browser.post(f"{case}/sought", json=sought, headers=analyst).raise_for_status()
            browser.post(f"{case}/request", json={"version": 1}, headers=analyst).raise_for_status()
            approval = {"version": browser.get(case, headers=supervisor).json()["case"]["version"]}
            browser.post(f"{case}/approve", json=approval, headers=supervisor).raise_for_status()


async def mixed(
    url: str, logged_in: list[dict[str, str]], keys: Keys, for_s: float, mix: dict[str, int]
) -> dict[str, list[Answer]]:
    """Let all analysts ask for `for_s` seconds; returns how long each answer took, by kind."""
    answers: defaultdict[str, list[Answer]] = defaultdict(list)
    end_s = time.monotonic() + for_s
    kinds, weights = list(mix), list(mix.values())

    async def analyst(number: int) -> None:
        dice = random.Random(number)
        async with httpx.AsyncClient(
            base_url=f"{url}/api", headers=logged_in[number], timeout=PATIENCE_S, trust_env=False
        ) as client:
            while (left := end_s - time.monotonic()) > 0:
                await asyncio.sleep(min(left, dice.uniform(0, 2 * THINK_S)))
                kind = dice.choices(kinds, weights)[0]
                asked = request(kind, dice, keys, number)
                began = time.perf_counter()
                answer = await client.request(asked.method, asked.path, params=asked.params, json=asked.body)
                answers[kind].append(Answer(answer.status_code, (time.perf_counter() - began) * 1000))

    await asyncio.gather(*(analyst(number) for number in range(len(logged_in))))
    return answers


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.analysts", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="machines of the archive's day (1,000,000)")
    parser.add_argument("--archive", type=Path, help="keep the archive here, and take it from there next time")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--analysts", type=int, default=ANALYSTS)
    parser.add_argument("--without", action="append", default=[], choices=list(MIX), help="leave out of the mix")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    mix = {kind: weight for kind, weight in MIX.items() if kind not in arguments.without}
    beside = arguments.archive and arguments.archive.parent
    with tempfile.TemporaryDirectory(prefix="wayside-analysts-", dir=beside) as name:
        folder = Path(name)
        kept = arguments.archive or folder / "kept"
        if not kept.exists():
            fill(kept, arguments.rows, lambda line: print(f"bench.center.analysts: {line}", flush=True))
            settle(kept)
        archive = copied(kept, folder / "archive")
        report = measure(archive, folder, mix, arguments.analysts, arguments.seconds)
    show(report)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def measure(archive: Path, folder: Path, mix: dict[str, int], analysts: int, for_s: float) -> dict[str, Any]:
    """Starts everything, and lets the analysts ask."""
    fresh = add_pictures(archive)
    oldest = Query(archive, offset_minutes=OFFSET_MINUTES).commits(after=0, limit=PICTURES).items
    keys = Keys([each.snapshot.row_key for each in oldest], fresh)
    query_port, centre_port = free_ports(2)
    query_url, centre_url = (f"http://127.0.0.1:{port}" for port in (query_port, centre_port))
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        parts = {
            "query": stack.enter_context(running(serve_query, f"{query_url}/health", archive, query_port)),
            "centre": stack.enter_context(
                running(serve_centre, f"{centre_url}/api/health", folder, query_url, centre_port)
            ),
        }
        status = httpx.get(f"{query_url}/status", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE_S)
        logged_in = sessions(centre_url, folder / "data" / "setup-code", analysts)
        open_cases(centre_url, logged_in, keys)
        stop = context.Event()
        for name, work in {"writer": write, "upkeep": tend}.items():
            parts[name] = process = context.Process(target=work, args=(archive, stop))
            process.start()
            stack.callback(process.join)
        stack.callback(stop.set)
        asyncio.run(mixed(centre_url, logged_in, keys, 5.0, mix))  # what is read for the first time is left out
        before, began_s, own_s = _spent(parts), time.monotonic(), time.process_time()
        answers = asyncio.run(mixed(centre_url, logged_in, keys, for_s, mix))
        after, took_s = _spent(parts), time.monotonic() - began_s
        own_s = time.process_time() - own_s
    asked = sum(map(len, answers.values()))
    waits = {kind: asdict(Waits.of(answers[kind])) for kind in mix if len(answers[kind]) > 1}
    return {
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "machines": status.json()["objects"],
        "analysts": analysts,
        "seconds": round(took_s, 1),
        "answers_a_second": round(asked / took_s, 1),
        "cpu_cores": {name: round((after[name] - before[name]) / took_s, 2) for name in parts}
        | {"analysts": round(own_s / took_s, 2)},
        "cpu_ms_an_answer": {name: round(1000 * (after[name] - before[name]) / asked, 1) for name in parts},
        "all": asdict(Waits.of([answer for each in answers.values() for answer in each])),
        "kinds": waits,
    }


def _spent(parts: dict[str, Any]) -> dict[str, float]:
    return {name: cpu_s(process.pid or 0) for name, process in parts.items()}


def show(report: dict[str, Any]) -> None:
    """Prints a report."""
    title = (
        f"{report['analysts']} analysts, {report['machines']:,} machines, "
        f"{report['answers_a_second']} answers a second; cores: {report['cpu_cores']}; ms: p50 / p95 / p99"
    )
    table = Table("of twenty", "question", "answers", "ms", title=title)
    for kind, waits in report["kinds"].items():
        table.add_row(str(MIX[kind]), kind, str(waits["asked"]), str(Waits(**waits)))
    table.add_row("", "all", str(report["all"]["asked"]), str(Waits(**report["all"])))
    Console(width=120).print(table)
    print(f"load {report['load_average']}, CPU ms an answer {report['cpu_ms_an_answer']}")


if __name__ == "__main__":
    main()
