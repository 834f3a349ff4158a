"""The demo's invented district, read by the types that the centre and the agent read it with."""

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from center import polygons
from center.alarms.rules.rule import RuleText
from center.assessment import camera_register
from center.assessment.districts import AssessedDistrict
from center.basemap.ground import Basemap
from center.cases.terms import CaseTerms
from provisioning.camera_list import gb_code, reader
from provisioning.contracts.config.map_ground import MapGround
from provisioning.contracts.config.processes import Desk
from provisioning.demo import district, history, site_plan
from provisioning.demo.ports import Ports
from provisioning.demo.state import DemoFolder
from provisioning.files import toml
from provisioning.home.home import Home, HomeConfig

NOW = datetime(2026, 11, 29, 0, 40, tzinfo=UTC)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[DemoFolder]:
    with DemoFolder(tmp_path / "state", keep=False) as made:
        Home.create(
            made.folder("home"), HomeConfig(name="demo", host="127.0.0.1", listen="127.0.0.1", account="nobody")
        )
        yield made


def test_every_camera_stands_in_its_district_alone_and_has_a_code_of_it() -> None:
    for camera in district.PLACED:
        inside = {
            name
            for name, (_, outline) in district.DISTRICTS.items()
            if polygons.outline_holds(outline, (camera.longitude, camera.latitude))
        }
        assert inside == {camera.district}, camera.id
        gb_code.check_camera(camera.gb_code)
        assert camera.gb_code.startswith(district.REGION)
    assert len({camera.gb_code for camera in district.PLACED}) == len(district.PLACED)
    assert len({(camera.latitude, camera.longitude) for camera in district.PLACED}) == len(district.PLACED)


def test_the_centre_takes_districts_rules_and_the_case_and_all_say_that_they_are_a_demo() -> None:
    for name, outline in district.DISTRICTS.values():
        assert not polygons.outline_fault(outline)
        assert "demo" in AssessedDistrict(name=name, region=district.REGION, outline=outline).name
    rules = [RuleText.model_validate(rule) for rule in district.rules()]
    assert [rule.what.kind for rule in rules] == ["zone_entry", "line_crossing", "camera_fault"]
    assert {source for rule in rules for source in rule.cameras} <= {camera.source for camera in district.PLACED}
    assert all(rule.name.startswith("Demo") for rule in rules)
    assert CaseTerms.model_validate(district.case_terms(int(NOW.timestamp() * 1000))).purpose.startswith("Demo")


def test_the_outlines_are_the_ground_of_the_map(tmp_path: Path) -> None:
    file = tmp_path / "districts.geojson"
    file.write_text(json.dumps(district.outlines()), encoding="utf-8")
    ground = Basemap.of(MapGround(outlines_file=file))
    names = [each.properties.name for each in ground.outlines.features if each.properties is not None]
    assert names == [name for name, _ in district.DISTRICTS.values()]


def test_the_register_of_the_assessment_is_taken_whole() -> None:
    entries = camera_register.read(district.register_csv().encode())
    assert {(entry.agent_id, entry.camera_id) for entry in entries} == {
        (camera.agent, camera.id) for camera in district.PLACED
    }


def test_the_list_of_a_furnished_street_is_taken_with_its_places(tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_text(site_plan.camera_list(Ports(), "a-password_1", cameras=district.FURNISHED), encoding="utf-8")
    read = reader.read(path)
    assert read.faults == ()
    places = {row.id: (row.latitude, row.longitude) for row in read.rows}
    assert places == {camera.id: (camera.latitude, camera.longitude) for camera in district.FURNISHED}


def test_the_mills_own_file_has_a_line_a_zone_a_lane_and_a_desk(state: DemoFolder) -> None:
    section = site_plan.mill(state, Ports(), state.new_secret("camera-password"))
    written = tomllib.loads(toml.text(section))
    assert Desk.model_validate(written["desk"]) == section.desk
    crossing, *recorders = (type(section.cameras[0]).model_validate(each) for each in written["cameras"])
    assert crossing.has_places
    assert (len(crossing.lines), len(crossing.zones), len(crossing.lanes)) == (1, 1, 1)
    assert [each.source.kind for each in recorders] == ["upload"] * len(district.RECORDERS)


def test_history_has_every_hour_of_the_last_day_and_noon_of_six_more() -> None:
    planned = history.plan(NOW)
    begins = [recording.started_at for recording in planned]
    assert len({(recording.camera.id, recording.started_at) for recording in planned}) == len(planned)
    assert all(NOW - timedelta(days=8) < begin < NOW for begin in begins)
    day = {begin.replace(minute=0, second=0) for begin in begins if begin > NOW - timedelta(hours=25)}
    assert len(day) == 24
    assert len({begin.date() for begin in begins}) >= 7
    early = {begin.hour for begin in begins[:12]}
    assert max(early) - min(early) > 12, "the first minute shows something of the whole day"
