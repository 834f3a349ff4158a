"""The reader with its real models: times in the outer bands are read, and nothing else is read or seen."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Drawings
from PIL import ImageDraw, ImageFont

from edge_agent.clock_text.reader import LINES, SIGNS, TimeReader
from edge_agent.redactor.cover import Image
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.runtimes.engine import Engine, Tensor, TensorSpec
from provisioning.contracts.config.camera import CLOCK_BAND

SHOWN = datetime(2026, 11, 29, 16, 5, 7)  # noqa: DTZ001 - local, in no zone
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
SIZE = (1280, 720)
BAND = round(CLOCK_BAND * SIZE[1])


@pytest.fixture(scope="module")
def reader(catalog: Catalog) -> TimeReader:
    return TimeReader.load(catalog)


def drawn(*lines: tuple[str, int, int], grey: int = 90) -> Image:
    """A picture with lines of text: text, x, y."""
    if not FONT.exists():
        pytest.skip(f"{FONT} is not installed (Debian: fonts-wqy-microhei)")
    picture = Drawings.new("RGB", SIZE, (grey, grey, grey))
    for text, x, y in lines:
        ImageDraw.Draw(picture).text((x, y), text, font=ImageFont.truetype(str(FONT), 32), fill=(255, 255, 255))
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-29 16:05:07",
        "2026年11月29日 星期日 16:05:07",
        "2026-11-29 Sun 16:05:07",
        "11/29/2026 04:05:07 PM",
        "2026年11月29日 下午 04:05:07",
    ],
)
@pytest.mark.parametrize("y", [20, 720 - 60])
def test_the_time_in_a_band_is_read(reader: TimeReader, text: str, y: int) -> None:
    assert reader.read(drawn((text, 40, y)), SHOWN) == SHOWN


@pytest.mark.parametrize(
    "text",
    [
        "京A·12345",
        "粤B D12345",
        "A12345 2026-11-29 16:05:07",
        "2026-11-29 16:05:07 卡口01",
        "East Gate 03",
        "沪宁路与新华街口 由东向西",
        "设备编号 34010400000131000001",
        "13800138000",
        "110101199003070011",
        "16:05:07",
        "2026-11-29",
    ],
)
def test_any_other_text_is_nothing(reader: TimeReader, text: str) -> None:
    assert reader.read(drawn((text, 40, 20)), SHOWN) is None


def test_a_time_outside_the_bands_is_not_read(reader: TimeReader) -> None:
    assert reader.read(drawn(("2026-11-29 16:05:07", 400, 340)), SHOWN) is None


def test_two_times_are_none(reader: TimeReader) -> None:
    two = drawn(("2026-11-29 16:05:07", 40, 20), ("2026-11-29 16:08:07", 40, 660))
    assert reader.read(two, SHOWN) is None
    assert reader.read(two, SHOWN, (0.0, 0.0, 1.0, 0.14)) == SHOWN


class Watching:
    """A model that notes what it is given."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.seen: list[Tensor] = []

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def sha256(self) -> str:
        return self._engine.sha256

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self._engine.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self._engine.outputs

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        self.seen += [each.copy() for each in inputs.values()]
        return self._engine.run(inputs)


def test_nothing_but_the_outer_bands_is_ever_given_to_a_model(catalog: Catalog) -> None:
    lines, signs = Watching(catalog.load(LINES)), Watching(catalog.load(SIGNS))
    reading = catalog.manifest(SIGNS).reading
    assert reading is not None
    reader = TimeReader(Detector(catalog.manifest(LINES), lines), signs, reading.signs, ("x", reading.output))
    plain = drawn(("2026-11-29 16:05:07", 40, 20), ("2026-11-29 16:05:07", 40, 660))
    assert reader.read(plain, SHOWN) == SHOWN
    seen = [*lines.seen, *signs.seen]
    lines.seen, signs.seen = [], []
    other = plain.copy()
    chance = np.random.default_rng(3)
    other[BAND : SIZE[1] - BAND] = chance.integers(0, 256, other[BAND : SIZE[1] - BAND].shape, np.uint8)
    cv2.putText(other, "B12345", (300, 360), cv2.FONT_HERSHEY_SIMPLEX, 3, (255, 255, 255), 8)
    assert reader.read(other, SHOWN) == SHOWN
    again = [*lines.seen, *signs.seen]
    assert len(seen) == len(again) >= 4
    assert all(np.array_equal(one, two) for one, two in zip(seen, again, strict=True))


def test_a_region_narrows_what_the_models_are_given(catalog: Catalog) -> None:
    lines, signs = Watching(catalog.load(LINES)), Watching(catalog.load(SIGNS))
    reader = TimeReader(Detector(catalog.manifest(LINES), lines), signs, "", ("x", "odds"))
    assert reader.read(drawn(), SHOWN, (0.5, 0.0, 1.0, 0.1)) is None
    assert [each.shape[2:] for each in lines.seen] == [(96, 640)]
    assert signs.seen == []
