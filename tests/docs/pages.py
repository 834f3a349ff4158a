"""The pages of `docs/` as text: headings, anchors, code, tables."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
ENGLISH: Final = sorted(
    page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md") if not page.name.endswith(".zh.md")
)
CHINESE: Final = sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.zh.md"))
_FENCE: Final = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def text(page: str) -> str:
    """One page of `docs/`, by its path there."""
    return (DOCS / page).read_text(encoding="utf-8")


def prose(page: str) -> str:
    """The same without its blocks of code."""
    return _FENCE.sub("", text(page))


def code(page: str) -> list[list[str]]:
    """Its blocks of code, line by line, without what a shell takes for a remark."""
    blocks = _FENCE.findall(text(page))
    return [[re.sub(r"(^|\s+)# .*$", "", line).rstrip() for line in block.splitlines()] for block in blocks]


def headings(page: str) -> list[tuple[int, str]]:
    """(depth, words) of each."""
    return [(len(marks), words) for marks, words in re.findall(r"^(#+) (.*)$", prose(page), re.MULTILINE)]


def sections(page: str, depth: int) -> dict[str, str]:
    """What stands under each heading of that depth."""
    parts = re.split(rf"^#{{{depth}}} (.*)$", prose(page), flags=re.MULTILINE)
    # What follows belongs to the heading as far as the next one that is not deeper.
    end = re.compile(rf"^#{{1,{depth}}} ", re.MULTILINE)
    return {name: end.split(body)[0] for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def anchors(page: str) -> list[str]:
    """Those that stand in its text, in the rows of tables."""
    return re.findall(r'<a id="([^"]+)"></a>', text(page))
