"""Snapshots, entries and pictures for tests of the cluster."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from provisioning.contracts import ids
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import (
    Box,
    ClockQuality,
    Machine,
    MachineClass,
    Picture,
    PictureState,
    Quality,
    Redaction,
    Snapshot,
)
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.entries import Entry
from ray_cluster.inference.appearance import DIMENSIONS, Appearance
from ray_cluster.maintenance.upkeep import Upkeep
from ray_cluster.query.lookalike import Lookalike
from ray_cluster.query.reader import Query
from tests.support.steady import together

NOW_MS = 1_795_521_600_000
"""2026-11-24 20:00 at +08:00, noon UTC."""
DAY_MS = 86_400_000
OFFSET_MINUTES = 480
RETENTION_DAYS = 30
CONFIG = """
archive_dir = "archive"
models_dir = "models"
auth_token_file = "ray.token"
query_token_file = "query.token"
[broker]
host = "127.0.0.1"
port = 1883
ca_file = "a"
cert_file = "b"
key_file = "c"
"""
CAR = Machine(cls=MachineClass.CAR, score=0.75, box=Box(x0=1, y0=2, x1=30, y1=20))
BIKE = Machine(cls=MachineClass.BICYCLE, score=0.5, box=Box(x0=10, y0=5, x1=20, y1=25))


@cache
def jpeg(shade: int = 90, width: int = 64, height: int = 48) -> bytes:
    picture = np.full((height, width, 3), shade, np.uint8)
    done, encoded = cv2.imencode(".jpg", picture)
    assert done
    return encoded.tobytes()


def snapshot(
    number: int,
    *,
    agent: str = "street",
    camera: str = "cam-1",
    at_ms: int | None = None,
    picture: bytes | None = None,
    machines: Sequence[Machine] = (),
    size: tuple[int, int] = (64, 48),
) -> Snapshot:
    """`picture` empty means withheld."""
    captured_at_ms = NOW_MS - 60_000 + number if at_ms is None else at_ms
    content = jpeg(number % 200) if picture is None else picture
    return Snapshot(
        observation_id=ids.observation_id(camera, captured_at_ms, f"n{number}"),
        agent_id=agent,
        camera_id=camera,
        source_key=f"n{number}",
        captured_at_ms=captured_at_ms,
        clock=ClockQuality.ARRIVAL,
        picture=Picture(
            state=PictureState.KEPT if content else PictureState.WITHHELD,
            width=size[0],
            height=size[1],
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        ),
        quality=Quality(sharpness=0.1, brightness=0.2, contrast=0.3),
        machines=tuple(machines),
        people=number % 5,
        redaction=Redaction(
            policy="test", models={"net": "0" * 64}, regions=(Box(x0=0, y0=0, x1=9, y1=9),), covered_share=0.01
        ),
    )


def message(envelope: Snapshot, picture: bytes) -> bytes:
    return codec.encode_snapshot(envelope, picture)


def entry(
    number: int,
    *,
    machines: Sequence[Machine] = (CAR,),
    picture: PictureState = PictureState.KEPT,
    agent: str = "street",
    camera: str = "cam-1",
    at_ms: int | None = None,
    received_at_ms: int = NOW_MS,
    appearances: Sequence[Appearance] = (),
) -> Entry:
    content = b"" if picture is PictureState.WITHHELD else jpeg(number % 200)
    envelope = snapshot(number, agent=agent, camera=camera, at_ms=at_ms, picture=content)
    kept = content if picture is PictureState.KEPT else b""
    return Entry(envelope, f"{number:064x}", received_at_ms, picture, kept, tuple(machines), tuple(appearances))


def look(seed: int, *, near: int | None = None, colour: MachineColour | None = None) -> Appearance:
    """A vector of its own for each seed; with `near`, beside that one's."""
    vector = np.random.default_rng(seed).standard_normal(DIMENSIONS)
    if near is not None:
        vector = np.random.default_rng(near).standard_normal(DIMENSIONS) + 0.3 * vector
    return Appearance(colour, None if colour is None else 0.5, (vector / np.linalg.norm(vector)).astype(np.float32))


def archiver(
    directory: Path, *, kind: type[Archiver] = Archiver, now_ms: int = NOW_MS, first_hours: int = 24
) -> Archiver:
    """`first_hours`: a day in one window, so that a test knows its tables by the day."""
    return kind(
        directory,
        retention_days=RETENTION_DAYS,
        offset_minutes=OFFSET_MINUTES,
        now=together(now_ms),
        first_hours=first_hours,
    )


def query(directory: Path) -> Query:
    return Query(directory, offset_minutes=OFFSET_MINUTES)


def lookalike(directory: Path, *, now_ms: int = NOW_MS) -> Lookalike:
    return Lookalike(directory, offset_minutes=OFFSET_MINUTES, now_ms=lambda: now_ms)


def upkeep(directory: Path) -> Upkeep:
    return Upkeep(directory, offset_minutes=OFFSET_MINUTES)
