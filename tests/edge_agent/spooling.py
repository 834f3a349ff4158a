"""A spool and what a test does to it: keep a picture, fill the disk, die without a word."""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

from edge_agent.clock import Clock
from edge_agent.spool import ledger
from edge_agent.spool.database import reading
from edge_agent.spool.spool import Spool
from provisioning.contracts.config import processes
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import ArchivedItem, Ledger, PictureState
from tests.edge_agent.world import FakeClock, frame, jpeg_of, redacted


def open_spool(folder: Path, clock: Clock | None = None, **limits: object) -> Spool:
    return Spool(processes.Spool.model_validate({"directory": folder, **limits}), clock or FakeClock())


def keep(spool: Spool, number: int, size: int = 1000, *, camera_id: str = "gate") -> ArchivedItem:
    """Select and append; returns the acknowledgement that the archive would send."""
    look = frame(number, camera_id=camera_id)
    assert spool.select(look.observation_id, camera_id)
    picture = redacted(look, jpeg_of(size))
    spool.append(picture)
    digest = codec.message_sha256(codec.encode_snapshot(picture.snapshot, picture.picture))
    return ArchivedItem(observation_id=look.observation_id, message_sha256=digest, picture=PictureState.KEPT)


def written(folder: Path) -> Ledger:
    """The ledger as it is on the disk."""
    with reading(folder) as db:
        return ledger.total(ledger.tally(db))


def fill(ballast: Path) -> None:
    """Somebody else's file, until the disk has not one byte left."""
    with ballast.open("ab", buffering=0) as file:
        for size in (1024 * 1024, 4096, 1):
            try:
                for _ in range(10_000):
                    file.write(bytes(size))
            except OSError:
                continue


def dies(live: Callable[[], None]) -> None:
    """Run `live` in a process that ends as by `kill -9`: nothing is closed, nothing flushed."""

    def live_and_die() -> None:
        live()
        os._exit(9)

    child = multiprocessing.get_context("fork").Process(target=live_and_die)
    child.start()
    child.join()
    assert child.exitcode == 9, "it did not come to its end"
