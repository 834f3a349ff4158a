"""Reads what the gateway pushes: delivery reports, and replies of people, which are counted and dropped unread. Pure.

Two fields of a report are read. The mobile number in it is not: the reference names the message.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from center.notify.channels.mas import reference_of
from center.notify.lifecycle import code_of

MAX_BYTES: Final = 256 * 1024
MAX_ITEMS: Final = 1000
DELIVERED: Final = "DELIVRD"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """Delivery report on one part of one message."""

    reference: str
    delivered: bool
    code: str


@dataclass(frozen=True, slots=True)
class GatewayPush:
    """Content of one request of the gateway."""

    reports: tuple[DeliveryReport, ...] = ()
    replies: int = 0
    """Messages that people sent back."""
    unreadable: int = 0


def read(content: bytes) -> GatewayPush:
    """Reads a request, one object or an array of them. Any bytes give a push."""
    if len(content) > MAX_BYTES:
        return GatewayPush(unreadable=1)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return GatewayPush(unreadable=1)
    items = value if isinstance(value, list) else [value]
    reports: list[DeliveryReport] = []
    replies = unreadable = 0
    for item in items[:MAX_ITEMS]:
        if isinstance(item, dict) and "smsContent" in item:
            replies += 1
        elif isinstance(item, dict) and (report := _report(item)) is not None:
            reports.append(report)
        else:
            unreadable += 1
    return GatewayPush(tuple(reports), replies, unreadable + max(0, len(items) - MAX_ITEMS))


def _report(item: dict[str, Any]) -> DeliveryReport | None:
    reference = reference_of(item)
    # The code is in errorCode; reportStatus carries it on some gateways.
    outcome = item.get("errorCode") or item.get("reportStatus")
    if not reference or not isinstance(outcome, str):
        return None
    return DeliveryReport(reference, outcome == DELIVERED, code_of(outcome))
