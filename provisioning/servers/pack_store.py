"""Renders what the servers need of the object store of the pictures: section, key, authority and way there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from provisioning.contracts.config.cluster import read_store_key
from provisioning.contracts.errors import ConfigError
from provisioning.errors import ClusterPlanError
from provisioning.servers.cluster_files import ETC
from provisioning.servers.plan import PlannedServer, ServersPlan
from provisioning.servers.tree import SECRET, File

KEY: Final = f"{ETC}/secrets/pack-store"
AUTHORITY: Final = f"{ETC}/secrets/pack-store-ca.pem"
_USER: Final = "wayside-cluster"


def section(plan: ServersPlan) -> dict[str, Any]:
    """Returns `[pack_store]` of every `cluster.toml`, by its name; nothing without a store."""
    store = plan.pack_store
    if store is None:
        return {}
    stated = {"endpoint": store.endpoint, "bucket": store.bucket, "prefix": store.prefix, "region": store.region}
    authority = {} if store.ca_file is None else {"ca_file": AUTHORITY}
    return {"pack_store": {**stated, "credentials_file": KEY, **authority}}


def reached(plan: ServersPlan, server: PlannedServer) -> tuple[str, ...]:
    """Returns the addresses of the store, for the unit of a server that uses it."""
    return () if plan.pack_store is None or server not in plan.store_users else plan.pack_store.reached_at


def files(plan: ServersPlan, server: PlannedServer) -> Iterator[File]:
    """Yields key and authority for a server that uses the store.

    Raises:
        ClusterPlanError: one of them cannot be used.
    """
    store = plan.pack_store
    if store is None or server not in plan.store_users:
        return
    try:
        read_store_key(store.credentials_file)
    except ConfigError as error:
        raise ClusterPlanError(f"pack_store.credentials_file: {error}") from error
    yield File(KEY, store.credentials_file.read_bytes(), SECRET, _USER)
    if store.ca_file is not None:
        yield File(AUTHORITY, _authority(store.ca_file))


def _authority(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        x509.load_pem_x509_certificates(content)
    except OSError as error:
        raise ClusterPlanError(f"pack_store.ca_file: {path}: cannot be read ({error.strerror}); correct it") from error
    except ValueError as error:
        raise ClusterPlanError(
            f"pack_store.ca_file: {path}: no certificate in PEM; give the authority of the store's certificate"
        ) from error
    return content
