"""The situation wall for minutes, as fast as it can be set: as many renewals and turns as in ten hours and more.

    this process: heartbeats, states ─stdin─▶ centre ─▶ /wall ─▶ Chromium (1080p)
                                                └─▶ an archive in memory

Memory is read after garbage was collected, in a browser whose network nobody records.
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import ViewportSize

from bench.center.api import running
from bench.center.console.centre import centre, serve_well
from bench.center.console.unrecorded import unrecorded
from bench.process import rss_mib
from tests.center.fake_archive import TOKEN
from tests.support.ports import free_port

SCREEN: Final = ViewportSize(width=1920, height=1080)
CAMERAS: Final = 200
TURN_S, REFRESH_S = 0.1, 0.3
USUAL_S: Final = 10.0
"""Interval of renewals where nothing else is set."""
WARM_S: Final = 30.0
EVERY_S: Final = 60.0
MIB: Final = 1024 * 1024
_COUNT: Final = """(() => {
  window.wsRenewed = window.wsTurned = 0;
  new MutationObserver((all) => all.forEach((each) =>
    each.type === 'childList' ? window.wsRenewed += 1 : window.wsTurned += 1
  )).observe(document.getElementById('wall-pages'), {childList: true, subtree: true, attributeFilter: ['hidden']});
})()"""


def turned(folder: Path, minutes: float) -> dict[str, Any]:
    """Weighs the open wall once a minute."""
    port = free_port()
    url, settings = f"http://127.0.0.1:{port}", f"[wall]\nturn_s = {TURN_S}\nrefresh_s = {REFRESH_S}\n"
    with (
        running(serve_well, f"{url}/health", port),
        centre(folder / "situation", url, TOKEN, settings=settings) as there,
    ):
        there.meet(CAMERAS)
        with unrecorded(f"{there.url}/wall", there.session, screen=SCREEN) as page:
            page.wait_for("document.querySelectorAll('.wall-page').length === 4")
            time.sleep(WARM_S)  # caches fill, and that is no growth
            page.evaluate(_COUNT)
            began_s = time.monotonic()
            weights = []
            while (took_s := time.monotonic() - began_s) < minutes * 60:
                weights.append(
                    {
                        "minute": round(took_s / 60, 1),
                        "renewals": page.evaluate("window.wsRenewed"),
                        **asdict(page.weight()),
                        "centre_rss": round(rss_mib(there.process.pid), 1),
                    }
                )
                print(f"bench.center.console: situation: {weights[-1]}", flush=True)
                time.sleep(EVERY_S)  # between two measurements
            renewals, turns = page.evaluate("window.wsRenewed"), page.evaluate("window.wsTurned")
            errors = page.errors()
    usual = 10 * 3600 / USUAL_S
    return {
        "cameras": CAMERAS,
        "minutes": minutes,
        "renewals": renewals,
        "turns": turns,
        "hours_of_renewals": round(renewals * USUAL_S / 3600, 1),
        "heap_bytes_a_renewal": round(slope(weights, "heap") * MIB, 1),
        "heap_mib_in_ten_hours": round(slope(weights, "heap") * usual, 2),
        "nodes_in_ten_hours": round(slope(weights, "nodes") * usual, 1),
        "listeners_in_ten_hours": round(slope(weights, "listeners") * usual, 1),
        "renderer_pss_mib_in_ten_hours": round(slope(weights, "renderer_pss") * usual, 1),
        "centre_rss_mib_in_ten_hours": round(slope(weights, "centre_rss") * usual, 1),
        "weights": weights,
        "console_errors": errors,
    }


def slope(weights: list[dict[str, Any]], of: str) -> float:
    """Growth a renewal, by least squares."""
    xs, ys = [each["renewals"] for each in weights], [each[of] for each in weights]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0
