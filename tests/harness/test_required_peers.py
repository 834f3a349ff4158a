"""A run under REQUIRE_PEERS=1: a test whose models were not fetched fails, elsewhere it skips.

So does one whose program no registry has, everywhere.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engines.catalog.catalog import MODELS_VARIABLE

ROOT = Path(__file__).parents[2]
NEEDS_MODELS = "tests/edge_agent/clock_text/test_reader.py::test_nothing_but_the_outer_bands_is_ever_given_to_a_model"


UNPACKAGED = "tests/conformance/test_broker.py::test_each_uses_its_own_topics_alone[flashmq]"


def _run(folder: Path, test: str, **changed: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | changed
    own = ["-o", f"cache_dir={folder / 'cache'}", f"--basetemp={folder / 'tmp'}"]
    command = [sys.executable, "-m", "pytest", "-q", "-n0", *own, test]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("required", "closes"), [("1", "1 error"), ("0", "1 skipped")])
def test_a_model_that_was_not_fetched_is_a_missing_peer(tmp_path: Path, required: str, closes: str) -> None:
    done = _run(tmp_path, NEEDS_MODELS, **{MODELS_VARIABLE: str(tmp_path), "REQUIRE_PEERS": required})
    assert re.search(rf"^{closes} ", done.stdout, re.MULTILINE), done.stdout
    assert "run `wayside-engines fetch" in done.stdout
    assert (done.returncode == 0) is (required == "0")


def test_a_program_that_no_registry_has_is_no_missing_peer(tmp_path: Path) -> None:
    done = _run(tmp_path, UNPACKAGED, PATH=str(tmp_path), REQUIRE_PEERS="1")
    assert re.search(r"^1 skipped ", done.stdout, re.MULTILINE), done.stdout
    assert "flashmq is not installed: docs/broker.md" in done.stdout
