"""Builds the labelled pictures of machines in memory: photographs, frames of clips, some also in drawn weather."""

import json
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from bench.evaluation.photographs import Image, Package, Photographs, package_of
from bench.evaluation.weather import WEATHERS
from edge_agent.redact_files.video_file import Movie
from engines.accuracy.labels import LabelledPicture

HERE: Final = Path(__file__).parent
PHOTOGRAPHED: Final = "photographed"
WEATHER: Final = "drawn weather"
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


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture with its labels, and the parts of the set whose figures it enters."""

    labelled: LabelledPicture
    image: Image
    parts: tuple[str, ...]


def pictures(photographs: Photographs) -> Iterator[Shown]:
    """Yield each labelled picture; those in drawn weather come right after the picture they show."""
    for one in drawn()["pictures"]:
        image = photographs.picture(one["package"], one["file"])
        in_weather = bool(one["machines"]) and "light" not in one
        yield from _shown(f"{one['package']}/{Path(one['file']).stem}", one, one, image, in_weather=in_weather)
    for clip in drawn()["clips"]:
        wanted = {frame["number"]: frame for frame in clip["frames"]}
        for number, image in _frames(photographs.read(clip["package"], clip["file"]), set(wanted)):
            rank = list(wanted).index(number)
            name = f"{clip['package']}/{clip['name']}-{number:03d}"
            source = {"place": clip["name"], **clip}
            yield from _shown(name, wanted[number], source, image, in_weather=rank % WEATHER_EVERY == 0)


def _shown(
    name: str, label: Mapping[str, Any], source: Mapping[str, Any], image: Image, *, in_weather: bool
) -> Iterator[Shown]:
    boxes = {key: label[key] for key in ("machines", "people", "plates", "ignore")}
    place = source.get("place")
    parts = [PHOTOGRAPHED, f"{PHOTOGRAPHED}, labelled {source['labelled']}"]
    if source.get("camera") == "street":
        parts.append(f"{PHOTOGRAPHED}, fixed street cameras")
    if "light" in source:
        parts.append(f"{PHOTOGRAPHED}, {source['light']}")
    yield Shown(LabelledPicture.model_validate({"file": name, "place": place, **boxes}), image, tuple(parts))
    for weather, draw in WEATHERS.items() if in_weather else ():
        fields = {"file": f"{name}-{weather}", "place": place or name, "synthetic": True, **boxes}
        drawn_parts = (WEATHER, f"{WEATHER}, labelled {source['labelled']}")
        yield Shown(LabelledPicture.model_validate(fields), draw(image), drawn_parts)


def _frames(clip: bytes, wanted: set[int]) -> Iterator[tuple[int, Image]]:
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        file.write(clip)
        file.flush()
        with Movie(Path(file.name)) as movie:
            for shot in movie.shots():
                if shot.number in wanted and shot.image is not None:
                    yield shot.number, shot.image
