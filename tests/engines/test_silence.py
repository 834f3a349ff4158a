"""ONNX Runtime reports to its maker by itself; whoever imports it through `engines` does not.

A process of its own, with an environment as in the field (in CI the reporter is silent anyhow) and no network.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("module", "reports"), [("engines.ort", False), ("onnxruntime", True)])
def test_nothing_is_kept_to_be_reported(tmp_path: Path, module: str, *, reports: bool) -> None:
    if subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to make a network namespace here")
    command = ["unshare", "-rn", sys.executable, "-c", f"import {module}"]
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    subprocess.run(command, env=environment, check=True, timeout=120)
    assert any(path.name == "deviceid" for path in tmp_path.rglob("*")) is reports
