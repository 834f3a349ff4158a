"""A whole showing, with small stand-ins for the processes of other packages; broker and cameras are the real ones.

wayside-provision demo ── wayside-provision, mosquitto, rtsp_server.py (real)
                       └─ stand-ins: wayside-edge, wayside-cluster, wayside-center (HTTP answers of good conduct)
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import av
import numpy as np
import pytest

from provisioning.demo import process_table
from tests.support.waiting import LONG_S

ROOT = Path(__file__).resolve().parents[3]

STAND_IN = """
import io, json, os, sys, time, tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

conduct = os.environ["CONDUCT"].split()
name, command = sys.argv[1:3]
if command == "fetch":
    sys.exit("no-films" in conduct and "footage" in sys.argv)
if command == "enrol":
    Path(sys.argv[5], "agent.toml").touch(0o600)
    sys.exit(0)
config = tomllib.loads(Path(sys.argv[4]).read_text())
counts = {"selected": 4, "spooled": 4, "archived": 4, "rejected": 0, "dropped": {}, "in_flight": 0}
if "loses" in conduct:
    counts["selected"] = 5
if command == "ledger":
    print(json.dumps(counts | {"cameras": {"north": counts, "south": counts}}))
    sys.exit(0)
if name == "wayside-edge":
    print("2026-11-24T00:00:00.000Z INFO first snapshot camera=north seconds=0.10", flush=True)
    if "dies" in conduct:
        time.sleep(1)
        sys.exit("the disk is on fire")
    time.sleep(600)
status = {"days": ["20261124"], "rows": 4, "distinct_ids": 4, "objects": 4, "leaks": 0, "last_commit_seq": 4}
if "leaks" in conduct:
    status["leaks"] = 1
cameras = ["north"] * 4 if "half" in conduct else ["north", "south"] * 2
box = {"x0": 1, "y0": 1, "x1": 9, "y1": 9}
rows = [
    {"row_key": f"street:{n:032x}", "camera_id": camera, "captured_at_ms": n, "committed_at_ms": n, "picture": "kept",
     "machines": [{"cls": "bicycle", "score": 0.5, "box": box}]}
    for n, camera in enumerate(cameras)
]

def picture():
    from PIL import Image
    file = io.BytesIO()
    Image.new("RGB", (64, 32), (9, 99, 9)).save(file, "JPEG")
    return file.getvalue()

class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        path = urlsplit(self.path).path
        if path == "/status":
            token = Path(config["query_token_file"]).read_text()
            assert self.headers["Authorization"] == "Bearer " + token
            return self.say(json.dumps(status).encode())
        if path == "/api/observations":
            return self.say(json.dumps({"items": rows, "next_cursor": None}).encode())
        if path == "/api/districts":
            return self.say(b"[]")
        self.say(picture() if path.endswith("/picture") else b"{}")
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.say(b"{}", 403 if "refuses" in conduct and self.path == "/api/districts" else 200)
    do_PUT = do_POST
    def say(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

port = config["query_port"] if name == "wayside-cluster" else config["port"]
if name == "wayside-center":
    code = Path(config["data_dir"]) / "setup-code"
    code.touch(0o600)
    code.write_text("c0de")
HTTPServer(("127.0.0.1", port), Answers).serve_forever()
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, mosquitto: str, rtsp_python: str) -> Path:
    """A folder of models that holds a film of one second."""
    folder = tmp_path_factory.mktemp("models")
    with av.open(str(folder / "bikes.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(25):
            grey = np.full((96, 160, 3), 10 * number, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return folder


class Showing:
    """`wayside-provision demo` in a process of its own, beside stand-ins for the other programs."""

    def __init__(self, folder: Path, models: Path, conduct: str, *arguments: str) -> None:
        programs = folder / "bin"
        programs.mkdir(parents=True)
        (programs / "stand_in.py").write_text(STAND_IN)
        for name in ("wayside-engines", "wayside-edge", "wayside-cluster", "wayside-center"):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable} {programs}/stand_in.py {name} "$@"\n')
            program.chmod(0o755)
        (programs / "wayside-provision").symlink_to(Path(sys.executable).with_name("wayside-provision"))
        self.out = folder / "out"
        self.state = folder / "state"
        films = models / "footage"  # of a film that each showing has, which the first one encodes
        films.mkdir(exist_ok=True)
        self.state.mkdir(mode=0o700)
        (self.state / "footage").symlink_to(films)
        demo = textwrap.dedent(f"""
            from pathlib import Path
            from provisioning.cli.main import app
            from provisioning.demo import footage
            footage.program_path = Path({str(programs)!r}).joinpath
            app()
        """)
        command: list[str | Path] = [
            sys.executable,
            "-c",
            demo,
            "demo",
            "--state",
            self.state,
            "--models",
            models,
            *arguments,
        ]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "CONDUCT": conduct},
        )

    def read_until(self, text: str) -> str:
        """Waits until it says this, and returns the lines up to there."""
        assert self.process.stdout is not None
        said = ""
        for line in self.process.stdout:
            said += line
            if text in line:
                return said
        pytest.fail(f"it ended without saying {text!r}")

    def end(self) -> tuple[int, str]:
        said, _ = self.process.communicate(timeout=LONG_S)
        left = process_table.marked(process_table.read(), f"WAYSIDE_DEMO={self.state / 'log'}")
        assert not left, f"processes {left} outlived the demo:\n{said}"
        return self.process.returncode, said


