"""Speaks S3 to the store of packs: the only file that knows its client library.

A call ends within 25 seconds, since a commit holds the archive's lock meanwhile and a takeover waits 30 for it. The
files of its key and of the authority are read again when they change: a key is replaced without a restart.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NoReturn

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from provisioning.contracts.config.cluster import PackStore, read_store_key
from provisioning.contracts.errors import ConfigError
from ray_cluster.archive.object_store.objects import Listed, StoredObject
from ray_cluster.archive.object_store.request_metrics import REQUESTS, StoreOperation, StoreResult
from ray_cluster.errors import ArchiveFull, ArchiveUnreadable, ArchiveWriteFailed, StoreDenied, StoreRefused


@dataclass(frozen=True, slots=True)
class Patience:
    """Time that a request has for each of its tries."""

    connect_s: float = 3.0
    read_s: float = 8.0
    tries: int = 2


AT_WORK: Final = Patience()
_CONNECTIONS: Final = 32
_AT_ONCE: Final = 1000
"""Keys of one deletion, which is the most that S3 takes."""
_MISSING: Final = frozenset({"NoSuchKey", "404", "NotFound"})
_MOVED: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_FULL: Final = frozenset({"XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "507"})
_NO_VERSIONS: Final = frozenset({"NotImplemented", "501"})
_DENIED: Final = frozenset({"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_BEHIND: Final = frozenset({"InvalidRange", "416"})
_RESULTS: Final = (
    (_MOVED, StoreResult.UNMET),
    (_MISSING, StoreResult.MISSING),
    (_FULL, StoreResult.FULL),
    (_DENIED, StoreResult.DENIED),
    (_BEHIND, StoreResult.MISSING),
    (_NO_VERSIONS, StoreResult.DONE),
)


class S3Objects:
    """Objects of a bucket (see `Objects`). Thread-safe.

    Raises:
        StoreRefused: the credentials cannot be read.
    """

    def __init__(self, settings: PackStore, patience: Patience = AT_WORK) -> None:
        self._settings = settings
        self._patience = patience
        self._bucket = settings.bucket
        self._where = f"{settings.endpoint}/{settings.bucket}"
        self._stamp = _stamp(settings)
        self._made = _new_client(settings, patience)

    @property
    def _client(self) -> Any:
        """The client with the key and the authority as they are on disk now.

        Raises:
            ArchiveUnreadable: the file of the key was changed and cannot be read now.
        """
        stamp = _stamp(self._settings)
        if stamp != self._stamp:
            try:
                self._made = _new_client(self._settings, self._patience)
            except StoreRefused as error:
                raise ArchiveUnreadable(str(error)) from error
            self._stamp = stamp
        return self._made

    def create(self, key: str, content: bytes) -> bool:
        return self._put(StoreOperation.CREATE, key, content, IfNoneMatch="*")

    def replace(self, key: str, content: bytes, etag: str) -> bool:
        return self._put(StoreOperation.REPLACE, key, content, IfMatch=etag)

    def get(self, key: str, span: tuple[int, int] | None = None) -> StoredObject | None:
        part = {} if span is None else {"Range": f"bytes={span[0]}-{span[1] - 1}"}
        client = self._client
        try:
            with REQUESTS.counted(StoreOperation.GET, _result):
                answer = client.get_object(Bucket=self._bucket, Key=key, **part)
                return StoredObject(answer["Body"].read(), answer["ETag"])
        except ClientError as error:
            if _code(error) in _MISSING:
                return None
            if _code(error) in _BEHIND:
                return StoredObject(b"", "")
            self._unreadable(error)
        except BotoCoreError as error:
            self._unreadable(error)

    def delete(self, keys: Iterable[str]) -> None:
        left = iter(keys)
        while batch := list(islice(left, _AT_ONCE)):
            client = self._client
            with self._writing(), REQUESTS.counted(StoreOperation.DELETE, _result):
                answer = client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
                )
            if refused := answer.get("Errors"):
                first = refused[0]
                raise ArchiveWriteFailed(
                    f"{self._where}: {len(refused)} packs were not deleted ({first.get('Code')}); it is tried again"
                )

    def listing(self, prefix: str) -> Iterator[Listed]:
        for page in self._pages(Prefix=prefix):
            for each in page.get("Contents", ()):
                yield Listed(each["Key"], each["Size"], each["LastModified"].timestamp())

    def folders(self, prefix: str) -> Iterator[str]:
        for page in self._pages(Prefix=prefix, Delimiter="/"):
            for each in page.get("CommonPrefixes", ()):
                yield each["Prefix"].removeprefix(prefix).removesuffix("/")

    def keeps_versions(self) -> bool:
        client = self._client
        try:
            with REQUESTS.counted(StoreOperation.VERSIONING, _result):
                return "Status" in client.get_bucket_versioning(Bucket=self._bucket)
        except ClientError as error:
            if _code(error) in _NO_VERSIONS:
                return False
            self._unreadable(error)
        except BotoCoreError as error:
            self._unreadable(error)

    def _put(self, operation: StoreOperation, key: str, content: bytes, **condition: str) -> bool:
        client = self._client
        try:
            with self._writing(), REQUESTS.counted(operation, _result):
                client.put_object(Bucket=self._bucket, Key=key, Body=content, **condition)
        except _Moved:
            return False
        return True

    def _pages(self, **wanted: str) -> Iterator[dict[str, Any]]:
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, **wanted))
        try:
            while True:
                with REQUESTS.counted(StoreOperation.LIST, _result):
                    page = next(pages, None)
                if page is None:
                    return
                yield page
        except (ClientError, BotoCoreError) as error:
            self._unreadable(error)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = _code(error)
            if code in _MOVED | _MISSING:
                raise _Moved from error
            if code in _FULL:
                raise ArchiveFull(f"{self._where}: no space left; free some, intake goes on by itself") from error
            raise ArchiveWriteFailed(f"{self._where}: cannot be written ({code}); {_remedy(code)}") from error
        except BotoCoreError as error:
            raise ArchiveWriteFailed(
                f"{self._where}: cannot be written ({type(error).__name__}); check the store and the way to it"
            ) from error

    def _unreadable(self, error: ClientError | BotoCoreError) -> NoReturn:
        cause = _code(error) if isinstance(error, ClientError) else type(error).__name__
        kind = StoreDenied if cause in _DENIED else ArchiveUnreadable
        raise kind(f"{self._where}: cannot be read now ({cause}); {_remedy(cause)}") from error


class _Moved(Exception):
    """The condition of a write does not hold."""


def _new_client(settings: PackStore, patience: Patience) -> Any:
    key_id, secret = _credentials(settings)
    session = botocore.session.Session()
    # Neither the account's files nor a proxy of the environment decide where pictures go.
    session.set_config_variable("config_file", os.devnull)
    return session.create_client(
        "s3",
        region_name=settings.region,
        endpoint_url=settings.endpoint,
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        verify=True if settings.ca_file is None else str(settings.ca_file),
        config=Config(
            connect_timeout=patience.connect_s,
            read_timeout=patience.read_s,
            retries={"mode": "standard", "total_max_attempts": patience.tries},
            max_pool_connections=_CONNECTIONS,
            proxies={},
            s3={"addressing_style": "path"},
            signature_version="s3v4",
            # Stores other than Amazon's do not all know the newer checksums; TLS and the row's hash cover them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _stamp(settings: PackStore) -> tuple[int, ...]:
    """Return the times at which the files of the key and of the authority changed; 0 for one that is not there."""
    times = []
    for path in (settings.credentials_file, settings.ca_file):
        try:
            times.append(0 if path is None else path.stat().st_mtime_ns)
        except OSError:
            times.append(0)
    return tuple(times)


def _credentials(settings: PackStore) -> tuple[str, str]:
    try:
        return read_store_key(settings.credentials_file)
    except ConfigError as error:
        raise StoreRefused(str(error)) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _result(error: Exception) -> StoreResult:
    code = _code(error) if isinstance(error, ClientError) else ""
    for codes, result in _RESULTS:
        if code in codes:
            return result
    return StoreResult.FAILED


def _remedy(cause: str) -> str:
    if cause in _DENIED:
        return "check credentials_file, and which rights its key has in the bucket"
    if cause == "NoSuchBucket":
        return "create the bucket, without versioning"
    return "check the store and the way to it; it is tried again"
