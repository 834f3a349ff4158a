"""Samples the whole chain every few seconds, judges it, and keeps its history."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from center import background
from center.background import Periodic
from center.clock import NowMs
from center.database.store import Store
from center.errors import StoreUnavailableError
from center.fleet.devices import Devices
from center.fleet.mqtt import Link
from center.notify.service import Notifier
from center.notify.views import ChannelView
from center.pipeline.broker_figures import BrokerGauges
from center.pipeline.causes import ALARMED_ELSEWHERE, StageFinding
from center.pipeline.cluster_client import Cluster
from center.pipeline.history import History, StageHistory
from center.pipeline.judge import judge
from center.pipeline.judge_servers import StorageItem, StorageKind, items
from center.pipeline.probes import Prober
from center.pipeline.sample import Sample
from center.pipeline.stages import Stage, StageState
from center.pipeline.starting import as_starting, is_absent
from center.pipeline.verdict import CauseView, ChainViewBase, Figures, StageVerdict
from provisioning.contracts.config.pipeline import Pipeline as Limits

_ALARMED: Final = frozenset({StageState.RED, StageState.AMBER})


class StageView(ChainViewBase):
    """One stage. `since_ms`: begin of its present state, by the centre's clock."""

    stage: Stage
    state: StageState
    since_ms: int
    causes: tuple[CauseView, ...]
    """The worst first; none while it is green."""
    figures: Figures


class StorageItemView(ChainViewBase):
    """One file system, array or disk of a server."""

    server: str
    kind: StorageKind
    name: str
    state: StageState
    free_share: float | None
    """Free share of its space or inodes; None: nothing to measure."""
    code: str
    """Cause; empty while it is green."""

    @classmethod
    def of(cls, item: StorageItem) -> "StorageItemView":
        code = "" if item.finding is None else item.finding.cause.code
        return cls(
            server=item.server,
            kind=item.kind,
            name=item.name,
            state=item.state,
            free_share=item.free_share,
            code=code,
        )


class PipelineView(ChainViewBase):
    """The chain as last judged; `stages` in the order in which a picture meets them, then third parties in use."""

    at_ms: int
    window_s: float
    """Seconds over which figures and counts are taken; fewer right after the start."""
    stages: tuple[StageView, ...]
    storage: tuple[StorageItemView, ...]
    """Storage of each server, as node exporter measures it."""
    fault: str
    """The bug that ended the last round, after which the next begins; empty: none."""


@dataclass(frozen=True, slots=True)
class ChainState:
    """One judgement of the chain, with findings that a page can show in its own language."""

    sample: Sample
    before: Sample | None
    verdicts: tuple[StageVerdict, ...]
    since_ms: Mapping[Stage, int]
    storage: tuple[StorageItem, ...]

    def view(self, fault: str) -> PipelineView:
        """Returns the view for the API."""
        return PipelineView(
            at_ms=self.sample.at_ms,
            window_s=0.0 if self.before is None else (self.sample.at_ms - self.before.at_ms) / 1000,
            stages=tuple(
                StageView(
                    stage=each.stage,
                    state=each.state,
                    since_ms=self.since_ms[each.stage],
                    causes=tuple(map(CauseView.of, each.findings)),
                    figures=each.figures,
                )
                for each in self.verdicts
            ),
            storage=tuple(map(StorageItemView.of, self.storage)),
            fault=fault,
        )


