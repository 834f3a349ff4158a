"""A caller's own picture: looked at, never kept, and refused where intake would not archive it."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.contracts.query.archive import IntakeStatus, Looks, MachineColour
from provisioning.contracts.wire.topics import MAX_MESSAGE_BYTES
from ray_cluster.errors import BadRequest, Unavailable
from ray_cluster.inference.appearance import UNSEEN
from ray_cluster.query.query_picture import describe_machines
from ray_cluster.query.routes import create_app
from tests.ray_cluster.street import FakeStages, good
from tests.ray_cluster.world import BIKE, CAR, archiver, jpeg, lookalike, message, query, snapshot

TOKEN = "t" * 32


def shown(content: bytes, stages: FakeStages | None = None) -> Looks:
    return asyncio.run(describe_machines(content, stages or FakeStages()))


def test_every_machine_of_the_envelope_has_its_look() -> None:
    found = shown(good(1, machines=(BIKE, CAR)))
    assert [one.machine for one in found.machines] == [BIKE, CAR]
    assert [one.colour for one in found.machines] == [MachineColour.RED] * 2
    assert [one.comparable for one in found.machines] == [False] * 2
    assert shown(good(1)).machines == ()


def test_a_picture_with_a_face_a_withheld_one_and_one_that_cannot_be_read_are_refused() -> None:
    stages = FakeStages()
    stages.leaks.add(jpeg(1))
    stages.unembeddable.add(jpeg(2))
    withheld = message(snapshot(3, picture=b""), b"")
    for content, reason in ((good(1), "face"), (good(2), "decoded"), (withheld, "withheld")):
        with pytest.raises(BadRequest, match=reason):
            shown(content, stages)
    assert not stages.rows
    assert [stage for stage, _ in stages.calls] == ["inspect", "inspect", "embed"], "a face ends it before the embedder"


@settings(max_examples=60)
@given(st.binary(max_size=300) | st.tuples(st.integers(0, 400), st.binary(max_size=8)))
def test_foreign_bytes_are_a_bad_request_or_a_look(content: bytes | tuple[int, bytes]) -> None:
    if isinstance(content, tuple):
        at, patch = content
        whole = good(1, machines=(CAR,))
        content = whole[:at] + patch + whole[at + len(patch) :]
    try:
        found = shown(content)
    except BadRequest:
        return
    assert len(found.machines) <= 1


class TestHttp:
    """The route: authenticated, bounded, its errors mapped."""

    @pytest.fixture
    def stages(self) -> FakeStages:
        return FakeStages()

    def post(self, tmp_path: Path, stages: FakeStages, content: Any, token: str = TOKEN) -> httpx.Response:
        archiver(tmp_path)

        async def intake() -> IntakeStatus:
            raise Unavailable("not asked")

        app = create_app(query(tmp_path), stages, lookalike(tmp_path), token=TOKEN, ask_intake=intake)

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://query") as client:
                return await client.post("/embed", content=content, headers={"Authorization": f"Bearer {token}"})

        return asyncio.run(ask())

    def test_a_message_is_answered(self, tmp_path: Path, stages: FakeStages) -> None:
        answer = self.post(tmp_path, stages, good(1, machines=(CAR,)))
        assert answer.status_code == 200
        (found,) = Looks.model_validate_json(answer.content).machines
        assert (found.machine, found.colour) == (CAR, MachineColour.RED)

    def test_without_the_token_nothing_is_looked_at(self, tmp_path: Path, stages: FakeStages) -> None:
        assert self.post(tmp_path, stages, good(1), token="other").status_code == 401
        assert not stages.calls

    def test_an_endless_body_is_cut_off(self, tmp_path: Path, stages: FakeStages) -> None:
        sent = 0

        async def endless() -> Any:
            nonlocal sent
            for _ in range(3 * MAX_MESSAGE_BYTES // (1 << 20)):
                sent += 1 << 20
                yield bytes(1 << 20)

        answer = self.post(tmp_path, stages, endless())
        assert (answer.status_code, answer.json()["error"]) == (422, "bad_request")
        assert sent <= MAX_MESSAGE_BYTES + (2 << 20)

    def test_a_stage_that_is_away_is_said_so(self, tmp_path: Path, stages: FakeStages) -> None:
        stages.faults["embed"] = [Unavailable("embedder: away")]
        assert self.post(tmp_path, stages, good(1)).status_code == 503


def test_unseen_is_nothing_at_all() -> None:
    assert (UNSEEN.colour, UNSEEN.colour_share, UNSEEN.vector) == (None, None, None)
