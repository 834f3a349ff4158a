"""The site is built strictly, has every page in its navigation, and asks nobody outside: by its files, in a browser."""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from os import environ
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.docs.pages import CHINESE, ENGLISH, ROOT
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.support.waiting import PAGE_MS

FETCHED: Final = {
    "audio": {"src"}, "embed": {"src"}, "iframe": {"src"}, "image": {"href"}, "img": {"src", "srcset"},
    "object": {"data"}, "script": {"src"}, "source": {"src", "srcset"}, "use": {"href"}, "video": {"src", "poster"},
}  # fmt: skip
NOT_FETCHED: Final = {"alternate", "canonical", "next", "prev", "edit"}
"""Kinds of `<link>` that a browser only offers."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if "INFO" not in line)
    return folder


class Loads(HTMLParser):
    """What a page makes a browser fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        names = FETCHED.get(tag, set())
        if tag == "link" and given.get("rel") not in NOT_FETCHED:
            names = {"href"}
        self.found |= {given[name] for name in names if name in given}


def test_every_page_is_in_the_navigation_once() -> None:
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:\n")[1]
    assert sorted(re.findall(r"[\w./-]+\.md", nav)) == ENGLISH


def test_every_page_is_there_in_both_languages(site: Path) -> None:
    for page in ENGLISH:
        for prefix in ("", "zh"):
            html = (site / prefix / page).with_suffix(".html").read_text(encoding="utf-8")
            is_chinese = prefix == "zh" and page.replace(".md", ".zh.md") in CHINESE
            assert (
                (len(re.findall(r"[一-鿿]", html)) > 1500) is is_chinese or prefix == "zh" or page == "glossary.md"
            ), page
            assert f'<html lang="{prefix or "en"}"' in html


def test_nothing_of_it_is_fetched_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 2 * len(ENGLISH)
    for page in pages:
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert loads.found, page
        assert {each for each in loads.found if re.match(r"([a-z]+:)?//", each)} == set(), page
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*", text) == [], sheet


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed (Debian: chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, timeout=PAGE_MS)
        yield browser
        browser.close()


@pytest.mark.e2e
@pytest.mark.peer
@pytest.mark.parametrize(
    ("start", "asked", "found"),
    [
        ("index.html", "waysidespoolfull", "runbook/box.html"),
        ("zh/index.html", "重启摄像机", "zh/health.html"),
    ],
)
def test_a_browser_reads_and_searches_it_as_files_and_asks_nobody(
    site: Path, chromium: Browser, start: str, asked: str, found: str
) -> None:
    page = chromium.new_page()
    requests: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((site / start).as_uri())
    page.locator(".md-search__input").fill(asked)
    result = page.locator(f".md-search-result__link[href*='{found}']").first
    expect(result).to_be_visible(timeout=PAGE_MS)
    result.click()
    page.wait_for_url(f"**{found}**")
    page.close()
    assert faults == []
    assert requests
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
