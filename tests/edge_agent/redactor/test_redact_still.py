"""With `redactor.still_s` faces and plates are looked for where a picture changed, and everywhere in any doubt."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from edge_agent.errors import RedactionUnavailable
from edge_agent.frames import SelectReason
from edge_agent.redactor.cover import Image
from edge_agent.redactor.redactor import PARTLY, POLICY, CameraRedactor
from engines.detection.postprocess import Box, Detection
from engines.errors import InferenceFailed
from engines.manifest import Group
from tests.edge_agent.redacting import NoTinyFaces, detectors, one_bus, picture, redactor, selected

SIZE = (640, 384)
ENLARGED = 3
"""A picture of that size, for small faces."""
FACE_LEVELS = 20
"""How much brighter a face is than what it hides."""


@dataclass
class TinyFaces(NoTinyFaces):
    """Notes the size of what it searches, in pixels of the picture; sees a face in its middle, if told to, or fails."""

    sizes: list[tuple[int, int]] = field(default_factory=list)
    sees: bool = False
    fails: bool = False

    def detect_pieces(
        self,
        picture: Image,
        *,
        scale: float = 1.0,
        thresholds: Mapping[Group, float] | None = None,
        run_px: int = 0,
        small_only: bool = False,
    ) -> list[Detection]:
        height, width = picture.shape[:2]
        enlarged = 1.0 if scale > 1 else ENLARGED  # a part of a picture comes enlarged
        self.sizes.append((round(width / enlarged), round(height / enlarged)))
        if self.fails:
            raise InferenceFailed("yunet", "the runtime gave up")
        middle = Box(width / 2 - 5, height / 2 - 5, width / 2 + 5, height / 2 + 5)
        return [Detection("face", 0.9, middle)] if self.sees else []


def _street() -> Image:
    return picture(*SIZE)


def _with_a_face(side: int = 8) -> Image:
    image = _street()
    image[200 : 200 + side, 300 : 300 + side] -= FACE_LEVELS
    return image


def _policy(of: CameraRedactor, image: Image, at_ms: int, reason: SelectReason = SelectReason.CHANGE) -> str:
    return of.redact(selected(image=image, at_ms=at_ms, reason=reason)).snapshot.redaction.policy


def test_where_nothing_changed_no_face_is_looked_for() -> None:
    faces = TinyFaces()
    camera = redactor(detectors(faces), still_s=10)
    assert _policy(camera, _street(), 1000) == POLICY
    assert _policy(camera, _street(), 2000) == PARTLY
    assert faces.sizes == [SIZE]


def test_without_the_setting_every_picture_is_searched_whole() -> None:
    faces = TinyFaces()
    camera = redactor(detectors(faces))
    assert {_policy(camera, _street(), at) for at in (1000, 2000, 3000)} == {POLICY}
    assert faces.sizes == [SIZE] * 3


@pytest.mark.parametrize("side", [6, 8, 40])
def test_a_face_that_comes_into_a_still_picture_is_looked_for_where_it_is(side: int) -> None:
    faces = TinyFaces()
    camera = redactor(detectors(faces), still_s=10)
    camera.redact(selected(image=_street(), at_ms=1000))
    faces.sees = True
    redacted = camera.redact(selected(image=_with_a_face(side), at_ms=2000))
    (width, height), *more = faces.sizes[1:]
    assert not more
    assert side < min(width, height) <= max(width, height) < SIZE[1]
    (box,) = redacted.snapshot.redaction.regions
    assert box.x0 - 64 < 300 < box.x1 + 64, "what is found in a place is covered there"
    assert box.y0 - 64 < 200 < box.y1 + 64


def test_what_is_under_paint_is_looked_for_again() -> None:
    faces = TinyFaces(sees=True)
    camera = redactor(detectors(faces), still_s=10)
    camera.redact(selected(image=_street(), at_ms=1000))
    redacted = camera.redact(selected(image=_street(), at_ms=2000))
    assert len(faces.sizes) == 2
    assert redacted.snapshot.redaction.policy == PARTLY
    assert redacted.snapshot.redaction.regions


def test_who_is_found_once_and_missed_once_is_looked_for_again() -> None:
    faces = TinyFaces(sees=True)
    camera = redactor(detectors(faces), still_s=10)
    camera.redact(selected(image=_street(), at_ms=1000))
    faces.sees = False
    for at_ms in (2000, 3000, 4000):
        camera.redact(selected(image=_street(), at_ms=at_ms))
    assert len(faces.sizes) == 3, "after paint was there twice, and then no more"


def test_what_comes_slowly_is_looked_for_when_enough_of_it_is_there() -> None:
    faces = TinyFaces()
    camera = redactor(detectors(faces), still_s=10)
    for step, at_ms in enumerate((1000, 2000, 3000, 4000)):
        image = _street()
        image[200:240, 300:340] -= 4 * step  # each time less than is told from noise
        camera.redact(selected(image=image, at_ms=at_ms))
    assert len(faces.sizes) > 1


@pytest.mark.parametrize(
    ("image", "at_ms"),
    [(_street(), 11_000), (_street(), 500), (picture(320, 200), 2000), (255 - _street(), 2000)],
    ids=["too-long-ago", "clock-set-back", "another-size", "all-changed"],
)
def test_all_of_it_is_searched_in_any_doubt(image: Image, at_ms: int) -> None:
    camera = redactor(detectors(TinyFaces()), still_s=10)
    camera.redact(selected(image=_street(), at_ms=1000))
    assert _policy(camera, image, at_ms) == POLICY


def test_looks_in_part_do_not_put_off_the_whole_one() -> None:
    camera = redactor(detectors(TinyFaces()), still_s=3)
    policies = [_policy(camera, _street(), at) for at in range(1000, 8000, 1000)]
    assert policies == [POLICY, PARTLY, PARTLY, POLICY, PARTLY, PARTLY, POLICY]


def test_after_an_error_all_of_it_is_searched() -> None:
    faces = TinyFaces()
    camera = redactor(detectors(faces), still_s=10)
    camera.redact(selected(image=_street(), at_ms=1000))
    faces.fails = True
    with pytest.raises(RedactionUnavailable):
        camera.redact(selected(image=_with_a_face(), at_ms=2000))
    faces.fails = False
    assert _policy(camera, _with_a_face(), 3000) == POLICY


def test_what_a_device_pushes_is_searched_whole_and_is_no_measure_for_the_next() -> None:
    camera = redactor(detectors(TinyFaces(), nanodet=one_bus), still_s=10)
    pushed = SelectReason.PUSHED
    policies = [_policy(camera, _street(), at, pushed) for at in (1000, 2000)]
    assert [*policies, _policy(camera, _street(), 3000)] == [POLICY] * 3
