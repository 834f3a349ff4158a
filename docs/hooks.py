"""What the site needs beyond its plugins, for the pages in Chinese.

A Chinese page has the anchors of the English one, so that links fit both; and where a line of it ends is no space.
"""

import re
from typing import Final

from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink

_HEADING: Final = re.compile(r"(#{2,6}) .*")
_BROKEN: Final = re.compile(r"(?<=[\u3000-\u9fff\uff00-\uffef])\n *(?=[\u4e00-\u9fff\uff08*`\[])")
"""The end of a line within a Chinese sentence, which browsers would show as a space."""
_anchors: dict[str, list[str]] = {}
"""Of each page in English, in the order of its headings; the languages are built one after the other."""


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Remember what the headings of an English page are called in addresses."""
    if not page.file.src_uri.endswith(".zh.md"):
        _anchors[page.file.src_uri] = [link.id for top in page.toc for link in _below(top) if link is not top]
    return html


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Give the headings of a Chinese page those names."""
    if not page.file.src_uri.endswith(".zh.md"):
        return markdown
    names = iter(_anchors.get(page.file.src_uri.replace(".zh.md", ".md"), ()))
    is_code, lines = False, list[str]()
    for line in markdown.splitlines():
        is_code ^= line.startswith("```")
        name = next(names, None) if not is_code and _HEADING.fullmatch(line) else None
        lines.append(line if name is None else f"{line} {{ #{name} }}")
    blocks = re.split(r"(^```.*?^```$)", "\n".join(lines), flags=re.DOTALL | re.MULTILINE)
    return "".join(block if block.startswith("```") else _BROKEN.sub("", block) for block in blocks)


def _below(link: AnchorLink) -> list[AnchorLink]:
    return [link, *(each for child in link.children for each in _below(child))]
