"""Builds the labelled pictures of machines in memory: photographs, frames of clips, some also in drawn weather."""

import json
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from bench.evaluation.photographs import Image, Package, Photographs, package_of
from bench.evaluation.weather import WEATHERS
from edge_agent.redact_files.video_file import Movie
from engines.accuracy.labels import LabelledPicture

HERE: Final = Path(__file__).parent
WEATHER_EVERY: Final = 10
"""One in so many labelled frames of a clip is shown in drawn weather too."""


@cache
def drawn() -> Any:
    """machines.json: what a person drew on the pictures."""
    return json.loads((HERE / "machines.json").read_text(encoding="utf-8"))


def packages() -> list[Package]:
    """Every package of machines.toml."""
    listed = tomllib.loads((HERE / "machines.toml").read_text(encoding="utf-8"))["package"]
    entries = [*drawn()["pictures"], *drawn()["clips"]]
    return [package_of(entry, {one["file"] for one in entries if one["package"] == entry["name"]}) for entry in listed]


def pictures(photographs: Photographs) -> Iterator[tuple[LabelledPicture, Image]]:
    """Yield each labelled picture with its pixels; those in drawn weather come right after the picture they show."""
    for one in drawn()["pictures"]:
        image = photographs.picture(one["package"], one["file"])
        yield from _shown(f"{one['package']}/{Path(one['file']).stem}", one, image, in_weather=bool(one["machines"]))
    for clip in drawn()["clips"]:
        wanted = {frame["number"]: frame for frame in clip["frames"]}
        for number, image in _frames(photographs.read(clip["package"], clip["file"]), set(wanted)):
            rank = list(wanted).index(number)
            name = f"{clip['package']}/{clip['name']}-{number:03d}"
            yield from _shown(name, wanted[number], image, clip["name"], in_weather=rank % WEATHER_EVERY == 0)


def _shown(
    name: str, label: Mapping[str, Any], image: Image, place: str | None = None, *, in_weather: bool
) -> Iterator[tuple[LabelledPicture, Image]]:
    boxes = {key: label[key] for key in ("machines", "people", "plates", "ignore")}
    yield LabelledPicture.model_validate({"file": name, "place": place, **boxes}), image
    for weather, draw in WEATHERS.items() if in_weather else ():
        fields = {"file": f"{name}-{weather}", "place": place or name, "synthetic": True, **boxes}
        yield LabelledPicture.model_validate(fields), draw(image)


def _frames(clip: bytes, wanted: set[int]) -> Iterator[tuple[int, Image]]:
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(clip)
        file.flush()
        with Movie(Path(file.name)) as movie:
            for shot in movie.shots():
                if shot.number in wanted and shot.image is not None:
                    yield shot.number, shot.image
