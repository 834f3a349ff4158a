"""Podman with a storage of its own, also where control groups are of version 1 or the init is no systemd.

```
 unshare -m ─ control groups of version 2 ─▶ podman, podman-compose, bin/images ─▶ storage, networks, volumes in one
```
"""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.waiting import LONG_S

ROOT: Final = Path(__file__).parents[2]
_NAMES: Final = Path("/usr/lib/podman/aardvark-dns")
"""Program that resolves the names of containers. Debian only recommends it beside podman."""
_V2: Final = Path("/sys/fs/cgroup/cgroup.controllers")
_LIMITS: Final = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
_HOLD: Final = """
mount --make-rprivate /
if ! test -e /sys/fs/cgroup/cgroup.controllers; then
    umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup
    mkdir -p /sys/fs/cgroup/wayside && echo $$ >/sys/fs/cgroup/wayside/cgroup.procs
fi
echo made; exec sleep infinity
"""


class Podman:
    """Commands in a mount namespace of their own; what they make lies in one folder."""

    def __init__(self, folder: Path, holder: int) -> None:
        self._enter = ["nsenter", f"--target={holder}", "--mount", f"--wd={ROOT}"]
        self._environment = os.environ | {
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_CONF": str(_containers_conf(folder)),
            "CONTAINERS_STORAGE_CONF": str(_storage_conf(folder)),
            "DISABLE_HC_SYSTEMD": "true",  # its timers are systemd's; a test asks for the health itself
            "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
            "PODMAN_COMPOSE_WARNING_LOGS": "false",
        }

    def tried(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end."""
        return subprocess.run(
            [*self._enter, *words],
            env=self._environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONG_S,
        )

    def run(self, *words: str, **variables: str) -> str:
        """Runs a command that must succeed. Returns what it printed."""
        done = self.tried(*words, **variables)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    def compose(self, *words: str) -> str:
        """Runs a command of podman-compose on the file of this checkout."""
        return self.run("podman-compose", "--no-ansi", *words)

    def inspect(self, name: str, *words: str) -> Mapping[str, Any]:
        """Returns what podman knows of a container, or with `--type image` of an image."""
        (found,) = json.loads(self.run("podman", "inspect", *words, name))
        return dict(found)

    def python(self, container: str, program: str) -> "subprocess.CompletedProcess[str]":
        """Runs a program of Python in a running container."""
        return self.tried("podman", "exec", container, "python", "-c", program)


@contextmanager
def podman(folder: Path) -> Iterator[Podman]:
    """Opens a storage in `folder`. Skips the test where podman cannot run."""
    for program, package in (("podman", "podman"), ("podman-compose", "podman-compose"), ("nsenter", "util-linux")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt-get install {package}")
    if not _NAMES.exists():
        pytest.skip("containers do not find each other by name: apt-get install aardvark-dns")
    if os.geteuid() != 0:
        pytest.skip("mount namespaces and a storage of its own need root here")
    holder = subprocess.Popen(["unshare", "-m", "sh", "-euc", _HOLD], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        if holder.stdout.readline() != "made\n":
            pytest.skip("no right to make a mount namespace here")
        yield Podman(folder, holder.pid)
    finally:
        holder.kill()
        holder.communicate(timeout=LONG_S)


def _containers_conf(folder: Path) -> Path:
    # podman asks for a million of each, which not every root is given.
    most = ((name, resource.getrlimit(kind)[1]) for name, kind in _LIMITS.items())
    asked = ", ".join(f'"{name}={number}:{number}"' for name, number in most)
    limits = f"default_ulimits = [{asked}]\n" + ("" if _V2.exists() else 'cgroups = "disabled"\n')
    file = folder / "containers.conf"
    file.write_text(
        f'[containers]\n{limits}log_driver = "k8s-file"\n'
        f'[engine]\ntmp_dir = "{folder}/tmp"\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n'
        f'[network]\nnetwork_config_dir = "{folder}/networks"\n',
        encoding="utf-8",
    )
    return file


def _storage_conf(folder: Path) -> Path:
    file = folder / "storage.conf"
    file.write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n', encoding="utf-8"
    )
    return file
