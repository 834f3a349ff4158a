"""Stores legal holds: a folder a hold, with a file for each row and one for each picture.

holds/NAME/hold.json         rows or cameras, case, end of the hold
holds/NAME/rows/KEY.json     an observation, as it was archived; KEY.jpg its picture
holds/NAME/days/YYYYMMDD     that day is copied whole: retention may drop it
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from provisioning.contracts.ids import CameraId
from provisioning.contracts.query.archive import HoldMark, Observation, SnapshotRow
from provisioning.contracts.wire.messages import Message, TimeMs
from provisioning.files import durable
from ray_cluster.archive.atomic_files import disk_errors, replace_bytes, replace_text
from ray_cluster.archive.schema import filed_at_ms
from ray_cluster.errors import ArchiveUnreadable, PictureDamaged, PictureErased

CaseNumber = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f]+$")]
"""Reference of a case, as its office writes it."""


class Hold(Message):
    """A legal hold: rows by key, or cameras and a span, that outlive retention for a case until a named time."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    case: CaseNumber
    placed_at_ms: TimeMs
    until_ms: TimeMs
    row_keys: tuple[str, ...] = Field(default=(), max_length=10_000)
    camera_ids: tuple[CameraId, ...] = Field(default=(), max_length=256)
    from_ms: TimeMs = 0
    to_ms: TimeMs = 0
    days: tuple[str, ...] = ()
    """Days that the hold touches."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.row_keys) == bool(self.camera_ids):
            raise ValueError("a hold names rows, or cameras and a span")
        if self.camera_ids and not self.from_ms < self.to_ms:
            raise ValueError("a hold of cameras needs from < to")
        return self


class HoldStore:
    """Stores the holds of one archive directory. Readers and writers may be several processes: files appear whole."""

    def __init__(self, directory: Path) -> None:
        self._root = directory / "holds"

    def all(self) -> tuple[Hold, ...]:
        """Read all holds, sorted by name.

        Raises:
            ArchiveUnreadable: one cannot be read. No day may be dropped then: it could be held.
        """
        if not self._root.is_dir():
            return ()
        holds = []
        for path in sorted(self._root.glob("*/hold.json")):
            try:
                holds.append(Hold.model_validate_json(path.read_bytes()))
            except FileNotFoundError:
                continue  # Released meanwhile.
            except (OSError, ValidationError) as error:
                raise ArchiveUnreadable(f"{path}: is no hold ({str(error)[:200]}); restore it from a backup") from error
        return tuple(holds)

    def write(self, hold: Hold) -> None:
        """Put a hold in force. Raises `ArchiveWriteFailed`."""
        folder = self._root / hold.name
        with disk_errors(folder):
            for part in ("rows", "days"):
                (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_text(folder / "hold.json", hold.model_dump_json())

    def keep(self, name: str, observation: Observation, picture: bytes | None) -> None:
        """Copy one row. A copy that is there already stays, and one that was erased stays erased."""
        path = self._row(name, observation.snapshot.row_key)
        if path.exists():
            return
        if picture is not None:
            replace_bytes(path.with_suffix(".jpg"), picture)
        replace_text(path, observation.model_dump_json())

    def copied(self, name: str, day: str) -> bool:
        """True if `day` is copied completely."""
        return (self._root / name / "days" / day).exists()

    def mark_copied(self, name: str, day: str) -> None:
        """Mark a day as copied: from here on retention may drop it."""
        replace_text(self._root / name / "days" / day, "")

    def uncopied_days(self) -> frozenset[str]:
        """List the days that must not be dropped yet. Raises `ArchiveUnreadable`."""
        return frozenset(day for hold in self.all() for day in hold.days if not self.copied(hold.name, day))

    def count(self, name: str) -> int:
        """Count the rows that a hold has copied."""
        return sum(1 for _ in (self._root / name / "rows").glob("*.json"))

    def remove(self, name: str) -> None:
        """End a hold and delete its copies; one that is not there is no error. Raises `ArchiveWriteFailed`."""
        folder = self._root / name
        with disk_errors(folder):
            (folder / "hold.json").unlink(missing_ok=True)
            if folder.is_dir():
                shutil.rmtree(folder)
                durable.settle(self._root)

    def marks(self, row: SnapshotRow) -> tuple[HoldMark, ...]:
        """List the holds that name a row. Raises `ArchiveUnreadable`."""
        return tuple(
            HoldMark(name=hold.name, case=hold.case, placed_at_ms=hold.placed_at_ms, until_ms=hold.until_ms)
            for hold in self.all()
            if row.row_key in hold.row_keys
            or (row.camera_id in hold.camera_ids and hold.from_ms <= filed_at_ms(row) < hold.to_ms)
        )

    def observation(self, row_key: str) -> Observation | None:
        """Read a row from a hold; None if no hold has it."""
        for path in self._copies(row_key):
            return Observation.model_validate_json(path.read_bytes())
        return None

    def picture(self, row: SnapshotRow) -> bytes | None:
        """Read a picture from a hold; None if no hold has it.

        Raises:
            PictureErased, PictureDamaged: a hold had it.
        """
        for path in self._copies(row.row_key):
            kept = Observation.model_validate_json(path.read_bytes()).snapshot
            if kept.erased_at_ms is not None:
                raise PictureErased(f"{row.row_key}: the picture was erased")
            if (picture := path.with_suffix(".jpg")).exists():
                content = picture.read_bytes()
                if hashlib.sha256(content).hexdigest() != row.picture_sha256:
                    raise PictureDamaged(f"{picture}: other bytes than the row says; restore from a backup")
                return content
        return None

    def erase(self, row_key: str, at_ms: int) -> int:
        """Overwrite and delete every copy of one picture; return the number of holds that had the row."""
        copies = 0
        for path in self._copies(row_key):
            picture = path.with_suffix(".jpg")
            with disk_errors(picture):
                if picture.exists():
                    overwrite(picture)
                    picture.unlink()
                    durable.settle(picture.parent)
            kept = Observation.model_validate_json(path.read_bytes())
            if kept.snapshot.erased_at_ms is None:
                erased = kept.snapshot.model_copy(update={"erased_at_ms": at_ms})
                replace_text(path, kept.model_copy(update={"snapshot": erased}).model_dump_json())
            copies += 1
        return copies

    def _copies(self, row_key: str) -> Iterator[Path]:
        for path in sorted(self._root.glob(f"*/rows/{_file_name(row_key)}")):
            if (path.parents[1] / "hold.json").exists():
                yield path

    def _row(self, name: str, row_key: str) -> Path:
        return self._root / name / "rows" / _file_name(row_key)


def overwrite(path: Path) -> None:
    """Overwrite a file's bytes in place with zeros, durably."""
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())


def _file_name(row_key: str) -> str:
    return row_key.replace(":", "~") + ".json"
