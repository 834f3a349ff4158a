"""Times the centre's API under 50 analysts, beside the bare query, at 1,000,000 machines.

Run it with `python -m bench.center.api`.

    this process: 50 analysts ─┬─▶ centre (guard, session, audit, SQLite) ─▶ query ─▶ archive of one day
                               └───────────────────────────────────────────▶ query ─▶ the same

Query and centre are processes of their own, served by uvicorn on loopback; the archive is what `bench.cluster.archive`
makes, and some pictures more that can be shown. Each analyst asks, reads the answer, and waits a while that is drawn
anew each time; both ways are asked in turns. Times are of whole answers, by the monotonic clock of this process.
"""

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import quantiles
from typing import Any, Final, NamedTuple

import httpx
import uvicorn
from rich.console import Console
from rich.table import Table

from bench.cluster.archive.city import DAY_START_MS
from bench.cluster.archive.load import NOW_MS, OFFSET_MINUTES, RETENTION_DAYS, fill
from bench.process import cpu_s
from center import credentials
from center.app import build
from center.bootstrap import records_of
from center.clock import now_ms
from center.database.location import data_dir_of, database_of
from center.database.store import Store
from provisioning.contracts import ids
from provisioning.contracts.config.processes import Broker, CenterConfig
from provisioning.contracts.wire.messages import Box, ClockQuality, Picture, PictureState, Quality, Redaction, Snapshot
from provisioning.files import durable
from provisioning.retention.state import Clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.entries import Entry
from ray_cluster.query.lookalike import Lookalike
from ray_cluster.query.reader import Query
from ray_cluster.query.routes import create_app
from tests.center.street import draw
from tests.center.world import OpenLine, quick_passwords
from tests.ray_cluster.query.test_reader import intake_is_well
from tests.ray_cluster.street import FakeStages
from tests.support.ports import free_ports

ANALYSTS: Final = 50
THINK_S: Final = 1.0
TURNS: Final = 2
PICTURES: Final = 100
PATIENCE_S: Final = 180.0
TOKEN: Final = "token-of-the-bench"
USERNAME, PASSWORD = "operator", "seven wet umbrellas"
HOUR_MS: Final = 3_600_000


class Keys(NamedTuple):
    """Row keys to ask for. What `add_pictures` made is in the newest commit, which no index covers yet."""

    indexed: list[str]
    fresh: list[str]


Ask = Callable[[random.Random, Keys], str]


def _page(_dice: random.Random, _keys: Keys) -> str:
    return "/observations?limit=50"


def _narrow(dice: random.Random, _keys: Keys) -> str:
    from_ms = DAY_START_MS + dice.randrange(22) * HOUR_MS
    camera = f"cam-{dice.randrange(500)}"
    return f"/observations?limit=50&camera_id={camera}&cls=car&from_ms={from_ms}&to_ms={from_ms + 2 * HOUR_MS}"


def _indexed(dice: random.Random, keys: Keys) -> str:
    return f"/observations/{dice.choice(keys.indexed)}"


def _fresh(dice: random.Random, keys: Keys) -> str:
    return f"/observations/{dice.choice(keys.fresh)}"


def _picture(dice: random.Random, keys: Keys) -> str:
    return f"/observations/{dice.choice(keys.fresh)}/picture"


QUESTIONS: Final[dict[str, Ask]] = {
    "newest 50 rows": _page,
    "50 rows: camera, class, two hours": _narrow,
    "one observation, in the index": _indexed,
    "one observation, just committed": _fresh,
    "its picture": _picture,
}


