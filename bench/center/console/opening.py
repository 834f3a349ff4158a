"""How soon a page can be used: its content on the screen and its websocket open, 1,000,000 machines behind it.

    Chromium ─▶ centre ─▶ query ─▶ archive of the last 24 hours
    Chromium ─▶ a plain page with the same files

Both are opened in turns. Times are the page's own, from the navigation on.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from playwright.sync_api import Browser

from bench.center import api
from bench.center.console.browser import opening, visit
from bench.center.console.centre import Centre, centre, newest
from bench.cluster import search
from tests.support.ports import free_ports

CAMERAS: Final = search.CAMERAS
PICTURES: Final = 120
DAY_MS: Final = 86_400_000
CASES: Final = 20
_CONNECTED: Final = "window.did_handshake && "
PAGES: Final = {
    "/overview": "document.querySelectorAll('.ws-figure').length >= 5",
    "/live": "[...document.querySelectorAll('.ws-card canvas')].some((c) => c.clientWidth)",
    "/observations": "[...document.querySelectorAll('.ws-results img')].some((i) => i.complete && i.naturalWidth)",
    "/cameras": "document.querySelectorAll('.ws-main tbody tr').length >= 20",
    "/observations?open={row_key}": "document.querySelector('.ws-beside .ws-picture img')?.naturalWidth",
    "/observations/{row_key}": "document.querySelector('.ws-detail .ws-picture img')?.naturalWidth",
    "/cases": "document.querySelectorAll('.ws-main tbody tr').length >= 1",
    "/cases/A-0": "document.querySelector('.ws-case-head strong') && document.querySelector('.ws-case .ws-map-tools')",
    "/thefts": "document.querySelectorAll('.ws-bars tr').length >= 31",
    "/pipeline": "document.querySelectorAll('.ws-chain > li').length >= 5",
}
"""Page to the condition that ends its opening; the websocket stands then, too: before that a click does nothing.

`row_key` is that of the newest picture.
"""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds."""

    p50_ms: float
    p95_ms: float
    worst_ms: float

    @classmethod
    def of(cls, took: list[float]) -> "Times":
        """Of these."""
        cuts = quantiles(took * 2 if len(took) == 1 else took, n=100, method="inclusive")
        return cls(round(cuts[49]), round(cuts[94]), round(max(took)))

    def __str__(self) -> str:
        return f"{self.p50_ms:.0f} / {self.p95_ms:.0f}"


@contextmanager
def filled(folder: Path, machines: int) -> Iterator[Centre]:
    """A centre of 500 cameras before an archive of the last 24 hours, its newest pictures to be seen."""
    now_ms = int(time.time() * 1000)
    archive = folder / "archive"
    search.fill(archive, machines, now_ms - DAY_MS, now_ms - PICTURES * 60_000 - 60_000)
    api.add_pictures(archive, newest(CAMERAS, PICTURES), now_ms - PICTURES * 60_000)
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with (
        api.running(api.serve_query, f"{url}/health", archive, port),
        centre(folder / "centre", url, api.TOKEN) as there,
    ):
        there.meet(CAMERAS)
        for number in range(CASES):
            there.client.post("/api/cases", json=_case(number, now_ms)).raise_for_status()
        yield there


def _case(number: int, now_ms: int) -> dict[str, Any]:
    terms = {
        "purpose": "stolen at the station",
        "cls": "bicycle",
        "colours": ["red"],
        "from_ms": now_ms - DAY_MS,
        "to_ms": now_ms,
        "expires_at_ms": now_ms + 7 * DAY_MS,
        "cameras": ["agent-0/cam-0"],
        "theft": {"at_ms": now_ms - number * 3_600_000, "latitude": 31.9, "longitude": 118.6},
    }
    return {"number": f"A-{number}", "terms": terms}


@contextmanager
def plain(there: Centre, browser: Browser) -> Iterator[str]:
    """A page that is nothing but the files that the overview loads, with the headers that the centre gives them."""
    context = visit(browser, there.url, there.session)
    page = context.new_page()
    found: list[str] = []
    page.on("request", lambda asked: found.append(asked.url))
    page.goto(f"{there.url}/overview")
    page.wait_for_load_state("networkidle")
    context.close()
    paths = [urlsplit(url).path for url in dict.fromkeys(found)]
    files = {path: there.client.get(path) for path in paths if path.startswith(("/static/", "/_nicegui/"))}
    app = FastAPI(openapi_url=None)

    @app.get("/{path:path}")
    def answer(path: str, _request: Request) -> Response:
        if path == "":
            return Response(_plain_page(files), media_type="text/html", headers={"Cache-Control": "no-store"})
        known = files.get(f"/{path}")
        if known is None:
            return Response(status_code=404)
        cached = {"Cache-Control": known.headers.get("cache-control", "no-store")}
        return Response(known.content, media_type=known.headers["content-type"], headers=cached)

    (port,) = free_ports(1)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)  # uvicorn has no event for it
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _plain_page(files: dict[str, httpx.Response]) -> str:
    """Styles are applied, modules loaded, other scripts run."""
    parts = ["<!doctype html><title>plain</title>"]
    for path, answer in files.items():
        kind = answer.headers["content-type"]
        if kind.startswith("text/css"):
            parts.append(f'<link rel="stylesheet" href="{path}">')
        elif "javascript" in kind:
            module = b"export" in answer.content[-4000:] or b"import" in answer.content[:200]
            parts.append(f'<link rel="modulepreload" href="{path}">' if module else f'<script src="{path}"></script>')
    parts.append('<p id="there">plain</p>')
    return "".join(parts)


def bytes_of(browser: Browser, there: Centre, path: str) -> dict[str, int]:
    """What one opening transfers with an empty cache: requests, and KiB of files and of the page."""
    context = visit(browser, there.url, there.session)
    page = context.new_page()
    page.goto(f"{there.url}{path}")
    page.wait_for_load_state("load")
    said = page.evaluate(
        "() => [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
        ".filter((e) => !e.name.includes('/api/')).map((e) => e.transferSize)"
    )
    context.close()
    return {"requests": len(said), "kib": round(sum(said) / 1024)}


def opened(browser: Browser, there: Centre, times: int) -> list[dict[str, Any]]:
    """Each page cold (an empty cache, a new window) and warm, in turns with the plain page."""
    rows = []
    with plain(there, browser) as plain_url:
        newest_row = there.client.get("/api/observations?limit=1").raise_for_status().json()["items"][0]["row_key"]
        for pattern, content in PAGES.items():
            path = pattern.format(row_key=newest_row)
            took: dict[str, list[float]] = {"first": [], "cold": [], "warm": [], "plain cold": [], "plain warm": []}
            for _ in range(times):
                for name, url, session, condition in (
                    ("", f"{there.url}{path}", there.session, f"() => {_CONNECTED}{content}"),
                    ("plain ", plain_url, "", "() => document.readyState === 'complete'"),
                ):
                    context = visit(browser, url, session)
                    cold, warm = opening(context, url, condition), opening(context, url, condition)
                    took[f"{name}cold"].append(cold.usable)
                    took[f"{name}warm"].append(warm.usable)
                    took["first"] += [] if name else [cold.first, warm.first]
                    context.close()
            rows.append(
                {
                    "page": pattern,
                    **{name.replace(" ", "_"): asdict(Times.of(each)) for name, each in took.items()},
                    **bytes_of(browser, there, path),
                }
            )
            print(
                f"bench.center.console: {pattern}: first content {Times.of(took['first'])}, usable cold "
                f"{Times.of(took['cold'])}, warm {Times.of(took['warm'])} ms",
                flush=True,
            )
    return rows
