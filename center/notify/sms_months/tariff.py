"""Computes the cost of a month's parts by the price steps of the contract, in decimal numbers. Pure."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from provisioning.contracts.config.notify import SmsTariff

_CENT: Final = Decimal("0.01")


def cost(parts: int, tariff: SmsTariff) -> Decimal:
    """Returns the cost of a month, rounded half up to two places at the end alone."""
    total, begin = Decimal(0), 0
    for step in tariff.steps:
        end = parts if step.up_to is None else min(parts, step.up_to)
        if tariff.scheme == "graduated":
            total += (end - begin) * Decimal(step.price)
        elif end == parts:
            total = parts * Decimal(step.price)
        begin = end
        if end == parts:
            break
    return total.quantize(_CENT, rounding=ROUND_HALF_UP)
