"""Processor time that one opening of a page takes of the centre: wall time misleads on a busy machine.

this process ─GET─▶ centre (500 cameras) ─▶ an archive in memory
"""

import os
import time
from pathlib import Path
from typing import Any, Final

from bench.center.api import running
from bench.center.console.centre import Centre, centre, serve_well
from bench.process import cpu_s
from tests.center.fake_archive import TOKEN
from tests.support.ports import free_port

CAMERAS: Final = 500
TIMES: Final = 30
QUIET_S: Final = 5.0
PAGES: Final = ("/overview", "/live", "/observations", "/cameras", "/cases")


def answered(folder: Path) -> list[dict[str, Any]]:
    """Milliseconds of processor time for each page, without what the centre spends by itself."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running(serve_well, f"{url}/health", port), centre(folder / "pages", url, TOKEN) as there:
        there.meet(CAMERAS)
        time.sleep(QUIET_S)  # what it was told is written
        began_s, spent_s = time.monotonic(), cpu_s(there.process.pid)
        time.sleep(QUIET_S)
        idle = (cpu_s(there.process.pid) - spent_s) / (time.monotonic() - began_s)
        return [_asked(there, path, idle) for path in PAGES]


def _asked(there: Centre, path: str, idle: float) -> dict[str, Any]:
    there.client.get(path).raise_for_status()
    began_s, spent_s = time.monotonic(), cpu_s(there.process.pid)
    for _ in range(TIMES):
        answer = there.client.get(path).raise_for_status()
    took_s, spent_s = time.monotonic() - began_s, cpu_s(there.process.pid) - spent_s
    row = {
        "page": path,
        "cpu_ms": round(1000 * (spent_s - idle * took_s) / TIMES, 1),
        "kib": round(len(answer.content) / 1024),
        "load": round(os.getloadavg()[0], 1),
    }
    print(f"bench.center.console: {row}", flush=True)
    return row
