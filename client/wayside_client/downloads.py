"""Fetches the file of an evidence export into a folder, checked against the hash that the centre names."""

import asyncio
import hashlib
import os
from pathlib import Path
from typing import Final

from wayside_client.api.evidence import get_export
from wayside_client.center import AsyncCenter, Center
from wayside_client.errors import DownloadBrokenError

_METHOD: Final = "get"


class Download:
    """A file on its way: beside its place until it is whole and has the right hash."""

    def __init__(self, path: Path, sha256: str | None) -> None:
        self._path = path
        self._wanted = sha256
        self._part = path.with_name(f"{path.name}.part")
        self._hash = hashlib.sha256()
        self._file = self._part.open("wb")

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)

    def finish(self) -> None:
        """Puts the file in its place.

        Raises:
            DownloadBrokenError: it is another one.
        """
        found = self._hash.hexdigest()
        if found != self._wanted:
            raise DownloadBrokenError(
                "download_broken",
                f"{self._path.name} came with the SHA-256 {found}, and the centre names {self._wanted}.",
                "Fetch it again. If it comes the same again, verify the archive at the centre.",
            )
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)

    def close(self) -> None:
        """Removes what is not in its place."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def save_export(center: Center, export_id: str, path: Path) -> None:
    """Writes the archive of an export that is `ready` to `path`, which has nothing or the whole of it.

    Raises:
        ConflictError, GoneError: it is not ready yet, or has been removed.
        DownloadBrokenError: what came has another hash.
        WaysideError: any other of its kinds.
    """
    sha256 = get_export.sync(center, export_id).sha256

    def once() -> None:
        with center.open(method=_METHOD, url=_url(export_id)) as response:
            download = Download(path, sha256)
            try:
                for data in response.iter_bytes():
                    download.write(data)
                download.finish()
            finally:
                download.close()

    center.repeat(_METHOD, once)


async def save_export_async(center: AsyncCenter, export_id: str, path: Path) -> None:
    """Writes the archive of an export to `path`, as `save_export`."""
    sha256 = (await get_export.asyncio(center, export_id)).sha256

    async def once() -> None:
        async with center.open(method=_METHOD, url=_url(export_id)) as response:
            download = await asyncio.to_thread(Download, path, sha256)
            try:
                async for data in response.aiter_bytes():
                    await asyncio.to_thread(download.write, data)
                await asyncio.to_thread(download.finish)
            finally:
                download.close()

    await center.repeat(_METHOD, once)


def _url(export_id: str) -> str:
    return f"/evidence/{export_id}/file"
