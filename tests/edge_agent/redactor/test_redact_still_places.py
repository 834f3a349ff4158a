"""What has looked the same for an hour is asked again more strictly; whoever moves, or is plain, stays covered."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.frames import SelectReason
from edge_agent.redactor.cover import Image, Rect
from edge_agent.redactor.redactor import CameraRedactor
from edge_agent.redactor.still_places import LOOKS, PAUSE_S, STILL_S, StillPlaces
from engines.detection.postprocess import Box, Detection
from engines.manifest import Group
from engines.runtimes.engine import Tensor
from provisioning.contracts.config.processes import Redactor
from tests.edge_agent.redacting import CAMERA, NoTinyFaces, blind_centerface, detectors, picture, selected

EVERY_S = STILL_S / LOOKS
FACE = Rect(300, 180, 320, 204)
HEAD = 24
"""Side of a head that may move, in pixels. A quarter of it may be shared by two cells."""


@dataclass
class SetClock:
    """Tells the time that it is set to."""

    at_s: float = 0.0

    def now_ms(self) -> int:
        return 0

    def monotonic_s(self) -> float:
        return self.at_s

    def wait(self, event: object, timeout_s: float) -> bool:
        return False


class OneFace(NoTinyFaces):
    """Takes a place in the enlarged picture for a face, always."""

    def detect_pieces(
        self,
        picture: Image,
        *,
        scale: float = 1.0,
        thresholds: Mapping[Group, float] | None = None,
        run_px: int = 0,
        small_only: bool = False,
    ) -> list[Detection]:
        return [Detection("face", 0.9, Box(*FACE))] if scale > 1 else []


def _plain_in_windows(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """CenterFace that sees a face in the middle of a window, and nothing in a whole picture."""
    outputs = blind_centerface(inputs)
    if next(iter(inputs.values())).shape[2:] == (128, 128):
        outputs["heat"][:, 0, 16, 16] = 0.8
        outputs["scale"][:, :, 16, 16] = np.log(10.0)
    return outputs


@cache
def _street(noise: int = 0) -> Image:
    image = picture(640, 384)
    if noise:
        chance = np.random.default_rng(noise)
        image = np.clip(image + chance.normal(0, 2, image.shape), 0, 255).astype(np.uint8)
    return image


def _covers(
    camera: CameraRedactor, clock: SetClock, at_s: float, image: Image, reason: SelectReason = SelectReason.CHANGE
) -> bool:
    """Redact a picture; True if the face's middle is under a cover."""
    clock.at_s = at_s
    regions = camera.redact(selected(image=image, at_ms=round(at_s * 1000), reason=reason)).snapshot.redaction.regions
    x, y = (FACE.x0 + FACE.x1) / 2, (FACE.y0 + FACE.y1) / 2
    return any(box.x0 <= x <= box.x1 and box.y0 <= y <= box.y1 for box in regions)


def _watched(camera: CameraRedactor, clock: SetClock) -> list[bool]:
    """An hour of a still street, and a minute more."""
    return [_covers(camera, clock, number * EVERY_S, _street(number % 8 + 1)) for number in range(LOOKS + 2)]


def test_a_face_that_only_one_detector_sees_is_covered_for_an_hour_and_no_longer() -> None:
    clock = SetClock()
    camera = CameraRedactor("agent-1", CAMERA, Redactor(), detectors(OneFace()), clock)
    assert _watched(camera, clock) == [True] * LOOKS + [False] * 2
    moved = _street(99).copy()
    moved[176:206, 290:320] -= 40
    assert _covers(camera, clock, (LOOKS + 2) * EVERY_S, moved)


def test_a_face_that_is_plain_stays_covered_and_so_does_one_in_a_picture_that_stands_alone() -> None:
    clock = SetClock()
    plain = CameraRedactor("agent-1", CAMERA, Redactor(), detectors(OneFace(), centerface=_plain_in_windows), clock)
    assert all(_watched(plain, clock))


def _seen(every_s: float, pictures: list[Image]) -> bool:
    places = StillPlaces()
    verdicts = [places.look(image, number * every_s)(FACE) for number, image in enumerate(pictures)]
    return verdicts[-1]


def test_an_hour_is_long_enough_and_has_enough_pictures() -> None:
    street = _street()
    assert _seen(EVERY_S, [street] * (LOOKS + 1))
    assert not _seen(EVERY_S, [street] * LOOKS)
    assert not _seen(EVERY_S / 2, [street] * (LOOKS + 1)), "half an hour"
    assert not _seen(PAUSE_S - 1, [street] * (LOOKS // 2)), "too few"


def test_a_pause_another_size_and_a_clock_that_goes_back_begin_anew() -> None:
    street = _street()
    for image, at_s in ((street, STILL_S + PAUSE_S + 1), (picture(320, 192), STILL_S + 1), (street, STILL_S - 1)):
        places = StillPlaces()
        for number in range(LOOKS + 1):
            places.look(street, number * EVERY_S)
        assert not places.look(image, at_s)(FACE)


def test_light_that_falls_on_the_whole_picture_moves_nothing() -> None:
    pictures = [np.asarray(np.clip(_street(n % 8 + 1) * 0.5 + n * 0.5, 0, 255), np.uint8) for n in range(LOOKS + 1)]
    assert _seen(EVERY_S, pictures)


@settings(max_examples=20)
@given(
    st.integers(1, LOOKS),
    st.sampled_from([(HEAD // 4, 0), (-HEAD // 4, 0), (0, HEAD // 4), (HEAD // 4, HEAD // 4)]),
    st.integers(28, 90),
)
def test_a_head_that_moves_by_a_quarter_of_itself_once_in_the_hour_is_not_still(
    when: int, by: tuple[int, int], levels: int
) -> None:
    def shot(number: int) -> Image:
        image = _street(number % 8 + 1).copy()
        x, y = (298, 178) if number < when else (298 + by[0], 178 + by[1])
        image[y : y + HEAD, x : x + HEAD] -= np.uint8(levels)
        return image

    assert not _seen(EVERY_S, [shot(number) for number in range(LOOKS + 1)])
