"""Every line of text of a pushed picture is covered, wherever it stands; a stream's picture keeps the street's own."""

from collections.abc import Iterable, Mapping

import cv2
import numpy as np
import pytest
from PIL import Image as Drawing
from PIL import ImageDraw, ImageFont

from bench.evaluation.plates import FONT
from edge_agent.errors import DropReason, RedactionUnavailable
from edge_agent.frames import SelectReason
from edge_agent.redactor import cover
from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.text_lines import text_lines
from engines.catalog.catalog import Catalog
from engines.detection.detector import Detector
from engines.runtimes.engine import Tensor
from provisioning.contracts.wire.messages import Box
from tests.edge_agent.redacting import FakeEngine, blind_dbnet, detectors, one_bus, one_line, picture, redact

STREET = picture(1280, 720)
LINE = Rect(320, 360, 960, 396)
"""Place of `one_line`."""
WRITTEN = ("2026-11-28 12:03:05 卡口01", "浙I·1234O 车速 56km/h", "违法代码:1625 闯红灯", "Lane 2 no. 320104000001")
COLOURS = ((255, 255, 255), (255, 255, 0), (255, 0, 0), (0, 0, 0))


def _share(boxes: Iterable[Box], place: Rect) -> float:
    return cover.covered_share(place, cover.mask(boxes, 1280, 720))


def test_a_line_in_the_middle_of_a_pushed_picture_is_covered_and_its_model_named() -> None:
    pushed = redact(detectors(nanodet=one_bus, text=one_line), image=STREET, reason=SelectReason.PUSHED).snapshot
    assert _share(pushed.redaction.regions, LINE) == 1
    assert pushed.redaction.models == {"test": "ab" * 32, "pp-ocr-v4-text": "ab" * 32}


def test_a_stream_s_picture_is_not_searched_for_the_street_s_own_text() -> None:
    streamed = redact(detectors(nanodet=one_bus, text=one_line), image=STREET).snapshot
    assert _share(streamed.redaction.regions, LINE) < 1
    assert streamed.redaction.models == {"test": "ab" * 32}


def test_a_text_detector_that_fails_withholds_the_picture() -> None:
    with pytest.raises(RedactionUnavailable) as caught:
        redact(detectors(nanodet=one_bus, text=lambda _: {}), reason=SelectReason.PUSHED)
    assert caught.value.drop is DropReason.REDACTION_UNAVAILABLE


def test_a_picture_full_of_text_is_withheld_and_not_half_covered() -> None:
    def all_over(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        outputs = blind_dbnet(inputs)
        for row in range(4):
            outputs["map"][:, :, row::12] = 0.9
        outputs["map"][:, :, :, ::32] = 0
        return outputs

    with pytest.raises(RedactionUnavailable, match="cannot cover"):
        redact(detectors(nanodet=one_bus, text=all_over), image=STREET, reason=SelectReason.PUSHED)


def test_a_large_picture_is_searched_at_half_its_size_at_least() -> None:
    sizes: list[tuple[int, ...]] = []

    def noted(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        sizes.append(next(iter(inputs.values())).shape[2:])
        return blind_dbnet(inputs)

    detector = Detector(Catalog().manifest("pp-ocr-v4-text"), FakeEngine("pp-ocr-v4-text", noted))
    for width, height in ((640, 480), (1920, 1080), (3840, 2160)):
        text_lines(picture(width, height), detector)
    assert sizes == [(480, 640), (832, 1472), (1088, 1920)]


@pytest.mark.network
@pytest.mark.parametrize("height_px", [16, 20, 28])
def test_the_real_weights_find_drawn_lines_anywhere(height_px: int) -> None:
    """Chinese and Latin lines, plain and outlined, in four colours on a group photograph."""
    catalog = Catalog()
    detector = Detector.load(catalog, "pp-ocr-v4-text", threads=2)
    photo = cv2.imread(str(catalog.path("faces-3")))
    assert photo is not None
    image, places = _written(np.asarray(cv2.resize(photo, (1280, 720)), np.uint8), height_px)
    found = cover.to_boxes(text_lines(image, detector), 1280, 720)
    assert sum(_share(found, place) >= 0.9 for place in places) >= len(places) - 1


def _written(image: Image, height_px: int) -> tuple[Image, list[Rect]]:
    drawn = Drawing.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    draw, font, places = ImageDraw.Draw(drawn), ImageFont.truetype(str(FONT), height_px), []
    for number in range(16):
        at = (40 + 640 * (number % 2), 120 + 60 * (number // 2))
        text, colour = WRITTEN[number % 4], COLOURS[number // 4]
        opposite = tuple(255 - value for value in colour)
        draw.text(at, text, colour, font, stroke_width=number % 3 and 1, stroke_fill=opposite)
        places.append(Rect(*draw.textbbox(at, text, font)))
    return np.asarray(cv2.cvtColor(np.asarray(drawn), cv2.COLOR_RGB2BGR), np.uint8), places
