"""One day through intakes and archiver: what went in, what came out, when, and what it cost."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from bench.county.centre import Centre
from bench.county.day import DAY_S, HOURS, Day, Taken
from bench.county.edges import RECEIVE_MAXIMUM, Boxes, County, Line, Member
from ray_cluster.archive.commit_metrics import CommitFigures
from ray_cluster.archive.lance_tables import connect, window_names
from ray_cluster.archive.schema import OBJECTS, SNAPSHOTS
from ray_cluster.histogram import total
from ray_cluster.intake.acknowledgements import Acks
from ray_cluster.intake.agent_proofs import AgentProofs
from ray_cluster.intake.intake import Intake
from ray_cluster.intake.latency import Hop
from ray_cluster.intake.mqtt_client import Delivery
from ray_cluster.intake.stages import Stages
from ray_cluster.query.reader import Query

BASE_MS: Final = 1_795_449_600_000
"""2026-11-24 00:00 at +08:00: the day that is played, whenever that is."""
PICTURE: Final = b"\xff\xd8\xff\xe0" + bytes(252)
AGAIN_EVERY: Final = 100
"""One acknowledgement in so many is lost, and the snapshot sent again."""
_TICK_S: Final = 0.005
_PATIENCE_S: Final = 300.0


@dataclass
class Hour:
    """One of the 24 that were played; seconds are real ones."""

    taken: int = 0
    archived: int = 0
    waiting: int = 0
    lags_s: list[float] = field(default_factory=list)


class Outage:
    """What waits when it ends, and how that goes; `ends_s` is when it ends."""

    def __init__(self, ends_s: float) -> None:
        self._ends_s = ends_s
        self._before = 0
        self._at_end = (0, 0)
        self.backlog = 0
        self.drain_s = 0.0
        """Until no more waits than before it; 0 if that did not come, or no more waited at its end."""
        self.heard = 0
        """Archived meanwhile."""
        self.taken = 0
        """Taken meanwhile."""

    @property
    def rate(self) -> float:
        """Snapshots a second that were archived until the backlog was gone."""
        return self.heard / self.drain_s if self.drain_s else 0.0

    def note(self, at_s: float, *, is_out: bool, waiting: int, taken: int, heard: int) -> None:
        """As of now."""
        if is_out:
            self.backlog, self._at_end = waiting, (taken, heard)
        elif not self.backlog:
            self._before = waiting
        elif self.backlog > self._before and not self.drain_s and at_s > self._ends_s and waiting <= self._before + 1:
            self.drain_s = at_s - self._ends_s
            self.taken, self.heard = taken - self._at_end[0], heard - self._at_end[1]


@dataclass(frozen=True)
class Ran:
    """A run. Times in real seconds, cost in processor seconds."""

    intakes: int
    agents: int
    day_s: float
    """How long the day took; `seconds`: until everything was archived."""
    seconds: float
    hours: list[Hour]
    taken: int
    rows: int
    distinct: int
    objects: int
    duplicates: int
    repeated: int
    left: int
    outage: Outage
    busy_share: float
    intake_cpu_s: float
    archive_cpu_s: float
    driver_cpu_s: float
    commits: CommitFigures
    held_s: float
    message_bytes: float
    snapshot_row_bytes: float
    object_row_bytes: float

    @property
    def lost(self) -> int:
        """Taken and not in the archive; what still waits at the end is not lost."""
        return self.taken - self.distinct - self.left

    @property
    def twice(self) -> int:
        """Rows beyond one for each id."""
        return self.rows - self.distinct


class _Cost:
    """Processor seconds of this thread that are the driver's and not the intake's."""

    def __init__(self) -> None:
        self.spent_s = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what happens inside; nothing inside may wait."""
        began_s = time.thread_time()
        try:
            yield
        finally:
            self.spent_s += time.thread_time() - began_s

    def given_back(self, deliver: Callable[[Delivery], None]) -> Callable[[Delivery], None]:
        """The intake's part in what the driver calls is the intake's."""

        def delivered(delivery: Delivery) -> None:
            began_s = time.thread_time()
            deliver(delivery)
            self.spent_s -= time.thread_time() - began_s

        return delivered


class _Counted(Line):
    """The driver's part in what intake calls is the driver's."""

    def __init__(self, boxes: Boxes, member: Member, cost: _Cost) -> None:
        super().__init__(boxes, member)
        self._cost = cost

    def publish(self, topic: str, payload: bytes) -> bool:
        """See `Line`."""
        with self._cost.counted():
            return super().publish(topic, payload)


def played(day: Day, snapshots: list[Taken], *, seconds: float, intakes: int, seed: int, folder: Path) -> Ran:
    """Play the day in `seconds`, then wait until everything is archived."""
    return asyncio.run(_Replay(day, snapshots, seconds, intakes, folder).run(seed))


