"""Thirty tiles whose pictures are replaced again and again, as images and on canvases: what the browser keeps of them.

No centre, and the pictures are in the page: only how a tile draws is compared (`center/console/widgets/picture.js`,
`moving`).
"""

import base64
from typing import Any, Final

from playwright.sync_api import Browser

from bench.center.console.browser import processes
from bench.process import rss_mib
from center.search import pictures
from tests.center.street import draw
from tests.e2e.conftest import SCREEN

PICTURES: Final = 1600
LOOKS: Final = 4
STREETS: Final = 6
_DRAW: Final = """async ([way, encoded, count]) => {
  const jpegs = encoded.map((each) => Uint8Array.from(atob(each), (letter) => letter.charCodeAt(0)));
  if (!window.tiles) {
    window.tiles = Array.from({ length: 30 }, () => {
      const tile = document.createElement(way);
      tile.style = "width: 220px; height: 124px; float: left";
      return document.body.appendChild(tile);
    });
  }
  for (let number = 0; number < count; number++) {
    const tile = tiles[number % tiles.length];
    const blob = new Blob([jpegs[number % jpegs.length]], { type: "image/jpeg" });
    if (way === "img") {
      const last = tile.src;
      const image = new Image();
      image.src = URL.createObjectURL(blob);
      await image.decode();
      tile.src = image.src;
      URL.revokeObjectURL(last);
    } else {
      const picture = await createImageBitmap(blob);
      tile.getContext("bitmaprenderer").transferFromImageBitmap(picture);
      picture.close();
    }
    if (number % tiles.length === tiles.length - 1) await new Promise(requestAnimationFrame);
  }
}"""


def drawn(browser: Browser) -> list[dict[str, Any]]:
    """MiB of the renderer and of the browser's other processes, after each quarter of the pictures, for both ways."""
    jpegs = [
        pictures.preview(draw(seed)[0], max_side_px=pictures.PREVIEW_SIDE_PX, row_key="") for seed in range(STREETS)
    ]
    encoded = [base64.b64encode(jpeg).decode() for jpeg in jpegs]
    rows = []
    for way in ("img", "canvas"):
        context = browser.new_context(viewport=SCREEN)
        page = context.new_page()
        line = context.new_cdp_session(page)
        for look in range(1, LOOKS + 1):
            page.evaluate(_DRAW, [way, encoded, PICTURES // LOOKS])
            line.send("HeapProfiler.collectGarbage")
            found = processes(browser)
            rows.append(
                {
                    "way": way,
                    "pictures": look * PICTURES // LOOKS,
                    "renderer_rss": round(sum(rss_mib(pid) for kind, pid in found if kind == "renderer")),
                    "others_rss": round(sum(rss_mib(pid) for kind, pid in found if kind != "renderer")),
                }
            )
            print(f"bench.center.console: drawing: {rows[-1]}", flush=True)
        context.close()
    return rows
