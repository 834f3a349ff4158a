"""`wayside-edge survey`: opens every camera as the agent would, and measures it for the acceptance of a site.

A picture is opened, measured, covered by the real redactor and thrown away; nothing of it is kept or sent.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from edge_agent.agent import LoadRedactors, MakeRedactor, open_source, unlocker
from edge_agent.clock import Clock
from edge_agent.diagnosis.probes import look_at_camera
from edge_agent.errors import EdgeError, NoPicture, RedactionUnavailable, SourceError, SpoolError
from edge_agent.frames import Frame, Glance, Selected, SelectReason
from edge_agent.gb28181.registration_file import NoDevicesError, read_devices
from edge_agent.health.clock_skew import ClockSkew
from edge_agent.picture_checks.checks import PictureChecks
from edge_agent.source_kinds import traits_of
from edge_agent.sources.picture_header import UnusablePictureError
from edge_agent.sources.recorder.playback import playback_of
from edge_agent.sources.source import LiveSource
from edge_agent.spool import ledger as ledgers
from edge_agent.spool.database import reading
from provisioning.contracts.causes import gb28181, streams, work
from provisioning.contracts.causes.catalogue import english
from provisioning.contracts.config.processes import Camera, EdgeConfig
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.fleet.survey import CameraSurvey, Survey
from provisioning.contracts.wire.messages import CodedCause, Ledger, PictureCheck

LOOK_S: Final = 12.0
"""Seconds a camera; enough for the RTCP reports, which come every five seconds and show the camera's clock."""
_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class _Seen:
    """Measurements of a live camera."""

    frame: Frame
    faults: tuple[PictureCheck, ...]
    clock_ms: float | None
    bound_ms: float | None


def survey(
    edge: EdgeConfig,
    load_redactors: LoadRedactors,
    clock: Clock,
    *,
    software: str,
    report: Callable[[str], None],
    look_s: float = LOOK_S,
) -> Survey:
    """Survey every camera, one after another; beside a running agent too. The failure of one costs no other.

    `report` gets a line before each camera and one after it: a site takes minutes.
    """
    camera_ledgers = _camera_ledgers(edge)
    make: MakeRedactor | None = None
    trouble: CodedCause | None = None
    try:
        make = load_redactors(edge)
    except RedactionUnavailable as error:
        trouble = error.reason
    found = []
    for number, camera in enumerate(edge.cameras, start=1):
        report(f"camera {camera.id}, {number} of {len(edge.cameras)}: for {look_s:g} s")
        ledger = camera_ledgers.get(camera.id)
        looked = _survey_camera(camera, edge, clock, make, trouble, look_s)
        report(f"camera {camera.id}: {_summary(looked)}")
        counts = {} if ledger is None else {"selected": ledger.selected, "archived": ledger.archived}
        found.append(looked.model_copy(update=counts))
    return Survey(agent_id=edge.agent_id, surveyed_at_ms=clock.now_ms(), software=software[:64], cameras=tuple(found))


def _summary(seen: CameraSurvey) -> str:
    """Sums a camera up for the technician who waits."""
    if not seen.reached:
        return seen.trouble
    if seen.width is None:
        return "registered, or its pictures are brought"
    redacted = "redacted" if seen.redacted else f"not redacted: {seen.redaction_trouble}"
    faults = ", ".join(each.value.replace("_", " ") for each in seen.picture_faults)
    return ", ".join(filter(None, (f"{seen.width}×{seen.height} px", redacted, faults)))


