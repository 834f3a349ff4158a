"""A street with a head that was set up by the README's own lines, its camera, and a cabinet beside it.

```
 head 10.2.0.5: role all, everything runs ◀── RTSP ── 10.2.0.9 camera
    ▲ MQTT, HTTPS: enrolment, pictures, software        │
 cabinet 10.2.0.6: role edge              ◀── RTSP ─────┘
```
"""

import json
import re
import time
from pathlib import Path
from typing import Any

from engines.catalog.catalog import Catalog
from provisioning.demo.simulators import rtsp_server
from tests.support.booted import CAMERAS, Booted, Street
from tests.support.debian_tree import ROOT
from tests.support.stills import write_stills
from tests.support.waiting import until

PORT = 8554
LEDGER = "/opt/wayside/bin/wayside-edge ledger --json --config /var/lib/wayside-edge/agent.toml"
_SAYS = re.compile(r"(?:; run|medium): (.+?)(?:, and see journalctl -u \S+)?$")
"""A command in a line of `wayside-provision cluster check`."""
_LOOK_S = 3.0
"""A program of ours takes a second of processor to start."""


def commands() -> list[str]:
    """Each command that the README says to type, in both of its languages."""
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")]
    (block,) = {each for page in pages for each in re.findall(r"```\n(sh install\.sh.*?)```", page, re.DOTALL)}
    return str(block).splitlines()


def box_commands() -> list[str]:
    """Each command that docs/install.md says to type on a box."""
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    return text.partition("## On the machine")[2].split("```\n")[1].splitlines()


def files() -> dict[str, str]:
    """Files that stand in docs/install.md, by name."""
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    section = text.partition("## From the archive to the first picture")[2].partition("\n## ")[0]
    return dict(re.findall(r"`([a-z.]+)`:\n\n```\n(.*?)```", section, re.DOTALL))


class Camera:
    """Our RTSP server with a film at 10.2.0.9. Use it as a context."""

    def __init__(self, street: Street, folder: Path) -> None:
        film = write_stills(folder / "film.h264", Catalog())
        password = folder / "password"
        password.touch(0o600)
        password.write_text("Gate-2026")
        where = ["--address", CAMERAS, "--port", str(PORT), "--mount", f"gate={film}"]
        lock = ["--user", "admin", "--password-file", str(password)]
        self._process = street.beside(["/usr/bin/python3", rtsp_server.__file__, *where, *lock])

    def __enter__(self) -> None:
        """The server was started when this was made."""

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate(timeout=30)


def bring_setup(machine: Booted, release: Path, public: Path, folder: str) -> None:
    """Bring what the manual's lines need into a folder of a machine that is switched off, and switch it on."""
    for file in (release, public, ROOT / "deploy/install.sh"):
        machine.bring(file, folder)
    for name, text in files().items():
        machine.write(f"{folder}/{name}", text)
    machine.boot()
    machine.run(f"chmod 700 {folder}; chmod 600 {folder}/*")


def type_lines(machine: Booted, folder: str, lines: list[str]) -> None:
    """Type lines one after the other; say when each had ended."""
    began_s = time.monotonic()
    for line in lines:
        machine.run(f"cd {folder}\n{line}")
        print(f"{time.monotonic() - began_s:6.1f} s  {line.splitlines()[-1][:110]}")  # noqa: T201


def follow_check(machine: Booted) -> None:
    """Ask `wayside-provision cluster check` what is missing and type what it says, until nothing is."""
    began_s = time.monotonic()
    typed: list[str] = []
    found: list[str] = []

    def is_as_planned() -> bool:
        done = machine.tried("wayside-provision cluster check --json")
        found[:] = [
            f"{each['what']}: {each['detail']}" for each in json.loads(done.stdout)["findings"] if not each["good"]
        ]
        for command in [match[1] for each in found if (match := _SAYS.search(each))]:
            if command not in typed:
                typed.append(command)
                machine.run(command)
                print(f"{time.monotonic() - began_s:6.1f} s  {command[:110]}")  # noqa: T201
        return done.returncode == 0

    until(is_as_planned, "nothing is missing", seen=lambda: found, step_s=_LOOK_S)
    print(f"{time.monotonic() - began_s:6.1f} s  nothing is missing")  # noqa: T201


def admit_box(head: Booted, box: Booted, folder: str, agent_id: str) -> None:
    """Make an agent with a camera of its own at the head, by the README's lines, and carry its bundle to its box."""
    head.run(f"sed 's/^gate,Gate,/{agent_id}-yard,Yard,/' {folder}/cameras.csv >{folder}/yard.csv")
    theirs = [line for line in commands() if "wayside-provision" in line and "cabinet-7" in line]
    type_lines(
        head, folder, [each.replace("cabinet-7", agent_id).replace("cameras.csv", "yard.csv") for each in theirs]
    )
    bundle = f"/var/lib/wayside-home/{agent_id}.bundle"
    data = head.run(f"base64 -w0 {bundle}")
    box.run(f"umask 077; echo {data} | base64 -d >{folder}/{agent_id}.bundle")


def begin_roll_out(head: Booted, folder: str, archive: Path, agent_id: str) -> None:
    """Bring new software to the head, and begin its roll-out to one agent."""
    head.receive(archive, folder)
    given = f"--software {archive.name} --key release.pub --agent {agent_id} --soak 1"
    head.run(f"cd {folder}; wayside-provision rollout start {given}")


def end_of_roll_out(head: Booted) -> dict[str, Any]:
    """Wait for the end of the newest roll-out; returns what the head says of it then."""
    began_s = time.monotonic()
    told: dict[str, Any] = {}

    def has_ended() -> bool:
        told.update(json.loads(head.tried("wayside-provision rollout status --json").stdout))
        return told["phase"] in {"stopped", "done"}

    until(has_ended, "the roll-out ends", seen=lambda: told, step_s=_LOOK_S)
    print(f"roll-out of {told['name']}: {told['phase']} after {time.monotonic() - began_s:.1f} s")  # noqa: T201
    return told


def ledger(machine: Booted) -> dict[str, Any]:
    """Ask the machine's agent what became of everything that it selected; nothing yet where it is not enrolled."""
    done = machine.tried(LEDGER)
    if done.returncode != 0:
        return {"selected": 0, "archived": 0, "rejected": 0, "dropped": {}, "in_flight": 0}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def wait_for_next(machine: Booted, after: str) -> None:
    """Wait until a picture that is selected from now on is archived, and see that the account adds up."""
    before = now = ledger(machine)
    began_s = time.monotonic()

    def is_through() -> bool:
        nonlocal now
        now = ledger(machine)
        ended = now["archived"] + now["rejected"] + sum(now["dropped"].values())
        return bool(ended > before["selected"] and now["archived"] > before["archived"])

    try:
        until(is_through, f"after {after} the next picture is archived", seen=lambda: now, step_s=_LOOK_S)
    except BaseException:
        print(machine.journal())  # noqa: T201
        raise
    print(f"after {after} the next picture was archived in {time.monotonic() - began_s:.1f} s")  # noqa: T201
    assert now["selected"] == now["archived"] + now["rejected"] + sum(now["dropped"].values()) + now["in_flight"]
