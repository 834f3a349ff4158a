"""The demo furnishes a real centre by its API; the archive is played by the test.

test: archive ◀─query─ centre ◀─ Furnishing: districts, accounts, rules, a case with two sightings
"""

import time
from pathlib import Path

import pytest

from provisioning.contracts import ids
from provisioning.contracts.query.archive import Observation
from provisioning.contracts.wire.messages import Box, MachineClass
from provisioning.demo import district
from provisioning.demo.centre import USER, Centre
from provisioning.demo.district import PlannedCamera
from provisioning.demo.furnishing import ACCOUNTS_FILE, Furnishing
from provisioning.demo.state import DemoFolder
from provisioning.demo.web import WebClient
from tests.center.street import observation
from tests.center.world import camera_status
from tests.e2e.conftest import Running

pytestmark = [pytest.mark.peer]


def _car(camera: PlannedCamera, at_ms: int, seed: int) -> tuple[Observation, bytes]:
    """A drawn street of this camera, with one silver car in it."""
    row, jpeg = observation(camera.id, at_ms, seed)
    key = ids.row_key(camera.agent, row.snapshot.observation_id)
    machine = row.machines[0].model_copy(
        update={
            "object_key": f"{key}:0",
            "row_key": key,
            "index": 0,
            "cls": MachineClass.CAR,
            "box": Box(x0=10, y0=10, x1=90, y1=70),
        }
    )
    snapshot = row.snapshot.model_copy(
        update={"row_key": key, "agent_id": camera.agent, "classes": (MachineClass.CAR,)}
    )
    return row.model_copy(update={"snapshot": snapshot, "machines": (machine,)}), jpeg


def _street(center: Running) -> None:
    now_ms = int(time.time() * 1000)
    for camera in district.PLACED:
        said = camera_status(camera.id, name=camera.name).model_copy(
            update={"agent_id": camera.agent, "latitude": camera.latitude, "longitude": camera.longitude}
        )
        center.deliver(said)
    moments = ((district.CROSSING, 0), (district.BRIDGE, 5), (district.BRIDGE, 6), (district.MARKET, 9))
    for number, (camera, hours) in enumerate(moments):
        row, jpeg = _car(camera, now_ms - hours * 3_600_000 - 1000, 700 + number)
        center.archive.add(row, jpeg)
        center.archive.looks[row.snapshot.row_key, 0] = 0.01 * number


@pytest.fixture
def furnished(center: Running, tmp_path: Path) -> tuple[DemoFolder, Centre, list[str]]:
    """The folder of a demo, its centre as its administrator, and what was said."""
    said: list[str] = []
    with DemoFolder(tmp_path / "state", keep=False) as state:
        password = state.new_secret("administrator-password")
        centre = Centre(center.url)
        centre.enter(center.code_file, password)
        _street(center)
        for _ in Furnishing(state, centre, said.append).enter():
            pass
        return state, centre, said


def test_a_furnished_centre_has_districts_accounts_rules_and_an_approved_case_and_stays_as_it_is(
    furnished: tuple[DemoFolder, Centre, list[str]], center: Running
) -> None:
    state, centre, said = furnished
    districts = {each["district_id"]: each for each in centre.site.get_json("/api/districts")}
    assert {camera["camera_id"] for camera in districts["harbour"]["cameras"]} == {"south", "quay", "gate"}
    assert {each["name"] for each in centre.site.get_json("/api/assessment/districts")} == {
        "Old Town (demo)",
        "Harbour (demo)",
    }
    assert len(centre.site.get_json("/api/assessment/register")["items"]) == len(district.PLACED)
    rules = centre.site.get_json("/api/rules")["items"]
    assert all(rule["on_version"] == rule["version"] for rule in rules)
    assert len(rules) == len(district.rules())
    case = centre.site.get_json(f"/api/cases/{district.CASE}")["case"]
    assert (case["state"], case["written_by"], case["approved_by"]) == ("approved", "ana", "sven")
    assert len(centre.site.get_json(f"/api/cases/{district.CASE}/sought")["items"]) == 1
    sightings = centre.site.get_json(f"/api/cases/{district.CASE}/sightings")["items"]
    assert {each["machine"]["camera_id"] for each in sightings} == {"bridge-recorder", "market-recorder"}
    assert any("with 2 confirmed sightings" in line for line in said)

    accounts = state.secret(ACCOUNTS_FILE)
    assert accounts.stat().st_mode & 0o777 == 0o600
    assert str(accounts) in "\n".join(said)
    for line in accounts.read_text().splitlines():
        name, password = line.split()
        assert password not in "\n".join(said)
        session = WebClient(center.url)
        session.post("/api/login", {"username": name, "password": password})
        grants = session.get_json("/api/me")["grants"]
        assert [(each["role"], each["district_id"]) for each in grants] == [
            (role, place) for user, role, place in district.ACCOUNTS if user == name
        ]

    again: list[str] = []
    assert list(Furnishing(state, centre, again.append).enter()) == []
    assert again == ["districts, accounts, rules and the case are those of the demo that is kept"]
    assert {each["username"] for each in centre.site.get_json("/api/users")} == {USER, "ana", "otto", "sven"}
