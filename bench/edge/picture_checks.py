"""The eleven picture checks: F1 of each beside the textbook's measure of the same thing, and what a look costs.

Faults are done to pictures that set no threshold: six drawn streets, the catalogue's six photographs, four shots of its
film, and the surveillance film of Debian's opencv-doc where that is installed. What is no fault is judged as well:
night, infra-red, fog, snow, shadow, a bus that passes, a still street.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

import cv2
import numpy as np
from numpy.random import Generator

from bench.edge.drawn_street import street
from bench.edge.picture_faults import FAULTS, HARMLESS, STRENGTHS, Image, occluded, sensed
from bench.measure import Comparison, compare, cpu_ms
from edge_agent.picture_checks.checks import PictureChecks
from edge_agent.picture_checks.measures import View
from engines.catalog.catalog import Catalog
from provisioning.contracts.config import processes
from provisioning.contracts.wire.messages import PictureCheck

_SIZE: Final = (640, 360)
_SHOTS: Final = ((0, 29), (107, 136), (138, 186), (188, 241))
"""Of the film, where the camera stands still."""
_VTEST: Final = Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
_STEP_MS: Final = 10_000
_BEFORE: Final = 4
_STILL: Final = 16


@dataclass(frozen=True, slots=True)
class Scene:
    """A place: its n-th look, before sensor and encoder."""

    name: str
    look: Callable[[int], Image]


@dataclass(frozen=True, slots=True)
class Episode:
    """What one camera shows, ten seconds apart, and what is wrong at the end of it."""

    name: str
    fault: PictureCheck | None
    looks: Sequence[Image]


def measure(_: Path) -> Iterator[Comparison]:
    """F1 of each check, then processor milliseconds of a look at 1080p."""
    ours, textbook = Tally(), Tally()
    for scene in scenes():
        for episode in episodes(scene, np.random.default_rng(crc32(scene.name.encode()))):
            ours.add(episode, checked(episode))
            textbook.add(episode, _by_the_book(episode))
    for check in PictureCheck:
        mine, theirs = ours.f1(check), textbook.f1(check)
        yield Comparison(
            f"picture check {check.value}: {ours.said(check)}", "F1", mine, theirs, mine / max(theirs, 0.01),
            f"{_BOOK[check][0]} ({textbook.said(check)})", 1,
        )  # fmt: skip
    picture = street(1, 1920, 1080)
    checks = PictureChecks(processes.Checks())
    yield compare(
        "picture checks 1920x1080", "CPU ms", lambda: cpu_ms(lambda: checks.consider(0, picture)),
        lambda: cpu_ms(lambda: View.of(picture)), runs=31, baseline_is="scaling the picture down, nothing checked",
    )  # fmt: skip


class Tally:
    """Right and wrong of every check."""

    def __init__(self) -> None:
        self._hits: Counter[PictureCheck] = Counter()
        self._missed: Counter[PictureCheck] = Counter()
        self._false: Counter[PictureCheck] = Counter()
        self.wrong: list[str] = []

    def add(self, episode: Episode, found: frozenset[PictureCheck]) -> None:
        """One episode's verdict."""
        for check in PictureCheck:
            match (check is episode.fault, check in found):
                case (True, True):
                    self._hits[check] += 1
                case (True, False):
                    self._missed[check] += 1
                    self.wrong.append(f"missed {check.value} in {episode.name}")
                case (False, True):
                    self._false[check] += 1
                    self.wrong.append(f"false {check.value} in {episode.name}")

    def f1(self, check: PictureCheck) -> float:
        """2·hits / (2·hits + missed + false)."""
        hits = 2 * self._hits[check]
        return hits / max(1, hits + self._missed[check] + self._false[check])

    def said(self, check: PictureCheck) -> str:
        """In numbers."""
        total = self._hits[check] + self._missed[check]
        return f"{self._hits[check]} of {total}, {self._false[check]} false"


def scenes() -> Iterator[Scene]:
    """All there are on this machine."""
    yield from (drawn(number) for number in range(6))
    catalog = Catalog()
    for number in range(1, 7):
        photo = cv2.imread(str(catalog.path(f"faces-{number}")))
        yield Scene(f"photo {number}", _always(_fitted(np.asarray(photo, np.uint8))))
    yield from filmed(_SHOTS)
    if _VTEST.exists():
        yield Scene("vtest", _played(_frames(_VTEST, range(0, 795, 100))))


def drawn(number: int) -> Scene:
    """A street that nobody has seen."""
    return Scene(f"street {number}", _always(street(number, *_SIZE)))


def filmed(shots: Sequence[tuple[int, int]]) -> Iterator[Scene]:
    """From the catalogue's film, by first and last picture."""
    film = _frames(Catalog().path("bikes"), range(250))
    for first, last in shots:
        yield Scene(f"shot {first}", _played(film[first : last + 1]))


