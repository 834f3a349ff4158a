"""Gathers the wall's figures from the sources that have them, each asked anew: none is kept from before."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Final, TypeVar

from center.access.districts import Districts
from center.access.permissions import EVERYWHERE, CameraKey
from center.clock import NowMs
from center.database.store import Store
from center.errors import QueryError, QueryTimeoutError
from center.fleet.devices import CameraView, Devices, DeviceState
from center.fleet.feed import Feed
from center.fleet.mqtt import Link
from center.health import BrokerAwayError
from center.search.client import Search
from center.wall.results import read_results
from center.wall.views import (
    Capacity,
    Collected,
    Coverage,
    DistrictCoverage,
    Source,
    StorageRoom,
    WallResults,
    WallView,
)
from provisioning.contracts.config.wall import Wall as WallConfig
from provisioning.contracts.query.archive import ArchiveGrowth, ClusterNodes, StorageStatus

WAIT_S: Final = 3.0
"""Seconds that a wall waits for one source: the other figures are known already."""
_T = TypeVar("_T")


class Wall:
    """Serves the figures of the whole centre to whoever may view the wall."""

    def __init__(
        self,
        config: WallConfig,
        *,
        store: Store,
        devices: Devices,
        districts: Districts,
        search: Search,
        feed: Feed,
        link: Link,
        now_ms: NowMs,
    ) -> None:
        self.config = config
        self._store = store
        self._devices = devices
        self._districts = districts
        self._search = search
        self._feed = feed
        self._link = link
        self._now_ms = now_ms

    async def view(self) -> WallView:
        """Gathers all figures.

        Raises:
            StoreUnavailableError: the database does not work.
        """
        faults: dict[Source, str] = {}
        at_ms = self._now_ms()
        if self._link.fault() is not None:
            faults[Source.BROKER] = BrokerAwayError.code
        cameras = self._devices.cameras()
        (coverage, results), growth, storage, nodes = await asyncio.gather(
            asyncio.to_thread(self._stored, at_ms, cameras),
            _answer(self._search.growth(), Source.ARCHIVE, faults),
            _answer(self._search.storage(), Source.ARCHIVE, faults),
            _answer(self._search.nodes(), Source.CLUSTER, faults),
        )
        is_told = Source.BROKER not in faults
        return WallView(
            at_ms=at_ms,
            coverage=coverage if is_told else coverage.model_copy(update={"online": None}),
            collected=self._collected(growth, storage),
            results=results,
            capacity=self._capacity(cameras, nodes, is_told=is_told),
            faults=faults,
        )

    def _stored(self, now_ms: int, cameras: tuple[CameraView, ...]) -> tuple[Coverage, WallResults]:
        with self._store.transaction() as session:
            results = read_results(session, now_ms=now_ms, target_s=self.config.targets.acknowledge_s)
        return self._coverage(cameras), results

    def _coverage(self, cameras: tuple[CameraView, ...]) -> Coverage:
        targets, statuses = self.config.targets, self._devices.statuses()
        keys = {CameraKey(camera.agent_id, camera.camera_id) for camera in cameras}
        districts = self._districts.all()
        placed = {key for district in districts for key in district.cameras}
        states = Counter(camera.state for camera in cameras)
        kinds = [statuses[key].source for key in keys if key in statuses]
        return Coverage(
            cameras=len(cameras),
            target=targets.cameras,
            online=states[DeviceState.ONLINE],
            districts=tuple(
                DistrictCoverage(
                    district_id=district.district_id,
                    name=district.name,
                    cameras=len(keys & set(district.cameras)),
                    target=targets.districts.get(district.district_id),
                )
                for district in districts
            ),
            outside=len(keys - placed),
            protocols=Counter(kind for kind in kinds if kind is not None),
            unnamed=kinds.count(None),
            states=states,
        )

    def _collected(self, growth: ArchiveGrowth | None, storage: StorageStatus | None) -> Collected:
        return Collected(
            snapshots=None if growth is None else sum(day.snapshots for day in growth.days),
            machines=None if growth is None else sum(day.machines for day in growth.days),
            days=None if growth is None else growth.days,
            storage=None
            if storage is None
            else StorageRoom(
                free_bytes=storage.free_bytes,
                total_bytes=storage.total_bytes,
                day_bytes=storage.day_bytes,
                days_left=storage.days_left,
            ),
            target_days=self.config.targets.storage_days,
        )

    def _capacity(self, cameras: tuple[CameraView, ...], nodes: ClusterNodes | None, *, is_told: bool) -> Capacity:
        """Without the broker (`is_told` false), what agents do now is not known."""
        targets, pace = self.config.targets, self._feed.pace.measure(EVERYWHERE)
        agents, heartbeats = self._devices.agents(), self._devices.heartbeats()
        online = [each.agent_id for each in agents if each.state is DeviceState.ONLINE]
        rates = [beat.rate for each in online if (beat := heartbeats.get(each)) and beat.rate is not None]
        alive = None if nodes is None else [node for node in nodes.nodes if node.alive]
        return Capacity(
            streams=sum(camera.state is DeviceState.ONLINE for camera in cameras) if is_told else None,
            streams_possible=len(cameras),
            streams_target=targets.streams,
            pictures_per_s=pace.per_minute / 60 if is_told and pace.per_minute is not None else None,
            pictures_possible_per_s=sum(rates) if rates else None,
            pictures_target_per_s=targets.pictures_per_s,
            lag_ms=pace.behind_ms if is_told else None,
            agents=len(agents),
            agents_online=len(online) if is_told else None,
            nodes=None if nodes is None else len(nodes.nodes),
            nodes_alive=None if alive is None else len(alive),
            gpus=None if alive is None else sum(node.gpus for node in alive),
        )


async def _answer(asked: Awaitable[_T], source: Source, faults: dict[Source, str]) -> _T | None:
    """Waits for an answer; None after the fault was added to `faults`."""
    try:
        async with asyncio.timeout(WAIT_S):
            return await asked
    except TimeoutError:
        faults[source] = QueryTimeoutError.code
    except QueryError as error:
        faults[source] = error.code
    return None
