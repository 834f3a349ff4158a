"""`cameras import`: sound lines are taken, faults are told, and the same list again makes no new configuration."""

from pathlib import Path

import pytest

from provisioning.contracts.config.processes import RtspSource
from provisioning.contracts.fleet.documents import Configuration
from provisioning.home.home import Home
from tests.support.office import Box, Technician, cameras_csv, enrol

AGENT = "cabinet-7"
GATE_1 = ("gate-1", "东门", "rtsp://10.0.0.9:554/1", "admin", "geheim-7", "31.30", "120.60")
GATE_2 = ("gate-2", "West", "rtsp://10.0.0.10/1", "", "", "", "")
FAR = ("gate-3", "Far", "rtsp://10.0.0.11/1", "", "", "31.30", "110.00")
NO_URL = ("gate-4", "Nowhere", "", "", "", "", "")


@pytest.fixture
def technician(tmp_path: Path) -> Technician:
    made = Technician(tmp_path / "home")
    made.sets_up(AGENT, "cabinet-8")
    return made


@pytest.fixture
def box(technician: Technician) -> Box:
    made = Box()
    enrol(Home.open(technician.directory), AGENT, made)
    return made


def configuration(technician: Technician) -> Configuration:
    home = Home.open(technician.directory)
    stored = home.plans.newest_document(AGENT)
    assert stored is not None
    body = home.seal_key.seal.open(stored.sealed.encode(), addressee=AGENT, newer_than=0).body
    assert isinstance(body, Configuration)
    return body


def test_a_list_becomes_the_agents_next_configuration_once(technician: Technician, box: Box, tmp_path: Path) -> None:
    file = cameras_csv(tmp_path / "list.csv", [GATE_1, GATE_2])
    first = technician.asks("cameras", "import", AGENT, file)
    assert first["changed"] is True
    assert first["added"] == ["gate-1", "gate-2"]
    assert first["configuration"] == {"newest": 1, "made": True}
    second = technician.asks("cameras", "import", AGENT, file)
    assert second["changed"] is False
    assert second["unchanged"] == ["gate-1", "gate-2"]
    assert second["configuration"] == {"newest": 1, "made": False}
    source = configuration(technician).cameras[0].source
    assert isinstance(source, RtspSource)
    assert source.password_sealed is not None
    assert box.secrets.decrypt(source.password_sealed, agent_id=AGENT, camera_id="gate-1") == "geheim-7"


def test_the_same_list_can_be_sent_again_once_there_is_somebody_to_send_it_to(
    technician: Technician, tmp_path: Path
) -> None:
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "list.csv", [GATE_1]))
    assert technician.asks("cameras", "send", AGENT) == {"changed": False, "agent": AGENT, "configuration": None}
    enrol(Home.open(technician.directory), AGENT, Box())
    assert [technician.asks("cameras", "send", AGENT)["configuration"] for _ in range(2)] == [1, 2]


@pytest.mark.usefixtures("box")
def test_another_password_is_a_change_and_none_means_none(technician: Technician, tmp_path: Path) -> None:
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "1.csv", [GATE_1]))
    other = (*GATE_1[:4], "geheim-8", *GATE_1[5:])
    changed = technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "2.csv", [other]))
    assert changed["changed_cameras"] == ["gate-1"]
    assert changed["configuration"] == {"newest": 2, "made": True}
    without = (*GATE_1[:3], "", "", *GATE_1[5:])
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "3.csv", [without]))
    assert technician.asks("cameras", "list", AGENT)["cameras"][0]["password"] is False
    source = configuration(technician).cameras[0].source
    assert isinstance(source, RtspSource)
    assert source.password_sealed is None


def test_before_the_agent_has_enrolled_its_configuration_waits(technician: Technician, tmp_path: Path) -> None:
    file = cameras_csv(tmp_path / "list.csv", [GATE_2])
    assert technician.asks("cameras", "import", AGENT, file)["configuration"] == {"newest": None, "made": False}
    assert "waits until the agent has enrolled" in technician.types("cameras", "import", AGENT, file).stdout


def test_good_lines_are_taken_and_each_fault_is_told_with_its_line(technician: Technician, tmp_path: Path) -> None:
    file = cameras_csv(tmp_path / "list.csv", [GATE_2, FAR, NO_URL])
    done = technician.asks("cameras", "import", AGENT, file, code=1)
    assert done["added"] == ["gate-2"]
    assert [(fault["line"], fault["column"]) for fault in done["faults"]][-1] == (4, "url")
    assert {fault["line"] for fault in done["faults"]} == {3, 4}
    shown = technician.types("cameras", "import", AGENT, file)
    assert shown.exit_code == 1
    assert f"{file}: line 4, url: " in shown.stdout


def test_what_a_list_may_mean_otherwise_is_said_and_costs_nothing(technician: Technician, tmp_path: Path) -> None:
    listed = cameras_csv(tmp_path / "c.csv", [("gate", "", "rtsp://10.0.0.9:8555", "", "", "", "")])
    answer = technician.asks("cameras", "import", "cabinet-7", listed)
    assert (answer["added"], answer["faults"]) == (["gate"], [])
    ((line, column),) = [(each["line"], each["column"]) for each in answer["notes"]]
    assert (line, column) == (2, "url")
    assert "line 2, url: the address has no path" in technician.types("cameras", "import", "cabinet-7", listed).output


