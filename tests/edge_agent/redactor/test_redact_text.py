"""What a camera writes into its picture is covered; windows, railings, leaves and gravel are not."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.redactor import cover
from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.screen_text import HOLD_MS, ScreenText, text_bands
from tests.edge_agent.redacting import NoTinyFaces, detectors, redact

NAME = "East Gate 03  2026-11-24"


def _scene(height: int = 720) -> Image:
    """Soft blotches and a row of bright windows, such as a house has."""
    small = np.random.default_rng(5).integers(40, 160, (9, 16, 3), dtype=np.uint8)
    image = np.asarray(cv2.resize(small, (height * 16 // 9, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    step = height // 12
    for x in range(step, image.shape[1] - step, step):
        cv2.rectangle(image, (x, round(0.85 * step)), (x + step // 2, round(1.35 * step)), (205, 205, 200), -1)
    return image


def _written(image: Image, at: tuple[int, int], *, outlined: bool = True, text: str = NAME) -> tuple[Image, Rect]:
    """As cameras write: white, often with a black outline."""
    scale = image.shape[0] / 720
    written = image.copy()
    x, y = (round(v * scale) for v in at)
    if outlined:
        cv2.putText(written, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), round(6 * scale), cv2.LINE_AA)
    cv2.putText(written, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), round(2 * scale), cv2.LINE_AA)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, round(2 * scale))
    return written, Rect(x, y - height, x + width, y)


def _bands(camera: ScreenText, image: Image, at_ms: int) -> list[Rect]:
    return camera.bands(text_bands(image), (image.shape[1], image.shape[0]), at_ms)


def _covered(image: Image, bands: list[Rect], place: Rect) -> float:
    height, width = image.shape[:2]
    return cover.covered_share(place, cover.mask(cover.to_boxes(bands, width, height), width, height))


@pytest.mark.parametrize("height", [576, 720, 1080])
@pytest.mark.parametrize("at", [(20, 40), (800, 700)])
def test_a_line_at_the_upper_or_lower_edge_is_covered(height: int, at: tuple[int, int]) -> None:
    image, place = _written(_scene(height), at)
    encoded = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], cv2.IMREAD_COLOR)
    assert encoded is not None
    assert _covered(image, text_bands(np.asarray(encoded, np.uint8)), place) > 0.95


def test_it_is_covered_in_what_is_published() -> None:
    image, place = _written(_scene(), (20, 40))
    regions = redact(detectors(NoTinyFaces()), image=image).snapshot.redaction.regions
    assert cover.covered_share(place, cover.mask(regions, 1280, 720)) > 0.95


def test_a_line_without_an_outline_is_covered() -> None:
    image, place = _written(_scene(), (20, 40), outlined=False)
    assert _covered(image, text_bands(image), place) > 0.95


def test_a_house_with_windows_is_no_text() -> None:
    assert text_bands(_scene()) == []


def test_text_in_the_middle_is_the_street_s_own() -> None:
    image, _ = _written(_scene(), (300, 360))
    assert text_bands(image) == []


def test_gravel_is_no_text_and_costs_no_time() -> None:
    gravel = np.random.default_rng(2).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    assert text_bands(gravel) == []


def test_a_line_seen_twice_stays_covered_for_a_minute_where_it_is_not_found() -> None:
    camera, plain = ScreenText(), _scene()
    image, place = _written(plain, (20, 40))
    assert _covered(image, _bands(camera, image, 1000), place) > 0.95
    assert _bands(camera, plain, 1500) == [], "once may be a mistake"
    _bands(camera, image, 2000)
    assert _covered(plain, _bands(camera, plain, 2000 + HOLD_MS), place) > 0.95
    assert _bands(camera, plain, 2001 + HOLD_MS) == []


def test_another_picture_size_and_a_clock_set_back_end_the_memory() -> None:
    for height, at_ms in ((576, 3000), (720, 1000)):
        camera = ScreenText()
        for seen_ms in (1500, 2000):
            _bands(camera, _written(_scene(), (20, 40))[0], seen_ms)
        assert _bands(camera, _scene(height), at_ms) == []


@settings(max_examples=25)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_bands_lie_in_pictures_of_any_size(width: int, height: int, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    for band in text_bands(image):
        assert 0 <= band.x0 < band.x1 <= width
        assert 0 <= band.y0 < band.y1 <= height
