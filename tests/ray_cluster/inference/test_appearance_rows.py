"""From a message with a redacted picture to rows with vectors: the real parser, embedder, intake and archiver."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import cv2
import lancedb
import numpy as np
import pytest

from engines.catalog.catalog import Catalog
from engines.catalog.fetch import fetch
from engines.detection.detector import Detector
from engines.detection.preprocess import Picture
from engines.embedding.embedder import Vectoriser
from provisioning.contracts.query.archive import MachineColour
from provisioning.contracts.wire.messages import Box, MachineClass
from ray_cluster.archive.archiver import Archiver
from ray_cluster.archive.entries import Entry, Receipt
from ray_cluster.archive.schema import OBJECTS
from ray_cluster.inference.appearance import DIMENSIONS, Appearance
from ray_cluster.inference.embedder import Embedder
from ray_cluster.inference.parser import Parser
from ray_cluster.inference.picture import Parsed, Photo, Sitter, Unreadable
from tests.ray_cluster.street import FakeStages, Running
from tests.ray_cluster.world import NOW_MS, archiver, message, query, snapshot

pytestmark = pytest.mark.network

FRAME = 150
"""Of the street film: cars at the kerb, one of them large."""


class Stages(FakeStages):
    """Two real networks and the real archive; the canary is a fake."""

    def __init__(self, parser: Parser, embedder: Embedder, keeper: Archiver) -> None:
        super().__init__()
        self._parser, self._embedder, self._keeper = parser, embedder, keeper

    async def parse(self, photos: Sequence[Photo]) -> list[Parsed | Unreadable]:
        return self._parser.parse(photos)

    async def embed(self, requests: Sequence[Sitter]) -> list[tuple[Appearance, ...] | Unreadable]:
        return self._embedder.embed(requests)

    async def archive(self, entries: Sequence[Entry]) -> list[Receipt]:
        return self._keeper.commit(entries, now_ms=NOW_MS)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    shipped = Catalog()
    for name in ("nanodet-g-416", "efficientnet-lite0", "bikes"):
        fetch(shipped, name)
    return shipped


@pytest.fixture(scope="module")
def street(catalog: Catalog) -> Picture:
    film = cv2.VideoCapture(str(catalog.path("bikes")))
    film.set(cv2.CAP_PROP_POS_FRAMES, FRAME)
    done, pixels = film.read()
    film.release()
    assert done
    return np.asarray(pixels, np.uint8)


@pytest.fixture(scope="module")
def embedder(catalog: Catalog) -> Embedder:
    return Embedder(Vectoriser.load(catalog, "efficientnet-lite0", threads=2))


def encoded(picture: Picture) -> bytes:
    done, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done
    return content.tobytes()


def redacted(street: Picture, cover: Box) -> bytes:
    picture = street.copy()
    picture[cover.y0 : cover.y1, cover.x0 : cover.x1] = 64
    return encoded(picture)


def test_a_picture_becomes_rows_with_vectors_and_colours(
    catalog: Catalog, street: Picture, embedder: Embedder, tmp_path: Path
) -> None:
    cover = Box(x0=0, y0=0, x1=200, y1=272)
    picture = redacted(street, cover)
    size = (street.shape[1], street.shape[0])
    envelope = snapshot(1, picture=picture, size=size)
    regions = envelope.redaction.model_copy(update={"regions": (cover,)})
    payload = message(envelope.model_copy(update={"redaction": regions}), picture)
    parser = Parser.alone(Detector.load(catalog, "nanodet-g-416", threads=2), threshold=0.4)

    async def story() -> None:
        running = Running(Stages(parser, embedder, archiver(tmp_path)))
        work = asyncio.create_task(running.intake.run(running.broker, running.acks))
        running.deliver(payload)
        await running.settle()
        work.cancel()

    asyncio.run(story())
    (found,) = query(tmp_path).commits(after=0, limit=10).items
    assert len(found.machines) >= 2
    assert {machine.cls for machine in found.machines} == {MachineClass.CAR}
    assert any(machine.colour in {MachineColour.GREY, MachineColour.BLACK} for machine in found.machines)
    tables = lancedb.connect(tmp_path / "tables")
    (name,) = [name for name in tables.list_tables().tables if name.startswith(OBJECTS)]
    rows = tables.open_table(name).to_arrow().to_pylist()
    vectors = {row["index"]: row["vector"] for row in rows}
    assert len(vectors) == len(found.machines)
    lengths = [np.linalg.norm(vector) for vector in vectors.values() if vector is not None]
    assert len(lengths) >= 2
    np.testing.assert_allclose(lengths, 1, atol=1e-5)
    assert all(len(vector) == DIMENSIONS for vector in vectors.values() if vector is not None)


def test_the_network_itself_does_not_see_a_rider(street: Picture, embedder: Embedder) -> None:
    """Of a machine whose rider is covered, two pictures that differ under the cover, by the real network."""
    from tests.ray_cluster.inference.test_embedder import machine  # noqa: PLC0415 - made there

    bicycle = machine(MachineClass.MOTORCYCLE, 292, 5, 539, 199)
    cover = Box(x0=262, y0=0, x1=569, y1=73)
    size = (street.shape[1], street.shape[0])
    noise = np.random.default_rng(1).integers(0, 256, street.shape, np.uint8)
    other = street.copy()
    other[: cover.y1, cover.x0 : cover.x1] = noise[: cover.y1, cover.x0 : cover.x1]
    # Not a JPEG of each: its blocks would carry the noise below the cover. The edge paints before it encodes.
    painted = [redacted(picture, cover) for picture in (street, other)]
    assert painted[0] == painted[1]
    found = embedder.embed([Sitter(Photo(content, *size, (cover,)), (bicycle,)) for content in painted])
    first, second = (look[0].vector for look in found if isinstance(look, tuple))
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first, second)
    below = street.copy()
    below[120:160, 350:450] = noise[120:160, 350:450]
    (third,) = embedder.embed([Sitter(Photo(redacted(below, cover), *size, (cover,)), (bicycle,))])
    assert isinstance(third, tuple)
    assert third[0].vector is not None
    assert float(third[0].vector @ first) < 0.999, "the machine itself does count"
