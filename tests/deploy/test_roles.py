"""The real archive of each role, on a Debian that has nothing else and no way out: in, at work, and out again.

```
 release build ──archive──▶ debootstrap root, a layer over it for each role
                              install.sh ─▶ programs, models, this machine's part of a plan ─▶ --uninstall --purge
                              └ wire: no packet          layer: nothing is left ──────────────────┘
```

Run with: pytest -s -m losses tests/deploy/test_roles.py. With WAYSIDE_RELEASES=DIR archives that lie there, with
release.pub, are not built again; others are, with release.key there.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engines.catalog.catalog import Catalog, default_models_dir
from provisioning.release.archive import ROLES
from tests.support import clean_root, debian_tree
from tests.support.waiting import LONG_S

pytestmark = [pytest.mark.losses, pytest.mark.peer, pytest.mark.network, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
BIN = "/opt/wayside/bin"
PYTHON = "/opt/wayside/current/venv/bin/python"
MODELS = "--models-dir /opt/wayside/models"
PLANNED = {"business": "head", "parse": "parser", "archive": "archiver", "storage": "keeper"}
"""Role to server, in the plan of docs/servers.md."""
WORKS = {
    "wayside-edge": f"{BIN}/wayside-edge redact photo.jpg -o out.jpg --models /opt/wayside/models; test -s out.jpg",
    "wayside-center": f"{BIN}/wayside-center openapi | grep -c openapi",
    "wayside-provision": f"runuser -u nobody -- {BIN}/wayside-provision init --host 10.2.0.5 --home /tmp/home",
    "wayside-cluster": f"{BIN}/wayside-cluster plan; {PYTHON} -c 'import ray_cluster.serve'",
}
CHECK = (
    "cp -r /srv/setup/plan /tmp/machine; mkdir /tmp/machine/opt; ln -s /opt/wayside /tmp/machine/opt/wayside;"
    f" {BIN}/wayside-provision cluster check --root /tmp/machine --json || test $? = 1"
)
USERS = {f"etc/{name}{end}" for name in ("passwd", "group", "shadow", "gshadow") for end in ("", "-")} | {
    "etc/.pwd.lock"
}
"""System users stay, as Debian's own packages leave theirs."""
COMPILED = {"usr/lib/python3.13/__pycache__/sitecustomize.cpython-313.pyc"}
"""Debian's interpreter compiles its own file when root runs it for the first time."""


@pytest.fixture(scope="module")
def debian() -> Path:
    return debian_tree.debian()


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys that archives are signed with."""
    if "WAYSIDE_RELEASES" in os.environ:
        return Path(os.environ["WAYSIDE_RELEASES"])
    folder = tmp_path_factory.mktemp("releases")
    _run(sys.executable, "-m", "provisioning.release", "key", "-o", folder)
    return folder


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `cluster render` makes of the plan that stands in docs/servers.md."""
    folder = tmp_path_factory.mktemp("servers")
    page = (ROOT / "docs/servers.md").read_text(encoding="utf-8")
    (folder / "county.toml").write_text(page.split("```\n")[3], encoding="utf-8")
    home = ("--home", folder / "home")
    program = Path(sys.executable).with_name("wayside-provision")
    _run(program, "init", "--host", "10.2.0.5", "--services-listen", "10.2.0.5", *home)
    _run(program, "cluster", "render", folder / "county.toml", "-o", folder / "rendered", *home)
    return folder / "rendered"


def _run(*words: str | Path) -> None:
    done = subprocess.run([*map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONG_S)
    assert done.returncode == 0, done.stderr[-2000:]


def _archive(role: str, releases: Path, debian: Path) -> Path:
    there = list(releases.glob(f"wayside-{role}-*.wayside"))
    if not there:
        python = (debian / "usr/bin/python3").readlink().name.removeprefix("python")
        words = ("--role", role, "--python", python, "--key", releases / "release.key")
        program = (sys.executable, "-m", "provisioning.release")
        _run(*program, "build", *words, "--models", default_models_dir(), "-o", releases)
        there = list(releases.glob(f"wayside-{role}-*.wayside"))
    (archive,) = there
    return archive


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_installed_works_and_goes_without_a_word_or_a_trace(
    role: str, debian: Path, releases: Path, servers: Path, tmp_path: Path
) -> None:
    began_s = time.monotonic()
    archive = _archive(role, releases, debian)
    built_s = time.monotonic() - began_s
    with clean_root.layer(debian, tmp_path) as (root, changed), clean_root.room(root) as (inside, left):
        setup = root / "srv/setup"
        before = changed()
        setup.mkdir()
        for file in (archive, releases / "release.pub", ROOT / "deploy/install.sh"):
            shutil.copy(file, setup)
        shutil.copy(Catalog(default_models_dir()).path("faces-1"), setup / "photo.jpg")
        install = f"sh install.sh --role {role} --key release.pub {archive.name} >&2; times"
        took = inside.run(f"cd /srv/setup; {install}", timeout_s=900).splitlines()[1]
        used = int(inside.run("systemd-sysusers; du -sm /opt/wayside").split()[0])
        for model in ROLES[role].models:
            inside.run(f"{BIN}/wayside-engines verify {model} {MODELS}")
            if model.startswith("nanodet"):
                inside.run(f"{BIN}/wayside-engines check {model} /srv/setup/photo.jpg {MODELS}")
        for program in ROLES[role].programs:
            if program in WORKS:
                inside.run(f"cd /srv/setup; {WORKS[program]}")
        if role in PLANNED:
            shutil.copytree(servers / PLANNED[role], setup / "plan")
            findings = json.loads(inside.run(CHECK))["findings"]
            assert {"files", "version"} <= {each["what"] for each in findings if each["good"]}, findings
        inside.run(f"sh /srv/setup/install.sh --role {role} --uninstall --purge; rm -r /srv/setup")
        assert changed() - before <= USERS | COMPILED
        print(  # noqa: T201
            f"\n{role}: {archive.stat().st_size >> 20} MiB, built in {built_s:.0f} s; install.sh took {took} of"
            f" processor, {used} MiB of disk"
        )
    assert left == [], "nothing wanted to go anywhere: no packet, so no DNS query either"
