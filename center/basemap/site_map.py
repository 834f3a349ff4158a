"""Keeps the map that a site imported: one file in the centre's data folder, checked before it replaces the last one."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import ValidationError

from center.basemap import archive, geojson
from center.basemap.archive import ArchiveError, ArchiveFacts
from center.basemap.errors import MapFileError
from center.basemap.geojson import SiteFeatures, first_fault
from provisioning.files import durable

FILE: Final = "site-map"
_CHUNK: Final = 1024 * 1024
_GIVE: Final = (
    "Give a GeoJSON FeatureCollection in WGS 84 degrees, longitude and latitude alone, with plain text in `name`, "
    "or a PMTiles archive of version 3"
)


@dataclass(frozen=True, slots=True)
class SiteMapView:
    """The imported map, as pages and commands describe it."""

    version: str
    """Changes with each import: part of the address, so that a browser keeps a map no longer than it is in force."""
    imported_at_ms: int
    size: int
    content: SiteFeatures | ArchiveFacts
    """The features of a GeoJSON file, or the facts of a PMTiles archive."""

    def facts(self) -> dict[str, str]:
        """Describes the map, by name of the fact."""
        size = f"{self.size:,} bytes"
        if isinstance(self.content, SiteFeatures):
            return {"kind": "GeoJSON", "size": size, "features": f"{len(self.content.features)}"}
        return {
            "kind": f"PMTiles, {self.content.tiles}",
            "size": size,
            "zoom levels": f"{self.content.min_zoom} to {self.content.max_zoom}",
            "bounds": ", ".join(f"{degrees:.4f}" for degrees in self.content.bounds),
            "layers": ", ".join(self.content.layers) or "-",
            "attribution": self.content.attribution or "-",
        }


class SiteMap:
    """The imported map of one centre. Blocks."""

    def __init__(self, data_dir: Path) -> None:
        self.file = data_dir / FILE
        self._last: SiteMapView | None = None

    def view(self) -> SiteMapView | None:
        """Returns the map in force, None where none was imported. Read anew only after another import.

        Raises:
            MapFileError: the kept file was damaged.
        """
        try:
            with self.file.open("rb") as opened:
                version = _version(os.fstat(opened.fileno()))
                if self._last is None or self._last.version != version:
                    self._last = _read(opened, self.file)
                return self._last
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.file, error) from error

    @contextmanager
    def importing(self, source: Path) -> Iterator[SiteMapView]:
        """Copies and checks a file; it becomes the map in force when the block ends without an error.

        Raises:
            MapFileError: it is no map, too large, or cannot be kept. The map in force stays.
        """
        try:
            with durable.replacing(self.file) as draft:
                _copy(source, draft)
                with draft.open("rb") as opened:
                    view = _read(opened, source)
                if isinstance(view.content, SiteFeatures):
                    kept = view.content.model_dump_json().encode()
                    if len(kept) > geojson.MAX_BYTES:
                        raise _too_large(source, geojson.MAX_BYTES)
                    view = replace(view, size=draft.write_bytes(kept))
                yield view
        except OSError as error:
            raise _unreadable(source, error) from error

    def remove(self) -> None:
        """Removes the map in force, if there is one."""
        self.file.unlink(missing_ok=True)
        durable.settle(self.file.parent)


def _version(found: os.stat_result) -> str:
    return f"{found.st_ino:x}-{found.st_mtime_ns:x}"


def _copy(source: Path, draft: Path) -> None:
    """Copies a regular file, as many bytes as its kind may have: a device or a pipe would have no end."""
    handle = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as reading, draft.open("wb") as writing:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise MapFileError(file=source, cause="it is no ordinary file", what_to_do=_GIVE)
        left = archive.MAX_BYTES if reading.peek(7).startswith(archive.MAGIC) else geojson.MAX_BYTES
        limit = left
        while chunk := reading.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise _too_large(source, limit)
            writing.write(chunk)


def _read(opened: BinaryIO, file: Path) -> SiteMapView:
    found = os.fstat(opened.fileno())
    content: SiteFeatures | ArchiveFacts
    try:
        if opened.read(len(archive.MAGIC)) == archive.MAGIC:
            content = archive.read_facts(opened, found.st_size)
        else:
            opened.seek(0)
            content = SiteFeatures.model_validate_json(opened.read(geojson.MAX_BYTES + 1))
    except ArchiveError as error:
        raise MapFileError(file=file, cause=error.cause, what_to_do=error.what_to_do) from error
    except ValidationError as error:
        raise MapFileError(file=file, cause=first_fault(error), what_to_do=_GIVE) from error
    return SiteMapView(_version(found), found.st_mtime_ns // 1_000_000, found.st_size, content)


def _too_large(file: Path, limit: int) -> MapFileError:
    return MapFileError(
        file=file,
        cause=f"it is larger than {limit // 1024**2:,} MiB",
        what_to_do="Cut it to the area of the site, or simplify it; a large GeoJSON belongs into PMTiles",
    )


def _unreadable(file: Path, error: OSError) -> MapFileError:
    is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    what_to_do = "Free up space under data_dir" if is_full else "Give a file that this user can read"
    return MapFileError(file=file, cause=error.strerror or str(error), what_to_do=what_to_do)
