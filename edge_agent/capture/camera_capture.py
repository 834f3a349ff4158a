"""Captures one camera: source → motion → selector and picture checks.

Yields selected frames, skipped pictures, a `DetectionRequest` when one is due and, about once a second, `CaptureStats`.

`Capturing` is the interface: `Capture` runs in this process, `CaptureProcess` runs a `Capture` in a child process.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from edge_agent.capture.motion import Motion
from edge_agent.capture.selector import Selector, SelectorState
from edge_agent.clock import Clock, thread_cpu_ms
from edge_agent.frames import CaptureStats, DetectionRequest, Glance, Selected, SelectReason, Skipped
from edge_agent.picture_checks.checks import PictureChecks
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.source import LiveSource, MeteredSource, Source
from edge_agent.sources.thumbnail import reduced_of
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import ClockQuality, PictureCheck

Captured: TypeAlias = Selected | Skipped | CaptureStats | DetectionRequest
_STATS_S: Final = 1.0
_EARLY: Final = 0.25
"""Frames due five times a second come 180 ms apart as often as 220."""
_UNANSWERED_MS: Final = 10_000
"""After so long without an answer to a `DetectionRequest`, its detector must have fallen."""


@dataclass(frozen=True, slots=True)
class CaptureLimits:
    """Limits one camera's capture: its share of the machine, as the scheduler sets it."""

    least_ms: float = 0.0
    """Least milliseconds between pictures that changed, see `Selector.least_ms`."""
    is_full: bool = False
    """Nothing is selected, see `Selector.is_full`."""
    closer: bool = False
    """The source may decode between keyframes while something moves."""
    looks_per_s: float = 0.0
    """Rate of detection of machines between keyframes, while something moves."""
    max_per_s: float = 0.0
    """Most pictures a second that may be selected, where the configuration allows fewer."""


class Capturing(Protocol):
    def selected(self, stop: threading.Event) -> Iterator[Captured]:
        """Make one attempt, as `Source.frames`: returning means that there is nothing more to come, ever.

        A `CaptureStats` comes about once a second while anything comes of the camera, even if no picture is usable.

        Raises:
            SourceError: the camera cannot deliver now.
        """

    def obey(self, orders: CaptureLimits) -> None:
        """Capture within these limits from now on. From any thread, at any time."""

    def answer(self, at_ms: int, *, take: bool) -> None:
        """Report that detection in the `DetectionRequest` of that capture time is done; `take`: its picture is wanted.

        From any thread. A camera gives no further `DetectionRequest` before its last one is answered.
        """


