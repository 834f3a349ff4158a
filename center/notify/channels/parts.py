"""Measures an SMS as the gateway bills it, and cuts texts to fit. Pure.

The gateway puts 【signature】 in front, and it counts. Every text goes as UCS-2, Latin letters too: the 160 characters
of GSM-7 do not exist here. A character of the basic plane counts 1, an emoji 2 (UTF-16 code units).
"""

from collections.abc import Mapping
from math import ceil
from typing import Final

SINGLE_UNITS: Final = 70
ELLIPSIS: Final = "…"
_SHORTEST: Final = 3
"""Units to which a name is cut at most, the ellipsis among them."""
_BRACKETS: Final = str.maketrans("【】", "[]")
"""Replaces brackets: at either end they would make a second signature, which the carrier refuses."""


def units(text: str) -> int:
    """Counts the UTF-16 code units of a text."""
    return len(text.encode("utf-16-le")) // 2


def billed(content: str, signature: str, part_units: int) -> int:
    """Counts the parts of `content` with its signature (without brackets): one up to 70 units, then by `part_units`."""
    total_units = units(content) + units(signature) + 2
    return 1 if total_units <= SINGLE_UNITS else ceil(total_units / part_units)


def room(signature: str, part_units: int, max_parts: int) -> int:
    """Returns the units that a content may have to be billed as no more than `max_parts`."""
    return max(SINGLE_UNITS, part_units * max_parts if max_parts > 1 else 0) - units(signature) - 2


def cut(text: str, limit: int) -> str:
    """Cuts `text` to at most `limit` units, with an ellipsis at the cut, never inside a character."""
    if units(text) <= limit:
        return text
    while text and units(text) + 1 > limit:
        text = text[:-1]
    return text + ELLIPSIS if limit >= 1 else ""


def fitted(template: str, blanks: Mapping[str, str], limit: int) -> dict[str, str]:
    """Returns `blanks` with names cut until the text has at most `limit` units or they cannot be shorter.

    The names give way, the longer one first; time and link stay whole.
    """
    filled = {name: value.translate(_BRACKETS) for name, value in blanks.items()}
    while (excess := units(template.format_map(filled)) - limit) > 0:
        shorter, longer = sorted(("camera", "rule"), key=lambda name: units(filled[name]))
        lead = units(filled[longer]) - units(filled[shorter])
        name = cut(filled[longer], max(_SHORTEST, units(filled[longer]) - max(1, min(excess, lead))))
        if name == filled[longer]:
            break
        filled[longer] = name
    return filled


def without_brackets(text: str) -> str:
    """Replaces 【】 in a text by []."""
    return text.translate(_BRACKETS)
