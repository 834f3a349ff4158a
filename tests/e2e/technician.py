"""Walks the tasks of a field technician and counts commands and seconds: `python -m tests.e2e.technician`.

Commands are the real ones as processes, on a home of this machine with a real broker, an archive that confirms what it
is sent, and simulated cameras that ask for a password. The table goes to stdout, and every answer to stderr.

Seconds are wall time from the first command of a task until its answer, or until what it waits for has happened;
processor seconds are those of its commands alone.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from openpyxl import Workbook

from engines.catalog.catalog import Catalog, default_models_dir
from provisioning.demo.simulators import rtsp_server
from provisioning.home.home import Home
from tests.edge_agent.premises import Archive
from tests.support.exchange import listens
from tests.support.ports import free_port, free_ports
from tests.support.premises import BIN
from tests.support.rolled import Place
from tests.support.waiting import LONG_S, until

SYSTEM_PYTHON: Final = "/usr/bin/python3"
AGENT, OTHER_AGENT = "cabinet-7", "cabinet-8"
PASSWORD, WRONG_PASSWORD = "pass@word:42", "pass@word:43"
HEAD: Final = "id,name,url,username,password,latitude,longitude"
ROLLOUT: Final = ("--soak", "5", "--apply", "120")


@dataclass
class Task:
    """A task that was walked: its commands, their cost, and the line that its reader acts on."""

    name: str
    commands: int = 0
    seconds: float = 0.0
    processor_s: float = 0.0
    code: int = 0
    said: str = ""


@dataclass
class Walk:
    """One technician with a folder, a home and a box; `tasks` are those that were walked."""

    root: Path
    tasks: list[Task] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """Output of the commands of the task at hand."""
    _task: Task | None = None
    """The task at hand; what is typed between two tasks prepares the next."""

    @contextmanager
    def task(self, name: str, *, reads: str = "") -> Iterator[Task]:
        """Counts what is typed in the block; of the answers, the first line that matches `reads` is what was said."""
        self._task = task = Task(name)
        self.tasks.append(task)
        self.answers = []
        sys.stderr.write(f"\n## {name}\n")
        begin_s = time.perf_counter()
        yield task
        self._task, task.seconds = None, time.perf_counter() - begin_s
        lines = [line.strip(" │") for answer in self.answers for line in answer.splitlines()]
        said = task.said or next((line for line in lines if line and re.search(reads, line)), "")
        task.said = re.sub(r"\s+", " ", said.replace(f"{self.root}/", "").replace("│", "·"))

    def types(self, *words: str | Path, into: Path | None = None, at_home: bool = True) -> str:
        """Runs a command to its end, with the home in the environment as a technician has it; its whole output."""
        output = self.root / "output"
        program, *rest = map(str, words)
        typed = " ".join(Path(word).name if word.startswith(str(self.root)) else word for word in (program, *rest))
        environment = {**os.environ, "HOME": str(self.root), "COLUMNS": "200", "LC_ALL": "C.UTF-8"}
        if at_home:
            environment["WAYSIDE_HOME"] = str(self.root / "home")
        errors = self.root / "errors"
        with (into or output).open("wb") as out, errors.open("wb") as err:
            child = subprocess.Popen([str(BIN / program), *rest], stdout=out, stderr=err, env=environment)
            _, status, used = os.wait4(child.pid, 0)
        child.returncode = code = os.waitstatus_to_exitcode(status)
        if (task := self._task) is not None:
            task.code = code
            task.commands += 1
            task.processor_s += used.ru_utime + used.ru_stime
        said = errors.read_text() + ("" if into is not None else output.read_text())
        self.answers.append(said)
        sys.stderr.write(f"$ {typed}\n{said}[{code}]\n")
        return said

    def provision(self, *words: str | Path, at_home: bool = True) -> str:
        """Runs a command of `wayside-provision`."""
        return self.types("wayside-provision", *words, at_home=at_home)

    def edge(self, verb: str, *words: str | Path, into: Path | None = None) -> str:
        """Runs a command of `wayside-edge` on the box."""
        return self.types("wayside-edge", verb, *words, "--config", self.box / "agent.toml", into=into)

    @property
    def box(self) -> Path:
        """Folder of the agent."""
        return self.root / "box"

    @property
    def home(self) -> Home:
        """The home, opened anew."""
        return Home.open(self.root / "home")

    def write(self, name: str, *lines: str, encoding: str = "utf-8") -> Path:
        """Writes a file that the technician prepared."""
        path = self.root / name
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
        return path


class Machines:
    """Processes that run beside the walk: broker, service, cameras, agent. Each has a log of its name."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str | Path) -> None:
        with (self._root / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [str(each) for each in command], stdout=log, stderr=log, start_new_session=True
            )

    def stop(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(LONG_S)

    def pause(self, name: str) -> None:
        """Stops a process as a cable that is pulled stops a camera: its connections stay open and silent."""
        self._running[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        self._running[name].send_signal(signal.SIGCONT)

    def log(self, name: str) -> str:
        return (self._root / f"{name}.log").read_text(errors="replace")

    def close(self) -> None:
        for name in reversed(list(self._running)):
            self.stop(name)


@dataclass(frozen=True)
class Street:
    """Two simulated cameras, `gate` and `yard`, on one port."""

    machines: Machines
    root: Path
    port: int

    def start(self) -> None:
        lock = ("--user", "admin", "--password-file", str(self.root / "camera-password"))
        mounts = [part for name in ("gate", "yard") for part in ("--mount", f"{name}={self.root / 'film.h264'}")]
        self.machines.start("cameras", SYSTEM_PYTHON, rtsp_server.__file__, "--port", str(self.port), *lock, *mounts)
        until(lambda: listens(self.port), "the cameras listen")

    def line(self, camera: str, *, path: str | None = None, password: str = PASSWORD) -> str:
        return f"{camera},{camera},rtsp://127.0.0.1:{self.port}/{path or camera},admin,{password},31.3,120.6"


def prepare(root: Path, machines: Machines) -> Street:
    """Makes film and password, and starts the cameras."""
    film = Catalog(default_models_dir()).path("bikes")
    encode = (sys.executable, "-m", "provisioning.demo.encode", str(film), str(root / "film.h264"))
    subprocess.run([*encode, "--codec", "h264", "--gop", "15"], check=True, capture_output=True, timeout=LONG_S)
    secret = root / "camera-password"
    secret.touch(0o600)
    secret.write_text(PASSWORD)
    street = Street(machines, root, free_port())
    street.start()
    return street


def _home(walk: Walk, machines: Machines, stack: ExitStack) -> None:
    with walk.task("`site add` where no home is"):
        walk.provision("site", "add", "north", "--name", "North gate", at_home=False)
    agents, services, enrolment = map(str, free_ports(3))
    with walk.task("home"):
        ports = ("--agents-port", agents, "--services-port", services, "--enrolment-port", enrolment)
        walk.provision("init", "--host", "127.0.0.1", "--listen", "127.0.0.1", *ports)
    for name, words in (("broker", ("broker", "run")), ("service", ("serve",))):
        machines.start(name, BIN / "wayside-provision", *words, "--home", walk.root / "home")
    until(lambda: listens(int(agents)) and listens(int(enrolment)), "broker and service listen")
    archive = Archive(Place(walk.home))  # type: ignore[arg-type]  # all that it asks of an exchange
    stack.callback(archive.close)


def _first_snapshot(walk: Walk, machines: Machines, street: Street) -> None:
    lines = (street.line("gate"), street.line("yard"))
    listed = walk.write("cameras.csv", HEAD, *lines)
    with walk.task("site, agent, list, bundle", reads="expect"):
        walk.provision("site", "add", "north", "--name", "North gate", "--latitude", "31.3", "--longitude", "120.6")
        walk.provision("agent", "new", AGENT, "--site", "north")
        walk.provision("cameras", "import", AGENT, listed)
        bundled = walk.provision("bundle", AGENT, "-o", walk.root / "cabinet-7.bundle")
    found = re.search(r"--expect (\S+)", bundled)
    assert found is not None, bundled
    with walk.task("enrol", reads="enrolled"):
        enrol = ("enrol", walk.root / "cabinet-7.bundle", "--into", walk.box, "--models", default_models_dir())
        walk.types("wayside-edge", *enrol, "--expect", found[1])
    with walk.task("`check` before the first run", reads="camera"):
        walk.edge("check")
    with walk.task("`run` until the first redacted picture") as task:
        machines.start("agent", BIN / "wayside-edge", "run", "--config", walk.box / "agent.toml")
        task.commands += 1
        until(lambda: "first snapshot camera=" in machines.log("agent"), "a picture is redacted", patience_s=120)
        task.said = machines.log("agent").splitlines()[0]
    until(lambda: _verdict(walk) == ("applied", 1), "the first configuration is applied", patience_s=180)


def _lists(walk: Walk, street: Street) -> None:
    """Lists with mistakes, for an agent that nothing else needs."""
    walk.provision("agent", "new", OTHER_AGENT, "--site", "north")
    at = f"rtsp://127.0.0.1:{street.port}"
    wrong = (
        street.line("good"),
        f"swapped,,{at}/1,admin,x,120.6,31.3",
        f"good,,{at}/2,admin,x,31.3,120.6",
        f"3402000000132000001,,{at}/3,admin,x,31.3,120.6",
        f"34020000002000000001,,{at}/4,admin,x,31.3,120.6",
        f"99020000001320000001,,{at}/5,admin,x,31.3,120.6",
        f"north gate,,{at}/6,admin,x,31.3,120.6",
        f"comma,,{at}/7,admin,x,y,31.3,120.6",
        f"degrees,,{at}/8,admin,x,31°18'N,120.6",
        f"far,,{at}/9,admin,x,22.5,114.0",
        f"nobody,,{at}/10,,x,31.3,120.6",
        "web,,http://127.0.0.1/11,admin,x,31.3,120.6",
        street.line("again", path="good"),
        street.line("thrice", path="good"),
    )

    def imports(name: str, listed: Path, reads: str = "line 2") -> None:
        with walk.task(name, reads=reads):
            walk.provision("cameras", "import", OTHER_AGENT, listed, "--dry-run")

    imports("list, CSV, 13 of 14 lines wrong", walk.write("wrong.csv", HEAD, *wrong), "line 3")
    book = Workbook()
    book.active.append(HEAD.split(","))
    book.active.append([34020000001320000001, "", f"{at}/1", "admin", "x", 31.3, 120.6])
    book.save(walk.root / "cameras.xlsx")
    imports("XLSX, the code a number", walk.root / "cameras.xlsx")
    chinese = ("编码,名称,地址,用户名,密码,纬度,经度", f"gate,东门,{at}/gate,admin,x,95,120.6")
    imports("GB18030, Chinese heads", walk.write("chinese.csv", *chinese, encoding="gb18030"))
    semicolons = (HEAD.replace(",", ";"), f"gate;;{at}/gate;admin;x;95;120.6")
    imports("semicolons", walk.write("semicolons.csv", *semicolons))
    imports("unknown columns", walk.write("columns.csv", "id,url,vendor,colour", f"gate,{at}/1,x,y"), "")
    inside = walk.write("inside.csv", "id,url", f"inside,rtsp://admin:{PASSWORD}@127.0.0.1:{street.port}/1")
    imports("password in the address", inside)
    imports("address without a path", walk.write("bare.csv", HEAD, f"bare,,{at},admin,x,31.3,120.6"))


def _bundles(walk: Walk) -> None:
    bundle = walk.root / "cabinet-8.bundle"
    walk.provision("bundle", OTHER_AGENT, "-o", bundle)
    with walk.task("same bundle twice"):
        walk.provision("bundle", OTHER_AGENT, "-o", bundle)
    changed = walk.root / "changed.bundle"
    text = bundle.read_text()
    middle = len(text) // 2
    changed.write_text(text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :])
    for name, file, into in (
        ("bundle that was changed", changed, walk.root / "box-8"),
        ("bundle into another agent's folder", bundle, walk.box),
    ):
        with walk.task(name):
            walk.types("wayside-edge", "enrol", file, "--into", into, "--models", default_models_dir())
    with walk.task("bundle that is spent"):
        spent = walk.root / "cabinet-7.bundle"
        walk.types("wayside-edge", "enrol", spent, "--into", walk.root / "box-9", "--models", default_models_dir())


def _beside(walk: Walk) -> None:
    with walk.task("`check` beside the agent", reads="broker"):
        walk.edge("check")
    with walk.task("`doctor` beside the agent", reads="broker"):
        walk.edge("doctor")
    with walk.task("doctor of the centre", reads=f"agent {AGENT}"):
        walk.provision("doctor")


def _discover(walk: Walk, street: Street) -> None:
    quiet = free_port()
    found = walk.root / "found.csv"
    with walk.task("discover where nobody answers", reads="found"):
        walk.types(
            "wayside-provision", "discover", "--no-multicast", "--rtsp", f"127.0.0.1:{quiet}", "-o", walk.root / "none"
        )
    with walk.task("discover by port", reads="path is"):
        here = ("--no-multicast", "--rtsp", f"127.0.0.1:{street.port}", "--username", "admin")
        secret = ("--password-file", walk.root / "camera-password")
        walk.types("wayside-provision", "discover", *here, *secret, "-o", found)
    with walk.task("its list as it is", reads="line 2"):
        walk.provision("cameras", "import", OTHER_AGENT, found, "--dry-run")


def _verdict(walk: Walk) -> tuple[str, int | None]:
    stored = walk.home.plans.configured(AGENT)
    told = {} if stored is None else json.loads(stored)
    return told.get("verdict", ""), told.get("number")


def _fails(walk: Walk, machines: Machines, name: str, gate: str, yard: str) -> None:
    """Imports a list with a fault, and waits until the agent names it, and until it is rolled back."""
    listed = walk.write("faulty.csv", HEAD, gate, yard)
    before = len(_states(machines, "offline"))
    with walk.task(f"{name}, until the agent says so") as task:
        walk.provision("cameras", "import", AGENT, listed)
        until(lambda: len(_states(machines, "offline")) > before, "the agent names the fault", patience_s=120)
        task.said = _states(machines, "offline")[-1]
    with walk.task(f"{name}, until it is rolled back", reads="warning: agent"):
        until(lambda: _verdict(walk)[0] == "rolled_back", "it is rolled back", patience_s=300)
        walk.provision("status")


def _faults(walk: Walk, machines: Machines, street: Street) -> None:
    gate, yard = street.line("gate"), street.line("yard")
    _fails(walk, machines, "wrong password", street.line("gate", password=WRONG_PASSWORD), yard)
    _fails(walk, machines, "path that is not there", street.line("gate", path="nowhere"), yard)
    newest = walk.home.plans.newest_document(AGENT)
    number = 1 if newest is None else newest.number + 1
    with walk.task("the right list again, until it is in use", reads=f"{AGENT}.*applied"):
        walk.provision("cameras", "import", AGENT, walk.write("right.csv", HEAD, gate, yard))
        until(lambda: _verdict(walk) == ("applied", number), "it is applied", patience_s=300)
        walk.provision("status")
    until(lambda: _online(machines) == {"gate", "yard"}, "both are online")
    with walk.task("cameras silent, no connection closed, until both are offline") as task:
        machines.pause("cameras")
        until(lambda: not _online(machines), "both are offline", patience_s=120)
        task.said = _states(machines, "offline")[-1]
    machines.go_on("cameras")
    until(lambda: _online(machines) == {"gate", "yard"}, "both are online", patience_s=180)
    with walk.task("server ended, until both are offline") as task:
        machines.stop("cameras")
        until(lambda: not _online(machines), "both are offline", patience_s=120)
        task.said = _states(machines, "offline")[-1]
    with walk.task("`doctor` meanwhile", reads="camera"):
        walk.edge("doctor")
    with walk.task("server back, until both are online") as task:
        street.start()
        until(lambda: _online(machines) == {"gate", "yard"}, "both are online", patience_s=180)
        task.said = _states(machines, "online")[-1]


def _states(machines: Machines, state: str) -> list[str]:
    """Changes of cameras to this state in the agent's log, without their times."""
    found = re.findall(rf"camera state camera=\S+ state={state} .*", machines.log("agent"))
    return [str(line) for line in found]


def _online(machines: Machines) -> set[str]:
    """Cameras whose last state in the agent's log is online."""
    states = dict(re.findall(r" camera state camera=(\S+) state=(\S+)", machines.log("agent")))
    return {camera for camera, state in states.items() if state == "online"}


def _acceptance(walk: Walk) -> None:
    survey = walk.root / "survey.json"
    with walk.task("survey"):
        walk.edge("survey", into=survey)
    with walk.task("accept, PDF", reads="gate, "):
        walk.provision("accept", AGENT, "--survey", survey, "-o", walk.root / "acceptance.pdf")
    changed = walk.root / "changed.json"
    changed.write_text(survey.read_text().replace("gate", "late", 1))
    with walk.task("survey that was changed"):
        walk.provision("accept", AGENT, "--survey", changed)
    with walk.task("another agent's survey"):
        walk.provision("accept", OTHER_AGENT, "--survey", survey)


def _rollouts(walk: Walk) -> None:
    misspelt = walk.write("misspelt.toml", "[rtsp]", "connect_timeout = 5.0")
    bad = walk.write("bad.toml", "[rtsp]", "connect_timeout_s = 0.0001", "read_timeout_s = 0.0001")
    good = walk.write("good.toml", "heartbeat_s = 5.0", "[rtsp]", "connect_timeout_s = 6.0")
    with walk.task("roll-out, a key misspelt"):
        walk.provision("rollout", "start", "--config", misspelt, *ROLLOUT)
    for name, file, reads in (
        ("roll-out, bad, until it is back", bad, "stopped by"),
        ("roll-out, good, until it is done", good, "roll-out"),
    ):
        with walk.task(name, reads=reads):
            walk.provision("rollout", "start", "--config", file, *ROLLOUT)
            walk.answers.clear()
            until(lambda: _has_ended(walk), "the roll-out ends", patience_s=400)
            walk.provision("rollout", "status")


def _has_ended(walk: Walk) -> bool:
    record = walk.home.rollouts.newest()
    return record is not None and record.state.has_ended


def walked(root: Path, stack: ExitStack) -> list[Task]:
    """Walks all tasks."""
    machines = Machines(root)
    stack.callback(machines.close)
    street = prepare(root, machines)
    walk = Walk(root)
    _home(walk, machines, stack)
    _first_snapshot(walk, machines, street)
    tasks: tuple[Callable[[], None], ...] = (
        lambda: _lists(walk, street),
        lambda: _bundles(walk),
        lambda: _discover(walk, street),
        lambda: _beside(walk),
        lambda: _acceptance(walk),
        lambda: _faults(walk, machines, street),
        lambda: _rollouts(walk),
    )
    for task in tasks:
        task()
    return walk.tasks


def main() -> int:
    """Walks, and writes a table."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        tasks = walked(Path(folder), stack)
    sys.stdout.write(
        "| task | commands | seconds | processor seconds | exit code | what was said |\n|---|---|---|---|---|---|\n"
    )
    for each in tasks:
        cells = (each.name, each.commands, f"{each.seconds:.1f}", f"{each.processor_s:.1f}", each.code, each.said)
        sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
