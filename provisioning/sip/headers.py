"""Holds the header fields of a SIP message: in their order, by names of any case, short or long (RFC 3261, 7.3)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LONG: Final = {
    "b": "Referred-By",
    "c": "Content-Type",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
}
"""Compact forms, as registered with IANA."""


@dataclass(frozen=True, slots=True)
class Headers:
    """Immutable header fields. Compact names are written out. Bytes that are no UTF-8 stand as lone surrogates.

    A name or value with a line break in it is refused (ValueError): it would be read as another header.
    """

    fields: tuple[tuple[str, str], ...] = ()
    """Name and value, in order."""

    def __post_init__(self) -> None:
        """Writes names out, and refuses what would not stay on its line."""
        fields = tuple((_LONG.get(n.lower(), n), v.strip()) for n, v in self.fields)
        for name, value in fields:
            if not name or ":" in name or "\n" in name or "\r" in name or "\n" in value or "\r" in value:
                raise ValueError("a SIP header holds a line break, or has no name")
        object.__setattr__(self, "fields", fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.fields)

    def get(self, name: str) -> str | None:
        """Returns the first value of that name."""
        wanted = _key(name)
        for own, value in self.fields:
            if own.lower() == wanted:
                return value
        return None

    def all(self, name: str) -> tuple[str, ...]:
        """Returns every value of that name, in order."""
        wanted = _key(name)
        return tuple([value for own, value in self.fields if own.lower() == wanted])

    def without(self, name: str) -> "Headers":
        """Returns headers without any of that name."""
        wanted = _key(name)
        return Headers(tuple([(own, value) for own, value in self.fields if own.lower() != wanted]))


def _key(name: str) -> str:
    return _LONG.get(name.lower(), name).lower()
