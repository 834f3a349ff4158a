"""`serve` and `broker run` as processes: they say when they are ready, for people or programs, and end when told to."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.office import Technician
from tests.support.ports import free_ports
from tests.support.waiting import LONG_S

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def technician(tmp_path: Path) -> Technician:
    made = Technician(tmp_path / "home")
    ports = [str(port) for port in free_ports(3)]
    made.asks(
        "init", "--host", "127.0.0.1", "--listen", "127.0.0.1",
        "--agents-port", ports[0], "--services-port", ports[1], "--enrolment-port", ports[2],
    )  # fmt: skip
    return made


@contextmanager
def running(technician: Technician, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", "from provisioning.cli.main import app; app()", *words]
    process = subprocess.Popen(
        [*command, "--home", str(technician.directory)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=LONG_S)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        pytest.fail(f"it ended without a word: {process.communicate(timeout=LONG_S)[1][-2000:]}")
    return line


def ended(process: subprocess.Popen[str]) -> str:
    """What it said on stdout after SIGTERM; it must end well."""
    process.send_signal(signal.SIGTERM)
    rest, log = process.communicate(timeout=LONG_S)
    assert process.returncode == 0, log[-2000:]
    return rest


def test_serve_says_ready_once_boxes_can_come_and_every_line_is_an_object(technician: Technician) -> None:
    port = technician.asks("status")["enrolment_port"]
    with running(technician, "serve", "--json") as process:
        assert json.loads(first_line(process)) == {"said": f"ready https://127.0.0.1:{port}"}
        socket.create_connection(("127.0.0.1", port), LONG_S).close()
        assert [json.loads(line) for line in ended(process).splitlines()] == [{"said": "ended"}]


def test_a_second_serve_on_one_home_is_one_line(technician: Technician) -> None:
    with running(technician, "serve") as process:
        assert first_line(process).startswith("ready https://")
        done = technician.types("serve")
        assert done.exit_code == 2
        assert "another wayside-provision serve runs on" in done.stderr
        assert ended(process) == "ended\n"


@pytest.mark.peer
@pytest.mark.usefixtures("mosquitto")
def test_the_broker_runs_and_is_found_good(technician: Technician) -> None:
    with running(technician, "broker", "run", "--json") as process:
        assert json.loads(first_line(process)) == {"said": "ready"}
        for words in (["broker", "check"], ["broker", "check", "--live"]):
            checked = technician.asks(*words)
            assert checked["good"] is True, checked
            assert len(checked["findings"]) > 5
        shown = technician.types("broker", "check")
        assert all(line.startswith("ok ") for line in shown.stdout.splitlines())
        assert [json.loads(line) for line in ended(process).splitlines()] == [{"said": "ended"}]


def test_a_broker_that_was_never_rendered_fails_its_check(technician: Technician) -> None:
    checked = technician.asks("broker", "check", code=1)
    assert checked["good"] is False
    assert [each for each in checked["findings"] if "broker render" in each["detail"]]
