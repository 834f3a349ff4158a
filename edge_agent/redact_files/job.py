"""Plans the files to redact and their targets, and refuses targets that may not be written. Reads no picture."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from edge_agent.redact_files.errors import RedactRefused
from edge_agent.sources.replay.picture_folder import SUFFIXES

VIDEO_SUFFIXES: Final = frozenset(
    {".3gp", ".avi", ".flv", ".h264", ".h265", ".264", ".265", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".ts", ".webm", ".wmv"}
)
_JPEG: Final = frozenset({".jpg", ".jpeg"})
_SHOWN: Final = 5


class FileKind(StrEnum):
    """The type of a file by its name; opening it shows if that is right."""

    PICTURE = "picture"
    VIDEO = "video"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, file: Path) -> "FileKind":
        """Tell the type by the suffix."""
        suffix = file.suffix.lower()
        if suffix in SUFFIXES:
            return cls.PICTURE
        return cls.VIDEO if suffix in VIDEO_SUFFIXES else cls.UNKNOWN


@dataclass(frozen=True, slots=True)
class Item:
    """A file and its target. A file of unknown kind is not written, and is named."""

    source: Path
    target: Path
    kind: FileKind


def plan(source: Path, out: Path, *, force: bool) -> tuple[Item, ...]:
    """Pair every file of `source`, a file or a folder with its folders, with its place in `out`.

    Names are kept; a picture ends in .jpg or .jpeg and a video in .mp4, since that is what is written. Hidden files are
    passed over, links to folders are not followed.

    Raises:
        RedactRefused: nothing there, a target inside the source, two files of one target, or one that exists already.
    """
    items = tuple(_items(source, out))
    if not items:
        raise RedactRefused(f"{source}: there is no file in this folder")
    within = source.resolve()
    for item in items:
        target = item.target.resolve()
        if target == within or within in target.parents:
            raise RedactRefused(f"{out}: lies in what is read ({source}): give another folder with -o")
    twice = [target for target, times in Counter(_written(items)).items() if times > 1]
    if twice:
        raise RedactRefused(f"two files would both become {twice[0]}: redact one of them into another folder")
    there = [target for target in _written(items) if target.exists()]
    if there and not force:
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        shown = ", ".join(map(str, there[:_SHOWN]))
        raise RedactRefused(f"would overwrite {shown}{more}: give another -o, or --force")
    return items


def _written(items: tuple[Item, ...]) -> list[Path]:
    return [item.target for item in items if item.kind is not FileKind.UNKNOWN]


def _items(source: Path, out: Path) -> Iterator[Item]:
    if source.is_dir():
        if out.exists() and not out.is_dir():
            raise RedactRefused(f"{out}: is a file, and {source} is a folder: give a folder with -o")
        for file in _files(source):
            kind = FileKind.of(file)
            yield Item(file, _named(out / file.relative_to(source), kind), kind)
        return
    if not source.is_file():
        raise RedactRefused(f"{source}: there is no such file or folder")
    kind = FileKind.of(source)
    if out.is_dir():
        yield Item(source, _named(out / source.name, kind), kind)
    elif kind is not FileKind.UNKNOWN and out != _named(out, kind):
        raise RedactRefused(f"{out}: a {kind} is written as {_named(out, kind).suffix}: give such a name with -o")
    else:
        yield Item(source, out, kind)


def _files(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise RedactRefused(f"{folder}: cannot be read ({error.strerror})") from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry)
        elif entry.is_file():
            yield entry


def _named(target: Path, kind: FileKind) -> Path:
    suffix = target.suffix.lower()
    if kind is FileKind.PICTURE and suffix not in _JPEG:
        return target.with_suffix(".jpg")
    return target.with_suffix(".mp4") if kind is FileKind.VIDEO and suffix != ".mp4" else target
