"""Checks all that a technician needs before the cabinet is closed: one line a subject, the fault and its remedy."""

import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from edge_agent.agent import LoadRedactors, open_source, unlocker
from edge_agent.clock import Clock
from edge_agent.credentials.camera_password import Unlock, read_password
from edge_agent.desk.key_files import check_key_files
from edge_agent.diagnosis import running_agent
from edge_agent.enrolment.client import EnrolmentClient
from edge_agent.enrolment.identity import CLOCK_TOLERANCE_MS, Identity, utc
from edge_agent.errors import BrokerError, EdgeError, EnrolmentError, NotFound, Silent, SourceError, WrongCredentials
from edge_agent.frames import Glance
from edge_agent.gb28181.devices.device_views import DeviceView
from edge_agent.gb28181.registration_file import FILE_NAME, read_devices
from edge_agent.host_port import host_port
from edge_agent.source_kinds import traits_of
from edge_agent.sources.recorder.playback import playback_of
from edge_agent.spool.spool import RESERVE_BYTES
from edge_agent.uplink.mqtt import Connected, Dial, Disconnected, MqttEvent, knock, refusal
from provisioning.contracts.causes import gb28181, streams
from provisioning.contracts.config import processes
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.diagnosis import CheckResult
from provisioning.net.digest import REFUSED_LOGIN

_BROKER_S: Final = 10.0
_DAY_MS: Final = 24 * 3600 * 1000
_NO_CAMERAS: Final = (
    "none tried: their list comes from the centre (wayside-provision cameras import) once the agent runs; run the"
    " agent, then check again"
)


def check(edge: processes.EdgeConfig, load_redactors: LoadRedactors, dial: Dial, clock: Clock) -> Iterator[CheckResult]:
    """Check everything that `run` needs, one after another; a failure stops none of the others."""
    yield _spool(edge)
    yield _tried("models", partial(_models, edge, load_redactors))
    yield _tried("certificate", partial(_certificate, edge, clock))
    if edge.provisioning is not None:
        yield _tried("clock", partial(_clock, edge.provisioning, edge.broker.ca_file, clock))
    yield _tried("broker", partial(_broker, edge, dial))
    if edge.desk is not None:
        yield _tried("desk", partial(check_key_files, edge.desk))
    if not edge.cameras:
        yield CheckResult("cameras", is_good=True, detail=_NO_CAMERAS)
    for camera in edge.cameras:
        yield _tried(f"camera {camera.id}", partial(look_at_camera, camera, edge, clock))


def look_at_camera(camera: processes.Camera, edge: processes.EdgeConfig, clock: Clock) -> str:
    """Open a camera and describe its first picture, or its device's registration.

    Raises:
        SourceError, ConfigError: no picture comes; the message says why.
    """
    if traits_of(camera.source).is_registered:
        return _device(camera, edge, unlocker(edge))
    return _camera(camera, edge, clock, unlocker(edge))


def _tried(what: str, check: Callable[[], str]) -> CheckResult:
    return CheckResult.of(what, check, EdgeError, ConfigError)


def _spool(edge: processes.EdgeConfig) -> CheckResult:
    place = edge.spool.directory
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    wanted = edge.spool.max_bytes + RESERVE_BYTES
    detail = f"{free >> 20} MiB free, up to {wanted >> 20} MiB wanted"
    if free < wanted:
        return CheckResult("spool", is_good=False, detail=f"{detail}: lower spool.max_bytes or give it a larger disk")
    return CheckResult("spool", is_good=True, detail=detail)


def _models(edge: processes.EdgeConfig, load_redactors: LoadRedactors) -> str:
    load_redactors(edge)
    return "loaded, their hashes are right"


def _certificate(edge: processes.EdgeConfig, clock: Clock) -> str:
    identity = Identity.load(edge.broker.cert_file, edge.broker.key_file)
    identity.require(edge.agent_id, clock.now_ms())
    days = (identity.ends_ms - clock.now_ms()) // _DAY_MS
    return f"agent {identity.agent_id}, {days} days left, until {utc(identity.ends_ms)}"


