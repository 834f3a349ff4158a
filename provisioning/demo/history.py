"""Replays a day and a week of earlier hours into the archive: films brought to the desk by `wayside-edge ingest`."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from provisioning.demo import district, footage
from provisioning.demo.children import ChildDiedError, Children
from provisioning.demo.district import PlannedCamera

_FILMS: Final = (footage.CYCLIST, footage.TRUCK)
_HOURS: Final = 24
_DAYS: Final = 6
_REST_STEPS: Final = 2
"""Steps between two recordings: what is live goes before what was."""
_BUSY: Final = {7: 3, 8: 4, 9: 2, 12: 2, 16: 2, 17: 4, 18: 3, 19: 2}
"""Recordings of an hour of the day, where it is not one: a street has its rush hours."""
_STRIDE: Final = 7
"""Hours are replayed in this stride, so that after a minute there are some of the whole day."""
_BY_PHONE: Final = 2
"""Hours ago at which a phone's film begins. Its bicycles are the only ones that are found: of the cyclist at the
crossing the redaction leaves too little."""
_AFTER: Final = 2
"""Recordings that go before the phone's: the case waits for them."""
_SPREAD: Final = timedelta(minutes=13, seconds=20)


class BroughtRecording(NamedTuple):
    """A film that is brought as the recording of one camera from one moment on."""

    camera: PlannedCamera
    started_at: datetime
    film: str


def plan(now: datetime) -> list[BroughtRecording]:
    """Lists the recordings of the last 24 hours, and of noon of the six days before, in the order of their replay."""
    cameras = (district.BRIDGE, district.MARKET)
    hours = [(number * _STRIDE) % _HOURS + 1 for number in range(_HOURS)]
    whole = now.replace(minute=0, second=0, microsecond=0)
    planned: list[BroughtRecording] = []
    for back in hours:
        begins = whole - timedelta(hours=back)
        planned += [
            BroughtRecording(
                cameras[(back + number) % len(cameras)],
                begins + (number + 0.5) * _SPREAD,
                _FILMS[(back + number) // len(cameras) % len(_FILMS)],
            )
            for number in range(_BUSY.get(begins.hour, 1))
        ]
    noon = whole.replace(hour=12)
    planned += [
        BroughtRecording(camera, noon - timedelta(days=1 + day), film)
        for day in range(1, 1 + _DAYS)
        for camera, film in zip(cameras, _FILMS, strict=True)
    ]
    by_phone = whole - timedelta(hours=_BY_PHONE) + 3 * _SPREAD
    planned.insert(_AFTER, BroughtRecording(district.PHONE, by_phone, district.PHONE.film))
    return planned


def replay(
    children: Children,
    agent_file: Path,
    films: Path,
    recordings: Sequence[BroughtRecording],
    say: Callable[[str], None],
) -> Iterator[None]:
    """Brings one recording after the other. Yields once a step while one is under way, and between two.

    A recording whose film is not here is left out, and so is one that fails; both are said.
    """
    brought = 0
    left_out: dict[str, int] = {}
    for recording in recordings:
        film = films / recording.film
        if not film.exists():
            left_out[f"{film} is not here"] = left_out.get(f"{film} is not here", 0) + 1
            continue
        command: list[str | Path] = [footage.program_path("wayside-edge"), "ingest", film]
        command += ["--camera", recording.camera.id, "--started-at", recording.started_at.isoformat()]
        errand = children.start(
            "ingest", ["nice", "-n", "10", *command, "--config", agent_file], remedy="see its log", is_errand=True
        )
        try:
            while not children.has_ended(errand):
                yield
            brought += 1
        except ChildDiedError as error:
            left_out[str(error)] = left_out.get(str(error), 0) + 1
        for _ in range(_REST_STEPS):
            yield
    say(f"history is in the archive: {brought} recordings of the last week")
    for reason, count in left_out.items():
        say(f"{count} recordings are left out: {reason}")