def _survey_camera(
    camera: Camera, edge: EdgeConfig, clock: Clock, make: MakeRedactor | None, trouble: CodedCause | None, look_s: float
) -> CameraSurvey:
    try:
        traits = traits_of(camera.source)
        if traits.is_registered:
            return _registered(camera, traits.device_id, edge, clock)
        if traits.is_brought:
            return CameraSurvey(camera_id=camera.id, reached=True)
        seen = _watch(camera, edge, clock, look_s)
    except (EdgeError, ConfigError, UnusablePictureError) as error:
        cause = str(error).removeprefix(f"camera {camera.id}: ")
        reason = error.reason if isinstance(error, SourceError) else work.OTHER(detail=cause)
        return CameraSurvey(camera_id=camera.id, reached=False, trouble=cause[:_MOST], reason=reason)
    height, width = seen.frame.image.shape[:2]
    redacted, why = False, trouble
    if make is not None:
        try:
            make(edge, camera).redact(Selected(seen.frame, SelectReason.FIRST))
            redacted = True
        except RedactionUnavailable as error:
            why = error.reason
    return CameraSurvey(
        camera_id=camera.id,
        reached=True,
        width=width,
        height=height,
        picture_faults=seen.faults,
        clock_ms=seen.clock_ms,
        clock_bound_ms=seen.bound_ms,
        redacted=redacted,
        redaction_trouble="" if why is None else english(why)[:_MOST],
        redaction_reason=why,
    )


def _watch(camera: Camera, edge: EdgeConfig, clock: Clock, look_s: float) -> _Seen:
    """Read pictures for `look_s`: a fault counts if two of them have it, and a clock is judged by several reports."""
    unlock = unlocker(edge)
    source = open_source(camera, clock, unlock, playback_of(camera, edge.recorders, clock, unlock))
    stop, began_s = threading.Event(), clock.monotonic_s()
    checks, skew = PictureChecks(camera.checks), ClockSkew()
    first: Frame | None = None
    scores: Mapping[PictureCheck, float] = {}
    trouble = "nothing came"
    for item in source.frames(stop):
        if isinstance(item, Glance):
            if first is None:
                first = item.frame()
                scores = checks.consider(item.captured_at_ms, first.image)
            elif clock.monotonic_s() - began_s > look_s / 2:
                scores = checks.consider(item.captured_at_ms, item.pixels())
            if isinstance(source, LiveSource) and source.sender_offset_ms is not None:
                skew.reported(source.sender_offset_ms, item.captured_at_ms, clock.monotonic_s())
        elif item is not None:
            trouble = item.message
        if clock.monotonic_s() - began_s > look_s:
            break
    if first is None:
        raise NoPicture(camera.id, streams.NO_PICTURE_CAME(detail=trouble))
    measured = skew.skew(clock.monotonic_s())
    faults = tuple(check for check, score in scores.items() if score >= getattr(camera.checks, check.value))
    return _Seen(first, faults, measured.estimate_ms, measured.bound_ms if measured.estimate_ms is not None else None)


def _registered(camera: Camera, device_id: str, edge: EdgeConfig, clock: Clock) -> CameraSurvey:
    """Read the device's state from the running agent's file: devices can register with it alone."""
    look_at_camera(camera, edge, clock)
    if edge.gb28181 is None:
        raise SourceError(camera.id, gb28181.NO_SECTION())
    try:
        devices, _ = read_devices(edge.spool.directory, edge.gb28181.platform_id)
    except NoDevicesError as error:
        raise SourceError(camera.id, gb28181.AGENT_STOPPED()) from error
    seen = next((each for each in devices if each.device_id == device_id), None)
    if seen is None or not seen.is_there:
        raise SourceError(camera.id, gb28181.NOT_REGISTERED(device=device_id))
    return CameraSurvey(
        camera_id=camera.id,
        reached=True,
        clock_ms=None if seen.skew_ms is None else float(seen.skew_ms),
        clock_bound_ms=None if seen.bound_ms is None else float(seen.bound_ms),
    )


def _camera_ledgers(edge: EdgeConfig) -> dict[str, Ledger]:
    try:
        with reading(edge.spool.directory) as db:
            return ledgers.tally(db)
    except SpoolError:
        return {}  # it has not run yet, so nothing was archived
