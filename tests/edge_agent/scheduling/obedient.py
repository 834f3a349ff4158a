"""A capture that gives nothing, and keeps the limits and answers that it was sent."""

import threading
from collections.abc import Iterator

from edge_agent.capture.camera_capture import Captured, CaptureLimits


class Obedient:
    def __init__(self) -> None:
        self.orders: list[CaptureLimits] = []
        self.answers: list[tuple[int, bool]] = []

    def selected(self, stop: threading.Event) -> Iterator[Captured]:
        yield from ()

    def obey(self, orders: CaptureLimits) -> None:
        self.orders.append(orders)

    def answer(self, at_ms: int, *, take: bool) -> None:
        self.answers.append((at_ms, take))
