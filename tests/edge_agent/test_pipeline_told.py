"""A pipeline that is told: to let go of what nobody looked at, and that its camera was turned."""

import threading
from pathlib import Path

import pytest

from edge_agent.frames import CaptureStats
from provisioning.contracts.wire.messages import PictureCheck
from tests.edge_agent.pipelines import World, recorder
from tests.edge_agent.world import EPOCH_MS, glance


def test_what_was_never_looked_at_ends_by_name_and_once(tmp_path: Path) -> None:
    world = World(tmp_path, {"gate": [[]]})
    world.pipelines["gate"].forgo("a" * 32)
    world.pipelines["gate"].forgo("a" * 32)
    ledger = world.ledger()
    assert ledger.dropped["interrupted"] >= 1
    assert ledger.selected == sum(ledger.dropped.values())
    assert ledger.in_flight == 0
    world.spool.close()


def test_a_camera_that_was_turned_is_told_once_and_when_it_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, {"gate": [[]]})
    turned: list[str] = []
    monkeypatch.setattr(world.detection_worker, "turned", turned.append)
    pipeline = world.pipelines["gate"]
    for score, times in ((0.1, 0), (0.9, 1), (0.9, 1), (0.2, 2), (None, 2)):
        scores = None if score is None else {PictureCheck.SCENE_MOVED: score}
        pipeline._note_view(CaptureStats("gate", EPOCH_MS, 1, 0, False, 0.0, None, scores))
        assert turned == ["gate"] * times
    world.spool.close()


def test_recordings_of_a_device_wait_for_the_redactor(tmp_path: Path) -> None:
    world = World(
        tmp_path, {"gate": [[glance(n, at_ms=EPOCH_MS + 1000 * n) for n in range(6)]]}, per_lane=1, camera=recorder
    )
    running = threading.Thread(target=world.run, args=("gate",))
    running.start()
    while running.is_alive():
        world.redact_all()
        running.join(0.01)
    world.redact_all()
    assert (world.ledger().spooled, world.ledger().dropped) == (6, {})
    world.spool.close()
