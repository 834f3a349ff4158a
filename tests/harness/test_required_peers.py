"""A run under REQUIRE_PEERS=1: a test whose models were not fetched fails, elsewhere it skips."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engines.catalog.catalog import MODELS_VARIABLE

ROOT = Path(__file__).parents[2]
NEEDS_MODELS = "tests/edge_agent/clock_text/test_reader.py::test_nothing_but_the_outer_bands_is_ever_given_to_a_model"


@pytest.mark.parametrize(("required", "closes"), [("1", "1 error"), ("0", "1 skipped")])
def test_a_model_that_was_not_fetched_is_a_missing_peer(tmp_path: Path, required: str, closes: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {MODELS_VARIABLE: str(tmp_path), "REQUIRE_PEERS": required}
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-o", f"cache_dir={tmp_path / 'cache'}", NEEDS_MODELS]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert re.search(rf"^{closes} ", done.stdout, re.MULTILINE), done.stdout
    assert "run `wayside-engines fetch" in done.stdout
    assert (done.returncode == 0) is (required == "0")
