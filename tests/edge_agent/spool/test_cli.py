"""The command line: each bad input is one clear line and exit code 2, and the agent runs and stops as a process."""

import json
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import pytest
from typer.testing import CliRunner

from edge_agent.__main__ import app
from edge_agent.clock import SystemClock
from edge_agent.health.pauses import Pauses
from edge_agent.spool.spool import Spool
from provisioning.contracts.config import processes
from provisioning.contracts.errors import RejectReason
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Rejected
from tests.edge_agent.world import flat, frame, jpeg_of, redacted
from tests.support.waiting import LONG_S

HEAVY = {"av", "cv2", "numpy", "onnxruntime", "paho", "sqlite3"}


def site(folder: Path, **changes: str) -> Path:
    """A configuration as a technician has it; `changes` replace lines of it."""
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    (pictures / "one.png").write_bytes(cv2.imencode(".png", flat(1))[1].tobytes())
    (folder / "key.pem").touch(0o600)
    lines = {
        "agent_id": 'agent_id = "street"',
        "models_dir": 'models_dir = "models"',
        "broker": '[broker]\nhost = "127.0.0.1"\nport = 1\nca_file = "ca"\ncert_file = "crt"\nkey_file = "key.pem"',
        "spool": '[spool]\ndirectory = "spool"\nmax_bytes = 1048576',
        "camera": '[[cameras]]\nid = "gate"\nsource = {kind = "replay", path = "pictures"}',
    }
    path = folder / "edge.toml"
    path.write_text("\n".join((lines | changes).values()))
    return path


def invoke(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def spool_in(folder: Path) -> Spool:
    return Spool(processes.Spool(directory=folder / "spool"), SystemClock())


@pytest.mark.parametrize("command", ["", "run", "check", "ledger", "resume", "quarantine"])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        "import sys; from edge_agent.__main__ import app\n"
        "try: app(sys.argv[1:], prog_name='wayside-edge')\n"
        "except SystemExit: pass\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    arguments = [*command.split(), "--help"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    assert "Usage:" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["run", "check", "ledger", "quarantine"])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"agent_id": 'agent_id = "A b"'}, "agent_id"),
        ({"camera": '[[cameras]]\nid = "gate"\nsource = {kind = "rtsp", url = "http://x/"}'}, "rtsp://host"),
        ({"spool": '[spool]\ndirectory = "spool"\ncolour = "red"'}, "colour"),
        ({"agent_id": "agent_id ="}, "not valid TOML"),
    ],
)
def test_a_bad_configuration_is_one_line(command: str, changes: dict[str, str], expected: str, tmp_path: Path) -> None:
    code, out, err = invoke(command, "--config", site(tmp_path, **changes))
    assert code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert expected in err
    assert "edge.toml" in err


def test_a_missing_configuration_is_one_line(tmp_path: Path) -> None:
    code, _, err = invoke("run", "--config", tmp_path / "nowhere.toml")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "cannot be read" in err


def test_a_private_key_that_others_may_read_is_one_line(tmp_path: Path) -> None:
    path = site(tmp_path)
    (tmp_path / "key.pem").chmod(0o644)
    code, _, err = invoke("run", "--config", path)
    assert code == 2
    assert "chmod 600" in err


def test_a_second_agent_on_the_same_spool_is_one_line(tmp_path: Path) -> None:
    path = site(tmp_path)
    spool = spool_in(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "edge_agent", "run", "--config", str(path)], capture_output=True, text=True, check=False
    )
    spool.close()
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if line.startswith("error")] == done.stderr.splitlines()[-1:]
    assert "another wayside-edge" in done.stderr


def test_the_ledger_of_a_site_that_never_ran(tmp_path: Path) -> None:
    code, _, err = invoke("ledger", "--config", site(tmp_path))
    assert code == 2
    assert "has this agent ever run" in err


