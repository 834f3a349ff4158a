"""Clocks that a test sets: wall clock and boot clock go together, or apart."""

from collections.abc import Callable
from dataclasses import dataclass

from provisioning.retention.state import Clocks


@dataclass(slots=True)
class Machine:
    """A machine's clocks. `skew_ms` is how far somebody has set its wall clock off."""

    true_ms: int
    skew_ms: int = 0
    boot: int = 1
    booted_at_ms: int = 0

    def now(self) -> Clocks:
        return Clocks(self.true_ms + self.skew_ms, self.true_ms - self.booted_at_ms, f"boot-{self.boot}")

    def pass_ms(self, passed_ms: int) -> None:
        self.true_ms += passed_ms

    def reboot(self, *, off_ms: int = 0) -> None:
        self.true_ms += off_ms
        self.boot += 1
        self.booted_at_ms = self.true_ms


def together(at_ms: int) -> Clocks:
    """Both clocks at one moment of a boot that never ends: what passes has really passed."""
    return Clocks(at_ms, at_ms, "boot-1")


@dataclass(slots=True)
class Following:
    """Both clocks of a test's own clock. `skew_ms` is how much of what that shows is wrong."""

    wall_ms: Callable[[], int]
    skew_ms: int = 0

    def __call__(self) -> Clocks:
        wall_ms = self.wall_ms()
        return Clocks(wall_ms, wall_ms - self.skew_ms, "boot-1")