class _Replay:
    """One run. Times are seconds since its begin."""

    def __init__(self, day: Day, snapshots: list[Taken], seconds: float, intakes: int, folder: Path) -> None:
        self._day = day
        self._snapshots = snapshots
        self._seconds = seconds
        self._intakes = intakes
        self._folder = folder
        self._began_s = time.monotonic()
        self._cost = _Cost()
        self._hours = [Hour() for _ in range(HOURS)]
        county = County(lambda taken: BASE_MS + round(self._due_s(taken) * 1000), PICTURE)
        self._boxes = Boxes(day, county, lambda taken: taken.number % AGAIN_EVERY == 0, self._archived)
        self._position = 0
        self._heard = 0
        self._outage = Outage(day.outage_h[1] * 3600 / DAY_S * seconds)

    async def run(self, seed: int) -> Ran:
        """From midnight to midnight, and until nothing waits."""
        centre = Centre(self._folder, self._now_ms, seed)
        work = [asyncio.create_task(centre.batcher.run())]
        made = [self._intake(centre) for _ in range(self._intakes)]
        work += [asyncio.create_task(intake.run(line, acks)) for intake, line, acks in made]
        cpu_s, loop_cpu_s = time.process_time(), time.thread_time()
        self._began_s = time.monotonic()
        while self._at_s() < self._seconds + _PATIENCE_S and not self._is_over():
            with self._cost.counted():
                self._tick()
            await asyncio.sleep(_TICK_S)
        ended_s = self._at_s()
        cpu_s, loop_cpu_s = time.process_time() - cpu_s, time.thread_time() - loop_cpu_s
        for task in work:
            if task.done():
                task.result()  # a worker that ended has a reason
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        centre.close()
        status = Query(self._folder, offset_minutes=480).status()
        held = [intake.hops.total(hop).sum for intake, _, _ in made for hop in (Hop.PARSE, Hop.COMMIT)]
        snapshot_bytes, object_bytes = _sizes(self._folder)
        return Ran(
            intakes=self._intakes,
            agents=self._day.agents,
            day_s=self._seconds,
            seconds=ended_s,
            hours=self._hours,
            taken=len(self._snapshots),
            rows=status.rows,
            distinct=status.distinct_ids,
            objects=status.objects,
            duplicates=sum(intake.status(line, acks).duplicates for intake, line, acks in made),
            repeated=self._boxes.repeated,
            left=self._boxes.waiting,
            outage=self._outage,
            busy_share=total(centre.commits.seconds).sum / ended_s,
            intake_cpu_s=loop_cpu_s - self._cost.spent_s,
            archive_cpu_s=cpu_s - loop_cpu_s,
            driver_cpu_s=self._cost.spent_s,
            commits=centre.commits,
            held_s=sum(held) / max(1, status.rows),
            message_bytes=self._boxes.message_bytes / max(1, self._boxes.sent),
            snapshot_row_bytes=snapshot_bytes / max(1, status.rows),
            object_row_bytes=object_bytes / max(1, status.objects),
        )

    def _intake(self, centre: Centre) -> tuple[Intake, Line, Acks]:
        proofs = AgentProofs(lambda _: False, pictures=0, now_ms=self._now_ms)
        stages = Stages(centre, centre, centre, centre)
        intake = Intake(stages, proofs=proofs, now_ms=self._now_ms, room=RECEIVE_MAXIMUM)
        member = Member(self._cost.given_back(intake.deliver))
        self._boxes.members.append(member)
        line = _Counted(self._boxes, member, self._cost)
        return intake, line, Acks(line, on_sent=intake.hops.acknowledged)

    def _tick(self) -> None:
        passed_s = self._at_s()
        first = self._position
        while self._position < len(self._snapshots) and self._due_s(self._snapshots[self._position]) <= passed_s:
            self._hours[min(int(self._snapshots[self._position].at_s / 3600), HOURS - 1)].taken += 1
            self._position += 1
        self._boxes.take(self._snapshots[first : self._position])
        is_out = self._day.is_out(passed_s / self._seconds * DAY_S)
        if not is_out:
            self._boxes.pump()
        self._hour().waiting = self._boxes.waiting
        self._outage.note(passed_s, is_out=is_out, waiting=self._boxes.waiting, taken=self._position, heard=self._heard)

    def _archived(self, taken: Taken) -> None:
        self._heard += 1
        self._hour().archived += 1
        self._hour().lags_s.append(self._at_s() - self._due_s(taken))

    def _is_over(self) -> bool:
        return self._position == len(self._snapshots) and not self._boxes.waiting

    def _hour(self) -> Hour:
        return self._hours[min(int(self._at_s() / self._seconds * HOURS), HOURS - 1)]

    def _at_s(self) -> float:
        return time.monotonic() - self._began_s

    def _now_ms(self) -> int:
        return BASE_MS + round(self._at_s() * 1000)

    def _due_s(self, taken: Taken) -> float:
        return taken.at_s / DAY_S * self._seconds


def _sizes(folder: Path) -> tuple[int, int]:
    """Bytes of both tables, compacted and with one version each, as a closed day has them."""
    tables = connect(folder)
    sizes = {SNAPSHOTS: 0, OBJECTS: 0}
    for window in window_names(tables):
        for kind in sizes:
            tables.open_table(kind + window).optimize(cleanup_older_than=timedelta(0))
            files = (folder / "tables" / f"{kind}{window}.lance").rglob("*")
            sizes[kind] += sum(file.stat().st_size for file in files if file.is_file())
    return sizes[SNAPSHOTS], sizes[OBJECTS]
