"""`wayside-edge devices`: what a technician sees at the box, while the agent runs and without it."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.gb28181.devices.device_views import DeviceView
from edge_agent.gb28181.devices.unregistered import UnknownDevice
from edge_agent.gb28181.manscdp.catalog_items import CatalogItem
from edge_agent.gb28181.registration_file import RegistrationFile
from tests.edge_agent.gb28181.scripted import CHANNEL, EPOCH_MS, ID, OTHER, PLATFORM
from tests.edge_agent.spool.test_cli import invoke, site

PLATFORM_TABLE = f'[gb28181]\nhost = "127.0.0.1"\nplatform_id = "{PLATFORM}"'


def _camera(camera_id: str, device_id: str) -> str:
    source = {"kind": "gb28181", "device_id": device_id, "channel_id": CHANNEL, "username": "u", "password_file": "p"}
    table = ", ".join(f'{name} = "{value}"' for name, value in source.items())
    return f'[[cameras]]\nid = "{camera_id}"\nsource = {{{table}}}'


def _site(folder: Path) -> Path:
    cameras = [_camera("gate", ID), _camera("yard", OTHER), _camera("lane", "34020000001180000003")]
    path = site(folder, camera="\n".join([PLATFORM_TABLE, *cameras]))
    spool = folder / "spool"
    spool.mkdir()
    with closing(RegistrationFile(spool, [ID, OTHER])) as file:
        file.show(
            DeviceView(
                ID,
                is_there=True,
                host="192.0.2.10",
                port=5060,
                transport="udp",
                since_ms=EPOCH_MS,
                manufacturer="Maker",
                model="[NVR]",
                announced=9,
                skew_ms=-3_600_000,
                bound_ms=600,
                alarms=3,
                catalog_trouble="its list of channels broke off",
            )
        )
        file.show(DeviceView(OTHER, since_ms=EPOCH_MS, why="it took leave", refused="wrong", skew_ms=10, bound_ms=600))
        file.keep_catalog(ID, EPOCH_MS, (CatalogItem(CHANNEL, name="东门 [1]", is_online=True),))
        file.show_strangers((UnknownDevice("9" * 20, "198.51.100.9", 5060, "tcp", "NVR-8", "unknown", 7, EPOCH_MS),))
        file.flush()
    return path


def test_who_is_there_who_is_not_and_who_knocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    code, out, _ = invoke("devices", "--config", _site(tmp_path))
    assert code == 0
    assert "1 of 3 devices are registered" in out
    rows = {line.split("│")[1].strip(): line for line in out.splitlines() if line.startswith("│")}
    there, gone, never = rows[ID], rows[OTHER], rows["34020000001180000003"]
    assert all(text in there for text in ("192.0.2.10:5060 udp", "Maker [NVR]", "1 of 9", "-3600.0 s", "broke off"))
    assert all(text in gone for text in ("gone", "right", "wrong; it took leave"))
    assert "never came" in never
    assert all(text in rows["9" * 20] for text in ("198.51.100.9:5060 tcp", "NVR-8", "2026-11-24 00:00:00"))
    assert "东门" not in out


def test_channels_and_which_camera_looks_at_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    _, out, _ = invoke("devices", "--config", _site(tmp_path), "--channels")
    (row,) = (line for line in out.splitlines() if "东门 [1]" in line)
    assert all(text in row for text in (ID, CHANNEL, "on", "gate"))


def test_for_programs(tmp_path: Path) -> None:
    code, out, _ = invoke("devices", "--config", _site(tmp_path), "--json")
    told = json.loads(out)
    assert code == 0
    assert [each["device_id"] for each in told["devices"]] == [ID, OTHER, "34020000001180000003"]
    assert told["devices"][0]["channels"][0] == {
        "channel_id": CHANNEL,
        "name": "东门 [1]",
        "online": True,
        "groups": [],
        "cameras": ["gate"],
    }
    assert told["strangers"][0]["times"] == 7


def test_without_a_platform_or_before_the_first_run_it_says_so(tmp_path: Path) -> None:
    code, _, error = invoke("devices", "--config", site(tmp_path))
    assert code == 2
    assert "has no [gb28181]" in error
    code, _, error = invoke("devices", "--config", site(tmp_path, camera=f"{PLATFORM_TABLE}\n{_camera('gate', ID)}"))
    assert code == 2
    assert "has this agent run" in error
