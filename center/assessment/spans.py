"""Merges and clips spans of hours. Pure."""

from collections.abc import Iterable

Span = tuple[int, int]
"""Hours as [first, end)."""


def merged(spans: Iterable[Span]) -> list[Span]:
    """Returns the same hours as spans that neither overlap nor touch, in order."""
    result: list[Span] = []
    for first, end in sorted(span for span in spans if span[0] < span[1]):
        if result and first <= result[-1][1]:
            result[-1] = result[-1][0], max(result[-1][1], end)
        else:
            result.append((first, end))
    return result


def clipped(spans: Iterable[Span], within: Span) -> list[Span]:
    """Returns the parts of spans that lie within one span."""
    cut = ((max(first, within[0]), min(end, within[1])) for first, end in spans)
    return [(first, end) for first, end in cut if first < end]


def length(spans: Iterable[Span]) -> int:
    """Returns the hours of all spans, which must not overlap."""
    return sum(end - first for first, end in spans)
