"""docs/health.md names every word that an agent says of a camera, and every metric: nobody has to guess one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import DropReason, SourceError
from edge_agent.health import camera_state
from edge_agent.metrics import MetricsInputs, families
from edge_agent.scheduling.detection_budget import DetectionCounts
from provisioning.contracts.wire.messages import CameraState, PictureCheck
from tests.edge_agent.publishing import World

PAGE = (Path(__file__).parents[3] / "docs" / "health.md").read_text(encoding="utf-8")


def source_errors(kind: type[SourceError] = SourceError) -> Iterator[type[SourceError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from source_errors(narrower)


CODES = {
    *(kind.cause for kind in source_errors() if kind.__module__.startswith("edge_agent")),
    *(camera_state.SILENT, camera_state.STALE, camera_state.UNDECODABLE, camera_state.PAUSED),
    *(DropReason.REDACTION_UNAVAILABLE, DropReason.REDACTION_TIMEOUT, DropReason.SECOND_LOOK),
}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_cause_code_has_a_line(code: str) -> None:
    assert f"| `{code}` |" in PAGE


@pytest.mark.parametrize("state", sorted(CameraState))
def test_every_state_has_a_line(state: CameraState) -> None:
    assert f"| {state.value.replace('_', ' ')} |" in PAGE


@pytest.mark.parametrize("check", sorted(PictureCheck))
def test_every_picture_check_has_a_line(check: PictureCheck) -> None:
    assert f"| `{check.value}` |" in PAGE


def test_every_metric_is_named(tmp_path: Path) -> None:
    world = World(tmp_path)
    told = MetricsInputs(
        world.publisher.heartbeat,
        world.publisher.assessed,
        world.health.statuses,
        world.health.restarts,
        world.health.clock_changes,
        lambda: DetectionCounts({}, {}, {}, {}, 0.05),
    )
    names = {family.name.removeprefix("wayside_edge_") for family in families(told)}
    world.spool.close()
    assert not {name for name in names if f"`{name}`" not in PAGE}
