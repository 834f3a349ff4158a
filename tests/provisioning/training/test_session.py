"""A whole training with small stand-ins for the programs; cameras, home, dialog and sheet are the real ones.

wayside-provision demo --training ── rtsp_server.py, wayside-provision init (real)
                                  └─ stand-ins: the other commands; they look at ports, and name what they miss
"""

import hashlib
import json
import os
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import av
import numpy as np
import pytest

from provisioning.acceptance.system import reports
from provisioning.demo import process_table
from provisioning.home.home import Home, HomeConfig
from provisioning.signing.documents import ForgedError, Seal
from tests.support.waiting import LONG_S

ROOT = Path(__file__).resolve().parents[3]

STAND_IN = """
import csv, json, os, re, socket, sys, time, tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

name, command = sys.argv[1:3]
if name == "wayside-provision" and command == "init":
    os.execv(os.environ["REAL"], [os.environ["REAL"], *sys.argv[2:]])

def after(option):
    return Path(sys.argv[sys.argv.index(option) + 1])

def listens(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0

def say(diagnoses):
    print(json.dumps({"diagnoses": [{"where": w, "fault": f, "found": "", "remedy": ""} for w, f in diagnoses]}))

def hold(*ports):
    held = [socket.create_server(("127.0.0.1", port)) for port in ports]
    time.sleep(600)

if command == "enrol":
    (after("--into") / "agent.toml").touch(0o600)
    (after("--into") / "agent.toml").write_text("[provisioning]\\n")
elif command == "doctor" and name == "wayside-edge":
    say([("clock", None)])
elif command == "doctor":
    home = tomllib.loads((after("--home") / "home.toml").read_text())
    say([("enrolment service", None if listens(home["enrolment_port"]) else "enrolment_unreachable")])
elif name == "wayside-provision" and command in ("broker", "serve"):
    home = tomllib.loads((after("--home") / "home.toml").read_text())
    hold(*((home["enrolment_port"],) if command == "serve" else (home["agents_port"], home["services_port"])))
elif command == "run" and name != "wayside-center":
    time.sleep(600)
elif command == "run":
    config = tomllib.loads(after("--config").read_text())
    data = Path(config["data_dir"])
    (data / "setup-code").touch(0o600)
    (data / "setup-code").write_text("c0de")

    def cameras():
        for row in csv.DictReader((data.parent / "secrets" / "cameras.csv").open()):
            port = re.search(r":(\\d+)/", row["url"])
            there = port is None or listens(int(port[1]))
            view = {"agent_id": "street", "camera_id": row["id"], "cause_kind": "none" if there else "agent"}
            yield view | ({"state": "online", "code": ""} if there else {"state": "offline", "code": "unreachable"})

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            match urlsplit(self.path).path:
                case "/api/cameras":
                    self.say(list(cameras()))
                case "/api/agents":
                    self.say([{"agent_id": "street", "state": "online", "cause_kind": "none"}])
                case "/api/pipeline":
                    self.say({"stages": [{"stage": "broker", "state": "green", "causes": []}]})
                case _:
                    self.say({})
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.say({})
        def say(self, answer):
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    HTTPServer(("127.0.0.1", config["port"]), Answers).serve_forever()
"""


@pytest.fixture
def models(tmp_path: Path, rtsp_python: str) -> Path:
    """A folder of models that holds a film of one second."""
    folder = tmp_path / "models"
    folder.mkdir()
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


