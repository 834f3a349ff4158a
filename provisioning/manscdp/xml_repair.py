"""Turns malformed XML of firmware into well-formed XML: a tag is what looks like one, everything else is text.

`&` and `<` within a text (Hikvision's `<Address>`), control bytes, a close tag too many or too few, bytes behind the
end. Of a document that was cut off, what is whole stays: an id of which half came would be another device's.

Costs time in proportion to the length of the text: a close tag is looked for in at most `MAX_DEPTH` open elements.
"""

import re
from typing import Final

from provisioning.manscdp.xml_error import MAX_DEPTH, XmlError

_TAG: Final = re.compile(r"<(/?)([A-Za-z_][A-Za-z0-9_.:-]{0,63})(\s[^<>]*)?(/?)>")
_ATTRIBUTE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,63})\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)')")
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE: Final = re.compile(r"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));|&")
_LIST: Final = "list"
_ITEM: Final = "item"


def repaired(text: str) -> str:
    """Return `text` as well-formed XML, or as a text without a single element.

    Raises:
        XmlError: over `MAX_DEPTH` elements are open at once.
    """
    mending = _Mending()
    text = _without_comments(_without_sections(_NO_XML.sub("", text)))
    at = 0
    for tag in _TAG.finditer(text):
        mending.text(text[at : tag.start()])
        at = tag.end()
        if tag[1]:
            mending.close(tag[2])
        else:
            mending.start(tag[2], tag[3] or "", is_empty=bool(tag[4]) or (tag[3] or "").endswith("/"))
        if mending.is_over:
            break
    return mending.finished()


class _Mending:
    """The repaired document so far, and its open elements."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[tuple[str, int]] = []
        """Name, and its position in `_out`."""
        self.is_over = False

    def text(self, text: str) -> None:
        if self._open:
            self._out.append(_text(text))

    def start(self, name: str, attributes: str, *, is_empty: bool) -> None:
        if name.lower() == _ITEM:
            self.close(name)  # items are not within one another: the last one was not closed
        if len(self._open) == MAX_DEPTH:
            raise XmlError(f"deeper than {MAX_DEPTH} levels")
        self._open.append((name, len(self._out)))
        self._out.append(f"<{name}{_attributes(attributes)}>")
        if is_empty:
            self._pop()

    def close(self, name: str) -> None:
        """Closes the element and whatever is open within it. A close tag of nothing is dropped."""
        lower = name.lower()
        depth = next((n for n in reversed(range(len(self._open))) if self._open[n][0].lower() == lower), None)
        if depth is not None:
            while len(self._open) > depth:
                self._pop()

    def finished(self) -> str:
        """Returns the document without what was cut off: the open item or field, not the list around it."""
        for depth, (name, began) in enumerate(self._open):
            if depth and not name.lower().endswith(_LIST):
                del self._out[began:], self._open[depth:]
                break
        while self._open:
            self._pop()
        return "".join(self._out)

    def _pop(self) -> None:
        name, _ = self._open.pop()
        self._out.append(f"</{name}>")
        self.is_over = not self._open


def _text(text: str) -> str:
    return _REFERENCE.sub(_reference, text).replace("<", "&lt;").replace("]]>", "]]&gt;")


def _reference(found: re.Match[str]) -> str:
    """Keeps a valid reference; an `&` that begins none is meant as such."""
    number = int(found[2]) if found[2] else int(found[3] or "20", 16)
    is_reference = found[0] != "&" and number <= 0x10FFFF and not _NO_XML.match(chr(number))
    return found[0] if is_reference else "&amp;" + found[0][1:]


def _attributes(text: str) -> str:
    """Writes each attribute once, quoted."""
    values = {found[1]: found[2] or found[3] or "" for found in _ATTRIBUTE.finditer(text)}
    return "".join(f' {name}="{_text(value).replace(chr(34), "&quot;")}"' for name, value in values.items())


def _without_sections(text: str) -> str:
    """Turns CDATA into plain text."""
    before, *sections = text.split("<![CDATA[")
    out = [before]
    for section in sections:
        inside, end, behind = section.partition("]]>")
        out.append(inside.replace("&", "&amp;").replace("<", "&lt;") + behind if end else section)
    return "".join(out)


def _without_comments(text: str) -> str:
    before, *comments = text.split("<!--")
    return before + "".join(comment.partition("-->")[2] for comment in comments)
