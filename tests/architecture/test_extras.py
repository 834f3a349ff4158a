"""Each extra, installed alone in an empty environment, runs its commands and brings nothing of the others."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
        shipped = {path.suffix for path in (venv / "lib").glob("python*/site-packages/center/console/**/*")}
        assert shipped >= {".js", ".css", ".html", ".po"}
    probe = f"import importlib.util as u; print(*[n for n in {sorted(foreign)!r} if u.find_spec(n)])"
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.split() == []
