"""What a technician wants to know before the cabinet is closed: one line a thing, what is wrong and what to do."""

import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from edge_agent.agent import LoadRedactors, open_source
from edge_agent.clock import Clock
from edge_agent.errors import BrokerError, EdgeError, SourceError
from edge_agent.frames import Frame
from edge_agent.link import Connected, Dial, Event, Lost
from edge_agent.spool import RESERVE_BYTES
from provisioning.contracts import config
from provisioning.contracts.errors import ConfigError

_BROKER_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_good: bool
    detail: str


def check(edge: config.EdgeConfig, load_redactors: LoadRedactors, dial: Dial, clock: Clock) -> Iterator[Finding]:
    """Look at everything that `run` would need, one after another; a failure stops none of the others."""
    yield _spool(edge)
    yield _tried("models", partial(_models, edge, load_redactors))
    yield _tried("broker", partial(_broker, edge, dial))
    for camera in edge.cameras:
        yield _tried(f"camera {camera.id}", partial(_camera, camera, clock))


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, is_good=True, detail=look())
    except (EdgeError, ConfigError) as error:
        return Finding(what, is_good=False, detail=str(error))


def _spool(edge: config.EdgeConfig) -> Finding:
    place = edge.spool.directory
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    wanted = edge.spool.max_bytes + RESERVE_BYTES
    detail = f"{free >> 20} MiB free, up to {wanted >> 20} MiB wanted"
    if free < wanted:
        return Finding("spool", is_good=False, detail=f"{detail}: lower spool.max_bytes or give it a larger disk")
    return Finding("spool", is_good=True, detail=detail)


def _models(edge: config.EdgeConfig, load_redactors: LoadRedactors) -> str:
    load_redactors(edge)
    return "loaded, their hashes are right"


def _broker(edge: config.EdgeConfig, dial: Dial) -> str:
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    link = dial(events.put)
    try:
        match events.get(timeout=_BROKER_S):
            case Connected():
                return f"{edge.broker.host}:{edge.broker.port} accepts agent {edge.agent_id}"
            case Lost(cause):
                raise BrokerError(cause)
            case event:
                raise BrokerError(f"unexpected answer {type(event).__name__}: is this an MQTT 5 broker?")
    except queue.Empty:
        raise BrokerError("the broker does not answer: is it an MQTT 5 broker?") from None
    finally:
        link.close()


def _camera(camera: config.Camera, clock: Clock) -> str:
    began_s = clock.monotonic_s()
    trouble = "delivers nothing"
    for item in open_source(camera, clock).frames(threading.Event()):
        if isinstance(item, Frame):
            height, width = item.image.shape[:2]
            return f"{width}×{height} px, first picture after {clock.monotonic_s() - began_s:.1f} s"
        trouble = item.message
    raise SourceError(camera.id, trouble)
