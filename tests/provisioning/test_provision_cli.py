import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from provisioning.cli import app

ROOT = Path(__file__).resolve().parents[2]
run = CliRunner().invoke


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom typer.testing import CliRunner\nfrom provisioning.cli import app\n"
        "for command in ([], ['demo'], ['throwaway']):\n"
        "    result = CliRunner().invoke(app, [*command, '--help'])\n"
        "    assert result.exit_code == 0, result.output\n"
        "heavy = {'av', 'cryptography', 'PIL', 'numpy', 'ray', 'lancedb', 'nicegui', 'onnx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"PYTHONPATH": str(ROOT)})


def test_throwaway_writes_what_a_broker_and_its_clients_need(tmp_path: Path) -> None:
    result = run(app, ["throwaway", "--out", str(tmp_path), "--agent", "street", "--agent", "avenue"])
    assert result.exit_code == 0, result.output
    keys = sorted(path.name for path in (tmp_path / "pki").glob("*.key"))
    assert keys == ["avenue.key", "broker.key", "center.key", "cluster.key", "street.key"]
    assert (tmp_path / "broker" / "mosquitto.conf").exists()


def test_a_reserved_agent_is_one_line(tmp_path: Path) -> None:
    result = run(app, ["throwaway", "--out", str(tmp_path), "--agent", "cluster"])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "reserved" in result.stderr


def test_a_report_needs_an_end(tmp_path: Path) -> None:
    result = run(app, ["demo", "--report", str(tmp_path)])
    assert result.exit_code == 2
    assert "--report needs --for" in result.stderr


def test_a_report_that_cannot_be_written_stops_the_demo_before_it_starts(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run(
        app, ["demo", "--for", "5", "--report", str(tmp_path / "file" / "out"), "--state", str(tmp_path / "s")]
    )
    assert result.exit_code == 2
    assert "give another with --report" in result.stderr
    assert not (tmp_path / "s").exists()
