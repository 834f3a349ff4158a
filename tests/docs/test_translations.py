"""A page in Chinese cannot drift from the English one unseen: headings, commands, tables, links, numbers."""

import re
from collections import Counter

import pytest

from tests.docs.pages import CHINESE, ENGLISH, anchors, code, headings, prose

TECHNICIAN = {"index", "install", "provisioning", "operations", "health", "tour", "privacy"}
OPERATOR = {"console", "alarms", "pipeline", "assessment", "notify", "search", "cases", "access", "evidence", "events"}
TECHNICIAN |= {f"runbook/{page}" for page in ("index", "box", "chain", "cluster", "losses")}
_HAN = re.compile(r"[一-鿿]")


def original(page: str) -> str:
    return page.replace(".zh.md", ".md")


def rows(page: str) -> list[int]:
    """Cells of each line of each table."""
    return [line.count(" | ") for line in prose(page).splitlines() if line.startswith("|")]


def numbers(page: str) -> Counter[str]:
    """Of two digits and more, or broken, each as often as it stands there; English has some as words."""
    return Counter(re.findall(r"(?<![\w.])\d*\.?\d{2,}(?!\w)", re.sub(r"`[^`]*`|\]\([^)]*\)", "", prose(page))))


@pytest.mark.parametrize("pages", [TECHNICIAN, OPERATOR])
def test_what_a_technician_and_whoever_works_with_it_reads_is_there_in_chinese(pages: set[str]) -> None:
    assert {original(page).removesuffix(".md") for page in CHINESE} >= pages


@pytest.mark.parametrize("page", CHINESE)
def test_a_chinese_page_has_all_of_the_english_one(page: str) -> None:
    english = original(page)
    assert english in ENGLISH
    assert [depth for depth, _ in headings(page)] == [depth for depth, _ in headings(english)]
    assert code(page) == code(english)
    assert rows(page) == rows(english)
    assert anchors(page) == anchors(english)
    links = [Counter(re.findall(r"\]\(([^)]*)\)", prose(each))) for each in (page, english)]
    assert links[0] == links[1]
    assert numbers(english) - numbers(page) == Counter()
    # What has a name is called the same everywhere; all else is in Chinese.
    named = {words for depth, words in headings(english) if page.startswith("runbook/") and depth == 3}
    named |= {words for _, words in headings(english) if words.startswith("Wayside")}
    assert named <= {words for _, words in headings(page)}
    assert all(_HAN.search(words) for _, words in headings(page) if words not in named)
