"""A count out of a count, with its confidence interval."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import Any, Final

CONFIDENCE: Final = 0.95
_STEPS: Final = 60
"""Bisections; each halves the error, so the bound is exact to the last digit of a float."""


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, with its Clopper-Pearson interval (Biometrika 26, 1934): exact, and wide for few samples."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """Share, 0..1; None if `of` is 0."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends at 95 % confidence; (0, 1) if `of` is 0."""
        tail = (1 - CONFIDENCE) / 2
        low = 0.0 if self.hits == 0 else _root(lambda p: _at_least(self.hits, self.of, p) - tail)
        high = 1.0 if self.hits == self.of else _root(lambda p: tail - (1 - _at_least(self.hits + 1, self.of, p)))
        return low, high

    def as_json(self) -> dict[str, Any]:
        """Return count, size, share and interval."""
        low, high = self.interval
        return {"covered": self.hits, "of": self.of, "share": self.value, "low": low, "high": high}

    def __str__(self) -> str:
        if not self.of:
            return "–"
        low, high = self.interval
        return f"{self.hits / self.of:.0%} ({low:.0%}–{high:.0%}) of {self.of}"


def _at_least(hits: int, of: int, chance: float) -> float:
    """Probability of at least `hits` successes in `of` trials. Summed from logarithms: factorials overflow a float."""
    if hits > of or chance <= 0:
        return 1.0 if hits <= 0 else 0.0
    if chance >= 1:
        return 1.0
    ways, odds = lgamma(of + 1), (log(chance), log(1 - chance))
    return min(
        1.0,
        sum(
            exp(ways - lgamma(k + 1) - lgamma(of - k + 1) + k * odds[0] + (of - k) * odds[1])
            for k in range(hits, of + 1)
        ),
    )


def _root(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