class Answer(NamedTuple):
    """One, whole."""

    status: int
    took_ms: float


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds of whole answers."""

    asked: int
    refused: int
    """Answered with an error, such as that the archive took too long. What it took is not in the times."""
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @classmethod
    def of(cls, answers: list["Answer"]) -> "Waits":
        """Of these."""
        waits_ms = [answer.took_ms for answer in answers if answer.status == httpx.codes.OK]
        cuts = quantiles(waits_ms, n=100, method="inclusive")
        return cls(
            len(answers), len(answers) - len(waits_ms), round(cuts[49], 1), round(cuts[94], 1), round(cuts[98], 1)
        )

    def __str__(self) -> str:
        refused = f", {self.refused} of {self.asked} refused" if self.refused else ""
        return f"{self.p50_ms:.0f} / {self.p95_ms:.0f} / {self.p99_ms:.0f}{refused}"


def serve_query(directory: Path, port: int) -> None:
    """The cluster's reader, in a process of its own."""
    app = create_app(
        Query(directory, offset_minutes=OFFSET_MINUTES),
        FakeStages(),
        Lookalike(directory, offset_minutes=OFFSET_MINUTES, now_ms=lambda: NOW_MS),
        token=TOKEN,
        ask_intake=intake_is_well,
    )
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def serve_centre(folder: Path, query_url: str, port: int) -> None:
    """The centre as `center.app.serve` wires and serves it, but for the broker's line and the price of a log-in."""
    config = CenterConfig(
        broker=Broker(host="127.0.0.1", ca_file=folder / "ca", cert_file=folder / "cert", key_file=folder / "key"),
        query_url=query_url,
        query_token_file=durable.write(folder / "query-token", TOKEN.encode()),
        data_dir=folder / "data",
    )
    data_dir = data_dir_of(config)
    store = Store(database_of(config))
    store.migrate()
    records = records_of(
        store,
        data_dir=data_dir,
        audit_key=None,
        audit_keep_days=config.audit_keep_days,
        session_hours=config.session_hours,
        passwords=quick_passwords(),
        clock=now_ms,
    )
    center = build(config, link=OpenLine(), records=records)
    center.services.auth.prepare_setup()
    uvicorn.run(center.application(), host="127.0.0.1", port=port, log_level="warning", access_log=False)


def add_pictures(
    directory: Path, sources: Sequence[tuple[str, str]] = (("bench", "cam-1"),) * PICTURES, from_ms: int = DAY_START_MS
) -> list[str]:
    """Observations with pictures that a centre can show, a minute apart, of these cameras; their row keys."""
    now_ms = max(NOW_MS, from_ms + len(sources) * 60_000)
    clocks = Clocks(now_ms, now_ms, "bench")
    archiver = Archiver(directory, retention_days=RETENTION_DAYS, offset_minutes=OFFSET_MINUTES, now=clocks)
    entries = []
    for number, (agent_id, camera_id) in enumerate(sources):
        jpeg, machines = draw(number)
        at_ms = from_ms + number * 60_000
        snapshot = Snapshot(
            observation_id=ids.observation_id(camera_id, at_ms, f"p{number}"),
            agent_id=agent_id,
            camera_id=camera_id,
            source_key=f"p{number}",
            captured_at_ms=at_ms,
            clock=ClockQuality.ARRIVAL,
            picture=Picture(
                state=PictureState.KEPT,
                width=1280,
                height=720,
                bytes=len(jpeg),
                sha256=hashlib.sha256(jpeg).hexdigest(),
            ),
            quality=Quality(sharpness=0.1, brightness=0.2, contrast=0.3),
            machines=machines,
            people=1,
            redaction=Redaction(
                policy="bench", models={"net": "0" * 64}, regions=(Box(x0=0, y0=0, x1=9, y1=9),), covered_share=0.01
            ),
        )
        entries.append(Entry(snapshot, "0" * 64, at_ms + 100, PictureState.KEPT, jpeg, machines, ()))
    archiver.commit(entries, now_ms=now_ms)
    return [ids.row_key(entry.snapshot.agent_id, entry.snapshot.observation_id) for entry in entries]


@contextmanager
def running(target: Callable[..., None], url: str, *arguments: object) -> Iterator[BaseProcess]:
    """A server in a process of its own, answering."""
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    end_s = time.monotonic() + PATIENCE_S
    try:
        while True:
            try:
                httpx.get(url, timeout=PATIENCE_S)
            except httpx.ConnectError:
                if not process.is_alive() or time.monotonic() > end_s:
                    sys.exit(f"bench.center.api: what serves {url} did not start")
                time.sleep(0.1)  # it has no event for it
            else:
                break
        yield process
    finally:
        process.terminate()
        process.join()


def sessions(url: str, code_file: Path, analysts: int = ANALYSTS) -> list[dict[str, str]]:
    """Analysts of the whole county, each logged in."""
    code = code_file.read_text(encoding="ascii").strip()
    known = {"username": USERNAME, "password": PASSWORD}
    with httpx.Client(base_url=url, timeout=PATIENCE_S) as browser:
        browser.post("/api/setup", json={"code": code, **known}).raise_for_status()
        administrator = log_in(browser, known)
        found = []
        for number in range(analysts):
            analyst = {"username": f"analyst-{number}", "password": PASSWORD}
            account = analyst | {"grants": [{"role": "analyst"}]}
            browser.post("/api/users", json=account, headers=administrator).raise_for_status()
            found.append(log_in(browser, analyst))
    return found


def log_in(browser: httpx.Client, known: dict[str, str]) -> dict[str, str]:
    browser.post("/api/login", json=known).raise_for_status()
    headers = {"Cookie": f"{credentials.SESSION}={browser.cookies[credentials.SESSION]}"}
    browser.cookies.clear()
    return headers


