"""Draws counts of machines over a span as bars, part of which can be chosen."""

from collections.abc import Callable
from typing import Final

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from center.console.language import Language
from center.console.widgets import moments
from provisioning.contracts.query.search import MachineCounts
from provisioning.contracts.wire.messages import MachineClass

MOST: Final = 120
"""Most whole bars, and one that is cut: more would be finer than a pointer."""
_WIDTHS_MS: Final = tuple(
    minutes * 60_000 for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7 * 1440)
)
_TWO: Final = frozenset(cls for cls in MachineClass if cls.is_two_wheeler)


def bin_ms(span_ms: int) -> int:
    """Returns a bar's width in milliseconds: a span has at most `MOST` whole ones, or as few as the widest gives."""
    return next((width for width in _WIDTHS_MS if span_ms < (MOST + 1) * width), _WIDTHS_MS[-1])


class Timeline(Element, component="timeline.js"):
    """A time line, filled by `show`; `on_choose` is called with the span that the user drags over or takes by keys."""

    def __init__(self, _: Language, *, on_choose: Callable[[int, int], object]) -> None:
        super().__init__()
        self._props["words"] = {
            "label": _("Vehicles over time"),
            "machines": _("{count} vehicles"),
            "how": _("Drag to select a time range; with the keyboard: arrow keys, Shift and Enter."),
        }
        self._props["bins"] = []
        self._on_choose = on_choose
        self.on("choose", self._chosen)

    def show(self, counts: MachineCounts, from_ms: int, to_ms: int, width_ms: int) -> None:
        """Shows counts in bins of `width_ms` from `from_ms` on."""
        counted = {each.from_ms: each.machines for each in counts.bins}
        bins = []
        for start in range(from_ms, to_ms, width_ms):
            of = counted.get(start, {})
            end = min(start + width_ms, to_ms)
            two = sum(count for cls, count in of.items() if cls in _TWO)
            bins.append(
                {
                    "from_ms": start,
                    "to_ms": end,
                    "start": _short(start),
                    "end": _short(end),
                    "two": two,
                    "four": sum(of.values()) - two,
                }
            )
        self._props["bins"] = bins
        self._props["from"], self._props["to"] = _short(from_ms), f"{_short(to_ms)} {moments.ZONE_TEXT}"
        self.update()

    def _chosen(self, event: GenericEventArguments) -> None:
        match event.args:
            case {"from_ms": int() as from_ms, "to_ms": int() as to_ms} if 0 <= from_ms < to_ms:
                self._on_choose(from_ms, to_ms)


def _short(at_ms: int) -> str:
    """Writes a time in the archive's zone, `11-24 15:46`."""
    return moments.to_input(at_ms)[5:].replace("T", " ")
