"""A check that the spool's folder is not the root: the doctor reports it."""

from pathlib import Path

from edge_agent.diagnosis import machine
from provisioning.contracts.config.processes import Camera, EdgeConfig, ReplaySource
from tests.architecture.additions.tree import Tree
from tests.edge_agent.world import FakeClock, edge_config

KIND = "a health check: doctor"
RUN_IN = "tests/edge_agent/diagnosis"
CAMERA = Camera(id="gate", source=ReplaySource(path=Path("film")))


def add(tree: Tree) -> None:
    tree.after(
        "provisioning/contracts/fleet/diagnosis.py",
        '    DISK_NEARLY_FULL = "disk_nearly_full"\n',
        '    SPOOL_MISPLACED = "spool_misplaced"\n',
    )
    machine = "edge_agent/diagnosis/machine.py"
    tree.before(
        machine,
        "    yield disk(edge.spool.directory)\n",
        "    yield place(edge.spool.directory)\n",
    )
    tree.before(
        machine,
        "def disk(directory: Path) -> Diagnosis:\n",
        '''def place(directory: Path) -> Diagnosis:
    """Check that the spool has a name by which it is told from others."""
    if directory.name == "misplaced":
        found = f"{directory} is no place for it"
        return Diagnosis("place", found, Fault.SPOOL_MISPLACED, "set spool.directory to another folder")
    return Diagnosis("place", f"{directory}")


''',
    )


def findings(edge: EdgeConfig) -> dict[str, str | None]:
    return {each.where: each.fault for each in machine.probe_machine(edge, FakeClock())}


def test_the_check_runs(tmp_path: Path) -> None:
    assert findings(edge_config(tmp_path, CAMERA))["place"] is None
    misplaced = edge_config(tmp_path, CAMERA, spool={"directory": tmp_path / "misplaced"})
    assert findings(misplaced)["place"] == "spool_misplaced"
