"""A whole agent as a process fetches what the centre orders, is killed on the way, and looks closer for a time.

centre ──signed order──▶ Mosquitto ──▶ agent (process) ──INVITE──▶ GB/T 28181 device, its recordings and its live stream
   ▲                         │  ▲         kill -9, restart
   └──── tasks, retained ◀───┘  └── covered pictures ──▶ archive
"""

import signal
import time
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from provisioning.contracts.config.processes import Camera, Selector
from provisioning.contracts.fleet.commands import LIFE_MS, JobPhase, JobState, TaskCommand, TaskReport, Verb
from provisioning.contracts.fleet.documents import TASKS, Document, Power, Sealed, Warrant
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.topics import Role
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile
from provisioning.signing.documents import SealKey
from tests.edge_agent.premises import Archive, running
from tests.edge_agent.told import Centre
from tests.edge_agent.world import edge_config
from tests.support.exchange import Exchange
from tests.support.gb28181_agent import password_file, source
from tests.support.gb28181_devices import FIRST_ID, PASSWORD, PLATFORM_ID, Devices, film
from tests.support.mqtt_client import Client
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

pytestmark = [pytest.mark.losses, pytest.mark.peer, pytest.mark.timeout(400)]

AGENT = "street"
PACE = 4.0
SPAN_S = 80
LEAST_MS = 750
"""Least time between two pictures of a camera that may have one a second: they come up to a quarter early."""
REPEATED_S = 20
"""Seconds of the recording, at this pace, that a kill may have fetched again."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def is_covered(payload: bytes) -> bool:
    """True if all of a picture has the grey redactor's one colour."""
    _, picture = codec.decode_snapshot(payload)
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    return image is not None and bool((image == 128).all())


def files_in(folder: Path) -> set[str]:
    """Names of its files, without what SQLite adds to them."""
    return {path.name.partition("-")[0] for path in folder.rglob("*")}


class Office:
    """The centre's hand and ear at the broker: a key, a warrant for it, and what the agent reports."""

    def __init__(self, folder: Path, exchange: Exchange, seal: SealKey) -> None:
        self._key = SealKey.create(folder / "tasks.key")
        self._seal = seal
        self._client = Client(exchange.identity(Role.CENTER), exchange.services_port)
        self._client.subscribe(topics.tasks(AGENT))
        self._number = now_ms()
        self.close = self._client.close

    def warrant(self, *may: Power) -> Sealed:
        body = Warrant(key=self._key.seal.key, ends_at_ms=now_ms() + 10**9, may=may)
        return self._seal.sign(Document(addressee=TASKS, number=1, issued_at_ms=now_ms(), body=body))

    def order(self, verb: Verb, job: str, work: object = None, *may: Power) -> None:
        """Send it, and wait until the agent has taken it."""
        self._number += 1
        command = TaskCommand.model_validate(
            {
                "agent_id": AGENT,
                "camera_id": "gate",
                "number": self._number,
                "issued_at_ms": now_ms(),
                "expires_at_ms": now_ms() + LIFE_MS,
                "verb": verb,
                "job": job,
                "work": work,
            }
        )
        sealed = self._key.sign_command(command, self.warrant(*(may or (Power.CONTROL, Power.START))))
        assert self._client.publish(topics.commands(AGENT), codec.encode(sealed)) == "Success"
        until(lambda: (word := self.report().word) is not None and word.number == self._number, f"{verb} {job}")

    def report(self) -> TaskReport:
        reports = [codec.decode(TaskReport, payload) for _, payload in list(self._client.received)]
        return reports[-1] if reports else TaskReport(agent_id=AGENT, tasks={}, word=None)

    def job(self, job: str) -> JobState:
        return self.report().jobs[job]

    def words(self) -> list[str]:
        reports = [codec.decode(TaskReport, payload) for _, payload in list(self._client.received)]
        return [each.word.reason.code for each in reports if each.word is not None and each.word.reason is not None]


