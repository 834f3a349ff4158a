"""From the signed archive to the first archived picture, on a Debian that has nothing else and no way out.

```
 README.md ──▶ its own lines, typed in a debootstrap root:
   install.sh ─▶ wayside-provision init, cluster render ─▶ broker, provisioning, cluster, centre
              ─▶ site, agent, cameras, bundle ─▶ wayside-edge enrol, run ◀── RTSP ── camera
                                                                      └──▶ archived: the time is taken
```

Run with: pytest -s -m losses tests/deploy/test_first_picture.py. With WAYSIDE_RELEASE=DIR, where the archive and
release.pub are, none is built.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.catalog import Catalog, default_models_dir
from provisioning.demo import rtsp_server
from tests.support import clean_root
from tests.support.waiting import LONG_S, until

pytestmark = [pytest.mark.losses, pytest.mark.peer, pytest.mark.ray, pytest.mark.network, pytest.mark.timeout(2400)]

ROOT = Path(__file__).parents[2]
MINUTES_S = 300.0
PORT = 8554


def commands() -> str:
    """What the README says to type."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```\n(sh install\.sh.*?)```", text, re.DOTALL)
    return str(block)


def files() -> dict[str, str]:
    """The two files that stand in docs/install.md."""
    text = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    section = text.partition("## From the archive to the first picture")[2].partition("\n## ")[0]
    return dict(re.findall(r"`([a-z.]+)`:\n\n```\n(.*?)```", section, re.DOTALL))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clean") / "root"
    yield clean_root.debootstrap(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def release(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the archive, install.sh and release.pub."""
    if "WAYSIDE_RELEASE" in os.environ:
        return Path(os.environ["WAYSIDE_RELEASE"])
    out = tmp_path_factory.mktemp("release")
    program = [sys.executable, "-m", "provisioning.release"]
    asked = ["chroot", str(root), "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    python = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    subprocess.run([*program, "key", "-o", str(out)], check=True, cwd=ROOT, capture_output=True)
    words = ["--role", "all", "--key", str(out / "release.key"), "--models", str(default_models_dir())]
    began_s = time.monotonic()
    done = subprocess.run(
        [*program, "build", *words, "--python", python, "-o", str(out)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    print(f"\narchive built in {time.monotonic() - began_s:.0f} s")  # noqa: T201
    return out


def _film(folder: Path) -> Path:
    film = folder / "film.h264"
    encode = [sys.executable, "-m", "provisioning.demo.encode", str(Catalog().path("bikes")), str(film)]
    subprocess.run([*encode, "--codec", "h264", "--gop", "15"], check=True, capture_output=True, timeout=LONG_S)
    return film


def test_from_the_archive_to_the_first_picture_in_five_minutes(root: Path, release: Path, tmp_path: Path) -> None:
    (archive,) = release.glob("wayside-all-*.wayside")
    setup = root / "srv/setup"
    setup.mkdir(parents=True, exist_ok=True)
    for file in (archive, release / "release.pub", ROOT / "deploy/install.sh"):
        shutil.copy(file, setup)
    for name, text in files().items():
        (setup / name).write_text(text, encoding="utf-8")
    film = _film(tmp_path)
    with clean_root.room(root) as (inside, left):
        password = tmp_path / "password"
        password.touch(0o600)
        password.write_text("Gate-2026")
        lock = ["--user", "admin", "--password-file", str(password)]
        camera = inside.beside(
            [
                "/usr/bin/python3",
                rtsp_server.__file__,
                "--address",
                clean_root.CAMERAS,
                "--port",
                str(PORT),
                *lock,
                "--mount",
                f"gate={film}",
            ]
        )
        try:
            began_s = time.monotonic()
            steps = _typed(inside)
            until(lambda: _archived(inside) >= 1, "a picture is archived", patience_s=MINUTES_S, step_s=2.0)
            seconds = time.monotonic() - began_s
            for at_s, line in steps:
                print(f"{at_s - began_s:6.1f} s  {line[:110]}")  # noqa: T201
            print(f"{seconds:6.1f} s  first archived redacted snapshot")  # noqa: T201
            assert _status(inside)["rows"] >= 1
            assert '"status"' in inside.run(_GET.format(ca="/etc/wayside-center/secrets/ca.pem"))
        finally:
            camera.kill()
            camera.communicate(timeout=LONG_S)
    assert left == [], "nothing wanted to go anywhere: no packet, so no DNS query either"
    assert seconds <= MINUTES_S


def _typed(inside: clean_root.Room) -> list[tuple[float, str]]:
    """Each line, one after the other; when each had ended."""
    lines = commands().replace("\\\n", " ").splitlines()
    functions = "\n".join(line for line in lines if "() {" in line)
    steps = []
    for line in lines:
        if line.strip() and "() {" not in line:
            inside.run(f"cd /srv/setup; {functions}\n{line}")
            steps.append((time.monotonic(), line))
    return steps


def _archived(inside: clean_root.Room) -> int:
    said = inside.run(
        "/opt/wayside/bin/wayside-edge ledger --json --config /var/lib/wayside-edge/agent.toml || echo '{}'"
    )
    return int(json.loads(said).get("archived", 0))


def _status(inside: clean_root.Room) -> dict[str, int]:
    asked = (
        "python3 - <<'END'\nimport urllib.request as u\n"
        "token = open('/etc/wayside-cluster/secrets/query-token').read().strip()\n"
        f"r = u.Request('http://{clean_root.ADDRESS}:8100/status', headers={{'Authorization': 'Bearer ' + token}})\n"
        "print(u.urlopen(r, timeout=30).read().decode())\nEND"
    )
    status: dict[str, int] = json.loads(inside.run(asked))
    return status


_GET = (
    "python3 - <<'END'\nimport ssl, urllib.request as u\ncontext = ssl.create_default_context(cafile='{ca}')\n"
    f"answer = u.urlopen('https://{clean_root.ADDRESS}:8443/api/health', context=context, timeout=30)\n"
    "print(answer.read().decode())\nEND"
)
