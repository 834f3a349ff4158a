"""Reads `county.toml`: the centre's servers, their roles, networks that may reach them, and retention."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from provisioning.contracts.config.cluster import NodeRole, PackStore
from provisioning.contracts.config.processes import load
from provisioning.contracts.section import Port, Section
from provisioning.errors import ClusterPlanError
from provisioning.servers.cluster_files import Server, check

_THIS_MACHINE: Final = ("127.0.0.1", "localhost")
_NAME: Final = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"
_FOLDER: Final = re.compile(r"/[A-Za-z0-9._/-]{1,200}")


def _folder(value: PurePosixPath) -> PurePosixPath:
    # It is written into units and SQL, none of which quote alike.
    if not _FOLDER.fullmatch(str(value)) or ".." in value.parts:
        raise ValueError("give an absolute path of letters, digits, '.', '_', '-'")
    return value


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Folder = Annotated[PurePosixPath, AfterValidator(_folder)]


class Disk(Section):
    """A file system and the free space that `check` demands of it."""

    path: Folder
    free_gb: int = Field(ge=1)
    """Less free space than this, in 10^9 bytes, is a difference."""


class PlannedServer(Section):
    """One machine. The first of a plan is the head: broker, database and console are there."""

    name: str = Field(pattern=_NAME)
    address: Address
    """Address by which the other servers reach it."""
    roles: tuple[NodeRole, ...] = Field(min_length=1)
    gpus: int = Field(default=0, ge=0, le=64)
    disks: tuple[Disk, ...] = ()

    def has(self, role: NodeRole) -> bool:
        """True if the server has this role."""
        return role in self.roles


class PlannedPackStore(PackStore):
    """Object store of the archive's pictures. Its files are those where the plan is rendered, which copies them."""

    addresses: tuple[Network, ...] = ()
    """Addresses of the store, if `endpoint` has a name: the servers' units speak to these alone. They find the name by
    /etc/hosts or by a resolver on the machine itself."""

    @property
    def host(self) -> str:
        """Name or address in `endpoint`."""
        return urlsplit(self.endpoint).hostname or ""

    @property
    def reached_at(self) -> tuple[str, ...]:
        """Addresses and networks to which the units of its users may speak."""
        return tuple(map(str, self.addresses)) or (self.host,)

    @model_validator(mode="after")
    def _has_addresses(self) -> Self:
        if not self.addresses:
            try:
                ip_address(self.host)
            except ValueError:
                raise ValueError(
                    f"addresses: give those of {self.host}; the servers' units speak to addresses of the plan alone"
                ) from None
        return self


class ServersPlan(Section):
    """Content of the file `county.toml`."""

    operators: tuple[Network, ...] = Field(min_length=1)
    """Networks that may reach ssh and the console."""
    agents: tuple[Network, ...] = ()
    """Networks that may reach broker and enrolment. Empty: all; both ask for a certificate or a code."""
    ntp: tuple[Address, ...] = ()
    """Time servers of the head; the others ask the head. Empty: the head's own clock, for an island."""
    retention_days: int = Field(default=30, ge=1, le=3650)
    backup_dir: Folder = PurePosixPath("/srv/wayside-backup")
    """Best on another disk, or a mount of another machine."""
    console_port: Port = 8443
    database: str = Field(default="postgresql-17", pattern=r"^(sqlite|postgresql-[1-9][0-9])$")
    """Debian's package: postgresql-15 on Debian 12, -17 on 13; or sqlite."""
    grafana: bool = True
    """Grafana is not among Debian's packages: its maker's package is needed."""
    pack_store: PlannedPackStore | None = None
    """Object store of the archive's pictures; None: they lie on the keeper's disks, as all of the archive does."""
    servers: tuple[PlannedServer, ...] = Field(min_length=1)

    @property
    def postgresql(self) -> int | None:
        """Major version of PostgreSQL; None: SQLite."""
        return None if self.database == "sqlite" else int(self.database.rpartition("-")[2])

    @property
    def head(self) -> PlannedServer:
        """The first server, with broker, database and console."""
        return self.servers[0]

    @property
    def ray(self) -> list[Server]:
        """Servers in the form of `provisioning.servers.cluster_files`."""
        return [Server(str(each.address), each.roles, each.gpus) for each in self.servers]

    @property
    def keeper(self) -> PlannedServer:
        """Server whose disks hold the archive."""
        return next(each for each in self.servers if each.has(NodeRole.STORAGE))

    @property
    def readers(self) -> tuple[PlannedServer, ...]:
        """Servers that work on the archive over the network."""
        return tuple(each for each in self.servers if each.has(NodeRole.ARCHIVE) and each is not self.keeper)

    @property
    def store_users(self) -> tuple[PlannedServer, ...]:
        """Servers whose processes read or write pictures, and so have the key of an object store."""
        return tuple(each for each in self.servers if each.has(NodeRole.ARCHIVE) or each.has(NodeRole.STORAGE))

    def others(self, server: PlannedServer) -> tuple[str, ...]:
        """Returns the addresses of all servers but this one."""
        return tuple(str(each.address) for each in self.servers if each is not server)

    @model_validator(mode="after")
    def _make_a_cluster(self) -> Self:
        names = [each.name for each in self.servers]
        if len(set(names)) != len(names):
            raise ValueError("servers: a name is there twice")
        try:
            check(self.ray)
        except ClusterPlanError as error:
            raise ValueError(f"servers: {error}") from error
        store = self.pack_store
        if store is not None and store.host in _THIS_MACHINE and len(self.store_users) > 1:
            users = ", ".join(each.name for each in self.store_users)
            raise ValueError(
                f"pack_store.endpoint: {store.host} is another machine on each of {users}; give the store's own address"
            )
        return self


def read(path: Path) -> ServersPlan:
    """Reads a plan.

    Raises:
        ConfigError: it is none; the text names every faulty key.
    """
    return load(ServersPlan, path, remedy="name the plan after the command, in a folder that you may enter")
