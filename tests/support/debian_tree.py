"""Trees that machines of tests are layers over: a Debian, and what Wayside depends on for that Debian's Python.

```
 debootstrap ──▶ Debian, and the medium in its apt ──▶ layer: a machine that boots, a chroot in namespaces
 uv ──▶ dependencies ────────────────────────────────▶ layer between, where the programs are borrowed
```

Each is made once (`kept`); nothing is ever written into it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.servers import monitoring
from tests.support.kept import kept

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "ca-certificates", "dbus", "iproute2", "mosquitto", "openssl", "procps", "python3", "python3-venv", "systemd",
    "systemd-sysv", "util-linux",
)  # fmt: skip
MEDIUM = ("chrony", "nftables", *monitoring.PACKAGES)
"""Debian packages that apt there can install without a network, as from Debian's own medium."""
NEIGHBOURS = "/usr/lib/wayside-neighbours"
"""Where the dependencies lie; `tests.deploy.small_release` makes programs that look there."""
_MAKING_S = 900


def debian() -> Path:
    """A Debian like this machine's, from the mirror that its apt knows. Skips the test where it cannot be made."""
    program = shutil.which("debootstrap", path="/usr/sbin:/sbin:/usr/bin")
    if program is None or os.geteuid() != 0:
        pytest.skip("debootstrap is not installed, or this is not root: apt-get install debootstrap")
    targets = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"]
    said = subprocess.run(targets, capture_output=True, text=True, check=True).stdout.splitlines()
    mirrors = [line.split() for line in said if line.startswith("http")]
    if not mirrors:
        pytest.skip("apt knows no Debian mirror here")
    mirror, codename = mirrors[0]
    include = f"--include={','.join(PACKAGES)}"

    def make(folder: Path) -> None:
        _run("debootstrap", [program, "--variant=minbase", include, codename, str(folder), mirror])
        apt = ["apt-get", "-q", "-y", "-o", f"Dir={folder}", "-o", f"Dir::State::status={folder}/var/lib/dpkg/status"]
        _run("apt-get update", [*apt, "update"])
        _run("apt-get install", [*apt, "--no-install-recommends", "--download-only", "install", *MEDIUM])

    return kept(codename, f"{codename} {include} {MEDIUM}", make)


def dependencies(debian: Path) -> Path:
    """Everything of requirements.lock that a release of role `all` brings, for the Python of that Debian."""
    lock = (ROOT / "requirements.lock").read_bytes()
    project = (ROOT / "pyproject.toml").read_bytes()
    python = debian / "usr/bin/python3"
    uv = str(Path(sys.executable).with_name("uv"))

    def make(folder: Path) -> None:
        folder.mkdir()
        extras = [word for name in ("edge", "center", "cluster", "provisioning") for word in ("--extra", name)]
        wanted = folder / "wanted.txt"
        resolve = [uv, "pip", "compile", "-q", "--python", str(python), "-c", "requirements.lock", *extras]
        _run("uv pip compile", [*resolve, "-o", str(wanted), "pyproject.toml"])
        install = [uv, "pip", "install", "-q", "--python", str(python), "--only-binary", ":all:", "--compile-bytecode"]
        _run("uv pip install", [*install, "--target", f"{folder}{NEIGHBOURS}", "-r", str(wanted)])
        wanted.unlink()

    return kept("neighbours", f"{python.readlink().name} {hashlib.sha256(lock + project).hexdigest()}", make)


def _run(name: str, command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=_MAKING_S)
    if done.returncode != 0:
        pytest.skip(f"{name}: {(done.stderr or done.stdout)[-300:]}")
