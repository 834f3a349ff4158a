"""Finds words that a carrier blocks. Pure."""

import unicodedata
from collections.abc import Iterable


def plain(text: str) -> str:
    """Returns a text as a filter reads it: one width, one case, no blanks, nothing invisible."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in folded if not letter.isspace() and unicodedata.category(letter) != "Cf")


def holds(text: str, words: Iterable[str]) -> bool:
    """True if `text` holds one of `words`, however it is spaced or written."""
    seen = plain(text)
    return any(plain(word) in seen for word in words if plain(word))
