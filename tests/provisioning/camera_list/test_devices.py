"""Lists of cameras whose devices register by GB/T 28181, and what they become."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from provisioning.camera_list import reader
from provisioning.camera_list.reader import CameraRow
from provisioning.contracts.config.processes import Gb28181Source, RtspSource, SnapshotSource
from provisioning.contracts.fleet.documents import Configuration
from provisioning.home.device_channel import DeviceChannel
from provisioning.home.home import Home
from tests.support.office import Box, Technician, enrol

AGENT = "cabinet-7"
HEADINGS = "id,name,kind,url,device_id,channel_id,username,password"
NVR = "34020000001180000001"
ONE, TWO = "34020000001310000001", "34020000001310000002"
GATE = f"gate,Gate,gb28181,,{NVR},{ONE},,geheim-7"
YARD = f"yard,Yard,,,{NVR},{TWO},{NVR},geheim-7"
LANE = "lane,Lane,rtsp,rtsp://10.0.0.5/1,,,admin,x"
SNAP = "snap,Snap,snapshot,http://admin:p@ss@10.0.0.6/shot.jpg,,,,"


def write(folder: Path, *lines: str, headings: str = HEADINGS) -> Path:
    path = folder / "cameras.csv"
    path.write_text("\n".join((headings, *lines)), encoding="utf-8")
    return path


def faults(folder: Path, *lines: str, headings: str = HEADINGS) -> list[str]:
    return [str(fault) for fault in reader.read(write(folder, *lines, headings=headings)).faults]


def test_all_kinds_stand_in_one_list(tmp_path: Path) -> None:
    read = reader.read(write(tmp_path, GATE, YARD, LANE, SNAP))
    assert read.faults == ()
    assert read.rows == (
        CameraRow(2, "gate", "Gate", f"gb28181:{NVR}/{ONE}", NVR, "geheim-7", None, None),
        CameraRow(3, "yard", "Yard", f"gb28181:{NVR}/{TWO}", NVR, "geheim-7", None, None),
        CameraRow(4, "lane", "Lane", "rtsp://10.0.0.5/1", "admin", "x", None, None),
        CameraRow(5, "snap", "Snap", "http://10.0.0.6/shot.jpg", "admin", "p@ss", None, None),
    )


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        ("编码,接入方式,设备国标编号,通道编码,用户名,密码", "国标"),
        ("Code,Kind,Device ID,Channel-Id,User,Password", "GB/T 28181"),
        ("id,kind,deviceid,channelid,username,口令", "ＧＢ28181"),
    ],
)
def test_a_list_of_devices_needs_no_addresses(tmp_path: Path, headings: str, kind: str) -> None:
    (row,) = reader.read(write(tmp_path, f"a,{kind},{NVR},{ONE},user,x", headings=headings)).rows
    assert (row.url, row.username, row.password) == (f"gb28181:{NVR}/{ONE}", "user", "x")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"a,,onvif,,{NVR},{ONE},,x", "line 2, kind: this is no kind: write rtsp, snapshot or gb28181, or nothing"),
        (f"a,,rtsp,,{NVR},{ONE},,x", "line 2, kind: the kind is rtsp, and there is a device that registers"),
        (f"a,,snapshot,,{NVR},{ONE},,x", "line 2, kind: the kind is snapshot, and there is a device that registers"),
        ("a,,snapshot,rtsp://h/1,,,,", "line 2, url: this is no address of a picture: write http://host/path"),
        ("a,,rtsp,http://h/1,,,,", "line 2, url: this is no RTSP address"),
        (f"a,,,rtsp://h/1,{NVR},{ONE},,x", "line 2, device_id: there is an address and a device"),
        ("a,,gb28181,rtsp://h/1,,,,x", "line 2, device_id: there is no id of the device"),
        ("a,,,,,,,", "line 2, url: there is neither an address nor a device"),
        ("a,,rtsp,,,,,", "line 2, url: this is no RTSP address"),
        (f"a,,,,,{ONE},,x", "line 2, device_id: there is no id of the device"),
        (f"a,,,,{NVR},,,x", "line 2, channel_id: there is no id of the channel: `wayside-edge devices --channels`"),
        (f"a,,,,3.402E+19,{ONE},,x", "line 2, device_id: the spreadsheet made a number of this"),
        (f"a,,,,3402 0000,{ONE},,x", "line 2, device_id: this is no id of a device"),
        (f"a,,,,{NVR},{'1' * 65},,x", "line 2, channel_id: this is no id of a channel"),
        (f"a,,,,{NVR},{ONE},admin,", "line 2, password: a device that registers needs a password of its own"),
        (f"a,,,,{NVR},{ONE},,{'x' * 129}", "line 2, password: this is longer than 128 characters"),
        (f"a,,,,{NVR},{ONE},ad\u200bmin,x", "line 2, username: there is a line break, a tab or an invisible"),
    ],
)
def test_every_fault_has_its_line_and_column(tmp_path: Path, line: str, said: str) -> None:
    assert faults(tmp_path, line)[0].startswith(said)


def test_a_channel_is_there_once_and_a_device_has_one_password(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        GATE,
        f"again,,,,{NVR},{ONE},,geheim-7",
        f"user,,,,{NVR},{TWO},admin,geheim-7",
        f"password,,,,{NVR},34020000001310000003,,geheim-8",
    )
    assert found == [
        "line 3, channel_id: line 2 has the same channel of this device: take one of them out",
        "line 4, username: line 2 is of the same device and has another username: a device has one",
        "line 5, password: line 2 is of the same device and has another password: a device has one",
    ]


@pytest.mark.parametrize("address", ["rtsp://h/1", f"gb28181:{NVR}", f"gb28181:{NVR}/{ONE}/x", f"gb28181:{NVR}/", ""])
def test_what_is_no_channel_is_none(address: str) -> None:
    assert DeviceChannel.read(address) is None
    assert DeviceChannel.read(str(DeviceChannel(NVR, ONE))) == DeviceChannel(NVR, ONE)


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


def sources(technician: Technician) -> Sequence[object]:
    home = Home.open(technician.directory)
    stored = home.plans.newest_document(AGENT)
    assert stored is not None
    body = home.seal_key.seal.open(stored.sealed.encode(), addressee=AGENT, newer_than=0).body
    assert isinstance(body, Configuration)
    return [camera.source for camera in body.cameras]


def test_they_become_cameras_of_the_agent_with_their_passwords_sealed(
    technician: Technician, box: Box, tmp_path: Path
) -> None:
    said = technician.asks("cameras", "import", AGENT, write(tmp_path, GATE, LANE, SNAP))
    assert said["added"] == ["gate", "lane", "snap"]
    gate, lane, snap = sources(technician)
    assert isinstance(snap, SnapshotSource)
    assert (snap.url, snap.username) == ("http://10.0.0.6/shot.jpg", "admin")
    assert snap.password_sealed is not None
    assert box.secrets.decrypt(snap.password_sealed, agent_id=AGENT, camera_id="snap") == "p@ss"
    assert isinstance(gate, Gb28181Source)
    assert isinstance(lane, RtspSource)
    assert (gate.device_id, gate.channel_id, gate.username, gate.password_file) == (NVR, ONE, NVR, None)
    assert gate.password_sealed is not None
    assert box.secrets.decrypt(gate.password_sealed, agent_id=AGENT, camera_id="gate") == "geheim-7"
    assert b"geheim-7" not in b"".join(file.read_bytes() for file in technician.directory.rglob("*") if file.is_file())
    shown = technician.asks("cameras", "list", AGENT)["cameras"]
    assert [each["address"] for each in shown] == [f"{NVR}/{ONE}", "10.0.0.5:554", "10.0.0.6:80"]


@pytest.mark.usefixtures("box")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"again,,,,{NVR},{ONE},,geheim-7", "camera gate is this channel of this device: remove it first"),
        (f"yard,,,,{NVR},{TWO},,geheim-8", "camera gate is of the same device and has another password"),
        (f"yard,,,,{NVR},{TWO},admin,geheim-7", "camera gate is of the same device and has another username"),
    ],
)
def test_a_later_list_must_agree_with_the_cameras_that_stay(
    technician: Technician, tmp_path: Path, line: str, said: str
) -> None:
    technician.asks("cameras", "import", AGENT, write(tmp_path, GATE))
    answer = technician.asks("cameras", "import", AGENT, write(tmp_path, line), code=1)
    (fault,) = answer["faults"]
    assert fault["line"] == 2
    assert fault["text"].startswith(said)
    assert answer["changed"] is False


@pytest.mark.usefixtures("box")
def test_a_device_gets_another_password_with_all_its_cameras(technician: Technician, tmp_path: Path) -> None:
    technician.asks("cameras", "import", AGENT, write(tmp_path, GATE, YARD))
    other = [line.replace("geheim-7", "geheim-8") for line in (GATE, YARD)]
    assert technician.asks("cameras", "import", AGENT, write(tmp_path, *other))["changed_cameras"] == ["gate", "yard"]
    only = technician.asks("cameras", "import", AGENT, write(tmp_path, GATE), "--replace")
    assert only["removed"] == ["yard"]