async def asked(url: str, headers: list[dict[str, str]], ask: Ask, keys: Keys, for_s: float) -> list[Answer]:
    """Let all analysts ask for `for_s` seconds; returns how long each answer took."""
    answers: list[Answer] = []
    end_s = time.monotonic() + for_s

    async def analyst(number: int) -> None:
        dice = random.Random(number)
        async with httpx.AsyncClient(
            base_url=url, headers=headers[number], timeout=PATIENCE_S, trust_env=False
        ) as client:
            while (left := end_s - time.monotonic()) > 0:
                await asyncio.sleep(min(left, dice.uniform(0, 2 * THINK_S)))
                began = time.perf_counter()
                answer = await client.get(ask(dice, keys))
                answers.append(Answer(answer.status_code, (time.perf_counter() - began) * 1000))

    await asyncio.gather(*(analyst(number) for number in range(ANALYSTS)))
    return answers


def measure(
    query_url: str,
    centre_url: str,
    logged_in: list[dict[str, str]],
    keys: Keys,
    for_s: float,
    processes: tuple[BaseProcess, BaseProcess],
) -> list[dict[str, Any]]:
    """Each question, bare and through the centre in turns."""
    bearer = [{"Authorization": f"Bearer {TOKEN}"}] * ANALYSTS
    rows = []
    for name, ask in QUESTIONS.items():
        bare: list[Answer] = []
        centre: list[Answer] = []
        spent_s = {"query": 0.0, "centre": 0.0}
        for _ in range(TURNS):
            bare += asyncio.run(asked(query_url, bearer, ask, keys, for_s))
            before = [cpu_s(process.pid or 0) for process in processes]
            centre += asyncio.run(asked(f"{centre_url}/api", logged_in, ask, keys, for_s))
            after = [cpu_s(process.pid or 0) for process in processes]
            for part, (a, b) in zip(spent_s, zip(before, after, strict=True), strict=True):
                spent_s[part] += b - a
        ours, theirs = Waits.of(centre), Waits.of(bare)
        rows.append(
            {
                "question": name,
                "bare": asdict(theirs),
                "centre": asdict(ours),
                "ratio_p95": round(ours.p95_ms / theirs.p95_ms, 2),
                "cpu_ms_an_answer": {part: round(1000 * s / ours.asked, 1) for part, s in spent_s.items()},
            }
        )
        print(f"bench.center.api: {name}: bare {theirs}, centre {ours} ms", flush=True)
    return rows


def main() -> None:
    """Measure, print, and with `--json` write."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.api", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="machines of the archive's day (1,000,000)")
    parser.add_argument(
        "--archive", type=Path, help="keep the archive in this folder, and take it from there next time"
    )
    parser.add_argument("--seconds", type=float, default=12.0, help="of each question, each way, each of two turns")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wayside-api-") as name:
        folder = Path(name)
        archive = arguments.archive or folder / "archive"
        if not archive.exists():
            fill(archive, arguments.rows, lambda line: print(f"bench.center.api: {line}", flush=True))
        fresh = add_pictures(archive)
        oldest = Query(archive, offset_minutes=OFFSET_MINUTES).commits(after=0, limit=PICTURES).items
        keys = Keys([each.snapshot.row_key for each in oldest], fresh)
        query_port, centre_port = free_ports(2)
        query_url, centre_url = (f"http://127.0.0.1:{port}" for port in (query_port, centre_port))
        with (
            running(serve_query, f"{query_url}/health", archive, query_port) as query,
            running(serve_centre, f"{centre_url}/api/health", folder, query_url, centre_port) as centre,
        ):
            status = httpx.get(f"{query_url}/status", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE_S)
            logged_in = sessions(centre_url, folder / "data" / "setup-code")
            rows = measure(query_url, centre_url, logged_in, keys, arguments.seconds, (query, centre))
        report = {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "load_average": os.getloadavg(),
            "rows": status.json()["rows"],
            "machines": status.json()["objects"],
            "analysts": ANALYSTS,
            "think_s": f"0 to {2 * THINK_S:g}, drawn anew",
            "questions": rows,
        }
    table = Table(
        "question",
        "bare query",
        "centre",
        "p95 ratio",
        "CPU an answer: query / centre",
        title=f"{ANALYSTS} analysts, {report['machines']:,} machines; ms: p50 / p95 / p99",
    )
    for row in rows:
        spent = row["cpu_ms_an_answer"]
        table.add_row(
            row["question"],
            str(Waits(**row["bare"])),
            str(Waits(**row["centre"])),
            f"{row['ratio_p95']:g}",
            f"{spent['query']:g} / {spent['centre']:g}",
        )
    Console(width=120).print(table)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
