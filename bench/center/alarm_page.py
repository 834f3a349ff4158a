"""`python -m bench.center.alarm_page URL PASSWORD_FILE`: the console's page of alarms, open in a real Chromium.

Says a line of JSON when it is open, then one for each alarm whose row comes into the page: its key, when it stood in
the document, and when the frame after that began, both by the browser's wall clock (`Date.now()`).
"""

import json
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from provisioning.contracts.config.processes import read_secret
from provisioning.demo.centre import USER
from tests.e2e.conftest import CHROMIUM, FLAGS, SCREEN

OPEN: Final = "open"
WATCH: Final = """() => {
  const known = new Set();
  const look = node => {
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    for (const link of node.querySelectorAll('a[href^="/observations/"]')) {
      const key = decodeURIComponent(link.getAttribute('href').split('/')[2]);
      if (known.has(key)) continue;
      known.add(key);
      const inserted = Date.now();
      requestAnimationFrame(() => arrived(key, inserted, Date.now()));
    }
  };
  new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(look)))
    .observe(document.body, {childList: true, subtree: true});
}"""


def watch(page: Page) -> None:
    """Report what comes in from now on."""
    page.expose_function("arrived", _say)
    page.evaluate(WATCH)


def _say(key: str, inserted_at_ms: int, drawn_at_ms: int) -> None:
    sys.stdout.write(json.dumps({"key": key, "inserted_at_ms": inserted_at_ms, "drawn_at_ms": drawn_at_ms}) + "\n")
    sys.stdout.flush()


def main(url: str, password_file: Path) -> None:
    """Log in, open the page, and report until the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, headless=True)
        context = browser.new_context(base_url=url, viewport=SCREEN, locale="en-GB")
        account = {"username": USER, "password": read_secret(password_file)}
        answer = context.request.post("/api/login", data=account, headers={"Origin": url})
        if not answer.ok:
            raise SystemExit(f"{url}: login refused with HTTP {answer.status}")
        page = context.new_page()
        page.goto("/alarms")
        page.get_by_text("No alarms").wait_for()
        watch(page)
        sys.stdout.write(json.dumps(OPEN) + "\n")
        sys.stdout.flush()
        while True:
            page.wait_for_timeout(200)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
