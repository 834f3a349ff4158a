"""Keeps each camera's evidence (its capture's reports, redaction, pauses), its state and its measurements.

The state follows from the evidence by `camera_state`'s table; here it is kept, and `changed` is called.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from edge_agent.clock import Clock
from edge_agent.frames import CaptureStats
from edge_agent.health.camera_state import Evidence, StateVerdict, Trouble, judge
from edge_agent.health.camera_stats import CameraFigures
from edge_agent.health.pauses import Pauses
from edge_agent.source_kinds import Arrival, SourceTraits, traits_of
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import (
    CameraFacts,
    CameraState,
    CameraStatus,
    ClockSource,
    CodedCause,
    SourceKind,
)

_log = logging.getLogger(__name__)

_MAX_CAUSE: Final = 500
_STOOD_S: Final = 5.0
"""After so long without a `look` the agent stood still (a suspended machine): half of the least silence that counts."""
_RECENT: Final = 50
"""Redactions over which the mean time is taken."""
_MAX_ASSESSED: Final = 1024
"""Most entries that `Assessed.cameras` holds."""

ClockMeasured = Callable[[str, ClockSource, float, float], None]
"""Takes a camera's id, how many milliseconds its clock is ahead of the agent's by a source, and their uncertainty."""


@dataclass(slots=True)
class _Watch:
    camera: processes.Camera
    traits: SourceTraits
    began_s: float
    figures: CameraFigures
    given_up: Trouble | None = None
    unredacted: Trouble | None = None
    picture_s: float | None = None
    unusable_s: float | None = None
    is_heard: bool = False
    shown: CameraStatus | None = None


class Health:
    """Thread-safe; `changed` is called after each change of a camera's state or cause.

    A state that changes by the passing of time alone is found by the next call of `statuses`.
    """

    def __init__(
        self,
        agent_id: str,
        cameras: Sequence[processes.Camera],
        pauses: Pauses,
        clock: Clock,
        changed: Callable[[], None],
        *,
        former: Collection[str] = (),
        recorded: Collection[str] = (),
    ) -> None:
        """`former`: cameras that are configured no more, but whose pictures may still wait in the spool.

        `recorded`: cameras of which spans of recordings can be fetched.
        """
        self._agent_id = agent_id
        self._former = frozenset(former)
        self._recorded = frozenset(recorded)
        self._pauses = pauses
        self._clock = clock
        self._changed = changed
        self._lock = threading.Lock()
        began_s = self._looked_s = self._resumed_s = clock.monotonic_s()
        self._watches = {
            camera.id: _Watch(camera, traits_of(camera.source), began_s, CameraFigures(traits_of(camera.source)))
            for camera in cameras
        }
        self._took_ms: deque[float] = deque(maxlen=_RECENT)

    # --- evidence

    def delivering(self, camera_id: str) -> None:
        """Note a usable picture."""
        with self._lock:
            watch = self._watches[camera_id]
            watch.picture_s = self._clock.monotonic_s()
            watch.given_up = None
            is_new = self._refresh(watch)
        self._report(is_new=is_new)

    def heard(self, camera_id: str) -> None:
        """Note a sign of life: the camera's device registered or kept alive, or its desk is open."""
        with self._lock:
            watch = self._watches[camera_id]
            watch.is_heard = True
            watch.given_up = None
            is_new = self._refresh(watch)
        self._report(is_new=is_new)

    def clock_measured(self, camera_id: str, source: ClockSource, skew_ms: float, bound_ms: float) -> None:
        """Note what a source said of the camera's clock: milliseconds ahead of the agent's, and their uncertainty."""
        with self._lock:
            figures = self._watches[camera_id].figures
            figures.clock_measured(source, skew_ms, bound_ms, self._clock.now_ms(), self._clock.monotonic_s())

    def clock_lost(self, camera_id: str, source: ClockSource) -> None:
        """Forget what a source said of the camera's clock: it contradicts itself."""
        with self._lock:
            self._watches[camera_id].figures.clock_lost(source)

    def sighted(self, sighting: CaptureStats) -> None:
        """Note the statistics of a camera's capture."""
        with self._lock:
            watch, now_s = self._watches[sighting.camera_id], self._now_s()
            if watch.figures.sighted(sighting, now_s, self._resumed_s):
                watch.picture_s = now_s
                watch.given_up = None
            is_new = self._refresh(watch)
        self._report(is_new=is_new)

    def unusable(self, camera_id: str) -> None:
        """Note a picture that does not decode."""
        with self._lock:
            self._watches[camera_id].unusable_s = self._clock.monotonic_s()

    def offline(self, camera_id: str, reason: CodedCause, code: str = "failed") -> None:
        """Note that no pictures come, and the cause; `code` names it in one word (`SourceError.cause`)."""
        with self._lock:
            watch = self._watches[camera_id]
            watch.given_up = Trouble(code, reason)
            watch.is_heard = False
            watch.figures.ended()
            is_new = self._refresh(watch)
        self._report(is_new=is_new)

    def redacted(self, camera_id: str, took_ms: float) -> None:
        """Note a redacted picture and its time."""
        with self._lock:
            self._took_ms.append(took_ms)
            watch = self._watches[camera_id]
            watch.unredacted = None
            is_new = self._refresh(watch)
        self._report(is_new=is_new)

    def unredacted(self, camera_id: str, reason: CodedCause, code: str = "redaction_unavailable") -> None:
        """Note a failed redaction; the state lasts until one succeeds. `code`: the drop's name."""
        with self._lock:
            watch = self._watches[camera_id]
            watch.unredacted = Trouble(code, reason)
            is_new = self._refresh(watch)
        self._report(is_new=is_new)

    # --- pauses

    def pause(self, camera_id: str) -> None:
        """Stop publishing a camera in whose picture the centre found a face, until a person resumes it.

        Raises:
            SpoolFull: see `Pauses.pause`.
        """
        watch = self._watches.get(camera_id)
        if (watch is not None or camera_id in self._former) and not self._pauses.is_paused(camera_id):
            try:
                self._pauses.pause(camera_id)
            finally:
                if watch is not None:
                    with self._lock:
                        is_new = self._refresh(watch)
                    self._report(is_new=is_new)

    def is_paused(self, camera_id: str) -> bool:
        return self._pauses.is_paused(camera_id)

    def held(self) -> frozenset[str]:
        """Cameras whose spooled pictures may not be sent."""
        return frozenset(camera_id for camera_id in (*self._watches, *self._former) if self.is_paused(camera_id))

    # --- reports

    def look(self) -> None:
        """Note that the agent runs; call it twice a second. A time without is no camera's silence."""
        with self._lock:
            self._now_s()

    def statuses(self) -> list[CameraStatus]:
        """Return every camera's state as of now."""
        with self._lock:
            for watch in self._watches.values():
                self._refresh(watch)
            return [watch.shown for watch in self._watches.values() if watch.shown is not None]

    def facts(self) -> dict[str, CameraFacts]:
        """Return the measurements of each camera, of the first 1,024."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            watches = list(self._watches.items())[:_MAX_ASSESSED]
            return {camera_id: watch.figures.facts(now_s, watch.camera.checks) for camera_id, watch in watches}

    def redaction_ms(self) -> float | None:
        """Mean time of the last redactions; None before the first."""
        with self._lock:
            return sum(self._took_ms) / len(self._took_ms) if self._took_ms else None

    def decode_ms(self) -> float | None:
        """Mean processor time of one decoded picture over all cameras' last minute; None without one."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            paces = [watch.figures.pace(now_s) for watch in self._watches.values()]
        pictures = sum(pace.pictures for pace in paces)
        return sum(pace.cpu_ms for pace in paces) / pictures if pictures else None

    def passed_over(self) -> dict[str, int]:
        """Pictures of each camera that had changed and were not selected."""
        with self._lock:
            return {camera_id: watch.figures.passed_over for camera_id, watch in self._watches.items()}

    def restarts(self) -> dict[str, int]:
        """Restarts of each camera's capture."""
        with self._lock:
            return {camera_id: watch.figures.restarts for camera_id, watch in self._watches.items()}

    def clock_changes(self) -> dict[str, int]:
        """Changes of each camera's capture times between its own clock and the time of arrival."""
        with self._lock:
            return {camera_id: watch.figures.clock_changes for camera_id, watch in self._watches.items()}

    def received_bytes(self) -> dict[str, int]:
        """Bytes that came over the network from each camera that has sent any."""
        with self._lock:
            counted = ((camera_id, watch.figures.received_bytes) for camera_id, watch in self._watches.items())
            return {camera_id: received_bytes for camera_id, received_bytes in counted if received_bytes}

    # --- inside

    def _now_s(self) -> float:
        """Return the monotonic second, and note a standstill that ended just now."""
        now_s = self._clock.monotonic_s()
        if now_s - self._looked_s > _STOOD_S:
            self._resumed_s = now_s
        self._looked_s = now_s
        return now_s

    def _report(self, *, is_new: bool) -> None:
        if is_new:
            self._changed()

    def _refresh(self, watch: _Watch) -> bool:
        """Judge anew. Returns true if state or cause differ from those shown."""
        verdict, shown = self._verdict(watch), watch.shown
        current = (verdict.state, verdict.code, verdict.reason)
        if shown is not None and (shown.state, shown.code, shown.reason) == current:
            return False
        cause = "" if verdict.reason is None else english(verdict.reason)[:_MAX_CAUSE]
        is_same_state = shown is not None and shown.state is verdict.state
        watch.shown = CameraStatus(
            agent_id=self._agent_id,
            camera_id=watch.camera.id,
            name=watch.camera.name,
            state=verdict.state,
            cause=cause,
            code=verdict.code,
            reason=verdict.reason,
            since_ms=shown.since_ms if shown is not None and is_same_state else self._clock.now_ms(),
            latitude=watch.camera.latitude,
            longitude=watch.camera.longitude,
            bearing_deg=watch.camera.bearing_deg,
            source=SourceKind(watch.camera.source.kind),
            device_id=watch.traits.device_id,
            recorded=watch.traits.has_sessions and watch.traits.arrives is Arrival.RECORDED,
            has_recorder=watch.camera.id in self._recorded,
        )
        if not is_same_state:
            level = logging.INFO if verdict.state in {CameraState.ONLINE, CameraState.STARTING} else logging.WARNING
            _log.log(
                level,
                "camera state camera=%s state=%s code=%s cause=%r",
                *(watch.camera.id, verdict.state.value, verdict.code, cause),
            )
        return True

    def _verdict(self, watch: _Watch) -> StateVerdict:
        now_s, paused = self._now_s(), self._pauses.reason(watch.camera.id)
        if paused is not None:  # its capture is stopped meanwhile; once resumed, it starts
            watch.began_s, watch.picture_s = now_s, None
            watch.figures.ended()
        evidence = Evidence(
            arrives=watch.traits.arrives,
            began_s=watch.began_s,
            paused=paused,
            given_up=watch.given_up,
            spoke_s=watch.figures.spoke_s,
            longest_gap_s=watch.figures.longest_gap_s,
            picture_s=watch.picture_s,
            unusable_s=watch.unusable_s,
            is_heard=watch.is_heard,
            keepalive_s=watch.traits.keepalive_s,
            unredacted=watch.unredacted,
            resumed_s=self._resumed_s,
        )
        return judge(evidence, now_s)