class Capture:
    """Captures in this process."""

    def __init__(
        self,
        camera: processes.Camera,
        source: Source,
        clock: Clock,
        *,
        memory: SelectorState | None = None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        """Open nothing yet. `memory`: a former selector's.

        `alive` is called whenever the source gives a sign of life.
        """
        self._id = camera.id
        self._source = source
        self._live = source if isinstance(source, LiveSource) else None
        self._meter = source.meter if isinstance(source, MeteredSource) else None
        self._clock = clock
        self._alive = alive
        self._selector = Selector(camera.selector, memory)
        self._closer_per_second = camera.selector.moving_per_second
        self._motion = Motion(camera.selector.change_threshold, one_machine=camera.has_places)
        self._checks = PictureChecks(camera.checks)
        self._check_ms = camera.checks.every_s * 1000
        self._checked_ms: int | None = None
        self._orders = CaptureLimits()
        self._is_held = False
        self._pictures = 0
        self._reported_s: float | None = None
        self._newest_ms: int | None = None
        self._is_moving = False
        self._dated_by: ClockQuality | None = None
        self._clock_changes = 0
        self._cpu_ms = 0.0
        self._scores: Mapping[PictureCheck, float] | None = None
        self._looked_ms: int | None = None
        self._unanswered: Glance | None = None
        self._answers: deque[tuple[int, bool]] = deque(maxlen=1)

    @property
    def memory(self) -> SelectorState | None:
        """Hold the state that another selector needs to go on from here."""
        return self._selector.memory

    def obey(self, orders: CaptureLimits) -> None:
        self._orders = orders

    def answer(self, at_ms: int, *, take: bool) -> None:
        self._answers.append((at_ms, take))

    def hold(self) -> None:
        """Select nothing until `go_on`: the last picture is on its way, and then the limits that follow from it."""
        self._is_held = True

    def go_on(self) -> None:
        """End `hold`: the picture has arrived."""
        self._is_held = False

    def selected(self, stop: threading.Event) -> Iterator[Captured]:
        self._reported_s = None
        self._unanswered = None  # of an attempt before this one, whose source is closed
        self._answers.clear()
        cpu_ms = thread_cpu_ms()
        for item in self._source.frames(stop):
            self._alive()
            if (event := self._answered()) is not None:
                yield event
            match item:
                case None | Skipped():
                    if item is not None:
                        yield item
                    yield from self._stats_if_due()
                case Glance():
                    moving = self._look_closer(item)
                    taken = self._considered(item)
                    request = self._detection_request(item, is_taken=isinstance(taken, Selected)) if moving else None
                    spent_ms = thread_cpu_ms() - cpu_ms
                    self._cpu_ms += spent_ms
                    if request is not None:
                        yield request
                        if (event := self._answered()) is not None:  # the answer came while the consumer held the look
                            yield event
                    if taken is not None:
                        yield taken
                    if not isinstance(taken, Skipped):
                        self._newest_ms, self._is_moving = item.captured_at_ms, moving
                        yield from self._stats_if_due()
                    cpu_ms = thread_cpu_ms()  # the consumer's time in this thread is not decoding
                case _:
                    assert_never(item)

    def _look_closer(self, glance: Glance) -> bool:
        """Detect motion, and set how often the source decodes. Returns true while something moves."""
        self._pictures += 1
        self._clock_changes += self._dated_by not in {None, glance.clock}
        self._dated_by = glance.clock
        moving = self._motion.consider(glance.captured_at_ms, glance.grey)
        if self._live is not None:
            orders = self._orders
            closer_per_s = max(self._closer_per_second, orders.max_per_s)
            per_second = max(closer_per_s if moving and orders.closer else 0.0, orders.looks_per_s)
            if not per_second:
                self._unanswered = None  # its pixels are not to be had when the source looks at another stream
            self._live.attend(per_second)
        return moving

    def _detection_request(self, glance: Glance, *, is_taken: bool) -> DetectionRequest | None:
        """Request detection of machines if it is due and the last request is answered; always in a selected frame."""
        per_second, at_ms = self._orders.looks_per_s, glance.captured_at_ms
        if not per_second or glance.pushed or self._awaits(at_ms):
            return None
        early_ms = 1000 / per_second * (1 - _EARLY)
        if not is_taken and self._looked_ms is not None and 0 <= at_ms - self._looked_ms < early_ms:
            return None
        try:
            reduced = reduced_of(glance.pixels()) if glance.reduced is None else glance.reduced()
        except UnusablePictureError:
            return None  # reported when it is a picture that is to be selected
        self._looked_ms, self._unanswered = at_ms, glance
        return DetectionRequest(self._id, at_ms, reduced, is_taken)

    def _awaits(self, at_ms: int) -> bool:
        """True while a `DetectionRequest` waits for its answer."""
        before = self._unanswered
        return before is not None and 0 <= at_ms - before.captured_at_ms < _UNANSWERED_MS

    def _answered(self) -> Selected | Skipped | None:
        """Take the frame of the last `DetectionRequest` if its answer has come and asks for it."""
        glance = self._unanswered
        if not self._answers:
            return None
        at_ms, take = self._answers.popleft()
        if glance is None or glance.captured_at_ms != at_ms:
            return None
        self._unanswered = None
        if not take:
            return None
        try:
            frame = glance.frame()
        except UnusablePictureError as error:
            return Skipped(self._id, error.reason, str(error))
        self._selector.event(glance)
        return Selected(frame, SelectReason.EVENT)

    def _considered(self, glance: Glance) -> Selected | Skipped | None:
        """Select and check the frame. Its pixels are decoded once, and only if selector or checks want them."""
        orders = self._orders
        self._selector.least_ms, self._selector.is_full = orders.least_ms, orders.is_full or self._is_held
        self._selector.raise_rate(orders.max_per_s)
        reason = self._selector.consider(glance)
        check = self._is_check_due(glance, is_taken=reason is not None)
        if reason is None and not check:
            return None
        try:
            frame = glance.frame()
        except UnusablePictureError as error:
            if reason is not None:
                self._selector.take_back()
            return Skipped(self._id, error.reason, str(error))
        if check:
            self._check(glance.captured_at_ms, frame.image)
        return None if reason is None else Selected(frame, reason)

    def _is_check_due(self, glance: Glance, *, is_taken: bool) -> bool:
        """Tell if the checks are due. If decoding is dear they wait as long again for a frame that is selected."""
        if self._checked_ms is None:
            return True
        patience_ms = 2 * self._check_ms if glance.is_dear and not is_taken else self._check_ms
        return not 0 <= glance.captured_at_ms - self._checked_ms < patience_ms

    def _check(self, at_ms: int, image: NDArray[np.uint8]) -> None:
        self._checked_ms = at_ms
        self._scores = self._checks.consider(at_ms, image)

    def _stats_if_due(self) -> Iterator[CaptureStats]:
        now_s = self._clock.monotonic_s()
        if self._reported_s is None or now_s - self._reported_s >= _STATS_S:
            self._reported_s = now_s
            yield self._sighting()

    def _sighting(self) -> CaptureStats:
        return CaptureStats(
            camera_id=self._id,
            at_ms=self._clock.now_ms() if self._newest_ms is None else self._newest_ms,
            pictures=self._pictures,
            passed_over=self._selector.passed_over,
            moving=self._is_moving,
            decode_cpu_ms=self._cpu_ms,
            sender_offset_ms=None if self._live is None else self._live.sender_offset_ms,
            scores=self._scores,
            clock_changes=self._clock_changes,
            received_bytes=0 if self._meter is None else self._meter.total_bytes,
        )
