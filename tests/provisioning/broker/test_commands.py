"""`broker render`: what Mosquitto reads lies in the home, and is written again only where it changed."""

from pathlib import Path

import pytest

from provisioning.home.home import Home
from tests.support.office import Technician, enrol


@pytest.fixture
def technician(tmp_path: Path) -> Technician:
    made = Technician(tmp_path / "home")
    made.sets_up("cabinet-7")
    return made


def test_what_is_rendered_is_there_and_twice_the_same(technician: Technician) -> None:
    done = technician.asks("broker", "render")
    assert done["changed"] is True
    assert all(Path(file).is_file() for file in done["files"])
    assert "use_username_as_clientid true" in Path(done["files"][0]).read_text()
    assert technician.asks("broker", "render")["changed"] is False


def test_a_change_in_the_home_is_rendered(technician: Technician) -> None:
    technician.asks("broker", "render")
    file = technician.directory / "home.toml"
    file.write_text(file.read_text().replace("8883", "9883"))
    done = technician.asks("broker", "render")
    assert done["changed"] is True
    assert "listener 9883 0.0.0.0" in Path(done["files"][0]).read_text()


def test_a_new_revocation_is_left_for_the_running_broker_to_find(technician: Technician) -> None:
    copy = Path(technician.asks("broker", "render")["files"][3])
    before = copy.read_bytes()
    enrol(Home.open(technician.directory), "cabinet-7")
    technician.asks("revoke", "cabinet-7", "--reason", "stolen", "--yes")
    assert technician.asks("broker", "render")["changed"] is False
    assert copy.read_bytes() == before
