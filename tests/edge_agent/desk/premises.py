"""A desk agent's premises: a real pipeline under a grey redactor, its door on loopback with TLS, and who knocks.

video ──▶ ingest ──HTTPS──▶ DeskServer ──▶ Uploads ──▶ Pipeline, grey redactor ──▶ Spool
"""

import http.client
import shutil
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import av

from edge_agent.capture.camera_capture import Capture
from edge_agent.clock import Backoff, SystemClock
from edge_agent.desk.browser.admission import OpenPermit, no_permit
from edge_agent.desk.client.desk_client import AgentAddress, DeskClient
from edge_agent.desk.client.ingest import Ingest
from edge_agent.desk.handler import DeskServer
from edge_agent.desk.http_server import DeskLimits
from edge_agent.desk.key_files import client_context
from edge_agent.desk.protocol import Progress, RecordingRef
from edge_agent.desk.recording import SendableRecording
from edge_agent.frames import Redacted, Selected
from edge_agent.health.camera_health import Health
from edge_agent.health.pauses import Pauses
from edge_agent.pipeline import Pipeline, redact_in_turn
from edge_agent.scheduling.detection_worker import DetectionWorker
from edge_agent.scheduling.fair_queue import FairQueue
from edge_agent.scheduling.scheduler import Scheduler
from edge_agent.sources.upload.source import Uploads
from edge_agent.spool.spool import Spool
from provisioning.contracts.config import processes
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Ledger, Snapshot
from tests.edge_agent.world import EPOCH_MS, GreyRedactor, edge_config, noise, write_video
from tests.support.pki import HOST, Pki
from tests.support.ports import free_port
from tests.support.waiting import LONG_S

CAMERA = "gate"
"""For what takes a moment on a quiet machine."""
EVERY_PICTURE: dict[str, float] = {"change_threshold": 0, "max_per_second": 25}


class Papers:
    """Certificate and token of one desk."""

    def __init__(self, pki: Pki, folder: Path) -> None:
        issued = pki.issue("enrolment")  # any server's certificate for 127.0.0.1 will do; the next one replaces it
        certificate, key = (Path(shutil.copy(file, folder)) for file in (issued.cert_file, issued.key_file))
        self.identity = replace(issued, cert_file=certificate, key_file=key)
        self.token_file = folder / "desk.token"
        self.port = free_port()
        self.url = f"https://{HOST}:{self.port}"

    def desk(self, **changes: object) -> processes.Desk:
        return processes.Desk.model_validate(
            {
                "host": HOST,
                "port": self.port,
                "tls_cert_file": self.identity.cert_file,
                "tls_key_file": self.identity.key_file,
                "token_file": self.token_file,
            }
            | changes
        )

    def place(self) -> AgentAddress:
        tls = client_context(self.identity.ca_file, is_its_own=False)
        return AgentAddress(HOST, self.port, tls, self.token_file.read_text())


