"""Ray's errors as ours: what a call carried may be the cause of some of them, and of others not."""

import asyncio

import pytest

from ray_cluster.errors import ArchiveFull, ClusterError, StageFault, Unavailable


async def _raises(error: Exception) -> None:
    raise error


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray's own, as it is imported
def test_a_fault_or_a_death_in_the_call_is_told_from_a_stage_that_is_away() -> None:
    from ray import exceptions  # noqa: PLC0415 - slow to import
    from ray.serve.exceptions import BackPressureError  # noqa: PLC0415

    from ray_cluster.serve.handles import answer  # noqa: PLC0415

    kinds: list[tuple[Exception, type[ClusterError]]] = [
        (exceptions.RayTaskError("parse", "traceback", MemoryError("31.7 GiB")), StageFault),  # type: ignore[no-untyped-call]
        (exceptions.ActorDiedError(), StageFault),
        (exceptions.WorkerCrashedError(), StageFault),
        (exceptions.OutOfMemoryError("killed"), StageFault),  # type: ignore[no-untyped-call]
        (exceptions.ActorUnavailableError("away", None), Unavailable),
        (exceptions.NodeDiedError("the machine ended"), Unavailable),  # type: ignore[no-untyped-call]
        (BackPressureError(num_queued_requests=64, max_queued_requests=64), Unavailable),
        (TimeoutError(), Unavailable),
        (ArchiveFull("no space"), ArchiveFull),
    ]
    for error, kind in kinds:
        with pytest.raises(ClusterError) as caught:
            asyncio.run(answer(_raises(error)))
        assert type(caught.value) is kind, error
        assert str(caught.value)
