"""Fetches the films of the simulated cameras and encodes them, each once."""

import hashlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from provisioning.demo.children import ChildDiedError, Children
from provisioning.errors import DemoError

CYCLIST: Final = "crossing-cyclist.mp4"
"""Three seconds of a fixed street camera: two cars and a cyclist."""
TRUCK: Final = "crossing-truck.mp4"
"""Three seconds of the same camera: a truck and cars."""
YARD: Final = "vtest.avi"
"""79 seconds of another fixed camera: walkers, a parked van and a parked car."""
FILM: Final = "bikes"
"""250 pictures of 640×272: a street with cars, parked bicycles and a walker. Its cuts look like a camera that is moved,
so that it is played only where the others could not be fetched."""
_SLOWER: Final = {CYCLIST: 2, TRUCK: 2}
"""Films that are played at a half of their speed: of three seconds the tracker would see half a crossing."""
GOP: Final = 15
"""Pictures between keyframes. At one a second the agent would see the same pictures in every round of a film."""
_GET_IT: Final = "run: wayside-engines fetch"


def fetch(children: Children, models_dir: Path) -> bool:
    """Fetches models and films, with the fetcher's own progress on this terminal; quick when all are there.

    Returns:
        False if a film could not be fetched; the fetcher's lines say why.

    Raises:
        ChildDiedError: a model could not be fetched.
    """
    command: list[str | Path] = [program_path("wayside-engines"), "fetch", "--models-dir", models_dir]
    remedy = f"check the network, then {_GET_IT}"
    children.run("fetch", [*command, "--kind", "model"], remedy=remedy, shown=True)
    try:
        children.run("fetch-films", [*command, "--kind", "footage"], remedy=remedy, shown=True)
    except ChildDiedError:
        return False
    return True


def choose(models_dir: Path, wanted: Mapping[str, str], say: Callable[[str], None]) -> dict[str, Path]:
    """Returns the film of each camera: the wanted one, or the first that is here; says which one stands in."""
    here = [name for name in (TRUCK, CYCLIST, YARD) if (models_dir / name).exists()]
    stand_in = here[0] if here else f"{FILM}.mp4"
    for name in sorted(set(wanted.values()) - set(here)):
        cameras = " and ".join(camera for camera, film in wanted.items() if film == name)
        say(f"film {name} is not here: {cameras} shows {stand_in} in its place")
    return {camera: models_dir / (film if film in here else stand_in) for camera, film in wanted.items()}


def prepare(
    children: Children, film: Path, footage_dir: Path, codec: str, *, view: str | None = None, most: int | None = None
) -> Path:
    """Returns the film as footage in `codec`; encodes it once for each content of the film.

    `view`: seen by a camera that is not as it should be (`encode.VIEWS`). `most`: its first pictures alone.

    Raises:
        DemoError: the film is missing or cannot be encoded.
    """
    try:
        content = hashlib.sha256(film.read_bytes()).hexdigest()
    except OSError as error:
        raise DemoError(f"{film}: cannot be read ({error.strerror}); {_GET_IT}") from error
    slower = _SLOWER.get(film.name, 1)
    kind = "".join(f"-{each}" for each in (view, most) if each is not None)
    footage = footage_dir / f"{film.stem}-{content[:12]}-gop{GOP}-1to{slower}{kind}.{codec}"
    if not footage.exists():
        command: list[str | Path] = [sys.executable, "-m", "provisioning.demo.encode", film, footage]
        command += ["--codec", codec, "--gop", str(GOP), "--slower", str(slower)]
        command += [*(() if view is None else ("--view", view)), *(() if most is None else ("--most", str(most)))]
        children.run(f"encode-{film.stem}-{codec}", command, remedy=f"delete {film} and {_GET_IT}")
    return footage


def program_path(name: str) -> Path:
    """Returns the path of one of this installation's own programs.

    Raises:
        DemoError: it is not installed beside this Python.
    """
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise DemoError(f"{path}: not installed; run: bin/setup demo")
    return path
