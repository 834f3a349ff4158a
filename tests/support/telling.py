"""The real metrics with something in every one: an agent's, an intake's, an archiver's, a centre's, provisioning's."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import Histogram

from center.app import build
from center.metrics import MetricsInputs
from center.notify.message import Message
from edge_agent.metrics import families as agent_families
from provisioning.contracts.fleet.rollout import AgentProgress, RolloutKind, RolloutPhase, StopCause
from provisioning.contracts.query.archive import DayUpkeep, IntakeStatus, PackStoreStatus, StoredPacks, UpkeepStatus
from provisioning.home.home import Home
from provisioning.home.rollout_state import Progress, RolloutPlan, RolloutState
from provisioning.net.metrics import serving
from ray_cluster.archive.commit_metrics import CommitFigures
from ray_cluster.archive.entries import Entry, Receipt
from ray_cluster.archive.object_store.request_metrics import REQUESTS, StoreOperation, StoreResult
from ray_cluster.histogram import ROWS
from ray_cluster.intake.latency import Hops
from ray_cluster.query.admission import Admission, limits
from ray_cluster.serve.metrics import (
    ArchiveMetricsInputs,
    IntakeMetricsInputs,
    announced,
    archive_families,
    intake_families,
    query_families,
)
from tests.center.whole import configured
from tests.center.world import OpenLine
from tests.edge_agent.figures import agent_told, now_ms
from tests.ray_cluster.world import NOW_MS, entry
from tests.support.office import Clock, enrol, new_home


def intake_told() -> IntakeMetricsInputs:
    """Every figure is there, and grows."""
    began_s = time.monotonic()
    hops, groups = Hops(), Histogram("wayside_intake_group_rows", "", buckets=ROWS, registry=None)

    def status() -> IntakeStatus:
        n = 1 + int(10 * (time.monotonic() - began_s))
        at_ms = now_ms()
        hops.archived(
            captured_at_ms=at_ms - 900, received_at_ms=at_ms - 500, begun_at_ms=at_ms - 400, parsed_at_ms=at_ms,
            archived_at_ms=at_ms,
        )  # fmt: skip
        hops.acknowledged(0.1)
        groups.observe(8)
        return IntakeStatus(
            broker_connected=True, received=n, archived=n, duplicates=n, leaks=n, rejected={"malformed": n},
            dropped={"drop_newest": n}, in_flight=3, retries=n, waiting={"live": 1, "backlog": 2},
            at_work={"parser": 8},
        )  # fmt: skip

    return IntakeMetricsInputs(status, hops, groups)


def upkept(*recalls: float | None) -> UpkeepStatus:
    """An upkeep of so many days, with a fault."""
    days = tuple(
        DayUpkeep(
            name=f"2026112{number}", rows=100, fragments=3, index="IVF_SQ", indexed=95, unindexed=5, segments=1,
            closed=False, recall=recall,
        )
        for number, recall in enumerate(recalls)
    )  # fmt: skip
    return UpkeepStatus(at_ms=NOW_MS, days=days, faults=("no space",))


def archive_told() -> ArchiveMetricsInputs:
    """The same of an archiver."""
    figures = CommitFigures(now_ms)

    def waiting() -> int:
        entries: list[Entry] = [entry(1), entry(2)]
        figures._taken(entries, [Receipt(each.row_key, each.picture, 1, fresh=True) for each in entries], 0.05)
        figures.failures["ArchiveFull"] += 1
        return 3

    def store() -> PackStoreStatus:
        with REQUESTS.counted(StoreOperation.CREATE, lambda _: StoreResult.FAILED):
            pass
        return PackStoreStatus(endpoint="https://10.2.0.20", bucket="pictures", prefix="town", answers=True)

    packs = StoredPacks(at_ms=NOW_MS, packs=7, size_bytes=10**6, unreferenced=1)
    return ArchiveMetricsInputs(
        figures,
        waiting,
        lambda: "",
        lambda: 10**12,
        lambda: upkept(0.99).model_copy(update={"packs": packs}),
        pack_store=store,
    )


@contextmanager
def agent_door(port: int) -> Iterator[None]:
    """An agent's metrics at a port."""
    told = agent_told()
    with serving(lambda: agent_families(told), port):
        yield


@contextmanager
def cluster_doors(directory: Path) -> Iterator[None]:
    """An intake's, an archiver's and a query's, with their targets in `directory`."""
    intake, archive, admission = intake_told(), archive_told(), Admission(limits(cores=2))
    with (
        announced(lambda: intake_families(intake), directory, "intake"),
        announced(lambda: archive_families(archive), directory, "archive"),
        announced(lambda: query_families(admission), directory, "query"),
    ):
        yield


@contextmanager
def center_told(folder: Path) -> Iterator[MetricsInputs]:
    """A centre's, which is wired and does not serve: a loop did its work, and a message waits."""
    center = build(configured(folder, "http://127.0.0.1:9"), link=OpenLine(), clock=now_ms)
    notifier = center.services.notifier
    message = Message(id="waits", camera_id="gate", camera_name="gate", rule="r", at_ms=now_ms(), link="/")
    notifier.deliver(message, *notifier.channels)

    async def turn() -> None:
        await center.services.audit_keeper.loop.turn()
        await center.services.search.close()

    asyncio.run(turn())
    try:
        yield center.metrics
    finally:
        center.metrics.store.close()


def provisioning_home(directory: Path, port: int | None = None) -> Home:
    """Four agents, one of them not enrolled, one revoked; a roll-out that stopped by itself."""
    # A certificate ends on a whole second: one that was made on a whole second has 90 whole days, any other 89.
    home = new_home(directory, Clock(now_ms() // 1000 * 1000 + 1))
    for agent_id in ("gate", "yard", "gone"):
        enrol(home, agent_id)
    home.revoke("gone", "stolen")
    home.register.add_agent("late", "north")
    plan = RolloutPlan(agents=("gate", "yard"), soak_ms=0, apply_ms=1, silence_ms=1)
    agents = {"gate": Progress(state=AgentProgress.FAILED, failed=True), "yard": Progress()}
    state = RolloutState(plan=plan, agents=agents, phase=RolloutPhase.STOPPING, stopped=StopCause.ERROR_RATE)
    home.rollouts.start(RolloutKind.SOFTWARE, "2.0", "{}", state)
    home.config = home.config.model_copy(update={"metrics_port": port})
    return home
