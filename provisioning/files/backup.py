"""Writes a folder into one file: a backup of a home or of a centre's records, complete or not at all.

```
NAME-20261126T201500Z.wayside-backup (tar, mode 0600)
   manifest.json   kind, time, number, and of each file its size and SHA-256: first, so that what follows is known
   files …
```

The number grows with each backup in a folder, and orders them: times do not, so that backups made while a clock was
wrong cannot take the place of later ones.

It holds secrets. It is as safe as the place where it lies.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from provisioning.files import durable

SUFFIX: Final = ".wayside-backup"
_MANIFEST: Final = "manifest.json"
_FORMAT: Final = "wayside-backup 1"
_MANIFEST_BYTES: Final = 16 * 1024**2
_BLOCK: Final = 1024**2


class BackupError(Exception):
    """A backup cannot be made, or restored. The text says which, and what to do."""


def make(folder: Path, kind: str, files: Mapping[str, Path], *, now: datetime, keep: int) -> Path:
    """Writes one more backup into `folder` and leaves the newest `keep` of this kind. Returns its path.

    `files`: path by name in the backup; they must not change meanwhile.

    Raises:
        BackupError: it cannot be written; earlier backups are unchanged.
    """
    while (target := folder / f"{kind}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}").exists():
        now += timedelta(seconds=1)  # by a clock that was set back
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        before = sorted((_number_of(old), old) for old in folder.glob(f"{kind}-*{SUFFIX}"))
        number = before[-1][0] + 1 if before else 1
        entries = {
            name: {"bytes": path.stat().st_size, "sha256": _sha256(path)} for name, path in sorted(files.items())
        }
        made_at = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        facts = {"format": _FORMAT, "kind": kind, "made_at": made_at, "number": number, "files": entries}
        with durable.replacing(target) as draft:
            with tarfile.open(draft, mode="w", format=tarfile.GNU_FORMAT) as archive:
                _add(archive, _MANIFEST, json.dumps(facts).encode())
                for name in entries:
                    archive.add(files[name], name, recursive=False)
            _read(draft, kind, None)  # a file that changed while it was copied is found now, not when it is needed
        for _, old in before[: max(0, len(before) + 1 - keep)]:
            old.unlink()
    except (OSError, BackupError) as error:
        why = error.strerror if isinstance(error, OSError) else "a file changed while it was copied"
        raise BackupError(f"{folder}: no backup was written there ({why}); mend that and run it again") from error
    return target


def restore(file: Path, kind: str, folder: Path) -> str:
    """Unpacks a backup into `folder`, which must be empty or absent. It appears complete or not at all.

    Returns the time at which it was made.

    Raises:
        BackupError: it is cut short, damaged, of another kind, or the folder holds something. Nothing is there then.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder}: is not empty; move what is there away, a restore replaces nothing")
    half = folder.with_name(f"{folder.name}.restoring")
    try:
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True, mode=0o700)
        made_at = _read(file, kind, half)
        if folder.exists():
            folder.rmdir()
        durable.move(half, folder)
    except OSError as error:
        raise BackupError(f"{error.filename or folder}: {error.strerror}; nothing was restored") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return made_at


def verify(file: Path) -> datetime:
    """Compares every byte of a backup of any kind with its manifest. Returns the time at which it was made.

    Raises:
        BackupError: it is no backup, cut short or damaged.
        OSError: it cannot be read.
    """
    made_at = _read(file, None, None)
    try:
        return datetime.strptime(made_at, "%Y-%m-%dT%H:%M:%S%z")
    except ValueError as error:
        raise BackupError(f"{file}: its manifest tells no time ({made_at[:40]!r})") from error


def _read(file: Path, kind: str | None, into: Path | None) -> str:
    """Compares every byte with the manifest, and writes the files there, or nowhere. Returns the backup's time.

    `kind`: the one that it must be of; None: any.
    """
    damaged = BackupError(f"{file}: no whole backup, it is cut short or damaged; take the one before it")
    try:
        with tarfile.open(file, "r:") as archive:
            facts = _facts(archive, file)
            if kind is not None and facts["kind"] != kind:
                raise BackupError(f"{file}: is a backup of a {facts['kind']}, and a {kind} is to be restored")
            left = dict(facts["files"])
            for member in archive:
                if member.offset == 0:
                    continue  # the manifest itself
                entry = left.pop(member.name, None)
                source = archive.extractfile(member) if member.isreg() else None
                if entry is None or source is None:
                    raise damaged
                place = Path(os.devnull) if into is None else _inside(into, member.name)
                if _copied(source, place) != (entry["bytes"], entry["sha256"]):
                    raise damaged
            if left:
                raise damaged
            return str(facts["made_at"])
    except (tarfile.TarError, KeyError, TypeError, ValueError, EOFError) as error:
        raise damaged from error


def _facts(archive: tarfile.TarFile, file: Path) -> dict[str, Any]:
    first = archive.next()
    stream = archive.extractfile(first) if first is not None and first.name == _MANIFEST and first.isreg() else None
    if first is None or stream is None or first.size > _MANIFEST_BYTES:
        raise BackupError(f"{file}: is no backup of Wayside's, or the beginning of one is missing")
    facts: dict[str, Any] = json.loads(stream.read())
    if facts["format"] != _FORMAT:
        raise BackupError(f"{file}: is of a format that this version does not read ({str(facts['format'])[:40]!r})")
    return facts


def _number_of(file: Path) -> int:
    """Returns the number of a backup; 0 of a damaged or unnumbered one: those go first, in the order of names."""
    try:
        with tarfile.open(file, "r:") as archive:
            number = _facts(archive, file).get("number", 0)
    except (tarfile.TarError, BackupError, KeyError, TypeError, ValueError, EOFError):
        return 0
    return number if isinstance(number, int) and 0 < number < 2**53 else 0


def _inside(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise ValueError(name)
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _copied(source: IO[bytes], path: Path) -> tuple[int, str]:
    """Copies a file. Returns its size and SHA-256."""
    digest, size = hashlib.sha256(), 0
    is_kept = path != Path(os.devnull)
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC | (os.O_CREAT | os.O_EXCL if is_kept else 0), 0o600)
    with os.fdopen(handle, "wb") as out:
        while block := source.read(_BLOCK):
            out.write(block)
            digest.update(block)
            size += len(block)
        out.flush()
        if is_kept:
            os.fsync(out.fileno())
    return size, digest.hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    archive.addfile(member, io.BytesIO(data))
