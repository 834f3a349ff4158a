"""The wheel of the client, alone in an empty environment: it asks a centre, and brings nothing of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.center.whole import Whole

pytestmark = pytest.mark.network

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).parent / "uv")
PROGRAM = """
import sys
from wayside_client import Center
from wayside_client.api.cameras import list_cameras
with Center(sys.argv[1], token=sys.argv[2]) as center:
    print(len(list_cameras.sync(center)), *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_the_wheel_asks_a_centre_without_anything_of_the_product(whole: Whole, token: str, tmp_path: Path) -> None:
    def done(*command: str) -> str:
        environment = os.environ | {"UV_LINK_MODE": "hardlink"}
        ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    done(UV, "build", "--quiet", "--wheel", "--out-dir", str(tmp_path), str(ROOT / "client"))
    (wheel,) = tmp_path.glob("wayside_client-*.whl")
    done(UV, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv"))
    python = str(tmp_path / "venv" / "bin" / "python")
    lock = str(ROOT / "requirements.lock")
    done(UV, "pip", "install", "--quiet", "--python", python, str(wheel), "--constraint", lock)
    cameras, *modules = done(python, "-I", "-c", PROGRAM, whole.url, token).split()
    assert cameras == "4"
    assert set(modules) & {"center", "edge_agent", "engines", "provisioning", "ray_cluster", "pydantic"} == set()
    assert list((tmp_path / "venv").glob("lib/python*/site-packages/wayside_client/py.typed"))
