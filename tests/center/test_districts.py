"""One district: what grants are bound to and what the assessment checks cameras against, in one row."""

from pathlib import Path

import httpx
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, create_engine, select, text

from center.access.districts import DistrictRecord, Districts, GrantRecord
from center.access.errors import DistrictAssessedError, DistrictNamedError
from center.access.permissions import EVERYWHERE, CameraKey, Role
from center.access.users import GrantRequest
from center.assessment.districts import AssessedDistrict, AssessedDistricts
from center.audit.log import Audit
from center.database.store import Store
from center.search.saved import SavedSearchRecord
from tests.center.conftest import BOTH, PASSWORD, USERNAME, World

pytestmark = pytest.mark.anyio

SQUARE = ((120.0, 30.0), (120.1, 30.0), (120.1, 30.1))
RING = "[[120.0, 30.0], [120.1, 30.0], [120.1, 30.1]]"
OF_GRANTS = {"north": "North", "lake": "西湖区", "twin-b": "Twin", "twin-a": "Twin"}
ASSESSED = {"西湖区": ("330106", RING), "Twin": ("", "[]"), "South <script>": ("3302", RING), "north": ("", RING)}


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "center.database:migrations")
    config.attributes["connection"] = connection
    return config


def _of_before(connection: Connection) -> None:
    """Both kinds of districts, as revision 0013 has them, and what names them."""
    command.upgrade(_alembic(connection), "0013")

    def insert(row: str, **values: object) -> None:
        connection.execute(text(f"INSERT INTO {row} VALUES ({', '.join(f':{name}' for name in values)})"), values)

    insert("users (id, username, password_hash, created_at_ms)", id=1, name="ada", word="x", at=1)
    for district_id, name in OF_GRANTS.items():
        insert("districts", id=district_id, name=name)
        insert("district_cameras", id=district_id, agent="cabinet-7", camera=f"cam-{district_id}")
        insert("grants (user_id, role, district_id)", user=1, role="analyst", id=district_id)
    insert(
        "saved_searches (user_id, name, filters, district_id, created_at_ms)",
        user=1,
        name="vans",
        filters="{}",
        id="lake",
        at=1,
    )
    for name, (region, outline) in ASSESSED.items():
        insert("assessment_districts", name=name, region=region, outline=outline)


def _address(database: Path | URL) -> URL | str:
    return f"sqlite:///{database}" if isinstance(database, Path) else database


@BOTH
def test_a_database_of_before_comes_up_with_both_kinds_of_districts(database: Path | URL) -> None:
    engine = create_engine(_address(database))
    with engine.begin() as connection:
        _of_before(connection)
    engine.dispose()
    store = Store(database)
    store.migrate()
    audit = Audit(store, lambda: 1)
    found = {each.district_id: each for each in Districts(store, audit).all()}
    assert {key: found[key].name for key in OF_GRANTS} == OF_GRANTS
    assert all(found[key].cameras == (CameraKey("cabinet-7", f"cam-{key}"),) for key in OF_GRANTS)
    own = [each for key, each in found.items() if key not in OF_GRANTS]
    assert {(each.name, each.cameras) for each in own} == {("South <script>", ()), ("north", ())}
    assessed = AssessedDistricts(store, audit, lambda: None).all(EVERYWHERE)
    assert {each.name: (each.region, each.outline) for each in assessed} == {
        name: (region, SQUARE if outline == RING else ()) for name, (region, outline) in ASSESSED.items()
    }
    with store.transaction() as session:
        assert set(session.scalars(select(GrantRecord.district_id))) == set(OF_GRANTS)
        assert session.scalars(select(SavedSearchRecord.district_id)).all() == ["lake"]
        regions = {row.district_id: row.region for row in session.scalars(select(DistrictRecord))}
    assert {key: regions[key] for key in OF_GRANTS} == {"north": None, "lake": "330106", "twin-a": "", "twin-b": None}
    store.close()


@BOTH
def test_going_back_gives_the_assessment_its_table_again(database: Path | URL) -> None:
    engine = create_engine(_address(database))
    with engine.begin() as connection:
        _of_before(connection)
        command.upgrade(_alembic(connection), "0014")
        command.downgrade(_alembic(connection), "0013")
        rows = connection.execute(text("SELECT name, region, outline FROM assessment_districts")).all()
        kept = connection.execute(text("SELECT district_id, name FROM districts")).all()
    engine.dispose()
    assert {name: (region, outline) for name, region, outline in rows} == ASSESSED
    assert set(OF_GRANTS.items()) <= {(row.district_id, row.name) for row in kept}


async def test_a_district_of_grants_is_the_one_that_the_assessment_names(world: World, user: httpx.AsyncClient) -> None:
    services = world.services
    services.districts.create("lake", "西湖区", actor=USERNAME)
    services.users.add("ana", PASSWORD, [GrantRequest(Role.ANALYST, "lake")], actor=USERNAME)
    put = await user.put("/api/assessment/districts", json={"name": "西湖区", "region": "330106"})
    assert put.status_code == 200, put.text
    assert [each["district_id"] for each in (await user.get("/api/districts")).json()] == ["lake"]
    services.users.set_grants("ana", [], actor=USERNAME)
    with pytest.raises(DistrictAssessedError):
        services.districts.remove("lake", actor=USERNAME)
    gone = await user.delete("/api/assessment/districts", params={"name": "西湖区"})
    assert gone.status_code == 204, gone.text
    assert (await user.get("/api/assessment/districts")).json() == []
    services.districts.remove("lake", actor=USERNAME)
    assert (await user.get("/api/districts")).json() == []


async def test_a_district_that_the_assessment_named_first_can_be_given_cameras(
    world: World, user: httpx.AsyncClient
) -> None:
    services = world.services
    services.assessment.districts.put(AssessedDistrict(name="西湖区"), actor=USERNAME)
    (listed,) = (await user.get("/api/districts")).json()
    assert (listed["name"], listed["cameras"]) == ("西湖区", [])
    with pytest.raises(DistrictNamedError):
        services.districts.create("lake", "西湖区", actor=USERNAME)
    camera = {"agent_id": "cabinet-7", "camera_id": "cam-1"}
    answer = await user.put(f"/api/districts/{listed['district_id']}/cameras", json=[camera])
    assert answer.json()["cameras"] == [camera]
    services.assessment.districts.put(AssessedDistrict(name="西湖区", region="3301"), actor=USERNAME)
    assert len((await user.get("/api/districts")).json()) == 1