@pytest.mark.parametrize(
    ("content", "said"), [("", "empty"), ("who,where\n", "must name the columns"), (None, "no such")]
)
def test_a_file_of_no_use_is_one_line(technician: Technician, tmp_path: Path, content: str | None, said: str) -> None:
    file = tmp_path / "list.csv"
    if content is not None:
        file.write_text(content)
    assert said in technician.refused("cameras", "import", AGENT, file)


def test_a_dry_run_says_what_it_would_do_and_does_nothing(technician: Technician, tmp_path: Path) -> None:
    file = cameras_csv(tmp_path / "list.csv", [GATE_2])
    done = technician.asks("cameras", "import", AGENT, file, "--dry-run")
    assert (done["changed"], done["dry_run"], done["added"]) == (False, True, ["gate-2"])
    assert technician.asks("cameras", "list", AGENT)["cameras"] == []


def test_with_replace_the_agent_has_no_others(technician: Technician, tmp_path: Path) -> None:
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "1.csv", [GATE_1, GATE_2]))
    file = cameras_csv(tmp_path / "2.csv", [GATE_2])
    assert technician.asks("cameras", "import", AGENT, file)["removed"] == []
    done = technician.asks("cameras", "import", AGENT, file, "--replace")
    assert (done["removed"], done["unchanged"]) == (["gate-1"], ["gate-2"])
    assert technician.asks("cameras", "import", AGENT, file, "--replace")["changed"] is False


def test_a_faulty_line_removes_nothing_for_it_may_mean_that_camera(technician: Technician, tmp_path: Path) -> None:
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "1.csv", [GATE_1, GATE_2]))
    torn = ("gate-1", "East", "", "", "", "", "")
    done = technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "2.csv", [torn]), "--replace", code=1)
    assert done["removed"] == []
    assert [camera["id"] for camera in technician.asks("cameras", "list", AGENT)["cameras"]] == ["gate-1", "gate-2"]


def test_a_camera_of_another_agent_is_a_fault_of_its_line(technician: Technician, tmp_path: Path) -> None:
    technician.asks("cameras", "import", "cabinet-8", cameras_csv(tmp_path / "1.csv", [GATE_2]))
    done = technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "2.csv", [GATE_1, GATE_2]), code=1)
    assert done["added"] == ["gate-1"]
    assert [(fault["line"], fault["column"]) for fault in done["faults"]] == [(3, "id")]
    assert "belongs to agent cabinet-8" in done["faults"][0]["text"]


@pytest.mark.usefixtures("box")
def test_a_removed_camera_is_gone_from_the_next_configuration(technician: Technician, tmp_path: Path) -> None:
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "1.csv", [GATE_1, GATE_2]))
    done = technician.asks("cameras", "remove", AGENT, "gate-1")
    assert (done["changed"], done["cameras"], done["configuration"]["newest"]) == (True, ["gate-2"], 2)
    again = technician.asks("cameras", "remove", AGENT, "gate-1")
    assert (again["changed"], again["configuration"]["newest"]) == (False, 2)
    assert [camera.id for camera in configuration(technician).cameras] == ["gate-2"]


def test_the_direction_of_a_camera_is_in_its_configuration_and_its_change_makes_the_next(
    technician: Technician, box: Box, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    for number, bearing in enumerate(("", "90", "90", "180"), 1):
        file.write_text(f"id,url,方位角\ngate-1,rtsp://10.0.0.9/1,{bearing}\n", encoding="utf-8")
        made = technician.asks("cameras", "import", AGENT, file)
        assert made["configuration"]["newest"] == {1: 1, 2: 2, 3: 2, 4: 3}[number]
        (camera,) = configuration(technician).cameras
        assert camera.bearing_deg == (float(bearing) if bearing else None)
    (listed,) = technician.asks("cameras", "list", AGENT)["cameras"]
    assert listed["bearing_deg"] == 180


def test_a_list_shows_neither_password_nor_path(technician: Technician, tmp_path: Path) -> None:
    row = ("gate-1", "East", "rtsp://10.0.0.9/live?token=0badcafe", "admin", "geheim-7", "", "")
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "1.csv", [row]))
    for words in (["cameras", "list", AGENT], ["cameras", "list", AGENT, "--json"], ["status"], ["status", "--json"]):
        done = technician.types(*words)
        assert "gate-1" in done.stdout or words[0] == "status"
        assert "geheim" not in done.output
        assert "0badcafe" not in done.output
    camera = technician.asks("cameras", "list", AGENT)["cameras"][0]
    assert (camera["address"], camera["password"]) == ("10.0.0.9:554", True)


def test_no_password_is_in_clear_anywhere_in_the_home(technician: Technician, tmp_path: Path) -> None:
    technician.asks("cameras", "import", AGENT, cameras_csv(tmp_path / "1.csv", [GATE_1]))
    assert not [path for path in technician.directory.rglob("*") if path.is_file() and b"geheim" in path.read_bytes()]
