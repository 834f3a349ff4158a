"""Detectors are swapped under load in two real replicas: no picture lost, none seen by nobody, no replica replaced.

```
callers (4) ─▶ Serve handle ─▶ parser, parser      user_config: nanodet │ gate: yolox │ gate: broken ✗ │ both: detr
```
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.swapping_parsers import FOUND
from tests.support.waiting import LONG_S

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.ray, pytest.mark.timeout(300)]


def test_two_replicas_take_another_assignment_while_they_work(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.swapping_parsers", str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONG_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads((tmp_path / FOUND).read_text())
    sys.stdout.write(f"{found}\n")
    seen = found["seen"]
    assert sum(seen.values()) == found["sent"], "every picture was answered once"
    assert found["wrong"] == 0
    # A replica that had been replaced would have begun to count anew.
    assert found["replicas"] == 2
    assert found["looked_at"] == found["sent"]
    assert found["fell_back"] == 0
    assert set(seen) == {
        "gate nanodet", "gate yolox-raw", "gate detr-sigmoid", "quay nanodet", "quay detr-sigmoid",
    }, "and none by the one that is broken"  # fmt: skip
    assert len(found["faults"]) == 2
    assert all("broken: outputs do not fit the decoder" in fault for fault in found["faults"])
    assert all("the one before stays" in fault for fault in found["faults"])
    assert found["faults_after"] == []
