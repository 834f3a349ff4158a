"""Schedules what the cameras of a machine share: redaction, places in the queue, decoding between keyframes, detection.

It receives each camera's statistics and the times of redaction, and sends each capture its limits.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.capture.camera_capture import CaptureLimits, Capturing
from edge_agent.clock import Clock
from edge_agent.frames import CaptureStats, Followed, Selected, SelectReason
from edge_agent.scheduling.detection_budget import MOST_PER_S, DetectionBudget, DetectionCounts
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.redaction_budget import RedactionBudget
from edge_agent.scheduling.slots import TimedSlots
from edge_agent.source_kinds import Arrival, traits_of
from provisioning.contracts.config import processes

_SHARE_OUT_S: Final = 1.0
_WORTH_SAYING: Final = 0.05
"""Relative change of a rate below which it is not sent. Cameras whose turns differ by less come at once."""
_TAKEN: Final = frozenset({SelectReason.CHANGE, SelectReason.EVENT})


@dataclass(slots=True)
class _Events:
    """Counts the events of one camera with lines, zones or lanes."""

    seen: int = 0
    pictures: int = 0
    taken_s: float | None = None


class Scheduler:
    """Thread-safe; every camera's thread and the redactor's call it."""

    def __init__(
        self,
        edge: processes.EdgeConfig,
        captures: Mapping[str, Capturing],
        queue: FairQueue[Selected],
        clock: Clock,
    ) -> None:
        self._captures = captures
        self._queue = queue
        self._clock = clock
        self._lock = threading.Lock()
        rationed = {camera.id: camera.selector for camera in edge.cameras if _is_rationed(camera, edge.redactor)}
        self._waits = edge.redactor.overflow == "block"
        self._redaction_budget = RedactionBudget(rationed)
        self._moving_cameras = edge.streams.moving_cameras
        self._slots = TimedSlots(self._moving_cameras)
        watched = {camera.id for camera in edge.cameras if camera.has_places}
        self._detection_budget = DetectionBudget(
            watched & rationed.keys(), edge.streams.looking_share, edge.streams.moving_cameras
        )
        self._least_event_ms = {camera_id: 1000 / one.max_per_second for camera_id, one in rationed.items()}
        self._events: dict[str, _Events] = {camera_id: _Events() for camera_id in watched}
        self._orders = dict.fromkeys(rationed, CaptureLimits())
        self._least_ms = dict.fromkeys(rationed, 0.0)
        self._raised: dict[str, float] = {}
        self._passed_over: dict[str, int] = {}
        self._shared_out_s: float | None = None
        if edge.streams.looking_share:
            for camera in edge.cameras:  # a recording waits for its detections
                is_pushed = traits_of(camera.source).arrives is Arrival.PUSHED
                if camera.id in watched - rationed.keys() and not is_pushed:
                    captures[camera.id].obey(CaptureLimits(looks_per_s=MOST_PER_S))

    def rate_per_s(self) -> float | None:
        """Pictures a second that the machine can redact, see `RedactionBudget`."""
        with self._lock:
            return self._redaction_budget.rate_per_s

    def sighted(self, sighting: CaptureStats) -> None:
        """Take the statistics of a camera's capture."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            before = self._passed_over.get(sighting.camera_id, 0)
            self._passed_over[sighting.camera_id] = sighting.passed_over
            self._redaction_budget.changed(sighting.camera_id, sighting.passed_over - before, now_s)
            self._note(sighting.camera_id, moving=sighting.moving, now_s=now_s)
            self._share_out(now_s)
            self._send_limits(sighting.camera_id)

    def raise_rates(self, raised: Mapping[str, float]) -> None:
        """Set the cameras that may select more often than configured, and how often; all others give it back."""
        with self._lock:
            before, self._raised = self._raised, dict(raised)
            for camera_id in before.keys() | raised.keys():
                self._redaction_budget.raise_rate(camera_id, raised.get(camera_id, 0.0))
                self._send_limits(camera_id)

    def lost(self, camera_id: str) -> None:
        """Note that a camera delivers no more for now."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            self._detection_budget.lost(camera_id, now_s)
            self._note(camera_id, moving=False, now_s=now_s)

    def has_places(self, camera_id: str) -> bool:
        """True if a camera has a line, zone or lane, so that its machines are detected."""
        return camera_id in self._events

    def may_take(self, camera_id: str) -> bool:
        """True if a picture of an event can be had now: the queue has room for it, and its camera's pace allows it.

        The pace is that of its changes, but counted from event to event: a picture of a mere change stands back.
        """
        with self._lock:
            if camera_id not in self._orders:
                return True
            taken_s = self._events[camera_id].taken_s
            least_ms = self._least_event_ms[camera_id]
            if camera_id in self._raised:
                least_ms = min(least_ms, 1000 / self._raised[camera_id])
            wait_s = max(self._least_ms[camera_id], least_ms) / 1000
            is_early = taken_s is not None and self._clock.monotonic_s() - taken_s < wait_s
            return not is_early and not self._queue.is_full(camera_id)

    def note_detection(self, camera_id: str, followed: Followed, took_s: float) -> None:
        """Note the result of a detection of a camera's machines."""
        with self._lock:
            now_s, events = self._clock.monotonic_s(), self._events[camera_id]
            if followed.take:
                events.taken_s = now_s
                events.pictures += 1
            events.seen += followed.events
            if camera_id in self._orders:
                self._detection_budget.note_detection(camera_id, took_s)

    def detection_counts(self) -> DetectionCounts:
        """Return the counts of detections and events so far."""
        with self._lock:
            return DetectionCounts(
                looks=self._detection_budget.looks(),
                skipped=self._detection_budget.skipped(),
                events={camera_id: events.seen for camera_id, events in self._events.items()},
                pictures={camera_id: events.pictures for camera_id, events in self._events.items()},
                look_s=self._detection_budget.look_s,
            )

    def queued(self, selected: Selected) -> None:
        """Note that a picture has entered the queue. One of a job counts for no camera."""
        with self._lock:
            camera_id, now_s = selected.lane, self._clock.monotonic_s()
            self._redaction_budget.taken(camera_id, now_s)
            self._redaction_budget.changed(camera_id, int(selected.reason in _TAKEN), now_s)
            self._send_limits(camera_id)

    def left(self, selected: Selected, took_s: float | None) -> None:
        """Note that a picture has left the queue, and the redactor's time for it; None: it was not redacted.

        One of a job leaves less of the redactor to all cameras, as one that a device pushed does.
        """
        with self._lock:
            camera_id = selected.lane
            if took_s is not None:
                height, width = selected.frame.image.shape[:2]
                self._redaction_budget.redacted(camera_id, (width, height), took_s, self._clock.monotonic_s())
            self._send_limits(camera_id)

    def _note(self, camera_id: str, *, moving: bool, now_s: float) -> None:
        """Update detection and slots.

        A camera with detection needs no other slot, and leaves one less to moving cameras.
        """
        self._detection_budget.note(camera_id, moving=moving, now_s=now_s)
        is_looked_at = self._detection_budget.per_second(camera_id) > 0
        self._slots.limit = self._moving_cameras - len(self._detection_budget)
        self._slots.note(camera_id, moving=moving and not is_looked_at, now_s=now_s)

    def _share_out(self, now_s: float) -> None:
        if self._shared_out_s is not None and now_s - self._shared_out_s < _SHARE_OUT_S:
            return
        self._shared_out_s = now_s
        if not self._waits:  # else there is no haste: the full queue alone holds a capture back
            self._least_ms = self._redaction_budget.least_ms(now_s)
        for camera_id in self._orders:
            self._send_limits(camera_id)

    def _send_limits(self, camera_id: str) -> None:
        """Send a camera its limits, if they differ from the last ones."""
        before = self._orders.get(camera_id)
        if before is None:
            return
        least_ms = self._least_ms[camera_id]
        if abs(least_ms - before.least_ms) <= _WORTH_SAYING * before.least_ms:
            least_ms = before.least_ms
        looks_per_s = self._detection_budget.per_second(camera_id)
        if abs(looks_per_s - before.looks_per_s) <= _WORTH_SAYING * before.looks_per_s:
            looks_per_s = before.looks_per_s
        max_per_s = self._raised.get(camera_id, 0.0)
        closer = self._slots.holds(camera_id) or looks_per_s > 0 or max_per_s > 0
        orders = CaptureLimits(least_ms, self._queue.is_full(camera_id), closer, looks_per_s, max_per_s)
        if orders != before:
            self._orders[camera_id] = orders
            self._captures[camera_id].obey(orders)


def _is_rationed(camera: processes.Camera, redactor: processes.Redactor) -> bool:
    """True for a source that comes at its own pace. Recordings wait; pushed pictures are taken at any cost."""
    traits = traits_of(camera.source)
    return traits.keeps_pace and (traits.arrives is Arrival.STREAM or redactor.overflow == "drop_oldest")
