"""Each figure of the wall equals what another query says of it: another route, or archive and broker themselves."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Final

import httpx
import pytest

from center.access.permissions import CameraKey
from center.clock import ZONE
from center.fleet.devices import Devices
from center.wall.results import read_results
from center.wall.service import Wall
from provisioning.contracts.config.wall import Wall as WallConfig
from provisioning.contracts.config.wall import WallTargets
from provisioning.contracts.query.archive import ClusterNode, ClusterNodes, StorageStatus
from provisioning.contracts.wire.messages import CameraState, SourceKind
from tests.center.conftest import World
from tests.center.street import AGENT, NOW_MS, observation
from tests.center.whole import ADMINISTRATOR, OTHER, PLACE, Whole, enforced, whole_centre
from tests.center.world import camera_status, heartbeat
from tests.e2e.photographs import NUMBER, fill
from tests.support.waiting import until

WEEK_MS: Final = 7 * 86_400_000
FRESH: Final = 6
"""Snapshots of the last minute."""


@dataclass(frozen=True)
class Asked:
    """A filled centre, an administrator's browser, and the wall as it answered."""

    whole: Whole
    browser: httpx.Client
    wall: dict[str, Any]

    def get(self, path: str) -> Any:
        return self.browser.get(f"/api{path}").raise_for_status().json()

    def alarms(self) -> list[dict[str, Any]]:
        """Every alarm with its events."""
        return [self.get(f"/alarms/{each['id']}") for each in self.get("/alarms?limit=200")["items"]]

    def taken_s(self) -> list[float]:
        """Seconds until each alarm was acknowledged or closed."""
        times = []
        for each in self.alarms():
            first = [e["at_ms"] for e in each["events"] if e["event"] in {"acknowledged", "closed"}]
            times += [(min(first) - each["alarm"]["times"]["decided_at_ms"]) / 1000] if first else []
        return times

    def observations(self) -> list[dict[str, Any]]:
        return list(self.get("/observations?limit=200")["items"])

    def sightings(self) -> dict[str, int]:
        """Confirmed sightings by case."""
        found = {each["number"]: len(self.get(f"/cases/{each['number']}/sightings")["items"]) for each in self.cases()}
        return {number: count for number, count in found.items() if count}

    def cases(self) -> list[dict[str, Any]]:
        return list(self.get("/cases")["items"])


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with whole_centre(tmp_path_factory.mktemp("whole")) as whole:
        fill(whole)
        devices, archive = whole.services.devices, whole.archive
        _kinds(devices)
        archive.nodes = ClusterNodes(
            nodes=(ClusterNode(alive=True, gpus=2), ClusterNode(alive=True, gpus=0), ClusterNode(alive=False, gpus=1))
        )
        archive.storage = StorageStatus(free_bytes=6 * 10**11, total_bytes=10**12, day="20261123", day_bytes=10**10)
        with whole.browser(ADMINISTRATOR) as browser:
            whole.clock.now_ms += 61_000
            (alarm,) = browser.get("/api/alarms").json()["items"]
            browser.post(f"/api/alarms/{alarm['id']}/acknowledge", json={}).raise_for_status()
            enforced(browser, PLACE)
            for number in range(FRESH):
                whole.archived(*observation("cam-1", whole.clock.now_ms - 1000 * number, 300 + number))
            for agent_id, rate in ((AGENT, 4.0), (OTHER, 2.5)):
                devices.heard(heartbeat().model_copy(update={"agent_id": agent_id, "rate": rate}))
            until(lambda: len(browser.get("/api/alarms").json()["items"]) == 2, "another alarm is open")
            yield Asked(whole, browser, browser.get("/api/wall").raise_for_status().json())


def _kinds(devices: Devices) -> None:
    """Two cameras name their protocol, and one more is uploads at a desk."""
    for camera_id, kind in (("cam-1", SourceKind.RTSP), ("cam-2", SourceKind.GB28181)):
        devices.changed(camera_status(camera_id).model_copy(update={"source": kind}))
    desk = camera_status("desk", state=CameraState.PAUSED)
    devices.changed(desk.model_copy(update={"source": SourceKind.UPLOAD}))


