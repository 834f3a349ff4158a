"""The service file: systemd takes it, finds it tight, and it holds what the documents promise."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "wayside-edge.service"
PROGRAM = "/opt/wayside/bin/wayside-edge"

PROMISED = {
    "Type": "notify",
    "User": "wayside",
    "LimitCORE": "0",
    "MemorySwapMax": "0",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "DevicePolicy": "closed",
    "MemoryDenyWriteExecute": "yes",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "SystemCallFilter": "~@privileged",  # the last line; the one before it is the list it is taken from
    "StateDirectory": "wayside-edge",
    "StateDirectoryMode": "0700",
    "RuntimeDirectory": "wayside-edge",
    "KillMode": "mixed",
    "OOMPolicy": "continue",
    "Restart": "always",
    "StartLimitIntervalSec": "0",
    "UMask": "0077",
}


def directives() -> dict[str, str]:
    """Each once, the last line of a name: enough here, and `verify` reads it properly."""
    return dict(re.findall(r"^(\w+)=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE))


def analyse(*arguments: str, unit: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed (Debian: systemd)")
    return subprocess.run([program, *arguments, str(unit)], capture_output=True, text=True, check=False)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The file as it is, but for a program that is on this machine."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text(encoding="utf-8").replace(PROGRAM, "/bin/true"), encoding="utf-8")
    return copy


def test_it_holds_what_is_promised() -> None:
    found = directives()
    assert {name: found.get(name) for name in PROMISED} == PROMISED
    assert found["ExecStart"].startswith(f"{PROGRAM} run --config ")
    assert "SystemCallFilter=@system-service\n" in UNIT.read_text(encoding="utf-8")


def test_its_time_to_stop_is_longer_than_the_agent_s() -> None:
    # Cameras 5 s, what waits for the redactor 5 s, redaction in hand `redactor.timeout_s` (10 s) + 5 s,
    # publisher 2 s + 5 s: see edge_agent.agent.
    assert int(directives()["TimeoutStopSec"]) > 5 + 5 + 15 + 7


def test_systemd_takes_it_without_a_word(unit: Path) -> None:
    done = analyse("verify", unit=unit)
    grows = re.compile(
        r".*Unknown key name '(RestartSteps|RestartMaxDelaySec)' in section 'Service', ignoring\.\n"
    )  # before 254
    assert (done.returncode, grows.sub("", done.stdout + done.stderr)) == (0, "")
    unit.write_text(unit.read_text(encoding="utf-8").replace("[Install]", "ProtectSystm=strict\n[Install]"))
    assert "ProtectSystm" in analyse("verify", unit=unit).stderr


def test_systemd_finds_it_tight(unit: Path) -> None:
    assert analyse("security", "--offline=true", "--threshold=20", "--no-pager", unit=unit).returncode == 0
    loose = unit.read_text(encoding="utf-8").replace("CapabilityBoundingSet=\n", "").replace("SystemCallFilter", "#")
    unit.write_text(loose)
    assert analyse("security", "--offline=true", "--threshold=20", "--no-pager", unit=unit).returncode != 0