def test_the_ledger_for_eyes_and_for_programs(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    for number in range(2):
        spool.select(frame(number).observation_id, "gate")
        spool.append(redacted(frame(number), jpeg_of(100)))
    path = site(tmp_path)
    code, out, _ = invoke("ledger", "--config", path, "--json")  # while the agent has it open
    spool.close()
    assert code == 0
    counted = {"selected": 2, "spooled": 2, "archived": 0, "rejected": 0, "dropped": {}, "in_flight": 2}
    assert json.loads(out) == counted | {"cameras": {"gate": counted}}
    code, out, _ = invoke("ledger", "--config", path)
    assert code == 0
    assert "gate" in out
    assert "yes" in out


def test_resume(tmp_path: Path) -> None:
    path = site(tmp_path)
    Pauses(tmp_path / "spool").pause("gate")
    assert invoke("resume", "gate", "--config", path)[:2] == (0, "camera gate resumes\n")
    assert invoke("resume", "gate", "--config", path)[:2] == (0, "camera gate was not paused\n")
    code, _, err = invoke("resume", "yard", "--config", path)
    assert code == 2
    assert "has no camera yard; it has gate" in err


def test_quarantine_shows_the_reason(tmp_path: Path) -> None:
    spool = spool_in(tmp_path)
    picture = redacted(frame(0), jpeg_of(100))
    spool.select(frame(0).observation_id, "gate")
    spool.append(picture)
    digest = codec.message_sha256(codec.encode_snapshot(picture.snapshot, picture.picture))
    spool.reject(Rejected(message_sha256=digest, reason=RejectReason.NOT_JPEG, detail="[bold]no JPEG"))
    spool.close()
    code, out, _ = invoke("quarantine", "--config", site(tmp_path))
    assert code == 0
    assert "1 in quarantine" in out
    assert "not_jpeg" in out


def test_check_names_every_trouble_and_goes_on(tmp_path: Path) -> None:
    cameras = (
        '[[cameras]]\nid = "gate"\nsource = {kind = "replay", path = "pictures"}\n'
        '[[cameras]]\nid = "yard"\nsource = {kind = "rtsp", url = "rtsp://127.0.0.1:1/"}\n'
        '[[cameras]]\nid = "hall"\nsource = {kind = "replay", path = "nowhere"}'
    )
    code, out, _ = invoke("check", "--config", site(tmp_path, camera=cameras))
    assert code == 2
    found = {line.split(": ")[0]: line for line in out.splitlines()}
    assert found.keys() == {
        "ok   configuration", "ok   spool", "fail models", "fail broker", "fail certificate",
        "ok   camera gate", "fail camera yard", "fail camera hall",
    }  # fmt: skip
    assert "64×36 px" in found["ok   camera gate"]
    assert "wayside-engines fetch" in found["fail models"]


def test_without_models_the_agent_runs_publishes_nothing_and_says_why(tmp_path: Path) -> None:
    path = site(tmp_path)
    command = [sys.executable, "-m", "edge_agent", "run", "--config", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        assert agent.stderr is not None
        watchdog = threading.Timer(LONG_S, agent.kill)
        watchdog.start()
        assert agent.stdout.readline() == "ready agent=street cameras=1\n"
        limits = Path(f"/proc/{agent.pid}/limits").read_text()
        log = []
        for line in agent.stderr:
            log.append(line)
            if "not redacted" in line:
                break
        agent.send_signal(signal.SIGTERM)
        log += agent.stderr.readlines()
        assert agent.wait(LONG_S) == 0
        watchdog.cancel()
    text = "".join(log)
    assert "nothing can be redacted" in text
    assert "wayside-engines fetch" in text
    assert "Traceback" not in text
    assert re.search(r"Max core file size +0 +0 ", limits)
    code, out, _ = invoke("ledger", "--config", path, "--json")
    assert code == 0
    counted = json.loads(out)
    assert counted["spooled"] == 0
    assert counted["dropped"] == {"redaction_unavailable": 1}


def test_core_dumps_are_forbidden_even_through_a_pipe(tmp_path: Path) -> None:
    code = (
        "import ctypes, resource; from edge_agent.system.hardening import forbid_core_dumps\n"
        "forbid_core_dumps()\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"  # PR_GET_DUMPABLE
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "(0, 0) 0\n"
