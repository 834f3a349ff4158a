"""Asks the ONVIF device services of an agent's cameras for their time, each once a minute, one after another."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Final

from edge_agent.clock import Backoff, Clock
from edge_agent.credentials.camera_password import Unlock, read_password
from edge_agent.errors import OnvifError, SourceError
from edge_agent.health.camera_health import ClockMeasured
from edge_agent.host_port import host_port
from edge_agent.onvif.client import DEVICE_PATH, OnvifClient
from edge_agent.onvif.device_time import device_time
from edge_agent.onvif.http_exchange import HttpAddress, HttpBounds
from edge_agent.source_kinds import traits_of
from provisioning.contracts.config.camera import AuthenticatedSource
from provisioning.contracts.config.processes import Camera
from provisioning.contracts.wire.messages import ClockSource
from provisioning.net.digest import Account

EVERY_S: Final = 60.0
LONGEST_S: Final = 3600.0
"""Longest wait for a camera that does not answer; a camera that refuses the login is left alone as long at once, since
some lock an account after a few wrong passwords."""
_BOUNDS: Final = HttpBounds(request_s=2.4, connect_s=1.0, max_bytes=64 * 1024)
"""One call, with its challenge, ends before a stopping agent gives up on the thread."""
_log = logging.getLogger(__name__)


@dataclass(order=True, slots=True)
class _Due:
    at_s: float
    camera_id: str
    failures: Backoff = field(compare=False)
    cause: str = field(default="", compare=False)
    """Cause of the last failure, which is logged once; empty after an answer."""


def clients(cameras: Iterable[Camera], clock: Clock, unlock: Unlock | None) -> dict[str, OnvifClient]:
    """Returns a client of each camera that is to be asked, by camera id."""
    found = {}
    for camera in cameras:
        traits = traits_of(camera.source)
        url = camera.clock.onvif_url or traits.onvif_url
        if url is None and traits.host:
            url = f"http://{host_port(traits.host, 80)}{DEVICE_PATH}"
        if camera.clock.ask_onvif and url is not None:
            found[camera.id] = OnvifClient(HttpAddress.of(url), _account(camera, unlock), clock, bounds=_BOUNDS)
    return found


def _account(camera: Camera, unlock: Unlock | None) -> Callable[[], Account | None]:
    def read() -> Account | None:
        source = camera.source
        if not isinstance(source, AuthenticatedSource) or source.username is None:
            return None
        password = read_password(camera.id, source, unlock)
        return None if password is None else Account(source.username, password)

    return read


class OnvifClocks:
    """Measures the clocks of cameras until it is stopped. `measured` is called after each answer."""

    def __init__(self, cameras: Mapping[str, OnvifClient], measured: ClockMeasured, clock: Clock) -> None:
        self._cameras = cameras
        self._measured = measured
        self._clock = clock

    def run(self, stop: threading.Event) -> None:
        """Asks every camera in its turn; the first calls are spread over a minute."""
        now_s, count = self._clock.monotonic_s(), len(self._cameras)
        queue = [
            _Due(now_s + EVERY_S * number / count, camera_id, Backoff(EVERY_S, LONGEST_S))
            for number, camera_id in enumerate(self._cameras)
        ]
        heapify(queue)
        while queue and not stop.is_set():
            wait_s = queue[0].at_s - self._clock.monotonic_s()
            if wait_s > 0 and self._clock.wait(stop, wait_s):
                return
            due = heappop(queue)
            due.at_s = self._clock.monotonic_s() + self._ask(due)
            heappush(queue, due)

    def _ask(self, due: _Due) -> float:
        """Asks one camera; returns the seconds until it is asked again."""
        try:
            told = device_time(self._cameras[due.camera_id], self._clock)
        except (OnvifError, SourceError) as error:  # SourceError: its password cannot be read
            if error.cause != due.cause:
                _log.info("no time by ONVIF camera=%s cause=%s: %s", due.camera_id, error.cause, error)
            due.cause = error.cause
            return LONGEST_S if error.cause == "wrong_credentials" else EVERY_S + due.failures.next_wait_s()
        due.cause = ""
        due.failures.reset()
        self._measured(due.camera_id, ClockSource.ONVIF, told.skew_ms, told.bound_ms)
        return EVERY_S
