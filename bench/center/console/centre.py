"""A centre in a process of its own as `wayside-center run` starts it, its broker's line standard input.

Beside it a well of pictures in place of the archive, for a page that is open for minutes.
"""

import base64
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import httpx
import uvicorn
from fastapi import Header, Response

from center import credentials
from provisioning.contracts import ids
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.wire import codec, topics
from provisioning.contracts.wire.messages import (
    CameraState,
    CameraStatus,
    ClockQuality,
    HopTimes,
    Machine,
    Observed,
    ObservedItem,
    PictureState,
)
from tests.center.fake_archive import FakeArchive
from tests.center.street import observation
from tests.center.world import heartbeat
from tests.support.ports import free_port

ROOT: Final = Path(__file__).parents[3]
USERNAME, PASSWORD = "operator", "seven wet umbrellas"
PATIENCE_S: Final = 120.0
DRAWINGS: Final = 60
CAMERAS_AN_AGENT: Final = 10


def source(number: int) -> tuple[str, str]:
    """Agent and camera, as `bench.cluster.search` names them."""
    return f"agent-{number // CAMERAS_AN_AGENT}", f"cam-{number}"


@dataclass(frozen=True, slots=True)
class Centre:
    """One that serves."""

    url: str
    process: "subprocess.Popen[str]"
    client: httpx.Client
    """Logged in as the administrator."""

    @property
    def session(self) -> str:
        """The value of its cookie."""
        return str(self.client.cookies[credentials.SESSION])

    def say(self, topic: str, payload: bytes) -> None:
        """As the broker would."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"topic": topic, "payload": base64.b64encode(payload).decode()}) + "\n")
        self.process.stdin.flush()

    def meet(self, cameras: int) -> None:
        """Cameras that are online, in places, ten an agent; it returns when the centre lists them."""
        now_ms = int(time.time() * 1000)
        for agent in sorted({source(number)[0] for number in range(cameras)}):
            beat = heartbeat(sent_at_ms=now_ms).model_copy(update={"agent_id": agent})
            self.say(topics.heartbeat(agent), codec.encode(beat))
        for number in range(cameras):
            agent, camera = source(number)
            status = CameraStatus(
                agent_id=agent,
                camera_id=camera,
                name=f"Station Street {number}",
                state=CameraState.ONLINE,
                cause="",
                since_ms=now_ms - 3_600_000,
                latitude=31.9 + number % 25 / 100,
                longitude=118.6 + number // 25 / 100,
            )
            self.say(topics.camera_status(agent, camera), codec.encode(status))
        end_s = time.monotonic() + PATIENCE_S
        while len(self.client.get("/api/cameras").json()) < cameras:
            if time.monotonic() > end_s:
                raise TimeoutError("the centre does not list the cameras that it was told of")
            time.sleep(0.2)  # it has no event for it

    def hint(self, number: int, sequence: int) -> None:
        """One row of this camera was committed now."""
        now_ms = int(time.time() * 1000)
        agent, camera = source(number)
        item = ObservedItem(
            observation_id=ids.observation_id(camera, now_ms, f"n{sequence}"),
            camera_id=camera,
            captured_at_ms=now_ms,
            picture=PictureState.KEPT,
            machines=tuple(
                Machine(cls=each.cls, score=each.score, box=each.box) for each in drawn(sequence % DRAWINGS)[0].machines
            ),
            people=0,
            width=1280,
            height=720,
            clock=ClockQuality.ARRIVAL,
            times=HopTimes(published_at_ms=now_ms, received_at_ms=now_ms, committed_at_ms=now_ms),
        )
        self.say(topics.observed(agent), codec.encode(Observed(agent_id=agent, commit_seq=sequence, items=(item,))))


@contextmanager
def centre(folder: Path, query_url: str, token: str, *, settings: str = "") -> Iterator[Centre]:
    """Started, with an administrator; `settings` are more sections of its configuration."""
    port = free_port()
    folder.mkdir(parents=True)
    secret = folder / "query-token"
    secret.write_text(token)
    secret.chmod(0o600)
    config = folder / "center.toml"
    config.write_text(
        f'port = {port}\nquery_url = "{query_url}"\nquery_token_file = "query-token"\ndata_dir = "data"\n'
        '[broker]\nhost = "127.0.0.1"\nca_file = "ca.pem"\ncert_file = "center.pem"\nkey_file = "center.key"\n'
        + settings
    )
    command = [sys.executable, "-m", "bench.center.console.served", str(config)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        if not any(line.startswith("ready ") for line in process.stdout):
            raise RuntimeError("the centre did not start")
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=PATIENCE_S) as client:
            known = {"username": USERNAME, "password": PASSWORD}
            code = (folder / "data" / "setup-code").read_text(encoding="ascii").strip()
            client.post("/api/setup", json={"code": code, **known}).raise_for_status()
            client.post("/api/login", json=known).raise_for_status()
            yield Centre(url, process, client)
    finally:
        process.terminate()
        process.wait(timeout=30)


@cache
def drawn(seed: int) -> tuple[Observation, bytes]:
    """One of the streets that are seen again and again."""
    return observation("cam-0", int(time.time() * 1000), seed)


class Well(FakeArchive):
    """Has a picture under every key, one of a few dozen, and keeps none: an archive that does not grow."""

    def _one(self, row_key: str, authorization: Annotated[str | None, Header()] = None) -> Response | Observation:
        fault = self._enter("/observations/one", authorization)
        self.asked.clear()
        row, _jpeg = drawn(_seed(row_key))
        snapshot = row.snapshot.model_copy(update={"row_key": row_key, "agent_id": ids.agent_of(row_key)})
        return fault or row.model_copy(update={"snapshot": snapshot})

    def _picture(self, row_key: str, authorization: Annotated[str | None, Header()] = None) -> Response:
        return self._enter("/observations/picture", authorization) or Response(
            drawn(_seed(row_key))[1], media_type="image/jpeg"
        )


def _seed(row_key: str) -> int:
    return int(row_key.rpartition(":")[2][:6], 16) % DRAWINGS


def serve_well(port: int) -> None:
    """In a process of its own."""
    for seed in range(DRAWINGS):
        drawn(seed)
    uvicorn.run(Well().app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def newest(cameras: int, count: int) -> Sequence[tuple[str, str]]:
    """Whose pictures are the newest, the cameras taking turns."""
    return [source(number % cameras) for number in range(count)]
