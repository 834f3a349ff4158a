"""A stage that does what its argument says, and what its caller meets: in its own process, or over a Serve handle.

`python -m tests.support.seam_stage FILE` starts Ray, calls it over handles and writes the outcomes as one JSON object.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from provisioning.contracts.wire.messages import PictureState
from ray_cluster.archive.entries import Entry, Receipt, Sighting
from ray_cluster.errors import ArchiveFull, Fenced
from ray_cluster.inference.appearance import UNSEEN, Appearance
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from ray_cluster.intake.stages import Stages
from tests.ray_cluster.world import CAR, entry

ACTS = ("answer", "cluster-error", "other-cluster-error", "fault", "memory", "timeout", "ended")
SEAMS = ("parse", "inspect", "embed", "known", "archive")


class SeamStage:
    """Every stage at once. The camera of an argument names the act."""

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        """See `ParserStage`."""
        _act(photos[0].camera_id)
        return [Parsed((CAR,), 2), Unreadable("no JPEG")]

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        """See `CanaryStage`."""
        _act(photos[0].camera_id)
        return [True, Unreadable("no JPEG")]

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        """See `EmbedderStage`."""
        _act(requests[0].photo.camera_id)
        return [(UNSEEN,), Unreadable("no JPEG")]

    async def known(self, sightings: Sequence[Sighting]) -> dict[str, Receipt]:
        """See `ArchiverStage`."""
        _act(sightings[0].row_key)
        return {each.row_key: _receipt(each.row_key) for each in sightings}

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        """See `ArchiverStage`."""
        _act(entries[0].snapshot.camera_id)
        return [_receipt(each.row_key) for each in entries]


def _receipt(row_key: str) -> Receipt:
    return Receipt(row_key, PictureState.KEPT, 7, fresh=True)


def _act(name: str) -> None:
    """Raise as a stage may; the last one as a replica that ends, which cancels what waits in it."""
    errors: dict[str, BaseException] = {
        "cluster-error": ArchiveFull("no space"),
        "other-cluster-error": Fenced("another archiver"),
        "fault": KeyError("boxes"),
        "memory": MemoryError("31.7 GiB"),
        "timeout": TimeoutError("of the stage's own"),
        "ended": asyncio.CancelledError(),
    }
    if name in errors:
        raise errors[name]


async def outcomes(stages: Stages) -> dict[str, str]:
    """What each call meets, by seam and act."""
    found = {}
    for act in ACTS:
        photo = Photo(b"picture", 64, 48, (), "street", act)
        one = entry(1, camera=act)
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "parse": lambda photo=photo: stages.parser.parse([photo, photo]),  # type: ignore[misc]
            "inspect": lambda photo=photo: stages.canary.inspect([photo, photo]),  # type: ignore[misc]
            "embed": lambda photo=photo: stages.embedder.embed([Sitter(photo, (CAR,))] * 2),  # type: ignore[misc]
            "known": lambda act=act: stages.archiver.known([Sighting(act, 1), Sighting("b", 2)]),  # type: ignore[misc]
            "archive": lambda one=one: stages.archiver.archive([one, entry(2)]),  # type: ignore[misc]
        }
        for seam, call in calls.items():
            try:
                found[f"{seam}: {act}"] = repr(await call())
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - its kind is the outcome
                found[f"{seam}: {act}"] = type(error).__name__
    return found


def main() -> None:
    """See the module."""
    import ray  # noqa: PLC0415 - slow to import
    from ray import serve  # noqa: PLC0415

    from ray_cluster.serve.handles import ArchiverHandle, CanaryHandle, EmbedderHandle, ParserHandle  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="ws-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        ray.init(
            num_cpus=2,
            object_store_memory=80 * 1024**2,
            include_dashboard=False,
            configure_logging=False,
            log_to_driver=False,
            _node_ip_address="127.0.0.2",
            _temp_dir=folder,
        )
        try:
            serve.start(proxy_location="Disabled")
            # By the module's name, not `__main__`: the replica imports it in a process of its own.
            from tests.support import seam_stage  # noqa: PLC0415

            deployment: Any = serve.deployment(name="stage", max_ongoing_requests=16)(seam_stage.SeamStage)
            handle = serve.run(deployment.bind(), name="seam", route_prefix=None)
            stages = Stages(ParserHandle(handle), CanaryHandle(handle), EmbedderHandle(handle), ArchiverHandle(handle))
            found = asyncio.run(seam_stage.outcomes(stages))
        finally:
            serve.shutdown()  # type: ignore[no-untyped-call] # Ray has no type for it
            ray.shutdown()
    Path(sys.argv[1]).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
