"""Detects machines between snapshots: one thread, camera after camera, that also requests pictures of events.

```
captures ─DetectionRequest─▶ at most one a camera ─▶ Follows.detect ─▶ answer: done, or a picture of it is wanted
```

It is a thread of its own beside the redactor: a redaction takes seconds, and a detection a second late is of no use.
"""

import threading
from collections.abc import Mapping
from typing import Final

from edge_agent.capture.camera_capture import Capturing
from edge_agent.clock import Clock
from edge_agent.errors import RedactionUnavailable
from edge_agent.frames import DetectionRequest, Follows
from edge_agent.health.camera_health import Health
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.scheduler import Scheduler

_TAKE_S: Final = 0.5
_EXPIRE_S: Final = 1.0


class DetectionWorker:
    """The worker of one agent. Call `put` and `detect` from any thread, and `run` in one."""

    def __init__(
        self,
        followers: Mapping[str, Follows],
        captures: Mapping[str, Capturing],
        scheduler: Scheduler,
        health: Health,
        clock: Clock,
    ) -> None:
        self._followers = followers
        self._captures = captures
        self._scheduler = scheduler
        self._health = health
        self._clock = clock
        self._waiting: FairQueue[DetectionRequest] = FairQueue(1, "drop_oldest")
        self._never = threading.Event()
        self._expired_s = clock.monotonic_s()

    def put(self, request: DetectionRequest) -> None:
        """Queue a look for the thread. A camera gives no other before this one is answered."""
        victim = self._waiting.put(request.camera_id, request, self._never)
        if victim is not None:  # of a capture that ended before it was answered
            self._captures[victim.camera_id].answer(victim.captured_at_ms, take=False)

    def run(self, stop: threading.Event) -> None:
        """Detect in the queued looks until `stop`, and drop old tracks."""
        while not stop.is_set():
            request = self._waiting.take_next(_TAKE_S)
            if request is not None:
                self.detect(request)
            self._expire()

    def end_wait(self) -> None:
        """Let `run` see at once that it has to stop."""
        self._waiting.close()

    def detect(self, request: DetectionRequest) -> None:
        """Detect in one look, in the calling thread; its camera is answered whatever happens."""
        camera_id, take = request.camera_id, False
        follower = self._followers.get(camera_id) if self._scheduler.has_places(camera_id) else None
        try:
            if follower is not None and not self._health.is_paused(camera_id):
                began_s = self._clock.monotonic_s()
                followed = follower.detect(request, may_take=self._scheduler.may_take(camera_id))
                self._scheduler.note_detection(camera_id, followed, self._clock.monotonic_s() - began_s)
                take = followed.take
        except RedactionUnavailable as error:
            self._health.unredacted(camera_id, error.reason, error.drop)
        finally:
            self._captures[camera_id].answer(request.captured_at_ms, take=take)

    def turned(self, camera_id: str) -> None:
        """Drop a camera's tracks: it shows another view than before."""
        if (follower := self._followers.get(camera_id)) is not None:
            follower.forget()

    def _expire(self) -> None:
        """Drop the tracks of a camera that has been silent for a minute."""
        now_s = self._clock.monotonic_s()
        if now_s - self._expired_s >= _EXPIRE_S:
            self._expired_s = now_s
            for follower in self._followers.values():
                follower.expire()
