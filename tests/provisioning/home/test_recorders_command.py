"""`recorders import`: a file's recorders become the agent's, with passwords that its box alone can open."""

from pathlib import Path

import pytest

from edge_agent.remote_config.documents import effective
from provisioning.contracts.config.processes import EdgeConfig
from provisioning.contracts.config.recorder import RtspRecorder
from provisioning.contracts.fleet.documents import Configuration
from provisioning.home.home import Home
from tests.support.office import Box, Technician, cameras_csv, enrol

AGENT = "cabinet-7"
GATE = ("gate", "Gate", "rtsp://10.0.0.9:554/1", "", "", "", "")
RECORDERS = """
[[recorders]]
id = "gate-nvr"
kind = "rtsp"
form = "hikvision"
url = "rtsp://10.0.0.5:554"
zone = "+08:00"
speed = 4
username = "viewer"
password_file = "nvr.password"
channels = { gate = "1" }
"""


@pytest.fixture
def technician(tmp_path: Path) -> Technician:
    made = Technician(tmp_path / "home")
    made.sets_up(AGENT)
    return made


@pytest.fixture
def box(technician: Technician) -> Box:
    made = Box()
    enrol(Home.open(technician.directory), AGENT, made)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    password = tmp_path / "nvr.password"
    password.touch(0o600)
    password.write_text("geheim-7")
    made = tmp_path / "recorders.toml"
    made.write_text(RECORDERS)
    return made


def configuration(technician: Technician) -> Configuration:
    home = Home.open(technician.directory)
    stored = home.plans.newest_document(AGENT)
    assert stored is not None
    body = home.seal_key.seal.open(stored.sealed.encode(), addressee=AGENT, newer_than=0).body
    assert isinstance(body, Configuration)
    return body


def test_the_recorders_of_a_file_are_in_the_next_configuration_once(
    technician: Technician, box: Box, file: Path, tmp_path: Path
) -> None:
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "list.csv", [GATE]))
    first = technician.asks("recorders", "import", AGENT, file)
    assert (first["changed"], first["recorders"]) == (True, ["gate-nvr"])
    assert first["configuration"] == {"newest": 2, "made": True}
    again = technician.asks("recorders", "import", AGENT, file)
    assert (again["changed"], again["configuration"]) == (False, {"newest": 2, "made": False})
    (recorder,) = configuration(technician).recorders
    assert isinstance(recorder, RtspRecorder)
    assert (recorder.form, recorder.channels, recorder.speed) == ("hikvision", {"gate": "1"}, 4)
    assert recorder.password_file is None
    assert recorder.password_sealed is not None
    assert box.secrets.decrypt(recorder.password_sealed, agent_id=AGENT, camera_id=recorder.secret_name) == "geheim-7"


def test_the_password_rests_encrypted(technician: Technician, box: Box, file: Path) -> None:
    technician.asks("recorders", "import", AGENT, file)
    assert b"geheim-7" not in (technician.directory / "register.sqlite3").read_bytes()


def test_an_empty_file_takes_them_away(technician: Technician, box: Box, file: Path, tmp_path: Path) -> None:
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "list.csv", [GATE]))
    technician.asks("recorders", "import", AGENT, file)
    file.write_text("")
    assert technician.asks("recorders", "import", AGENT, file)["recorders"] == []
    assert "recorders" not in configuration(technician).model_dump()


def test_what_the_file_has_wrong_is_named(technician: Technician, file: Path) -> None:
    file.write_text(RECORDERS.replace("+08:00", "Beijing"))
    assert "zone" in technician.refused("recorders", "import", AGENT, file)
    file.write_text(RECORDERS + RECORDERS)
    assert "found twice: gate-nvr" in technician.refused("recorders", "import", AGENT, file)
    file.write_text(RECORDERS.replace("nvr.password", "none.password"))
    assert "none.password" in technician.refused("recorders", "import", AGENT, file)


def test_a_document_without_recorders_leaves_the_agents_own(technician: Technician, box: Box, file: Path) -> None:
    own = RtspRecorder(id="own", url="rtsp://10.0.0.5/a")
    edge = EdgeConfig.model_validate(
        {
            "agent_id": AGENT,
            "broker": {"host": "h", "ca_file": "c", "cert_file": "c", "key_file": "k"},
            "models_dir": "m",
            "spool": {"directory": "s"},
            "cameras": [{"id": "gate", "source": {"kind": "rtsp", "url": "rtsp://10.0.0.9/1"}}],
            "recorders": [own],
        }
    )
    assert effective(edge, Configuration(cameras=())).recorders == (own,)
    technician.asks("recorders", "import", AGENT, file)
    assert [each.id for each in effective(edge, configuration(technician)).recorders] == ["gate-nvr"]