def episodes(scene: Scene, chance: Generator, strengths: Sequence[int] = range(STRENGTHS)) -> Iterator[Episode]:
    """Good looks, harmless ones, and each fault in each strength."""
    seed = int(chance.integers(1 << 30))

    def good(count: int, first: int = 0) -> list[Image]:
        return [sensed(scene.look(first + number), chance) for number in range(count)]

    yield Episode(f"{scene.name}: good", None, good(_BEFORE + 2))
    for name, changed in HARMLESS.items():
        looks = [sensed(changed(scene.look(each), np.random.default_rng(seed)), chance) for each in range(_BEFORE + 2)]
        yield Episode(f"{scene.name}: {name}", None, looks)
    bus = sensed(occluded(scene.look(_BEFORE), np.random.default_rng(seed), 1), chance)
    yield Episode(f"{scene.name}: bus", None, [*good(_BEFORE), bus])
    yield Episode(f"{scene.name}: still", None, [sensed(scene.look(0), chance) for _ in range(_STILL)])
    stuck = good(1)[0]
    frozen = [_with_clock(stuck, each) for each in range(_STILL)]
    yield Episode(f"{scene.name}: frozen", PictureCheck.FROZEN, [*good(_BEFORE), *frozen])
    for check, harm in FAULTS.items():
        for strength in strengths:
            harmed = [
                sensed(harm(scene.look(_BEFORE + each), np.random.default_rng(seed + strength), strength), chance)
                for each in range(2)
            ]
            yield Episode(f"{scene.name}: {check.value} {strength}", check, [*good(_BEFORE), *harmed])


def checked(episode: Episode) -> frozenset[PictureCheck]:
    """What a camera's checks say at its end, by the thresholds that come with them."""
    checks = PictureChecks(processes.Checks())
    scores: Mapping[PictureCheck, float] = {}
    for number, look in enumerate(episode.looks):
        scores = checks.consider(number * _STEP_MS, look)
    return frozenset(check for check, score in scores.items() if score >= 0.5)


def _always(image: Image) -> Callable[[int], Image]:
    return lambda _: image


def _played(frames: Sequence[Image]) -> Callable[[int], Image]:
    """Six looks spread over it, and then from the start again."""
    return lambda number: frames[min(len(frames) - 1, number % 6 * len(frames) // 6)]


def _fitted(image: Image) -> Image:
    """Its middle in 16:9."""
    height, width = image.shape[:2]
    tall = min(height, width * 9 // 16)
    top = (height - tall) // 2
    return np.asarray(cv2.resize(image[top : top + tall], _SIZE, interpolation=cv2.INTER_AREA), np.uint8)


def _frames(path: Path, wanted: range) -> list[Image]:
    capture = cv2.VideoCapture(str(path))
    frames = []
    for number in range(wanted.stop):
        if not capture.grab():
            break
        if number in wanted:
            frames.append(np.asarray(capture.retrieve()[1], np.uint8))
    return frames


def _with_clock(image: Image, number: int) -> Image:
    """A recorder writes the time into what it repeats."""
    shown = image.copy()
    height, width = shown.shape[:2]
    cv2.rectangle(shown, (8, 8), (width // 4, height // 16), (0, 0, 0), -1)
    place, text = (12, height // 18), f"12:00:{10 * number % 60:02d}"
    cv2.putText(shown, text, place, cv2.FONT_HERSHEY_SIMPLEX, height / 700, (255, 255, 255), 1)
    return shown


def _by_the_book(episode: Episode) -> frozenset[PictureCheck]:
    now, first = episode.looks[-1], episode.looks[0]
    return frozenset(check for check, (_, judge) in _BOOK.items() if judge(_grey(now), _grey(first), now))


def _grey(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _grey_world(image: Image) -> bool:
    """The classic cast factor: mean chroma over its mean deviation."""
    _, a, b = cv2.split(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2Lab))
    spread = np.hypot(np.abs(a - a.mean()).mean(), np.abs(b - b.mean()).mean())
    return bool(np.hypot(a.mean(), b.mean()) > 1.5 * spread)


def _peak(grey: Image) -> bool:
    spectrum = np.abs(np.fft.fft2(grey.astype(np.float32)))
    spectrum[:8, :8] = spectrum[-8:, :8] = spectrum[:8, -8:] = spectrum[-8:, -8:] = 0
    return bool(spectrum.max() > 60 * spectrum.mean())


def _unlike(one: Image, other: Image) -> bool:
    small = [cv2.resize(each, (64, 36), interpolation=cv2.INTER_AREA).astype(np.float32) for each in (one, other)]
    return bool(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1] < 0.5)


_BOOK: Final[Mapping[PictureCheck, tuple[str, Callable[[Image, Image, Image], bool]]]] = {
    PictureCheck.DARK: ("mean grey < 50", lambda grey, _, __: bool(grey.mean() < 50)),
    PictureCheck.BRIGHT: ("mean grey > 205", lambda grey, _, __: bool(grey.mean() > 205)),
    PictureCheck.BLURRED: (
        "variance of Laplacian < 100",
        lambda grey, _, __: bool(cv2.Laplacian(grey, cv2.CV_64F).var() < 100),
    ),
    PictureCheck.FROZEN: (
        "mean difference to the first look < 1",
        lambda grey, first, _: bool(cv2.absdiff(grey, first).mean() < 1),
    ),
    PictureCheck.OCCLUDED: ("40 % under grey 40", lambda grey, _, __: bool((grey < 40).mean() > 0.4)),
    PictureCheck.COLOUR_CAST: ("grey world, K > 1.5", lambda _, __, image: _grey_world(image)),
    PictureCheck.STRIPE: ("spectral peak > 60 means", lambda grey, _, __: _peak(grey)),
    PictureCheck.NOISE: (
        "deviation from a median > 8",
        lambda grey, _, __: bool(cv2.absdiff(grey, cv2.medianBlur(grey, 3)).std() > 8),
    ),
    PictureCheck.SIGNAL_LOST: ("deviation of grey < 5", lambda grey, _, __: bool(grey.std() < 5)),
    PictureCheck.SCENE_MOVED: ("correlation with the first look < .5", lambda grey, first, _: _unlike(grey, first)),
    PictureCheck.LOW_CONTRAST: ("deviation of grey < 25", lambda grey, _, __: bool(grey.std() < 25)),
}
