"""`python -m bench.center.alarm_rows`: what one more alarm costs a page of a hundred, from the hint to its row.

hint ─stdin─▶ centre (a process) ─websocket─▶ Chromium, /alarms, full

One alarm at a time, each waited for. Processor time is of all threads of the page's renderer and of the centre, so it
says the same on a machine that others use; the milliseconds do not.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from bench.center.alarm_page import WATCH
from bench.center.api import running
from bench.center.console.browser import Watched, chromium, processes, visit
from bench.center.console.centre import Centre, centre, serve_well
from bench.process import cpu_s
from center.console.alarms.list import SHOWN
from provisioning.contracts.wire import codec, topics
from tests.center.alarms.making import LEFT_HALF, hint, machine, seen
from tests.center.fake_archive import TOKEN
from tests.center.street import AGENT
from tests.support.ports import free_port

CAMERAS: Final = 40
WINDOW_S: Final = 1.1
"""A camera alarms once in the rule's window of a second."""
_PATIENCE_MS: Final = 60_000


class Page:
    """Full, and told of one alarm at a time."""

    def __init__(self, there: Centre, watched: Watched) -> None:
        self._there = there
        self._page = watched.page
        self._arrived: dict[str, int] = {}
        self._sequence = 0
        self._page.expose_function("arrived", lambda key, at_ms, _drawn_ms: self._arrived.__setitem__(key, at_ms))
        self._page.evaluate(WATCH)

    def alarm(self) -> int:
        """Milliseconds from the next hint to its row in the document."""
        number = self._sequence % CAMERAS
        if number == 0:
            time.sleep(WINDOW_S)  # the rule counts the same camera once in its window
        self._sequence += 1
        at_ms = int(time.time() * 1000)
        row = seen(machine(), camera=f"cam-{number}", at_ms=at_ms, key=f"n{self._sequence}")
        self._there.say(topics.observed(AGENT), codec.encode(hint(row, commit_seq=self._sequence)))
        end_s = time.monotonic() + _PATIENCE_MS / 1000
        while row.row_key not in self._arrived:
            if time.monotonic() > end_s:
                raise TimeoutError(f"alarm {self._sequence} did not come into the page")
            self._page.wait_for_timeout(2)  # lets the page's calls in
        return self._arrived[row.row_key] - at_ms


def enforce(there: Centre) -> None:
    """One rule over half the picture of every camera, in force."""
    places = [f"{AGENT}/cam-{number}" for number in range(CAMERAS)]
    rule = {"name": "any", "what": {"kind": "zone_entry", "polygon": LEFT_HALF}, "cameras": places, "window_s": 1}
    origin = {"Origin": there.url}
    made = there.client.post("/api/rules", json=rule, headers=origin).raise_for_status()
    number = made.json()["id"]
    there.client.post(f"/api/rules/{number}/versions/1/preview", headers=origin).raise_for_status()
    there.client.post(f"/api/rules/{number}/on", json={"version": 1, "unseen": True}, headers=origin).raise_for_status()


def measured(count: int) -> dict[str, Any]:
    """Of so many alarms, once the page is full."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        tempfile.TemporaryDirectory(prefix="wayside-rows-") as name,
        running(serve_well, f"{url}/health", port),
        centre(Path(name) / "centre", url, TOKEN) as there,
        chromium() as browser,
    ):
        enforce(there)
        watched = Watched.open(visit(browser, there.url, there.session), f"{there.url}/alarms")
        watched.page.get_by_text("No alarms").wait_for()
        page = Page(there, watched)
        for _ in range(SHOWN):
            page.alarm()
        renderers = [pid for kind, pid in processes(browser) if kind == "renderer"]
        before, before_centre = sum(map(cpu_s, renderers)), cpu_s(there.process.pid)
        took_ms = [page.alarm() for _ in range(count)]
        spent_s, centre_s = sum(map(cpu_s, renderers)) - before, cpu_s(there.process.pid) - before_centre
        return {
            "alarms": count,
            "rows": watched.page.locator("tbody tr").count(),
            "renderer_cpu_ms_an_alarm": round(1000 * spent_s / count, 1),
            "centre_cpu_ms_an_alarm": round(1000 * centre_s / count, 1),
            "p50_ms": median(took_ms),
            "p95_ms": quantiles(took_ms, n=20)[-1],
            "console_errors": watched.errors,
            "load": os.getloadavg(),
        }


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.alarm_rows", description=__doc__)
    parser.add_argument("--alarms", type=int, default=120)
    print(json.dumps(measured(parser.parse_args().alarms), indent=2))


if __name__ == "__main__":
    main()
