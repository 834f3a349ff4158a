"""The wheel is the same from every clone and has every file; each extra of it, alone, runs and brings nothing else.

The other Pythons: `pytest -m losses tests/architecture/test_extras.py`, with their folders in PATH.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from engines.catalog.catalog import Catalog
from engines.manifest import Kind
from provisioning.release.python_packages import build_packages
from tests.support.clones import LIBRARIES, clone, committed, tracked

pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

EXTRAS = {
    "edge": (
        ["wayside-edge", "wayside-engines"],
        {"ray", "lancedb", "pyarrow", "nicegui", "fastapi", "sqlalchemy", "tensorrt_rtx"},
    ),
    "center": (["wayside-center"], {"ray", "lancedb", "pyarrow", "av", "cv2", "onnxruntime", "numpy", "tensorrt_rtx"}),
    "cluster": (["wayside-cluster", "wayside-engines"], {"av", "nicegui", "sqlalchemy", "argon2", "tensorrt_rtx"}),
    "provisioning": (
        ["wayside-provision", "wayside-engines"],
        {"ray", "lancedb", "av", "nicegui", "onnxruntime", "tensorrt_rtx"},
    ),
}


PACKAGES = ("center", "edge_agent", "engines", "provisioning", "ray_cluster")
SHIPPED = {"deploy/prometheus/rules": "prometheus/rules", "deploy/grafana": "grafana"}
"""Files beside the packages that a wheel carries, below `provisioning/servers/shipped`."""
NOT_IN_THE_WHEEL: set[str] = set()
"""Tracked files of the packages that an installation does without: none."""
RENDERED = {
    "etc/systemd/system/wayside-cluster.service",
    "etc/prometheus/wayside/rules/cluster.yml",
    "etc/wayside-servers/dashboards/wayside-cluster.json",
}


@dataclass(frozen=True)
class Built:
    """Packages of two clones of one commit: of the second, the wheel was not made out of the source archive."""

    repository: Path
    first: list[Path]
    second: list[Path]

    @property
    def wheel(self) -> Path:
        return self.first[0]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("packages")
    repository = committed(folder / "source")
    outs = []
    for name, umask, forms in (("a", 0o022, ((),)), ("another", 0o077, (("--wheel",), ("--sdist",)))):
        checkout = clone(repository, folder / name / "checkout", umask=umask)
        out = folder / name / "out"
        out.mkdir()
        outs.append(sorted(file for form in forms for file in build_packages(checkout, out, *form)))
    return Built(repository, *(sorted(out, key=lambda file: file.suffix, reverse=True) for out in outs))


def test_two_clones_make_the_same_wheel_and_source_archive_byte_for_byte(built: Built) -> None:
    assert [file.name for file in built.first] == [file.name for file in built.second]
    assert [file.suffix for file in built.first] == [".whl", ".gz"]
    assert [_sum(file) for file in built.first] == [_sum(file) for file in built.second]


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_wheel_has_every_file_of_the_packages_and_no_other(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    shipped = {
        file.replace(folder, f"provisioning/servers/shipped/{name}", 1)
        for folder, name in SHIPPED.items()
        for file in tracked(built.repository, folder)
    }
    libraries = {f"{LIBRARIES}/{manifest.file}" for manifest in Catalog(ROOT / LIBRARIES).manifests(Kind.CONSOLE)}
    assert inside == tracked(built.repository, *PACKAGES) - NOT_IN_THE_WHEEL | shipped | libraries


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_an_extra_alone(extra: str, built: Built, tmp_path: Path) -> None:
    _try_alone(extra, built.wheel, sys.executable, tmp_path)


@pytest.mark.losses
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_an_extra_alone_on_each_python(extra: str, python: str, built: Built, tmp_path: Path) -> None:
    _try_alone(extra, built.wheel, _interpreter(python), tmp_path)


@pytest.mark.losses
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_pip_alone_installs_the_edge_from_its_wheel(python: str, built: Built, tmp_path: Path) -> None:
    interpreter, pip = _interpreter(python), tmp_path / "edge/bin/pip"
    steps = [interpreter, "-m", "venv", str(tmp_path / "edge")], [str(pip), "install", f"{built.wheel}[edge]"]
    _try_alone("edge", built.wheel, interpreter, tmp_path, (*steps, [str(pip), "check"]))


def _interpreter(python: str) -> str:
    words = [str(BIN / "uv"), "python", "find", "--system", "--no-python-downloads", python]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.skip(f"no Python {python} is on this machine")
    return found.stdout.strip()


def _try_alone(extra: str, wheel: Path, python: str, tmp_path: Path, steps: Sequence[list[str]] = ()) -> None:
    """Installs the extra by these steps, by default by uv and the lock, and runs its programs."""
    commands, foreign = EXTRAS[extra]
    venv = tmp_path / extra
    environment = {**os.environ, "VIRTUAL_ENV": str(venv), "UV_LINK_MODE": "hardlink"}
    uv = str(BIN / "uv")
    for step in steps or (
        [uv, "venv", "--quiet", "--python", python, str(venv)],
        [uv, "pip", "install", "--quiet", f"{wheel}[{extra}]", "--constraint", str(ROOT / "requirements.lock")],
    ):
        done = subprocess.run(step, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr

    def run(command: str, *words: str) -> str:
        program = [str(venv / "bin" / command), *words]
        done = subprocess.run(program, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    for command in commands:
        assert "Usage" in run(command, "--help")
        assert run(command, "--version") == f"wayside {wheel.name.split('-')[1]}\n"
    if "wayside-engines" in commands:  # its manifests are in the wheel
        assert "nanodet-g-416" in run("wayside-engines", "list")
    if extra == "center":  # builds the whole application: pages, templates and languages must be in the wheel
        assert json.loads(run("wayside-center", "openapi"))["paths"].keys() >= {"/observations", "/cameras"}
        (console,) = (venv / "lib").glob("python*/site-packages/center/console")
        catalog = Catalog(console / "widgets" / "ground" / "libraries")
        assert all(catalog.path(manifest.name) for manifest in catalog.manifests(Kind.CONSOLE))
    if extra == "provisioning":  # units, rules and dashboards of servers are rendered from what is in the wheel
        page = (ROOT / "docs/servers.md").read_text(encoding="utf-8")
        (tmp_path / "county.toml").write_text(page.split("```\n")[3], encoding="utf-8")
        run("wayside-provision", "init", "--host", "10.2.0.5", "--services-listen", "10.2.0.5", "--home", "home")
        run("wayside-provision", "cluster", "render", "county.toml", "-o", "servers", "--home", "home")
        head = tmp_path / "servers" / "head"
        assert {file.relative_to(head).as_posix() for file in head.rglob("*")} >= RENDERED
    probe = f"import importlib.util as u; print(*[n for n in {sorted(foreign)!r} if u.find_spec(n)])"
    assert run("python", "-c", probe).split() == []


@pytest.mark.parametrize(("left", "said"), [(None, "is missing"), ("other", "is not the file of supercluster.toml")])
def test_a_wheel_without_the_libraries_of_the_console_is_refused(left: str | None, said: str, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    libraries = tree / "center/console/widgets/ground/libraries"
    for folder in ("center/console/widgets/ground/libraries", "engines/manifests"):
        shutil.copytree(ROOT / folder, tree / folder)
    for file in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, tree)
    if left is None:
        (libraries / "supercluster.min.js").unlink()
    else:
        (libraries / "supercluster.min.js").write_text(left)
    command = [str(BIN / "uv"), "build", "--wheel", "--out-dir", str(tmp_path / "made"), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode != 0
    assert f"libraries/supercluster.min.js {said}: the console needs it; run bin/setup demo" in done.stderr
    assert not list((tmp_path / "made").glob("*.whl"))