class Premises:
    """Runs from `open` to `close`. `held_after`: so many pictures the redactor covers, then it waits to be let go."""

    def __init__(
        self,
        folder: Path,
        papers: Papers,
        *,
        limits: DeskLimits | None = None,
        cameras: tuple[str, ...] = (CAMERA,),
        has_room: Callable[[], bool] = lambda: True,
        held_after: int | None = None,
        selector: dict[str, float] | None = None,
        console: str | None = None,
        open_permit: OpenPermit = no_permit,
    ) -> None:
        """`console`: origin of the pages whose files are taken, with permits that `open_permit` verifies."""
        clock = SystemClock()
        self.papers = papers
        settings = papers.desk() if console is None else papers.desk(public_url=papers.url, console_url=console)
        cameras_of = [
            processes.Camera.model_validate(
                {"id": name, "source": {"kind": "upload"}, "selector": selector or EVERY_PICTURE}
            )
            for name in cameras
        ]
        edge = edge_config(folder, *cameras_of, redactor={"overflow": "block"}, desk=settings.model_dump())
        directory = edge.spool.directory
        self.spool = Spool(edge.spool, clock)
        self.pauses = Pauses(directory)
        self.uploads = {name: Uploads(name, clock, has_room=has_room) for name in cameras}
        self.server = DeskServer(
            settings, self.uploads, directory, self.is_paused, clock, limits=limits, open_permit=open_permit
        )
        self.health = Health("street", cameras_of, self.pauses, clock, lambda: None)
        self._queue: FairQueue[Selected] = FairQueue(2, "block")
        captures = {camera.id: Capture(camera, self.uploads[camera.id], clock) for camera in cameras_of}
        scheduler = Scheduler(edge, captures, self._queue, clock)
        self.held = Held(cameras_of[0], after=held_after or 0)
        self.grey = GreyRedactor(cameras_of[0])
        detection_worker = DetectionWorker({}, captures, scheduler, self.health, clock)
        self._pipelines = {
            camera.id: Pipeline(
                camera,
                captures[camera.id],
                self.grey if held_after is None else self.held,
                self._queue,
                scheduler,
                detection_worker,
                self.spool,
                self.health,
                clock,
                Backoff(0.1, 0.1),
                lambda: None,
            )
            for camera in cameras_of
        }
        self._is_closed = False
        self._stop, self._abandon, self._no_more = threading.Event(), threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self.server.run, args=(self._stop,)),
            *(threading.Thread(target=each.run, args=(self._stop, self._abandon)) for each in self._pipelines.values()),
        ]
        self._redacting = threading.Thread(
            target=redact_in_turn, args=(self._queue, self._pipelines, self._no_more, self._abandon)
        )

    def is_paused(self, camera_id: str) -> bool:
        return self.pauses.is_paused(camera_id)

    def open(self) -> None:
        for thread in (*self._threads, self._redacting):
            thread.start()

    def stop(self) -> None:
        """As the agent does: cameras and server first, then the redactor, who interrupts what still waits."""
        self._stop.set()
        self._abandon.set()
        self.held.let_go.set()
        for thread in self._threads:
            thread.join(LONG_S)
        self._no_more.set()
        self._queue.close()
        self._redacting.join(LONG_S)
        assert not any(thread.is_alive() for thread in (*self._threads, self._redacting))

    def close(self) -> None:
        """Also after a test that has failed or closed it itself."""
        if not self._is_closed:
            self._is_closed = True
            self.stop()
            self.spool.close()

    def ledger(self) -> Ledger:
        return self.spool.ledgers()[CAMERA]

    def snapshots(self) -> list[Snapshot]:
        """What is in the spool, by capture time."""
        stored = self.spool.next_unsent((), (), max_messages=10_000, max_bytes=2**40)
        found = [codec.decode_snapshot(each.payload)[0] for each in stored]
        return sorted(found, key=lambda snapshot: snapshot.captured_at_ms)

    def offsets(self, camera_id: str = CAMERA) -> list[int]:
        return [each.captured_at_ms - EPOCH_MS for each in self.snapshots() if each.camera_id == camera_id]


class Opened(Protocol):
    """Opens premises that are closed when the test ends, however it does."""

    def __call__(
        self,
        *,
        folder: Path | None = None,
        limits: DeskLimits | None = None,
        cameras: tuple[str, ...] = (CAMERA,),
        has_room: Callable[[], bool] = lambda: True,
        held_after: int | None = None,
    ) -> Premises: ...


class Held:
    """A redactor that covers everything, up to a picture at which it waits to be let go."""

    def __init__(self, camera: processes.Camera, *, after: int) -> None:
        self._grey = GreyRedactor(camera)
        self._left = after
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def redact(self, selected: Selected) -> Redacted:
        if not self._left:
            self.reached.set()
            assert self.let_go.wait(LONG_S)
        self._left = max(0, self._left - 1)
        return self._grey.redact(selected)


class Watched:
    """What an ingest shows, kept."""

    def __init__(self) -> None:
        self.progress: list[Progress] = []
        self.waited: list[str] = []

    def show(self, progress: Progress) -> None:
        self.progress.append(progress)

    def waits(self, why: str) -> None:
        self.waited.append(why)


def street(path: Path, pictures: int = 50, *, b_frames: int = 2) -> Path:
    """Every picture another one, 40 ms apart, a keyframe every 400 ms."""
    return write_video(path, [noise(n) for n in range(pictures)], gop=10, b_frames=b_frames)


def rewritten(file: Path, to: Path, movflags: str) -> Path:
    """The same packets in an MP4 that is laid out otherwise."""
    with av.open(str(file)) as source, av.open(str(to), "w", options={"movflags": movflags}) as target:
        track = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                target.mux(packet)
    return to


def ingest(
    place: AgentAddress,
    carried: SendableRecording,
    *,
    again: bool = False,
    camera_id: str = CAMERA,
    shown: Watched | None = None,
) -> Progress | None:
    recording = RecordingRef(camera_id, EPOCH_MS, carried.facts().key)
    return Ingest(carried, recording, DeskClient(place), SystemClock(), shown or Watched(), again=again).run()


def request(
    place: AgentAddress, method: str, target: str, body: bytes | None = None, *, token: str | None = None
) -> tuple[int, bytes]:
    """As a foreign client does."""
    connection = http.client.HTTPSConnection(place.host, place.port, context=place.tls, timeout=LONG_S)
    try:
        connection.request(method, target, body, {"Authorization": f"Bearer {place.token if token is None else token}"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def target(camera_id: str = CAMERA, started_at_ms: int = EPOCH_MS, **more: object) -> str:
    extra = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/cameras/{camera_id}/recordings?started_at_ms={started_at_ms}{extra}"


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
