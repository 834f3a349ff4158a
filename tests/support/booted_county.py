"""A street with a head that was set up by the README's own lines, its camera, and a cabinet beside it.

```
 head 10.2.0.5: role all, everything runs ◀── RTSP ── 10.2.0.9 camera
 cabinet 10.2.0.6: role edge                ◀── RTSP ──┘
```
"""

import base64
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from engines.catalog import Catalog
from provisioning.demo import rtsp_server
from tests.support.booted import CAMERAS, Booted, Street
from tests.support.debian_tree import ROOT
from tests.support.waiting import until

PORT = 8554
PROVISION = "runuser -u wayside-home -- /opt/wayside/bin/wayside-provision {words} --home /var/lib/wayside-home/home"


def commands() -> list[str]:
    """Each command that the README says to type, with the shell functions that it needs."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```\n(sh install\.sh.*?)```", text, re.DOTALL)
    lines = str(block).replace("\\\n", " ").splitlines()
    functions = "\n".join(line for line in lines if "() {" in line)
    return [f"{functions}\n{line}".lstrip() for line in lines if line.strip() and "() {" not in line]


def files() -> dict[str, str]:
    """Files that stand in docs/install.md, by name."""
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    section = text.partition("## From the archive to the first picture")[2].partition("\n## ")[0]
    return dict(re.findall(r"`([a-z.]+)`:\n\n```\n(.*?)```", section, re.DOTALL))


class Camera:
    """Our RTSP server with a film at 10.2.0.9. Use it as a context."""

    def __init__(self, street: Street, folder: Path) -> None:
        film = folder / "film.h264"
        encode = [sys.executable, "-m", "provisioning.demo.encode", str(Catalog().path("bikes")), str(film)]
        subprocess.run([*encode, "--codec", "h264", "--gop", "15"], check=True, capture_output=True, timeout=300)
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
    """Bring what the README's lines need into a folder of a machine that is switched off."""
    for file in (release, public, ROOT / "deploy/install.sh"):
        machine.bring(file, folder)
    for name, text in files().items():
        machine.write(f"{folder}/{name}", text)


def type_lines(machine: Booted, folder: str) -> None:
    """Type the README's lines one after the other; say when each had ended."""
    began_s = time.monotonic()
    for line in commands():
        machine.run(f"cd {folder}\n{line}")
        print(f"{time.monotonic() - began_s:6.1f} s  {line.splitlines()[-1][:110]}")  # noqa: T201


def ledger(machine: Booted) -> dict[str, Any]:
    """Ask the machine's agent what became of everything that it selected; nothing yet where it is not enrolled."""
    done = machine.tried("/opt/wayside/bin/wayside-edge ledger --json --config /var/lib/wayside-edge/agent.toml")
    if done.returncode != 0:
        return {"selected": 0, "archived": 0, "rejected": 0, "dropped": {}, "in_flight": 0}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def wait_for_next(machine: Booted, after: str) -> None:
    """Wait until a picture that is selected from now on is archived, and see that the account adds up."""
    before = ledger(machine)
    began_s = time.monotonic()

    def is_through() -> bool:
        now = ledger(machine)
        ended = now["archived"] + now["rejected"] + sum(now["dropped"].values())
        return bool(ended > before["selected"] and now["archived"] > before["archived"])

    try:
        until(is_through, f"after {after} the next picture is archived", seen=lambda: ledger(machine), step_s=1.0)
    except BaseException:
        print(machine.journal())  # noqa: T201
        raise
    print(f"after {after} the next picture was archived in {time.monotonic() - began_s:.1f} s")  # noqa: T201
    now = ledger(machine)
    assert now["selected"] == now["archived"] + now["rejected"] + sum(now["dropped"].values()) + now["in_flight"]


def hand_over(giver: Booted, path: str, taker: Booted) -> None:
    """Carry a file from one machine to another that runs, to the same path, mode 0600 and root's."""
    data = giver.run(f"base64 -w0 {path}")
    assert base64.b64decode(data)
    taker.run(f"mkdir -p $(dirname {path}); umask 077; echo {data} | base64 -d >{path}")
