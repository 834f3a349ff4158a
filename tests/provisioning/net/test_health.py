"""The probes of containers' health checks, against real sockets, a real page and a real lock."""

import fcntl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from provisioning.net import health
from provisioning.net.health import main, probe
from tests.support.ports import free_port
from tests.support.waiting import LONG_S


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_PATIENCE_S", LONG_S)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_page_is_there_by_its_status_and_a_port_by_accepting(port: int) -> None:
    assert probe(f"http://127.0.0.1:{port}/health") is None
    assert probe(f"http://127.0.0.1:{port}/") == "status 503"
    assert probe(f"tcp:127.0.0.1:{port}") is None
    nobody = free_port()
    assert "refused" in (probe(f"tcp:127.0.0.1:{nobody}") or "")
    assert "refused" in (probe(f"https://127.0.0.1:{nobody}/") or "")


def test_a_process_that_holds_a_lock_is_there_until_it_lets_go(tmp_path: Path) -> None:
    file = tmp_path / "spool.lock"
    assert probe(f"held:{file}") == "no process holds its lock"
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert probe(f"held:{file}") is None
    assert probe(f"held:{file}") == "no process holds its lock"


def test_the_first_fault_is_named_and_ends_it_with_1(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([f"tcp:127.0.0.1:{port}", f"http://127.0.0.1:{port}/", "held:/nowhere"]) == 1
    assert capsys.readouterr().err == f"http://127.0.0.1:{port}/: status 503\n"


@pytest.mark.parametrize("place", ["tcp:127.0.0.1", "udp:127.0.0.1:53", "https:///", ""])
def test_what_is_no_place_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match="held:FILE"):
        probe(place)


def test_it_loads_nothing_beyond_the_standard_library() -> None:
    listed = "import sys, provisioning.net.health; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if name.partition(".")[0] in {"provisioning", "pydantic", "typer", "rich"}}
    assert ours == {"provisioning", "provisioning.net", "provisioning.net.health"}