class Pipeline:
    """Watches the chain of one centre. `last` may be read from any thread; `look` belongs to one loop."""

    def __init__(
        self,
        *,
        link: Link,
        devices: Devices,
        gauges: BrokerGauges,
        cluster: Cluster,
        notifier: Notifier,
        prober: Prober,
        store: Store,
        limits: Limits,
        now_ms: NowMs,
    ) -> None:
        self._link = link
        self._devices = devices
        self._gauges = gauges
        self._cluster = cluster
        self._notifier = notifier
        self.prober = prober
        self.limits = limits
        self._now_ms = now_ms
        self._samples: deque[Sample] = deque()
        self._history = History(store, limits.history_h)
        self._states: dict[Stage, tuple[StageState, int]] = {}
        self._worked: set[Stage] = set()
        self._began_ms = now_ms()
        self._lock = asyncio.Lock()
        self.loop = Periodic("the looking at the chain", limits.look_every_s, self._tick)
        self.last: ChainState | None = None
        """None before the first round."""

    def load(self) -> None:
        """Loads the history that was written before a restart.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        self._history.load(self._now_ms())

    async def look(self) -> ChainState:
        """Gathers evidence, judges the chain, keeps both."""
        async with self._lock:
            sample = await self._sample()
            before = self._before(sample.at_ms)
            judged = judge(sample, before, self.limits)
            self._worked |= {each.stage for each in judged if not is_absent(each)}
            age_ms = sample.at_ms - self._began_ms
            verdicts = tuple(as_starting(each, worked=self._worked, age_ms=age_ms) for each in judged)
            for each in verdicts:
                state, _ = self._states.get(each.stage, (None, 0))
                if state is not each.state:
                    self._states[each.stage] = each.state, sample.at_ms
            self._samples.append(sample)
            self._history.add(sample.at_ms, verdicts)
            with suppress(StoreUnavailableError):  # health reports that; the minutes wait
                await asyncio.to_thread(self._history.keep)
            since_ms = {stage: at_ms for stage, (_, at_ms) in self._states.items()}
            storage = items(sample.probes_of(Stage.STORAGE), self.limits)
            self.last = ChainState(sample, before, verdicts, since_ms, storage)
            return self.last

    async def view(self) -> PipelineView:
        """Returns the chain as last judged; the first call judges it."""
        return (self.last or await self.look()).view("" if self.loop.death is None else str(self.loop.death))

    def history(self, hours: float) -> tuple[StageHistory, ...]:
        """Returns the history of the last `hours`."""
        return self._history.stages(self._now_ms() - round(hours * 3_600_000))

    def starting(self) -> frozenset[Stage]:
        """Returns the stages that are still starting: all of them before the first judgement."""
        if self.last is None:
            return frozenset(Stage)
        return frozenset(each.stage for each in self.last.verdicts if each.state is StageState.STARTING)

    def faults(self) -> dict[str, StageFinding]:
        """Returns the worst fault of each stage that is red or amber, by name; cameras have rules of their own."""
        if self.last is None:
            return {}
        found: dict[str, StageFinding] = {}
        for verdict in self.last.verdicts:
            for finding in verdict.findings if verdict.stage is not Stage.DEVICES else ():
                if finding.state in _ALARMED and finding.cause not in ALARMED_ELSEWHERE:
                    found.setdefault(verdict.stage.value, finding)
        return found

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Judges the chain again and again while `with` lasts; then writes the history to its last minute."""
        try:
            async with background.running([self.loop, self.prober.loop]):
                yield
        finally:
            self.prober.close()
            await self._cluster.close()
            with suppress(StoreUnavailableError):  # a history without its last minute
                await asyncio.to_thread(self._history.keep, at_end=True)

    async def _tick(self) -> None:
        await self.look()

    async def _sample(self) -> Sample:
        answers, channels = await asyncio.gather(self._cluster.look(), asyncio.to_thread(self._channels))
        at_ms = self._now_ms()
        return Sample(
            at_ms=at_ms,
            link_fault=self._link.fault(),
            cameras=self._devices.cameras(),
            statuses=self._devices.statuses(),
            agents=self._devices.agents(),
            heartbeats=self._devices.heartbeats(),
            broker=self._gauges.broker(),
            answers=answers,
            passages=self._gauges.passages(at_ms - round(self.limits.window_s * 1000)),
            channels=channels,
            probes=self.prober.reports,
        )

    def _channels(self) -> tuple[ChannelView, ...]:
        """Reads the channels; without the database, returns the last ones: health reports that."""
        try:
            return self._notifier.channel_views()
        except StoreUnavailableError:
            return self._samples[-1].channels if self._samples else ()

    def _before(self, at_ms: int) -> Sample | None:
        """Returns the newest sample that is a window old, or the oldest there is; drops older ones."""
        limit_ms = at_ms - round(self.limits.window_s * 1000)
        while len(self._samples) > 1 and self._samples[1].at_ms <= limit_ms:
            self._samples.popleft()
        return self._samples[0] if self._samples else None
