"""Shows in which order `query` answers a burst, and the processor time of an answer, at 1,000,000 machines.

Run it with `python -m bench.cluster.fairness`.

The routes of `query` in this process, without a socket, over what `bench.cluster.archive` makes. The order of answers
and the processor time say the same on a busy machine as on a quiet one; the seconds do not.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from bench.cluster.archive.city import CAMERAS, DAY_START_MS
from bench.cluster.archive.load import NOW_MS, OFFSET_MINUTES, fill
from provisioning.contracts.query.account import ACCOUNT_HEADER
from provisioning.contracts.wire.messages import MachineClass
from ray_cluster.query.lookalike import Lookalike
from ray_cluster.query.reader import Query
from ray_cluster.query.routes import create_app
from tests.ray_cluster.query.test_reader import intake_is_well
from tests.ray_cluster.street import FakeStages

TOKEN: Final = "token-of-the-bench"
HOUR_MS: Final = 3_600_000
DAY: Final = f"from_ms={DAY_START_MS}&to_ms={DAY_START_MS + 24 * HOUR_MS}"
NEWEST: Final = "/observations?limit=50"


def narrow(dice: random.Random) -> str:
    """Draws a page of a camera and two hours."""
    from_ms = DAY_START_MS + dice.randrange(22) * HOUR_MS
    camera = f"cam-{dice.randrange(CAMERAS)}"
    return f"{NEWEST}&cls=car&camera_id={camera}&from_ms={from_ms}&to_ms={from_ms + 2 * HOUR_MS}"


class Analysts:
    """Accounts that ask; `done` is who was answered, in that order."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.done: list[str] = []

    async def ask(self, account: int, path: str, *, body: dict[str, Any] | None = None, name: str = "") -> None:
        """Asks as this account."""
        headers = {"Authorization": f"Bearer {TOKEN}", ACCOUNT_HEADER: f"{account:032x}"}
        answer = await self._client.request("GET" if body is None else "POST", path, headers=headers, json=body)
        answer.raise_for_status()
        self.done.append(name)

    async def burst(self, what: str, paths: Sequence[str]) -> None:
        """Asks all at once, each as another account, and prints what an answer cost."""
        began_s, spent_s = time.perf_counter(), time.process_time()
        await asyncio.gather(*(self.ask(account, path) for account, path in enumerate(paths)))
        spent_ms = 1000 * (time.process_time() - spent_s) / len(paths)
        print(f"{what}: {spent_ms:.0f} ms of processor time each, {time.perf_counter() - began_s:.1f} s", flush=True)


async def measure(query: Query, archive: Path, many: int) -> None:
    """Prints all figures."""
    lookalike = Lookalike(archive, offset_minutes=OFFSET_MINUTES, now_ms=lambda: NOW_MS)
    app = create_app(query, FakeStages(), lookalike, token=TOKEN, ask_intake=intake_is_well)
    keys = [row.snapshot.row_key for row in query.commits(after=0, limit=50).items]
    dice = random.Random(4)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://q", timeout=None) as client:
        analysts = Analysts(client)
        for path in (NEWEST, narrow(dice)):
            await analysts.ask(0, path)
        await analysts.burst(f"the newest page, {many} at once", [NEWEST] * many)
        await analysts.burst(f"a camera's two hours, {many} at once", [narrow(dice) for _ in range(many)])
        counts = [f"/counts?{DAY}&bin_ms={HOUR_MS}&cls={cls.value}" for cls in MachineClass]
        await analysts.burst(f"counts of the day, of {len(counts)} classes, each twice at once", 2 * counts)

        analysts.done.clear()
        flood = [asyncio.create_task(analysts.ask(1, narrow(dice), name="flood")) for _ in range(2 * many)]
        await asyncio.sleep(0.05)
        await asyncio.gather(*flood, *(analysts.ask(account, narrow(dice), name="other") for account in (2, 3)))
        before = [analysts.done[:at].count("flood") for at, name in enumerate(analysts.done) if name == "other"]
        print(
            f"pages of one account's {len(flood)} that two others with one page each waited for: {before}", flush=True
        )

        searches = [asyncio.create_task(analysts.ask(n, "/lookalikes", body=_likeness(keys[n]))) for n in range(4)]
        await asyncio.sleep(0.05)
        began_s = time.perf_counter()
        await asyncio.gather(*(analysts.ask(100 + n, f"/observations/{keys[n]}") for n in range(8)))
        lists_s = time.perf_counter() - began_s
        await asyncio.gather(*searches)
        ended_s = time.perf_counter() - began_s
        print(f"8 observations behind 4 look-alikes: {lists_s:.2f} s, the look-alikes {ended_s:.2f} s")


def _likeness(row_key: str) -> dict[str, Any]:
    """Asks for look-alikes of a row's first machine before half of the cameras, all day."""
    return {
        "case": "bench",
        "purpose": "figures",
        "asked_by": "bench",
        "machines": [{"row_key": row_key, "index": 0}],
        "sources": [f"bench/cam-{number}" for number in range(CAMERAS // 2)],
        "from_ms": DAY_START_MS,
        "to_ms": DAY_START_MS + 24 * HOUR_MS,
        "limit": 500,
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster.fairness", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="machines of the archive's day (1,000,000)")
    parser.add_argument("--archive", type=Path, help="keep the archive here, and take it from there next time")
    parser.add_argument("--many", type=int, default=25, help="accounts of a burst")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wayside-fairness-") as name:
        archive = arguments.archive or Path(name) / "archive"
        if not archive.exists():
            fill(archive, arguments.rows, lambda line: print(f"bench.cluster.fairness: {line}", flush=True))
        asyncio.run(measure(Query(archive, offset_minutes=OFFSET_MINUTES), archive, arguments.many))


if __name__ == "__main__":
    main()
