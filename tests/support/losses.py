"""Parts of a cluster are taken away under load: what each loss cost, and whether the books balance afterwards."""

import sys
import time
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from provisioning.retention.clock import read_clocks
from ray_cluster.archive.archiver import Archiver
from ray_cluster.errors import Fenced
from tests.ray_cluster.world import entry
from tests.support.custodian import Custodian
from tests.support.nodes import Machines
from tests.support.premises import Site
from tests.support.waiting import until

RESTART_S = 2.0
"""As RestartSec of the units."""
_SETTLED = 40
"""So many acknowledgements after a loss, and it is over."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One: the longest time without a commit that it cost."""

    what: str
    silence_s: float
    settled_s: float
    """Until `_SETTLED` commits were in."""


@dataclass(frozen=True, slots=True)
class Books:
    """After everything was sent and acknowledged."""

    sent: int
    acknowledged: int
    rows: int
    distinct: int
    sent_again: int

    @property
    def lost(self) -> int:
        return self.acknowledged - self.distinct

    @property
    def doubled(self) -> int:
        return self.rows - self.distinct


class Losses:
    """Takes away, and measures."""

    def __init__(self, site: Site, machines: Machines, custodian: Custodian) -> None:
        self._site = site
        self._machines = machines
        self._custodian = custodian

    def of(self, what: str, act: Callable[[], object], timeout_s: float = 240) -> Loss:
        """`act` is the loss; it may also bring back, as a unit would."""
        began_s = time.monotonic()
        act()
        until(
            lambda: self._custodian.acked_since(began_s + 0.5) >= _SETTLED,
            f"{what}: commits again",
            patience_s=timeout_s,
        )
        loss = Loss(what, self._custodian.silence_s(began_s), time.monotonic() - began_s)
        # At once: what comes later may fail.
        sys.stdout.write(f"{what}: {loss.silence_s:.1f} s without a commit\n")
        sys.stdout.flush()
        return loss

    def replica(self, deployment: str, what: str = "") -> Loss:
        """One of its replicas, `kill -9`."""
        return self.of(what or f"replica of {deployment}", lambda: self._machines.kill_replica(deployment))

    def machine(self, number: int, what: str) -> Loss:
        """All its processes, `kill -9`, and its unit starts it again."""
        return self.of(what, lambda: self.gone_and_back(number))

    def fencing(self, what: str = "another archiver opens the archive") -> Loss:
        """Somebody else opens the archive while its archiver lives: that one must end, and its successor fences him."""
        opened: list[Archiver] = []

        def take_over() -> None:
            archive = self._site.root / "archive"
            opened.append(Archiver(archive, retention_days=30, offset_minutes=480, now=read_clocks()))

        loss = self.of(what, take_over)
        with pytest.raises(Fenced):
            opened[0].commit([entry(1)], now_ms=_now_ms())
        return loss

    def gone_and_back(self, number: int) -> None:
        """Killed, and after a unit's pause started."""
        self._machines.kill(number)
        time.sleep(RESTART_S)
        self._machines.start(number)

    def books(self) -> Books:
        """Stop sending, wait until everything is acknowledged, count."""
        custodian = self._custodian
        custodian.stop()
        until(lambda: not custodian.waiting, "everything is acknowledged", patience_s=90)
        # Ray's HTTP proxy on a head that was killed may come back later than the commits.
        until(self._status, "questions are answered", step_s=0.5)
        status = self._status()
        assert status is not None
        return Books(custodian.made, len(custodian.acked_s), status["rows"], status["distinct_ids"], custodian.again)

    def _status(self) -> dict[str, Any] | None:
        """None while nobody answers."""
        try:
            return self._site.query(self._machines.configs[self._machines.head], "/status")
        except urllib.error.URLError:
            return None


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
