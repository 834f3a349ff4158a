"""Reads untrusted XML: only the requested elements become objects, whatever else the document holds.

expat reads it, without document types and entities, within bounds. What is not well-formed is mended first
(`xml_repair`), and then read by the same expat. Names are compared in lower case: firmware does not agree on them.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from provisioning.manscdp.xml_error import MAX_DEPTH, XmlError
from provisioning.manscdp.xml_repair import repaired

MAX_BYTES: Final = 1 << 20
"""Longest body. A SIP message is smaller."""
MAX_ELEMENTS: Final = 1 << 16
MAX_TEXT: Final = 256
"""Characters of one element; the rest is cut off."""


@dataclass(slots=True)
class Element:
    """A requested element with the requested elements within it. An attribute counts as a child with a text."""

    name: str
    """The element's name, in lower case."""
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def get(self, name: str) -> str | None:
        """Returns the text of the first child of that name; None where there is none."""
        wanted = name.lower()
        return next((child.text for child in self.children if child.name == wanted), None)

    def find_text(self, name: str) -> str | None:
        """Returns the first text of that name in any depth: what belongs into `Info` stands beside it with some."""
        wanted = name.lower()
        return next((element.text for element in self.walk() if element.name == wanted), None)

    def all(self, name: str) -> list["Element"]:
        """Returns the elements of a name in any depth, but not within one another."""
        wanted = name.lower()
        found: list[Element] = []
        for child in self.children:
            found += [child] if child.name == wanted else child.all(wanted)
        return found

    def walk(self) -> Iterator["Element"]:
        """Walks all elements below, in the order of the document, but children before grandchildren."""
        yield from self.children
        for child in self.children:
            yield from child.walk()


def names(words: str) -> frozenset[str]:
    """Splits a text into names to request, in lower case."""
    return frozenset(words.lower().split())


def tree(text: str, wanted: frozenset[str], *, is_head: bool = False) -> tuple[Element, bool]:
    """Returns the root with the wanted elements, and True if the text had to be mended.

    Below an element that is not wanted nothing is read. `is_head`: stop reading once the root has each of them.

    Raises XmlError.
    """
    try:
        return _read(text, wanted, is_head=is_head), False
    except expat.ExpatError:
        mended = repaired(text)
    try:
        return _read(mended, wanted, is_head=is_head), True
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "malformed")
        raise XmlError(f"no XML even after mending: {reason} in line {error.lineno}") from error


class _EnoughError(Exception):
    """Stops expat: the head is complete."""


class _Builder:
    """Builds the tree in expat's callbacks."""

    def __init__(self, wanted: frozenset[str], *, is_head: bool) -> None:
        self._wanted = wanted
        self._missing = set(wanted) if is_head else None
        self._open: list[Element | None] = []
        self._count = 0
        self.root: Element | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise XmlError(f"over {MAX_ELEMENTS} elements")
        if len(self._open) >= MAX_DEPTH:
            raise XmlError(f"deeper than {MAX_DEPTH} levels")
        element = self._element(name.lower())
        if element is not None:
            for attribute, value in attributes.items():
                if attribute.lower() in self._wanted:
                    element.children.append(Element(attribute.lower(), value.strip()[:MAX_TEXT]))
        self._open.append(element)

    def _element(self, name: str) -> Element | None:
        """Adds an element; None where it, or its parent, is not wanted."""
        element = Element(name)
        if not self._open:
            self.root = element
            return element
        parent = self._open[-1]
        if parent is None or name not in self._wanted:
            return None
        parent.children.append(element)
        return element

    def end(self, name: str) -> None:
        element = self._open.pop()
        if element is not None:
            element.text = element.text.strip()
        if self._missing is not None and len(self._open) == 1:
            self._missing.discard(name.lower())
            if not self._missing:
                raise _EnoughError

    def characters(self, text: str) -> None:
        element = self._open[-1]
        if element is not None and len(element.text) < MAX_TEXT:
            element.text = (element.text + text).lstrip()[:MAX_TEXT]


def _refuse(*_: object) -> None:
    raise XmlError("a document type declaration, which no device needs")


def _read(text: str, wanted: frozenset[str], *, is_head: bool) -> Element:
    if len(text) > MAX_BYTES:
        raise XmlError(f"{len(text)} characters, over {MAX_BYTES}")
    builder = _Builder(wanted, is_head=is_head)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    with suppress(_EnoughError):
        parser.Parse(text.lstrip().encode("utf-8", "replace"), True)
    assert builder.root is not None  # noqa: S101 - expat refuses a document without a root
    return builder.root