def test_a_span_is_fetched_through_a_kill_and_a_live_stream_is_looked_at_closer_for_a_time(
    tmp_path: Path, exchange: Exchange
) -> None:
    centre = Centre(tmp_path / "box")
    profile = DeviceProfile(PLATFORM_ID, PASSWORD, heartbeat_s=2.0, retry_s=0.2, pace=PACE)
    (channel,) = profile.channel_ids(FIRST_ID)
    gate = Camera(
        id="gate",
        source=source(FIRST_ID, channel, password_file(tmp_path), heartbeat_s=2.0, transport="tcp_passive"),
        selector=Selector(max_per_second=1, change_threshold=0, heartbeat_s=600),
    )
    port = free_port()
    edge = edge_config(
        tmp_path,
        gate,
        broker=exchange.section(AGENT).model_dump(),
        provisioning=centre.section.model_dump(),
        gb28181={"host": "127.0.0.1", "port": port, "platform_id": PLATFORM_ID},
    )
    office, archive = Office(tmp_path, exchange, centre.key), Archive(exchange)
    began_ms = now_ms() // 1000 * 1000 - 2 * SPAN_S * 1000
    ended_ms = began_ms + SPAN_S * 1000
    live_from_ms = ended_ms + SPAN_S * 500
    span = {"kind": "span", "span": {"started_at_ms": began_ms, "ended_at_ms": ended_ms}}

    def captured() -> list[int]:
        """Capture times of all pictures in the archive."""
        return sorted(codec.decode_snapshot(payload)[0].captured_at_ms for payload in list(archive.rows.values()))

    def offsets() -> list[int]:
        """Seconds of the span whose pictures are in the archive."""
        return [(at_ms - began_ms) // 1000 for at_ms in captured() if at_ms < live_from_ms]

    def closest_ms() -> int:
        """Least time between two pictures of the live stream."""
        return min(late - early for early, late in pairwise(at_ms for at_ms in captured() if at_ms >= live_from_ms))

    try:
        with Devices(("127.0.0.1", port), profile, footage=film()):
            with running(tmp_path, edge) as agent:
                until(lambda: office.report().agent_id == AGENT and len(archive.rows) > 1, "live pictures")
                office.order(Verb.START, "no", span, Power.CONTROL)
                assert (office.words(), office.report().jobs) == (["job_not_warranted"], {})
                office.order(Verb.START, "past", span)
                until(lambda: office.job("past").spooled > SPAN_S // 4, "a quarter")
                agent.kill()
                agent.wait()
            assert office.job("past").phase is JobPhase.RUNNING
            with running(tmp_path, edge) as agent:
                until(lambda: office.job("past").phase.has_ended, "the end", seen=lambda: office.job("past"))
                state = office.job("past")
                assert (state.phase, state.share_done(now_ms()), (state.speed or 0) > 1) == (JobPhase.DONE, 1.0, True)
                until(lambda: set(offsets()) == set(range(SPAN_S)), "all of it is archived", seen=offsets)
                assert len(offsets()) <= SPAN_S + REPEATED_S
                assert closest_ms() >= LEAST_MS
                live = {"kind": "live", "until_ms": now_ms() + 20_000, "max_per_second": 25}
                office.order(Verb.START, "closer", live)
                until(lambda: closest_ms() < LEAST_MS / 2, "a closer look", seen=lambda: len(archive.rows))
                until(lambda: office.job("closer").phase is JobPhase.DONE, "its end")
                state = office.job("closer")
                assert state.selected == state.spooled + sum(state.dropped.values())
                agent.send_signal(signal.SIGTERM)
                assert agent.wait(LONG_S) == 0
        assert all(is_covered(payload) for payload in archive.rows.values())
        assert files_in(tmp_path / "spool") == {"gb28181.db", "spool.db", "spool.lock", "tasks.json"}, "no picture"
    finally:
        archive.close()
        office.close()
