"""Evaluates formulas over named numbers with units: the printed formula is the one that was computed.

A unit is written `core·ms/snapshot`: factors joined by `·`, at most one `/`; empty for a plain number. A formula is
names joined by `×` and `÷`, or by `+` and `−`, never mixed: it is read from left to right, so it needs no brackets.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_SCALING: Final = frozenset("×÷")
_ADDING: Final = frozenset("+−")
_DIGITS: Final = 4
"""Significant digits: no input is known better."""


class UnitMismatch(ValueError):
    """A formula whose result has another unit than stated: a mistake in the model, not in the input."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit."""

    value: float
    unit: str

    def __str__(self) -> str:
        return f"{written(self.value)} {self.unit}".rstrip()


def written(value: float) -> str:
    """Format a number with four significant digits and separated thousands: 20,000,000 and 0.01292."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = max(0, _DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def terms(formula: str) -> list[tuple[str, str]]:
    """Split a formula into terms (operator, name); the first operator is `×` or `+`.

    Raises:
        UnitMismatch: this is no formula.
    """
    words = formula.split()
    names, operators = words[::2], words[1::2]
    kinds = set(operators)
    if len(words) % 2 == 0 or not (kinds <= _SCALING or kinds <= _ADDING) or not all(map(_NAME.fullmatch, names)):
        raise UnitMismatch(f"{formula!r} is no formula")
    return list(zip(["+" if kinds & _ADDING else "×", *operators], names, strict=True))


def evaluate(formula: str, known: Mapping[str, Quantity]) -> Quantity:
    """Evaluate `formula`. Zero divided by zero is zero: a site without cameras needs no machine.

    Raises:
        UnitMismatch: terms of different units are added, or this is no formula.
        ZeroDivisionError: a number other than zero is divided by zero.
    """
    parts = terms(formula)
    if parts[0][0] == "+":
        return _sum(formula, [(operator, known[name]) for operator, name in parts])
    value = 1.0
    exponents: Counter[str] = Counter()
    for operator, name in parts:
        term = known[name]
        _combine(exponents, term.unit, -1 if operator == "÷" else 1)
        if operator == "×":
            value *= term.value
        elif term.value == 0:
            if value != 0:
                raise ZeroDivisionError(f"{formula}: {name} is 0")
        else:
            value /= term.value
    return Quantity(value, _spelled(exponents))


def same_unit(one: str, other: str) -> bool:
    """True if two spellings mean the same unit."""
    return _spelled(_exponents(one)) == _spelled(_exponents(other))


def _sum(formula: str, parts: list[tuple[str, Quantity]]) -> Quantity:
    unit = parts[0][1].unit
    for _, term in parts:
        if not same_unit(term.unit, unit):
            raise UnitMismatch(f"{formula}: {term.unit!r} is added to {unit!r}")
    return Quantity(sum(-term.value if operator == "−" else term.value for operator, term in parts), unit)


def _exponents(unit: str) -> Counter[str]:
    exponents: Counter[str] = Counter()
    _combine(exponents, unit, 1)
    return exponents


def _combine(exponents: Counter[str], unit: str, sign: int) -> None:
    over, _, under = unit.partition("/")
    for factor in filter(None, over.split("·")):
        exponents[factor] += sign
    for factor in filter(None, under.split("·")):
        exponents[factor] -= sign


def _spelled(exponents: Counter[str]) -> str:
    over = [factor for factor, power in sorted(exponents.items()) for _ in range(power)]
    under = [factor for factor, power in sorted(exponents.items()) for _ in range(-power)]
    return "·".join(over) + ("/" + "·".join(under) if under else "")
