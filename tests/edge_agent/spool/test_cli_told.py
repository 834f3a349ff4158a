"""The commands of an enrolled agent know the cameras that it was told of, and not those of its file alone."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.__main__ import app
from edge_agent.cli import running
from edge_agent.clock import SystemClock
from edge_agent.health.pauses import Pauses
from edge_agent.redactor.redactor import CameraRedactor
from edge_agent.spool.spool import Spool
from engines.catalog.catalog import Catalog
from provisioning.contracts.config import processes
from tests.edge_agent.told import Box, camera
from tests.edge_agent.world import edge_config
from tests.support.waiting import LONG_S


class Cabinet:
    """A box as enrolment leaves it, and told of the gate."""

    def __init__(self, folder: Path) -> None:
        self.box = Box(folder / "box")
        self.box.documents.accept(self.box.centre.document(1, camera("gate", "dead")))
        self.box.documents.begin(())
        self.box.documents.apply(1)
        Spool(processes.Spool(directory=folder / "spool"), SystemClock()).close()
        self.pauses = Pauses(folder / "spool")
        self.path = folder / "edge.toml"
        self.path.write_text(
            'agent_id = "street"\nmodels_dir = "models"\n[spool]\ndirectory = "spool"\nmax_bytes = 1048576\n'
            '[broker]\nhost = "127.0.0.1"\nport = 1\nca_file = "ca"\ncert_file = "crt"\nkey_file = "key.pem"\n'
            '[provisioning]\nhost = "127.0.0.1"\nport = 1\nseal_key_file = "box/seal.pub"\n'
            'secrets_key_file = "box/secrets.key"\ndocuments_dir = "box/documents"\n'
        )

    def invoke(self, *arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, [*arguments, "--config", str(self.path)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def cabinet(tmp_path: Path) -> Cabinet:
    return Cabinet(tmp_path)


def test_the_ledger_shows_them(cabinet: Cabinet) -> None:
    code, out, _ = cabinet.invoke("ledger", "--json")
    assert code == 0
    assert json.loads(out)["cameras"].keys() == {"gate"}


def test_resume_knows_them_and_one_that_was_taken_out_while_it_was_paused(cabinet: Cabinet) -> None:
    assert cabinet.invoke("resume", "gate")[:2] == (0, "camera gate was not paused\n")
    cabinet.pauses.pause("yard")
    assert cabinet.invoke("resume", "yard")[:2] == (0, "camera yard resumes\n")
    for nobody in ("yard", "../spool.lock"):
        code, _, err = cabinet.invoke("resume", nobody)
        assert code == 2
        assert "it has gate" in err
    assert (cabinet.path.parent / "spool" / "spool.lock").exists()


def test_check_looks_at_them(cabinet: Cabinet) -> None:
    _, out, _ = cabinet.invoke("check")
    assert "camera gate" in out


def test_quarantine_needs_no_camera(cabinet: Cabinet) -> None:
    assert cabinet.invoke("quarantine")[0] == 0


@pytest.mark.parametrize("command", ["ledger", "check", "quarantine"])
def test_without_the_seals_key_there_is_one_clear_line(cabinet: Cabinet, command: str) -> None:
    cabinet.box.centre.section.seal_key_file.unlink()
    code, _, err = cabinet.invoke(command)
    assert code == 2
    assert len([line for line in err.splitlines() if line.startswith("error")]) == 1
    assert "enrol again" in err


def test_nor_does_it_run_without(cabinet: Cabinet) -> None:
    cabinet.box.centre.section.seal_key_file.unlink()
    command = [sys.executable, "-m", "edge_agent", "run", "--config", str(cabinet.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG_S)
    assert done.returncode == 2
    assert "enrol again" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_runs_on_what_it_was_told_and_looks_after_its_certificate(cabinet: Cabinet) -> None:
    command = [sys.executable, "-m", "edge_agent", "run", "--config", str(cabinet.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        assert agent.stderr is not None
        watchdog = threading.Timer(LONG_S, agent.kill)
        watchdog.start()
        assert agent.stdout.readline() == "ready agent=street cameras=1\n"
        assert any("certificate not renewed agent=street" in line for line in agent.stderr)
        agent.send_signal(signal.SIGTERM)
        agent.stderr.readlines()
        assert agent.wait(LONG_S) == 0
        watchdog.cancel()


def test_loaded_models_serve_the_next_configuration_under_its_own_settings(catalog: Catalog, tmp_path: Path) -> None:
    edge = edge_config(tmp_path, camera("gate"), models_dir=catalog.models_dir)
    coarse = edge.model_copy(update={"redactor": processes.Redactor(jpeg_quality=50)})
    make = running._load_redactors(edge)
    before, after = make(edge, edge.cameras[0]), make(coarse, edge.cameras[0])
    assert isinstance(before, CameraRedactor)
    assert isinstance(after, CameraRedactor)
    assert after._detectors is before._detectors
    assert (before._settings.jpeg_quality, after._settings.jpeg_quality) == (85, 50)