def bounded(folder: Path, models: Path, conduct: str) -> tuple[int, str]:
    return Showing(folder, models, conduct, "--for", "1", "--report", str(folder / "out")).end()


@pytest.mark.peer
def test_a_showing_that_holds_its_promises(tmp_path: Path, models: Path) -> None:
    code, said = bounded(tmp_path, models, "good")
    assert code == 0, said
    assert "4 rows, 0 leaks, 0 lost, 0 duplicates; seen: bicycle 4" in said
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["seconds_to_first_snapshot"] > 0
    assert summary["seconds_to_first_row"] > 0
    assert {"broker", "cameras", "edge", "cluster", "center"} <= set(summary["memory"])
    assert all(part["pss_mib"] > 0 for part in summary["memory"].values())
    assert (tmp_path / "out" / "contact-sheet.png").stat().st_size > 1000
    password = (tmp_path / "state" / "secrets" / "administrator-password").read_text()
    logs = "".join(log.read_text() for log in (tmp_path / "state" / "log").iterdir())
    assert password not in said + logs
    assert str(tmp_path / "state" / "secrets" / "administrator-password") in said


@pytest.mark.peer
def test_each_broken_promise_is_said_and_fails_and_a_device_promises_pictures_too(tmp_path: Path, models: Path) -> None:
    """`test_ledger.py` breaks each count by itself."""
    out = tmp_path / "out"
    showing = Showing(tmp_path, models, "loses leaks half", "--for", "1", "--gb28181", "--report", str(out))
    code, said = showing.end()
    assert code == 1
    summary = json.loads((out / "summary.json").read_text())
    assert summary["ok"] is False
    assert summary["faults"] == [
        "selected 5 is not archived 4 + rejected 0 + dropped 0",
        "the canary found a face in 1 pictures",
        "camera south has no row in the API",
        "camera east has no row in the API",
    ]
    assert all(f"does not hold: {fault}" in said for fault in summary["faults"])
    assert "device of camera east registers by GB/T 28181 on port" in said
    assert set(summary["cameras"]) == {"north", "south", "east"}
    assert "[gb28181]" in (tmp_path / "state" / "agent" / "agent.toml").read_text()
    sent = json.loads((tmp_path / "state" / "log" / "device.log").read_text().splitlines()[-1])
    assert (sent["devices"], sent["registered"]) == (1, 0)


@pytest.mark.peer
def test_a_process_that_dies_ends_the_showing_with_its_last_words(tmp_path: Path, models: Path) -> None:
    showing = Showing(tmp_path, models, "dies")
    code, said = showing.end()
    assert code == 1
    assert "edge ended with code 1" in said
    assert "the disk is on fire" in said


@pytest.mark.peer
def test_films_that_cannot_be_fetched_and_a_centre_that_refuses_its_furniture_are_said_and_it_runs_until_it_is_ended(
    tmp_path: Path, models: Path
) -> None:
    showing = Showing(tmp_path, models, "no-films refuses")
    before = showing.read_until("furnishing ends here, the street goes on: ")
    showing.process.send_signal(signal.SIGTERM)
    code, said = showing.end()
    assert code == 0
    assert "of the films some could not be fetched, and the street goes on without them" in before
    assert "film vtest.avi is not here: north shows bikes.mp4 in its place" in before
    assert "running; Ctrl-C ends every process" in before
    assert "every process is ended" in said


@pytest.mark.peer
def test_a_bounded_showing_that_is_ended_early_is_no_success(tmp_path: Path, models: Path) -> None:
    showing = Showing(tmp_path, models, "good", "--for", "60")
    showing.read_until("first row archived")
    showing.process.send_signal(signal.SIGINT)
    assert showing.end()[0] == 130


def test_a_missing_film_is_one_line(tmp_path: Path) -> None:
    code, said = bounded(tmp_path, tmp_path, "good")
    assert code == 2
    assert "bikes.mp4: cannot be read (No such file or directory); run: wayside-engines fetch" in said
