"""A centre with superiors over real sockets: catalogue, changes, reconnection, two at once, loops, counts and audit."""

import asyncio
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from center.access.permissions import CameraKey
from center.assessment.districts import AssessedDistrict, AssessedDistricts
from center.cascade.errors import CascadeDistrictError
from center.cascade.figures import cascade_families
from center.cascade.nodes import UpwardCatalog
from center.cascade.tables import CascadeCodeRecord
from center.cascade.upward_registration import RegistrationFault
from center.errors import StoreUnavailableError
from center.pipeline.probes import Prober
from provisioning.contracts.wire.messages import SourceKind
from provisioning.sip.moment import Now
from tests.center.cascade.ground import OFF, ON, OWN, OWN_TOO, PAUSED, Ground
from tests.center.street import AGENT
from tests.center.world import camera_status
from tests.support.ports import free_port
from tests.support.superior import PASSWORD, PlatformAbove, query
from tests.support.waiting import LONG_S, eventually

pytestmark = pytest.mark.anyio

ONE, TWO = "34020000002000000001", "34000000002000000001"


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    made = Ground(tmp_path)
    made.cameras(ON, OFF, PAUSED)
    return made


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("edition", ["2016", "2022"])
async def test_the_districts_cameras_go_up_with_their_states(
    ground: Ground, transport: str, edition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.cascade.shell.GOODBYE_S", LONG_S)
    async with PlatformAbove(ONE, OWN, transport) as above:
        async with ground.working(ground.superior(above, edition=edition)) as cascade:
            await above.registered()
            items, _ = await above.catalog()
            assert [item.partition("<Name>")[2].partition("<")[0] for item in items.values()] == [
                "Wayside",
                "城北",
                "路口1",
                "路口2",
                "路口3",
            ]
            assert ["<Status>ON" in item for item in items.values()][2:] == [True, False, False]
            assert not any("<Longitude>" in item for item in items.values())
            assert cascade.links[0].registration.is_registered
        assert above.unregistrations == 1
    assert ground.audited("cascade.registered") == [{"superior": ONE}]


async def test_without_districts_nothing_goes_up(ground: Ground) -> None:
    async with PlatformAbove(ONE, OWN) as above:
        superior = ground.superior(above).model_copy(update={"districts": ()})
        async with ground.working(superior):
            await above.registered()
            assert (await above.catalog())[0] == {}


async def test_coordinates_and_civil_codes_go_up_where_they_are_configured(ground: Ground) -> None:
    ground.cameras(ON, latitude=31.234567891, longitude=118.1)
    AssessedDistricts(ground.store, ground.audit, lambda: None).put(
        AssessedDistrict(name="城北", region="34020301"), actor="t"
    )
    async with PlatformAbove(ONE, OWN) as above, ground.working(ground.superior(above, coordinates=True)):
        await above.registered()
        *_, item = (await above.catalog())[0].values()
    assert "<Longitude>118.100000</Longitude><Latitude>31.234568</Latitude>" in item
    assert "<CivilCode>340203</CivilCode>" in item


async def test_a_change_is_notified_and_a_failure_is_an_alarm(ground: Ground) -> None:
    async with PlatformAbove(ONE, OWN) as above, ground.working(ground.superior(above)) as cascade:
        await above.registered()
        for what in ("Catalog", "Alarm"):
            assert "200 OK" in await above.answer("SUBSCRIBE", query(what, OWN), f"Event: {what}", "Expires: 600")
        ground.cameras(OFF, OFF, PAUSED)
        await cascade.refresh()
        for told in ("<Event>OFF</Event>", "<AlarmMethod>6</AlarmMethod>"):
            await eventually(lambda: told in "".join(above.bodies), told, seen=lambda: above.heard)  # noqa: B023


async def test_codes_are_kept_unique_and_those_of_the_configuration_win(ground: Ground) -> None:
    assigned = {f"{AGENT}/cam-2": "34020100001320000001"}
    async with PlatformAbove(ONE, OWN) as above, ground.working(ground.superior(above, camera_codes=assigned)):
        await above.registered()
        first = list((await above.catalog())[0])
    ground.districts.set_cameras("north", [CameraKey(AGENT, "cam-3")], actor="t")
    async with PlatformAbove(ONE, OWN) as above, ground.working(ground.superior(above, camera_codes=assigned)):
        await above.registered()
        second = list((await above.catalog())[0])
    assert first == [
        "34020100002150000001",
        "34020100002160000001",
        "34020100001320000002",
        "34020100001320000001",
        "34020100001320000003",
    ]
    assert second == [first[0], first[1], first[4]]
    with ground.store.transaction() as session:
        assert len(session.scalars(select(CascadeCodeRecord)).all()) == 4


async def test_a_made_code_that_is_assigned_to_another_camera_gives_way(ground: Ground) -> None:
    async with PlatformAbove(ONE, OWN) as above:
        superior = ground.superior(above)
        before, _ = ground.source.read(superior, UpwardCatalog())
        codes = {node.name: node.code for node in before.nodes.values()}
        assigned = superior.model_copy(update={"camera_codes": {f"{AGENT}/cam-3": codes["路口1"]}})
        after, _ = ground.source.read(assigned, before)
    now = {node.name: node.code for node in after.nodes.values()}
    assert (now["路口3"], now["路口2"]) == (codes["路口1"], codes["路口2"])
    assert len({*now.values()}) == 5
    assert ground.source.read(assigned, after)[0] == after


async def test_two_superiors_at_once_know_a_camera_by_the_same_code(ground: Ground) -> None:
    async with PlatformAbove(ONE, OWN, "udp") as one, PlatformAbove(TWO, OWN_TOO, "tcp") as two:
        two.algorithm = "SHA-256"
        async with ground.working(ground.superior(one), ground.superior(two, edition="2022")):
            await one.registered()
            await two.registered()
            mine, theirs = (await one.catalog())[0], (await two.catalog())[0]
    assert len(mine) == 5
    assert mine.keys() == theirs.keys()


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_superior_that_comes_back_is_registered_with_again(
    ground: Ground, transport: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("center.cascade.upward_registration.FIRST_PAUSE_S", 0.2)
    above = PlatformAbove(ONE, OWN, transport)
    async with above, ground.working(ground.superior(above, keepalive_s=5)) as cascade:
        link = cascade.links[0]
        await eventually(lambda: link.registration.is_registered, seen=lambda: above.heard)
        await above.stop()
        with monkeypatch.context() as short:
            short.setattr("provisioning.sip.transactions.LIFE_S", 1.0)
            await eventually(lambda: not link.registration.is_registered, seen=lambda: above.heard)
        await above.start()
        await above.registered(2)
        assert len((await above.catalog())[0]) == 5
    lost = ground.audited("cascade.lost")[0]["cause"]
    assert lost == ("keepalive_lost" if transport == "udp" else "connection_lost")


async def test_a_wrong_password_is_a_red_stage_with_its_remedy(ground: Ground) -> None:
    above = PlatformAbove(ONE, OWN, password="another")
    async with above, ground.working(ground.superior(above)) as cascade:
        await eventually(lambda: cascade.links[0].registration.fault is RegistrationFault.WRONG_PASSWORD)
        prober = Prober(cascade.probes(), every_s=15, timeout_s=LONG_S, now_ms=ground.clock)
        await prober.loop.turn()
    assert above.refused_logins == 1
    (report,) = prober.reports
    assert report.fault is not None
    assert (report.target, report.fault.cause.code) == (ONE, "cascade_refused")
    assert report.fault.text == "user name or password is wrong"


@pytest.mark.parametrize("device_id", [ONE, OWN])
async def test_a_superior_that_is_a_device_of_an_agent_is_refused_as_a_loop(ground: Ground, device_id: str) -> None:
    async with PlatformAbove(ONE, OWN) as above, ground.working(ground.superior(above)) as cascade:
        await above.registered()
        ground.devices.changed(
            camera_status("cam-9").model_copy(update={"source": SourceKind.GB28181, "device_id": device_id})
        )
        await cascade.refresh()
        await eventually(lambda: above.unregistrations, "the registration's end")
        prober = Prober(cascade.probes(), every_s=15, timeout_s=LONG_S, now_ms=ground.clock)
        await prober.loop.turn()
        assert prober.reports[0].fault is not None
        assert prober.reports[0].fault.cause.code == "cascade_loop"
        await cascade.refresh()
        ground.devices.removed(AGENT, "cam-9")
        await cascade.refresh()
        await above.registered(2)
    assert ground.audited("cascade.lost") == [{"superior": ONE, "cause": "loop"}]


async def test_an_address_that_is_our_own_is_a_loop(ground: Ground) -> None:
    above = PlatformAbove(ONE, OWN)
    above.port = free_port()
    async with ground.working(ground.superior(above, local_port=above.port)) as cascade:
        link = cascade.links[0]
        await eventually(lambda: link.registration.fault is RegistrationFault.LOOP)
        assert link.sent_bytes == 0


async def test_a_district_that_there_is_not_is_named_and_the_others_go_up(ground: Ground) -> None:
    async with PlatformAbove(ONE, OWN) as above:
        superior = ground.superior(above).model_copy(update={"districts": ("north", "south")})
        async with ground.working(superior) as cascade:
            await above.registered()
            assert len((await above.catalog())[0]) == 5
            with pytest.raises(CascadeDistrictError, match="no district south"):
                await cascade.refresh()


async def test_what_is_not_known_changes_nothing(ground: Ground) -> None:
    async with PlatformAbove(ONE, OWN) as above, ground.working(ground.superior(above)) as cascade:
        await above.registered()
        ground.devices.link(up=False)
        await cascade.refresh()
        items, _ = await above.catalog()
        assert ["<Status>ON" in item for item in items.values()][2:] == [True, False, False]


async def test_all_is_counted_and_refusals_are_audited_in_sums(ground: Ground) -> None:
    async with PlatformAbove(ONE, OWN) as above, ground.working(ground.superior(above)) as cascade:
        await above.registered()
        await above.catalog()
        for _ in range(3):
            answer = await above.answer("INVITE", "v=0\r\n")
            assert answer.startswith("SIP/2.0 403")
            assert "no video leaves the site" in answer
        found = {
            (sample.name, *sample.labels.values()): sample.value
            for family in cascade_families(cascade, "wayside_center_")
            for sample in family.samples
        }
    assert found["wayside_center_cascade_registered", ONE] == 1
    assert found["wayside_center_cascade_cameras", ONE] == 3
    assert found["wayside_center_cascade_refused_total", ONE, "video"] == 3
    assert found["wayside_center_cascade_sent_bytes_total", ONE] > 1000
    (entry,) = ground.audited("cascade.traffic")
    assert entry["refused"] == {"video": 3}
    assert entry["sent"]["catalog"] >= 1
    assert PASSWORD not in str(ground.audit.page(limit=100))


async def test_an_entry_that_the_database_does_not_take_comes_with_the_next_turn(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with PlatformAbove(ONE, OWN) as above, ground.working(ground.superior(above)) as cascade:
        await above.registered()
        await asyncio.gather(*(cascade.refresh() for _ in range(5)))
        await eventually(lambda: ground.audited("cascade.registered"))
        with monkeypatch.context() as away:
            away.setattr(ground.audit, "append", _unavailable)
            cascade.links[0].block(Now(time.monotonic(), 0))
            cascade.shells[0].step(lambda _link, _now: None)
            with pytest.raises(StoreUnavailableError):
                await cascade.refresh()
        await asyncio.gather(*(cascade.refresh() for _ in range(5)))
    assert ground.audited("cascade.lost") == [{"superior": ONE, "cause": "loop"}]
    assert {"superior": ONE} in ground.audited("cascade.registered")


def _unavailable(*_: object) -> None:
    raise StoreUnavailableError(cause="away")


async def test_without_superiors_nothing_runs(ground: Ground) -> None:
    cascade = ground.cascade()
    assert (cascade.loops, tuple(cascade.probes())) == ((), ())
    assert [family.samples for family in cascade_families(cascade, "x")] == [[]] * 6
    async with cascade.at_work():
        pass