class Training:
    """`wayside-provision demo --training` in a process of its own."""

    def __init__(self, folder: Path, models: Path, home: Path, *arguments: str) -> None:
        programs = folder / "bin"
        programs.mkdir()
        (programs / "stand_in.py").write_text(STAND_IN)
        for name in ("wayside-engines", "wayside-edge", "wayside-cluster", "wayside-center", "wayside-provision"):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {sys.executable} {programs}/stand_in.py {name} "$@"\n')
            program.chmod(0o755)
        self.state = folder / "state"
        demo = textwrap.dedent(f"""
            from pathlib import Path
            from provisioning.cli.main import app
            from provisioning.demo import footage
            from provisioning.training import ground, product
            footage.program_path = product.program_path = Path({str(programs)!r}).joinpath
            app()
        """)
        options: list[str | Path] = ["demo", "--state", self.state, "--models", models, *arguments]
        self.process = subprocess.Popen(
            [sys.executable, "-c", demo, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "WAYSIDE_HOME": str(home),
                "REAL": str(Path(sys.executable).with_name("wayside-provision")),
            },
        )

    def type(self, *lines: str) -> None:
        """Types ahead: each line is read when it is waited for."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()

    def end(self) -> tuple[int, str]:
        said, _ = self.process.communicate(timeout=LONG_S)
        left = process_table.marked(process_table.read(), f"WAYSIDE_DEMO={self.state / 'log'}")
        assert not left, f"processes {left} outlived the training:\n{said}"
        return self.process.returncode, said


@pytest.mark.peer
def test_a_trainee_finds_one_fault_at_once_one_late_and_has_a_signed_sheet(tmp_path: Path, models: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    Home.create(home, HomeConfig(name="county", host="127.0.0.1", listen="127.0.0.1", account="nobody"))
    only = ("--only", "unplugged-camera", "--only", "stopped-enrolment")
    training = Training(*(tmp_path, models, home, "--training", "--language", "en", "--report", str(out)), *only)
    training.type(
        *("Li Lei <李雷>", "what?", "site clean north", "unreachable", "site plug north", "check"),
        *("port_taken", "hint", "hint", "start provisioning", "check", "enrolment_unreachable"),
    )
    code, said = training.end()
    assert code == 0, said
    assert "Fault 1 of 2: a call came in." in said
    assert "Not understood: what?." in said
    assert "You are there: clean the lens. Nothing changed." in said
    assert "unreachable (Unreachable)" in said
    assert "No: the product does not say port_taken" in said
    assert "Ask: wayside-provision doctor" in said
    assert said.count("The product says that it is well again.") == 2

    (written,) = out.glob("*.json")
    sheet = json.loads(written.read_text())
    assert (sheet["trainee"], sheet["right"], sheet["asked"]) == ("Li Lei <李雷>", 1, 2)
    first, second = sheet["faults"]
    assert (first["fault"], first["answers"], first["grade"]) == ("unplugged-camera", ["unreachable"], "right")
    assert (second["answers"], second["grade"], second["hints"]) == (["port_taken", "enrolment_unreachable"], "late", 2)

    # The report is what the acceptance of the system reads, with the paper that it is taken from.
    report = written.with_suffix(".toml")
    (figure,) = tomllib.loads(report.read_text())["figure"]
    assert (figure["row"], figure["value"], figure["unit"], figure["by"]) == ("training", 1, "faults", "Li Lei <李雷>")
    assert figure["sha256"] == hashlib.sha256((out / figure["file"]).read_bytes()).hexdigest()
    assert (out / figure["file"]).read_bytes().startswith(b"%PDF")
    (read,) = reports.parse(report.read_bytes(), report.name).figure
    assert (read.value, read.unit) == (1, "faults")
    signed = json.loads(written.with_suffix(".sig").read_text())
    seal = Seal.load(home / "seal" / "seal.pub")
    assert signed["seal"] == seal.key
    seal.check_training(written.read_text(), signed["signature"])
    with pytest.raises(ForgedError):
        seal.check_training(written.read_text().replace('"late"', '"right"'), signed["signature"])


@pytest.mark.peer
def test_what_is_given_up_is_solved_and_the_end_of_the_input_ends_the_training(tmp_path: Path, models: Path) -> None:
    out = tmp_path / "out"
    only = ("--only", "unplugged-camera", "--only", "stopped-enrolment")
    arguments = ("--training", "--language", "zh", "--trainee", "李雷", "--report", str(out), *only)
    training = Training(tmp_path, models, tmp_path / "none", *arguments)
    training.type("q")
    code, said = training.end()
    assert code == 0, said
    assert "原因是 unreachable (不可达)。处理：到现场：site plug north" in said
    (written,) = out.glob("*.json")
    assert [each["grade"] for each in json.loads(written.read_text())["faults"]] == ["given_up", "given_up"]
    assert not written.with_suffix(".sig").exists()
