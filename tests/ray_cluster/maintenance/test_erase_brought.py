"""What a request may erase: pictures that a desk agent signed and that no legal hold names. Everything else stays."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from provisioning.contracts.query.erasure import ErasureRequest
from provisioning.contracts.wire import codec
from provisioning.contracts.wire.messages import Signature
from ray_cluster.archive.entries import Entry
from ray_cluster.archive.hold_store import Hold
from ray_cluster.maintenance.erasure import erase_brought
from ray_cluster.maintenance.holds import Holds
from ray_cluster.query.routes import create_app
from tests.ray_cluster.query.test_reader import TOKEN, intake_is_well
from tests.ray_cluster.street import FakeStages
from tests.ray_cluster.world import CAR, NOW_MS, OFFSET_MINUTES, archiver, entry, look, lookalike, query

SIGNATURE = Signature(certificate="-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", value="30" * 70)


def brought(number: int) -> Entry:
    made = entry(number, agent="desk", camera="stolen", appearances=(look(number),))
    return replace(made, snapshot=made.snapshot.model_copy(update={"signature": SIGNATURE}))


BROUGHT, SEEN = brought(1), entry(2, machines=(CAR,), appearances=(look(2),))


class Client:
    """Who has the token, unless it says otherwise."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def _ask(self, method: str, path: str, token: str = TOKEN, **sent: Any) -> httpx.Response:
        async def story() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://archive.test") as client:
                return await client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **sent)

        return asyncio.run(story())

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def erase(self, body: dict[str, str], token: str = TOKEN) -> httpx.Response:
        return self._ask("POST", "/erasures", token, json=body)


@pytest.fixture
def client(tmp_path: Path) -> Client:
    archiver(tmp_path).commit([BROUGHT, SEEN], now_ms=NOW_MS)
    app = create_app(
        query(tmp_path),
        FakeStages(),
        lookalike(tmp_path),
        token=TOKEN,
        ask_intake=intake_is_well,
        erase=lambda request: erase_brought(tmp_path, request, offset_minutes=OFFSET_MINUTES, now_ms=NOW_MS),
    )
    return Client(app)


def body(row: Entry) -> dict[str, str]:
    return ErasureRequest(row_key=row.row_key, case="A-17").model_dump(mode="json")


def test_the_signature_comes_back_from_the_archive_as_it_was_sent(client: Client, tmp_path: Path) -> None:
    assert query(tmp_path).observation(BROUGHT.row_key).snapshot.signature == SIGNATURE
    assert query(tmp_path).observation(SEEN.row_key).snapshot.signature is None
    message = codec.encode_snapshot(BROUGHT.snapshot, BROUGHT.jpeg)
    assert codec.decode_snapshot(message)[0].signature == SIGNATURE
    assert b"signature" not in codec.encode_snapshot(SEEN.snapshot, SEEN.jpeg), "as an archive of before reads it"


def test_what_was_brought_is_erased_and_again_is_no_error(client: Client, tmp_path: Path) -> None:
    first, second = (client.erase(body(BROUGHT)).json() for _ in range(2))
    assert (first["machines"], first["again"], second["again"]) == (1, False, True)
    assert client.get(f"/observations/{BROUGHT.row_key}/picture").status_code == 410
    line = json.loads(next((tmp_path / "audit").iterdir()).read_text().splitlines()[0])
    assert (line["event"], line["reason"]) == ("erase", "case A-17 is over")


def test_a_cameras_picture_is_not_erased_by_a_request(client: Client) -> None:
    refused = client.erase(body(SEEN))
    assert (refused.status_code, refused.json()["error"]) == (409, "not_brought")
    assert client.get(f"/observations/{SEEN.row_key}/picture").status_code == 200


def test_what_a_legal_hold_names_is_not_erased_by_a_request(client: Client, tmp_path: Path) -> None:
    hold = Hold(name="court", case="B-1", placed_at_ms=NOW_MS, until_ms=NOW_MS + 1, row_keys=(BROUGHT.row_key,))
    Holds(tmp_path, offset_minutes=OFFSET_MINUTES).place(hold)
    refused = client.erase(body(BROUGHT))
    assert (refused.status_code, refused.json()["error"]) == (409, "picture_held")


def test_a_stranger_and_nonsense_are_refused(client: Client) -> None:
    assert client.erase(body(BROUGHT), token="x").status_code == 401
    assert client.erase({"row_key": "x", "case": "A"}).status_code == 422
    absent = client.erase({"row_key": f"desk:{'0' * 32}", "case": "A"})
    assert (absent.status_code, absent.json()["error"]) == (404, "unknown_observation")
