"""Carries out an order to change the agent's software, as far as the agent's own account may.

```
order ─▶ fetch, chunk by chunk ─▶ check ─▶ request ──(root: install.sh --requested)──▶ the other version runs
                                             result ◀── confirmed, or back ◀── healthy ◀── it proves itself
```

The agent writes into its own folder alone. Root's part reads `request`, copies the archive, checks all of it again with
its own key, switches, and waits for `healthy`; it writes the result to `update-result`.
"""

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge_agent.clock import Backoff, Clock
from edge_agent.errors import EnrolmentError, UpdateRefused
from edge_agent.remote_config.trial import Probation, TrialPassed, judge
from edge_agent.updates.checks import InstalledSoftware, check_archive, check_order
from edge_agent.updates.update_orders import UpdateOrder, Updates, UpdateStep
from provisioning.contracts.causes import software
from provisioning.contracts.config import processes
from provisioning.contracts.fleet.documents import Verdict
from provisioning.contracts.fleet.rollout import Act, ReleaseFile
from provisioning.contracts.wire.messages import CameraState, CameraStatus, CodedCause
from provisioning.files import durable

_log = logging.getLogger(__name__)
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 900.0
"""Seconds beyond the health check: unpacking took 29 s beside other work; a slow disk has a quarter of an hour."""
_MAX_RESULT_BYTES: Final = 4096
RESULT: Final = "update-result"
_REQUEST: Final = "request"
_HEALTHY: Final = "healthy"
_ARCHIVE: Final = "archive.wayside"

Fetch = Callable[[str, int], bytes]
"""Fetches a chunk of the archive of this hash, from this offset on. Raises EnrolmentError."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Reads the agent's present state."""

    statuses: Callable[[], Sequence[CameraStatus]]
    is_connected: Callable[[], bool]