def _cameras(asked: Asked) -> set[tuple[str, str]]:
    return {(each["agent_id"], each["camera_id"]) for each in asked.get("/cameras")}


def _districts(asked: Asked) -> dict[str, set[tuple[str, str]]]:
    return {
        each["district_id"]: {(key["agent_id"], key["camera_id"]) for key in each["cameras"]}
        for each in asked.get("/districts")
    }


def _day(row: dict[str, Any]) -> str:
    return datetime.fromtimestamp(row["captured_at_ms"] / 1000, ZONE).strftime("%Y%m%d")


def _kinds_reported(asked: Asked) -> Counter[str | None]:
    return Counter(status.source and status.source.value for status in asked.whole.services.devices.statuses().values())


FIGURES: Final[dict[str, tuple[Callable[[dict[str, Any]], Any], Callable[[Asked], Any]]]] = {
    "cameras": (lambda wall: wall["coverage"]["cameras"], lambda asked: len(_cameras(asked))),
    "cameras online": (
        lambda wall: wall["coverage"]["online"],
        lambda asked: sum(each["state"] == "online" for each in asked.get("/cameras")),
    ),
    "cameras by state": (
        lambda wall: wall["coverage"]["states"],
        lambda asked: Counter(each["state"] for each in asked.get("/cameras")),
    ),
    "cameras by protocol": (
        lambda wall: wall["coverage"]["protocols"] | {None: wall["coverage"]["unnamed"]},
        _kinds_reported,
    ),
    "cameras by district": (
        lambda wall: {each["district_id"]: each["cameras"] for each in wall["coverage"]["districts"]},
        lambda asked: {name: len(keys & _cameras(asked)) for name, keys in _districts(asked).items()},
    ),
    "cameras in no district": (
        lambda wall: wall["coverage"]["outside"],
        lambda asked: len(_cameras(asked) - set().union(*_districts(asked).values())),
    ),
    "snapshots": (lambda wall: wall["collected"]["snapshots"], lambda asked: len(asked.observations())),
    "vehicles": (
        lambda wall: wall["collected"]["machines"],
        lambda asked: sum(len(each["machines"]) for each in asked.observations()),
    ),
    "snapshots by day": (
        lambda wall: {each["day"]: each["snapshots"] for each in wall["collected"]["days"]},
        lambda asked: Counter(map(_day, asked.observations())),
    ),
    "growth per day": (
        lambda wall: wall["collected"]["storage"]["day_bytes"],
        lambda asked: asked.whole.archive.storage.day_bytes,
    ),
    "storage left": (
        lambda wall: wall["collected"]["storage"]["days_left"],
        lambda asked: asked.whole.archive.storage.days_left,
    ),
    "alarms by severity": (
        lambda wall: {name: count for name, count in wall["results"]["alarms"].items() if count},
        lambda asked: Counter(each["alarm"]["severity"] for each in asked.alarms()),
    ),
    "open alarms": (
        lambda wall: wall["results"]["waiting"],
        lambda asked: len(asked.get("/alarms?state=open&state=escalated")["items"]),
    ),
    "alarms taken": (lambda wall: wall["results"]["taken"], lambda asked: len(asked.taken_s())),
    "response time": (lambda wall: wall["results"]["median_taken_s"], lambda asked: median(asked.taken_s())),
    "cases by state": (
        lambda wall: {name: count for name, count in wall["results"]["cases"].items() if count},
        lambda asked: Counter(each["state"] for each in asked.cases()),
    ),
    "vehicles found": (lambda wall: wall["results"]["machines_found"], lambda asked: len(asked.sightings())),
    "sightings": (lambda wall: wall["results"]["sightings"], lambda asked: sum(asked.sightings().values())),
    "exports": (
        lambda wall: wall["results"]["exports"],
        lambda asked: sum(each["state"] in {"ready", "removed"} for each in asked.get("/evidence")),
    ),
    "streams": (
        lambda wall: (wall["capacity"]["streams"], wall["capacity"]["streams_possible"]),
        lambda asked: (sum(each["state"] == "online" for each in asked.get("/cameras")), len(_cameras(asked))),
    ),
    "snapshots per second": (lambda wall: wall["capacity"]["pictures_per_s"], lambda asked: FRESH / 60),
    "snapshots per second possible": (
        lambda wall: wall["capacity"]["pictures_possible_per_s"],
        lambda asked: sum(beat.rate or 0 for beat in asked.whole.services.devices.heartbeats().values()),
    ),
    "parsing delay": (
        lambda wall: wall["capacity"]["lag_ms"],
        lambda asked: median(
            row.snapshot.committed_at_ms - row.snapshot.received_at_ms for row in asked.whole.archive.rows[:FRESH]
        ),
    ),
    "agents": (
        lambda wall: (wall["capacity"]["agents_online"], wall["capacity"]["agents"]),
        lambda asked: (
            sum(each["state"] == "online" for each in asked.get("/agents")),
            len(asked.get("/agents")),
        ),
    ),
    "cluster nodes": (lambda wall: (wall["capacity"]["nodes_alive"], wall["capacity"]["nodes"]), lambda asked: (2, 3)),
    "GPUs": (lambda wall: wall["capacity"]["gpus"], lambda asked: 2),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_what_another_query_says(asked: Asked, name: str) -> None:
    of_wall, of_query = FIGURES[name]
    shown, expected = of_wall(asked.wall), of_query(asked)
    assert shown == expected
    assert shown not in (None, 0, {}), "the test has something of it to count"


def test_no_source_is_silent_and_every_source_is_fresh(asked: Asked) -> None:
    assert asked.wall["faults"] == {}
    assert asked.wall["at_ms"] == asked.whole.clock.now_ms
    assert NUMBER in {each["number"] for each in asked.cases()}


def test_of_people_there_is_nothing(asked: Asked) -> None:
    assert "people" not in str(asked.wall)
    assert "person" not in str(asked.wall)


def _wall(world: World, targets: WallTargets) -> Wall:
    services = world.services
    return Wall(
        WallConfig(targets=targets),
        store=world.store,
        devices=services.devices,
        districts=services.districts,
        search=services.search,
        feed=services.feed,
        link=world.line,
        now_ms=world.clock,
    )


@pytest.mark.anyio
async def test_targets_are_those_of_the_configuration_and_without_one_there_is_none(world: World) -> None:
    world.services.districts.create("north", "North", actor="x")
    world.services.districts.set_cameras("north", [CameraKey(AGENT, "cam-1"), CameraKey(AGENT, "gone")], actor="x")
    world.services.devices.changed(camera_status("cam-1"))
    view = await _wall(world, WallTargets()).view()
    assert (view.coverage.target, view.collected.target_days, view.results.target_s) == (None, None, None)
    assert (view.capacity.streams_target, view.capacity.pictures_target_per_s) == (None, None)
    assert [(each.cameras, each.target) for each in view.coverage.districts] == [(1, None)]
    assert view.results.in_time is None
    targets = WallTargets(
        cameras=1200, districts={"north": 40}, streams=900, pictures_per_s=50, acknowledge_s=60, storage_days=30
    )
    view = await _wall(world, targets).view()
    assert (view.coverage.target, view.collected.target_days, view.results.target_s) == (1200, 30, 60)
    assert (view.capacity.streams_target, view.capacity.pictures_target_per_s) == (900, 50)
    assert [(each.cameras, each.target) for each in view.coverage.districts] == [(1, 40)]
    assert view.results.in_time == 0


def test_an_alarm_taken_within_the_target_counts_as_in_time(asked: Asked) -> None:
    whole = asked.whole
    (taken_s,) = asked.taken_s()
    for target_s, in_time in ((int(taken_s) - 1, 0), (int(taken_s) + 1, 1)):
        with whole.services.wall._store.transaction() as session:
            results = read_results(session, now_ms=whole.clock.now_ms, target_s=target_s)
        assert (results.taken, results.in_time) == (1, in_time)


def test_alarms_older_than_a_week_are_not_counted(asked: Asked) -> None:
    with asked.whole.services.wall._store.transaction() as session:
        results = read_results(session, now_ms=NOW_MS + WEEK_MS + 3_600_000, target_s=60)
    assert (sum(results.alarms.values()), results.taken, results.median_taken_s) == (0, 0, None)
