"""A street through the real redactor, parser and canary: what the edge saw before the paint is what is archived."""

from collections.abc import Sequence
from typing import Any, Final

import pytest

from edge_agent.frames import Frame, Redacted, Selected, SelectReason
from edge_agent.redact_files import file_policy
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from provisioning.contracts import ids
from provisioning.contracts.config.cluster import ClusterConfig
from provisioning.contracts.config.processes import Policy
from provisioning.contracts.query.archive import FoundAt
from provisioning.contracts.wire.messages import ClockQuality, Machine
from ray_cluster.inference.canary import Canary
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import Parsed, Photo, Unreadable
from ray_cluster.serve.canary_deployment import FACE_MODEL
from tests.ray_cluster.street import FakeStages, Running, run
from tests.ray_cluster.world import NOW_MS, message
from tests.support.faces import street

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

FRAMES: Final = (145, 165, 170, 185)
"""Frames of the street clip: cars at the kerb behind cyclists and walkers."""
PROOF: Final = 16


def _default(key: str) -> Any:
    return ClusterConfig.model_fields[key].default


MODEL: Final = _default("parser_model")
"""Settings of the cluster as it is shipped: its model is the edge's own, or nothing could be reused."""


class _Networks(FakeStages):
    """Parser and canary with their networks, before an archive in a dict."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__()
        self.parser = Parser.alone(
            Detector.load(catalog, catalog.fitted(MODEL)), threshold=_default("parser_threshold")
        )
        self._canary = Canary(Detector.load(catalog, FACE_MODEL), threshold=_default("canary_threshold"))

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        return self.parser.parse(photos)

    async def inspect(self, photos: Sequence[Photo]) -> list[bool | Unreadable]:
        return self._canary.inspect(photos)


def redacted(catalog: Catalog) -> list[Redacted]:
    fresh = file_policy.load(catalog.models_dir, Policy())
    frames = [
        Frame("cam-1", NOW_MS + number, ClockQuality.ARRIVAL, f"n{number}", street(catalog, number, (640, 272)))
        for number in FRAMES
    ]
    return [fresh().redact(Selected(frame, SelectReason.CHANGE)) for frame in frames]


def sent(seen: Redacted, number: int) -> bytes:
    at_ms, key = NOW_MS - 60_000 + number, f"n{number}"
    own = {
        "agent_id": "street",
        "camera_id": "cam-1",
        "source_key": key,
        "captured_at_ms": at_ms,
        "observation_id": ids.observation_id("cam-1", at_ms, key),
    }
    return message(seen.snapshot.model_copy(update=own), seen.picture)


def test_a_proven_street_is_archived_with_every_machine_that_was_seen_before_the_paint(catalog: Catalog) -> None:
    pictures = redacted(catalog)
    stages = _Networks(catalog)
    rows: dict[str, tuple[tuple[Machine, ...], FoundAt]] = {}

    async def story(running: Running) -> None:
        running.drawn = set()
        for number in range(2 * PROOF):
            running.deliver(sent(pictures[number % len(pictures)], number))
            await running.settle()
        entries = [entry for entry, _ in stages.rows.values()]
        rows.update({entry.snapshot.source_key: (entry.machines, entry.found_at) for entry in entries})
        status = running.intake.status(running.broker, running.acks)
        assert (status.leaks, status.inspected, status.lost_proofs) == (0, PROOF, ())

    run(story, stages, proof=PROOF)
    raw = [machine for picture in pictures for machine in picture.snapshot.machines]
    covered = [machine for number in range(len(pictures)) for machine in rows[f"n{number}"][0]]
    last = [rows[f"n{number}"] for number in range(2 * PROOF - len(pictures), 2 * PROOF)]
    assert {rows[f"n{number}"][1] for number in range(4)} == {FoundAt.CLUSTER}
    assert {found_at for _, found_at in last} == {FoundAt.EDGE}
    assert [machine for machines, _ in last for machine in machines] == raw
    assert len(raw) > len(covered) > 0
    assert list(stages.parser.status().pictures.values()) == [PROOF]