class Updater:
    """One per agent; it has a thread of its own, from `run`'s call to `stop`."""

    def __init__(
        self,
        where: processes.Updates,
        updates: Updates,
        watch: Watch,
        fetch: Fetch,
        clock: Clock,
        *,
        settle_s: float,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        """Read and send nothing yet. `settle_s`: seconds for which a new version must keep all cameras working."""
        self._where = where
        self._updates = updates
        self._watch = watch
        self._fetch = fetch
        self._clock = clock
        self._settle_s = settle_s
        self._free_bytes = free_bytes or (lambda folder: shutil.disk_usage(folder).free)
        self._retry = Backoff(1.0, 60.0)
        self._not_before_s = 0.0
        self._probation: tuple[int, float, Probation] | None = None
        self._asked: int | None = None

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set."""
        while not stop.is_set():
            self.tick(stop)
            self._clock.wait(stop, _LOOK_S)

    def tick(self, stop: threading.Event) -> None:
        """Advance the current order as far as it goes now."""
        order = self._updates.current
        if order is None or self._clock.monotonic_s() < self._not_before_s:
            return
        try:
            if order.step is UpdateStep.FETCHING:
                self._begin(order, stop)
            else:
                self._follow(order)
            self._retry.reset()
        except UpdateRefused as error:
            self._end(order, Verdict.REFUSED, f"{error}; version {self._updates.version} goes on", error.reason)
        except EnrolmentError as error:
            self._later(order, f"it cannot be fetched now: {error}")
        except OSError as error:
            self._later(order, f"{self._where.directory}: cannot be written ({error.strerror}): free some disk")

    # --- before the change

    def _begin(self, order: UpdateOrder, stop: threading.Event) -> None:
        body = order.body
        is_there = self._updates.version == body.version
        if is_there == (body.act is Act.INSTALL):
            self._end(order, Verdict.APPLIED)
            return
        machine = InstalledSoftware.here(self._where.installed_dir, self._updates.version)
        if body.file is not None and not self._fetched(order, body.file, machine, stop):
            return
        online = [each.camera_id for each in self._watch.statuses() if each.state is CameraState.ONLINE]
        self._forget(_HEALTHY)
        if self._updates.begin_change(order.number, online):
            self._updates.report_progress(order.number, "the machine changes its software")

    def _fetched(
        self, order: UpdateOrder, file: ReleaseFile, machine: InstalledSoftware, stop: threading.Event
    ) -> bool:
        """Fetch and check the archive; true once it is complete.

        Chunks that were fetched before are not fetched again.
        """
        folder = self._where.directory
        part, target = folder / f"{file.sha256}.part", folder / _ARCHIVE
        for other in folder.glob("*.part"):
            if other != part:
                other.unlink()
        have = part.stat().st_size if part.exists() else 0
        free = min(self._free_bytes(folder), self._free_bytes(self._where.installed_dir))
        check_order(order.body, machine, free_bytes=free, fetched_bytes=min(have, file.bytes))
        try:
            with part.open("ab") as archive:
                while have < file.bytes:
                    if stop.is_set() or self._updates.current != order:
                        return False
                    piece = self._fetch(file.sha256, have)
                    if not piece or have + len(piece) > file.bytes:
                        raise UpdateRefused(software.WRONG_LENGTH())
                    archive.write(piece)
                    archive.flush()
                    have += len(piece)
                    self._updates.report_progress(order.number, f"{have >> 20} of {file.bytes >> 20} MiB fetched")
                os.fsync(archive.fileno())
        except OSError as error:
            part.unlink(missing_ok=True)  # the spool needs the room more
            raise UpdateRefused(software.UNWRITTEN(what="the archive", error=error.strerror)) from error
        try:
            check_archive(part, file, order.body.version, self._where.release_key_file)
        except UpdateRefused:
            part.unlink()
            raise
        durable.move(part, target)
        return True

    # --- while and after it is changed, perhaps by a process of the other version

    def _follow(self, order: UpdateOrder) -> None:
        outcome = self._outcome(order.number)
        if outcome is not None:
            self._end(order, *outcome)
            return
        if self._asked != order.number:  # once a process: after a power cut nothing else repeats it
            self._forget(_REQUEST)
            self._put(_REQUEST, self._request(order))
            self._asked = order.number
        has_changed = (self._updates.version == order.body.version) == (order.body.act is Act.INSTALL)
        if has_changed:
            self._prove(order)
        elif self._clock.now_ms() - order.asked_at_ms > 1000 * (order.body.health_s + _PATIENCE_S):
            raise UpdateRefused(software.NOBODY_CHANGES())

    def _prove(self, order: UpdateOrder) -> None:
        now_s = self._clock.monotonic_s()
        if self._probation is None or self._probation[0] != order.number:
            settle_s = min(self._settle_s, order.body.health_s / 4)
            self._probation = (order.number, now_s, Probation(order.online, order.body.health_s, settle_s))
        number, began_s, probation = self._probation
        verdict = judge(
            probation, self._watch.statuses(), is_connected=self._watch.is_connected(), after_s=now_s - began_s
        )
        if isinstance(verdict, Probation):
            self._probation = (number, began_s, verdict)
        elif isinstance(verdict, TrialPassed):
            self._put(_HEALTHY, f"{number} {self._updates.version}\n")
        else:
            self._updates.report_progress(number, verdict.cause)  # and root's patience ends

    def _outcome(self, number: int) -> tuple[Verdict, str] | None:
        """Read the verdict that root wrote on this order."""
        try:
            with (self._where.installed_dir / RESULT).open("rb") as file:
                first, _, cause = file.read(_MAX_RESULT_BYTES).decode(errors="replace").partition("\n")
        except OSError:
            return None  # none yet
        of, _, verdict = first.partition(" ")
        if of != str(number) or verdict not in set(Verdict) - {Verdict.TRYING}:
            return None
        return Verdict(verdict), " ".join(cause.split())

    def _request(self, order: UpdateOrder) -> str:
        body = order.body
        lines = [
            "wayside-update 1",
            f"number {order.number}",
            f"act {body.act.value}",
            f"version {body.version}",
            f"downgrade {'yes' if body.downgrade else 'no'}",
            f"health {round(body.health_s) or 1}",
        ]
        return "\n".join(lines) + "\n"

    # --- inside

    def _end(self, order: UpdateOrder, verdict: Verdict, cause: str = "", reason: CodedCause | None = None) -> None:
        self._updates.settle(order.number, verdict, cause, reason)
        for name in (_REQUEST, _HEALTHY, _ARCHIVE):
            self._forget(name)

    def _later(self, order: UpdateOrder, cause: str) -> None:
        self._not_before_s = self._clock.monotonic_s() + self._retry.next_wait_s()
        _log.warning("software order waits number=%d: %s", order.number, cause)
        self._updates.report_progress(order.number, cause)

    def _put(self, name: str, text: str) -> None:
        path = self._where.directory / name
        if not path.exists() or path.read_text(encoding="ascii", errors="replace") != text:
            durable.write(path, text.encode())

    def _forget(self, name: str) -> None:
        with contextlib.suppress(OSError):  # it is overwritten at the next order
            (self._where.directory / name).unlink(missing_ok=True)