def _clock(provisioning: processes.Provisioning, ca_file: Path, clock: Clock) -> str:
    """Compare the clock with the enrolment service's, connected as a renewal connects: that is tried as well."""
    client = EnrolmentClient.verified(provisioning.host, provisioning.port, ca_file, clock)
    off_ms = clock.now_ms() - client.hello().now_ms
    skew = f"{abs(off_ms) / 1000:.1f} s {'ahead of' if off_ms > 0 else 'behind'} the enrolment service"
    if abs(off_ms) > CLOCK_TOLERANCE_MS:
        raise EnrolmentError(f"{skew}: set it, or let NTP do so; certificates will not work")
    return skew


def _broker(edge: processes.EdgeConfig, dial: Dial) -> str:
    place = host_port(edge.broker.host, edge.broker.port)
    if running_agent.has_line(edge):  # MQTT has one session for a name, and that is the running agent's
        refused = knock(edge.broker)
        if refused is not None:
            raise BrokerError(f"{place} refuses this agent's certificate: {refused}")
        return f"{place} lets this certificate in; the running agent was left on its line"
    events: queue.SimpleQueue[MqttEvent] = queue.SimpleQueue()
    link = dial(events.put)
    try:
        match events.get(timeout=_BROKER_S):
            case Connected():
                return f"{place} accepts agent {edge.agent_id}"
            case Disconnected(cause, is_old=is_old):
                refused = None if is_old else refusal(edge.broker)
                raise BrokerError(cause if refused is None else f"{place} refuses this agent's certificate: {refused}")
            case event:
                raise BrokerError(f"unexpected answer {type(event).__name__}: is this an MQTT 5 broker?")
    except queue.Empty:
        raise BrokerError("the broker does not answer: is it an MQTT 5 broker?") from None
    finally:
        link.close()


def _camera(camera: processes.Camera, edge: processes.EdgeConfig, clock: Clock, unlock: Unlock | None) -> str:
    if traits_of(camera.source).is_brought:
        return f"{camera.source.kind}: its pictures are brought; whether they are, shows while the agent runs"
    began_s = clock.monotonic_s()
    trouble = "nothing came"
    channel = playback_of(camera, edge.recorders, clock, unlock)
    for item in open_source(camera, clock, unlock, channel).frames(threading.Event()):
        if isinstance(item, Glance):
            height, width = item.pixels().shape[:2]
            return f"{width}×{height} px, first picture after {clock.monotonic_s() - began_s:.1f} s"
        if item is not None:
            trouble = item.message
    raise SourceError(camera.id, streams.NO_PICTURE_CAME(detail=trouble))


def _device(camera: processes.Camera, edge: processes.EdgeConfig, unlock: Unlock | None) -> str:
    """Read the device's state from the agent's file: devices can register with a running agent only."""
    read_password(camera.id, camera.source, unlock)
    traits = traits_of(camera.source)
    name = f"device {traits.device_id}"
    if edge.gb28181 is None or not (edge.spool.directory / FILE_NAME).exists():
        return f"{name} registers once the agent runs: look again then"
    devices, _ = read_devices(edge.spool.directory, edge.gb28181.platform_id)
    seen = next((each for each in devices if each.device_id == traits.device_id), DeviceView(traits.device_id))
    if not seen.is_there:
        why = seen.refused or seen.why or "it never came"
        if seen.refused == REFUSED_LOGIN:
            raise WrongCredentials(camera.id, gb28181.WRONG_LOGIN(device=traits.device_id, host=seen.host or "?"))
        raise Silent(camera.id, gb28181.NOT_THERE(device=traits.device_id, detail=why))
    if seen.channels is not None and seen.channel(traits.channel_id) is None:
        raise NotFound(camera.id, gb28181.NO_CHANNEL(device=traits.device_id, channel=traits.channel_id))
    return f"{name} is registered from {seen.host}"
