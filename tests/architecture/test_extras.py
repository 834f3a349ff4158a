"""Each extra, installed alone in an empty environment, runs its commands and brings nothing of the others."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engines.catalog.catalog import Catalog
from engines.manifest import Kind

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


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_an_extra_alone(extra: str, tmp_path: Path) -> None:
    commands, foreign = EXTRAS[extra]
    venv = tmp_path / extra
    environment = {**os.environ, "VIRTUAL_ENV": str(venv), "UV_LINK_MODE": "hardlink"}
    uv = str(BIN / "uv")
    for step in (
        [uv, "venv", "--quiet", "--python", sys.executable, str(venv)],
        [uv, "pip", "install", "--quiet", f"{ROOT}[{extra}]", "--constraint", str(ROOT / "requirements.lock")],
    ):
        done = subprocess.run(step, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    for command in commands:
        done = subprocess.run(
            [str(venv / "bin" / command), "--help"], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout
    if extra == "center":  # builds the whole application: pages, templates and languages must be in the wheel
        done = subprocess.run(
            [str(venv / "bin" / "wayside-center"), "openapi"], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert json.loads(done.stdout)["paths"].keys() >= {"/observations", "/cameras"}
        (console,) = (venv / "lib").glob("python*/site-packages/center/console")
        assert {path.suffix for path in console.glob("**/*")} >= {".js", ".css", ".html", ".po"}
        catalog = Catalog(console / "widgets" / "ground" / "libraries")
        assert all(catalog.path(manifest.name) for manifest in catalog.manifests(Kind.CONSOLE))
    probe = f"import importlib.util as u; print(*[n for n in {sorted(foreign)!r} if u.find_spec(n)])"
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == []


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
