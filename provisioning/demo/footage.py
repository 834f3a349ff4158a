"""Fetches the film of the simulated cameras and encodes it, each once."""

import hashlib
import sys
from pathlib import Path
from typing import Final

from provisioning.demo.children import Children
from provisioning.errors import DemoError

FILM: Final = "bikes"
"""250 pictures of 640×272: a street with cars, parked bicycles and a walker."""
GOP: Final = 15
"""Pictures between keyframes. At one a second the agent would see the same ten pictures in every round of the film."""
_GET_IT: Final = "run: wayside-engines fetch"


def fetch(children: Children, models_dir: Path) -> None:
    """Fetches models and film, with the fetcher's own progress on this terminal; quick when all are there."""
    command: list[str | Path] = [program_path("wayside-engines"), "fetch", "--models-dir", models_dir]
    for kind in ("model", "footage"):
        command += ["--kind", kind]
    children.run("fetch", command, remedy=f"check the network, then {_GET_IT}", shown=True)


def prepare(children: Children, models_dir: Path, footage_dir: Path, codec: str) -> Path:
    """Returns the film as footage in `codec`; encodes it once for each content of the film.

    Raises:
        DemoError: the film is missing or cannot be encoded.
    """
    film = models_dir / f"{FILM}.mp4"
    try:
        content = hashlib.sha256(film.read_bytes()).hexdigest()
    except OSError as error:
        raise DemoError(f"{film}: cannot be read ({error.strerror}); {_GET_IT}") from error
    footage = footage_dir / f"{FILM}-{content[:12]}-gop{GOP}.{codec}"
    if not footage.exists():
        command: list[str | Path] = [sys.executable, "-m", "provisioning.demo.encode", film, footage]
        command += ["--codec", codec, "--gop", str(GOP)]
        children.run(f"encode-{codec}", command, remedy=f"delete {film} and {_GET_IT}")
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
