"""Prometheus's door: on loopback only, complete, and without a word that is none of its business."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.clock import Backoff, SystemClock
from edge_agent.frames import CaptureStats
from edge_agent.metrics import MetricsInputs, families, serve
from edge_agent.scheduling.detection_budget import DetectionCounts
from edge_agent.uplink.mqtt import Connected
from provisioning.contracts.causes.work import OTHER
from provisioning.contracts.wire.messages import CameraState, PictureCheck
from provisioning.net.metrics import LOOPBACK, serving
from tests.edge_agent.publishing import World, archived
from tests.edge_agent.world import EPOCH_MS
from tests.support.scraping import parsed, scrape
from tests.support.waiting import LONG_S


def told_by(world: World) -> MetricsInputs:
    return MetricsInputs(
        world.publisher.heartbeat,
        world.publisher.assessed,
        world.health.statuses,
        world.health.restarts,
        world.health.clock_changes,
        lambda: DetectionCounts({"gate": 9}, {"gate": 3}, {"gate": 2}, {"gate": 1}, 0.05),
        oldest_s=world.spool.oldest_s,
        is_connected=lambda: world.publisher.is_connected,
        certificate_ends_ms=lambda: 1_900_000_000_000,
        spool_max_bytes=2**31,
    )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.spool.close()


def test_it_says_what_the_centre_is_told(world: World) -> None:
    world.keep(0, 1, 2)
    world.clock.pass_s(12.5)
    world.turn(Connected())
    world.turn(archived(world.sent()[0].payload))
    scores = {PictureCheck.BLURRED: 0.25}
    world.health.sighted(CaptureStats("gate", EPOCH_MS, 60, 4, False, 300.0, None, scores, clock_changes=3))
    world.health.offline("yard", OTHER(detail="refused at rtsp://somewhere/secret"), "unreachable")
    world.health.redacted("gate", 250.0)
    with serving(lambda: families(told_by(world))) as port:
        text = scrape(port)
    found = {(name.removeprefix("wayside_edge_"), *labels): value for (name, *labels), value in parsed(text).items()}
    assert found["selected_total", "gate"] == 3
    assert (found["ended_total", "gate", "archived"], found["in_flight", "gate"]) == (1, 2)
    assert (found["spool_messages",], found["spool_oldest_seconds",]) == (2, 12.5)
    assert (found["broker_connected",], found["spool_limit_bytes",]) == (1, 2**31)
    assert found["certificate_expires_timestamp_seconds",] == 1.9e9
    assert (found["redaction_seconds",], found["decode_cpu_seconds",]) == (0.25, 0.005)
    assert (found["passed_over_total", "gate"], found["pictures_per_second", "gate"]) == (4, 1)
    assert (found["clock_changes_total", "gate"], found["clock_changes_total", "yard"]) == (3, 0)
    assert found["picture_check", "gate", "blurred"] == 0.25
    assert (found["looks_total", "gate"], found["looks_skipped_total", "gate"], found["look_seconds",]) == (9, 3, 0.05)
    assert (found["events_total", "gate"], found["event_pictures_total", "gate"]) == (2, 1)
    assert found["camera_cause", "yard", "unreachable"] == 1
    for state in CameraState:
        assert found["camera_state", "yard", state.value] == (state is CameraState.OFFLINE)
    assert found["disk_free_bytes",] > 0
    assert ("redaction_rate",) not in found  # nobody has measured it
    assert "secret" not in text
    assert "rtsp" not in text


def test_it_listens_on_loopback_alone(world: World) -> None:
    with serving(lambda: families(told_by(world))) as port, socket.socket() as elsewhere:
        assert "wayside_edge_queued" in scrape(port)
        with pytest.raises(OSError, match=r"refused|unreachable"):
            elsewhere.connect(("127.0.0.2", port))


def test_a_port_that_is_taken_is_tried_again_and_closed_at_the_end(world: World) -> None:
    stop, has_tried = threading.Event(), threading.Event()

    class Patient(SystemClock):
        def wait(self, event: threading.Event, timeout_s: float) -> bool:
            has_tried.set()
            return event.wait(min(timeout_s, 0.05))

    holder = socket.create_server((LOOPBACK, 0))
    port = holder.getsockname()[1]
    thread = threading.Thread(target=serve, args=(port, told_by(world), Patient(), Backoff(0.05, 0.05), stop))
    thread.start()
    try:
        assert has_tried.wait(LONG_S)
        holder.close()
        while "wayside_edge_queued" not in _tried(port):
            stop.wait(0.02)
    finally:
        stop.set()
        thread.join(LONG_S)
        holder.close()
    with pytest.raises(ConnectionRefusedError):
        scrape(port)


def _tried(port: int) -> str:
    try:
        return scrape(port)
    except ConnectionRefusedError:
        return ""
