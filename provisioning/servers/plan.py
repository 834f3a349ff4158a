"""`county.toml`: the centre's servers, what each is for, who may reach them, what is kept for how long."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from provisioning.contracts.config.cluster import NodeRole
from provisioning.contracts.config.processes import load
from provisioning.contracts.section import Port, Section
from provisioning.errors import ClusterPlanError
from provisioning.servers.cluster_files import Server, check

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
    """What `check` asks of a file system."""

    path: Folder
    free_gb: int = Field(ge=1)
    """Less than this, in 10^9 bytes, is a difference."""


class PlannedServer(Section):
    """One machine. The first of a plan is the head: broker, database and console are there."""

    name: str = Field(pattern=_NAME)
    address: Address
    """By which the others reach it."""
    roles: tuple[NodeRole, ...] = Field(min_length=1)
    gpus: int = Field(default=0, ge=0, le=64)
    disks: tuple[Disk, ...] = ()

    def has(self, role: NodeRole) -> bool:
        """Whether it is for this."""
        return role in self.roles


class Plan(Section):
    """The whole file."""

    operators: tuple[Network, ...] = Field(min_length=1)
    """Whence ssh and the console are reached."""
    agents: tuple[Network, ...] = ()
    """Whence broker and enrolment are reached. Empty: from everywhere; both ask for a certificate or a code."""
    ntp: tuple[Address, ...] = ()
    """What the head asks for the time; the others ask the head. Empty: the head's own clock, for an island."""
    retention_days: int = Field(default=30, ge=1, le=3650)
    backup_dir: Folder = PurePosixPath("/srv/wayside-backup")
    """Best another disk, or a mount of another machine."""
    console_port: Port = 8443
    database: str = Field(default="postgresql-17", pattern=r"^(sqlite|postgresql-[1-9][0-9])$")
    """Debian's package: postgresql-15 on Debian 12, -17 on 13; or sqlite."""
    grafana: bool = True
    """Not among Debian's packages: its maker's has to be brought."""
    servers: tuple[PlannedServer, ...] = Field(min_length=1)

    @property
    def postgresql(self) -> int | None:
        """Its major version; None: SQLite."""
        return None if self.database == "sqlite" else int(self.database.rpartition("-")[2])

    @property
    def head(self) -> PlannedServer:
        """The first."""
        return self.servers[0]

    @property
    def ray(self) -> list[Server]:
        """As `provisioning.servers.cluster_files` wants them."""
        return [Server(str(each.address), each.roles, each.gpus) for each in self.servers]

    @property
    def keeper(self) -> PlannedServer:
        """Whose disks the archive lies on."""
        return next(each for each in self.servers if each.has(NodeRole.STORAGE))

    @property
    def readers(self) -> tuple[PlannedServer, ...]:
        """Who works on the archive from another machine than its keeper's."""
        return tuple(each for each in self.servers if each.has(NodeRole.ARCHIVE) and each is not self.keeper)

    def others(self, server: PlannedServer) -> tuple[str, ...]:
        """Addresses of all servers but this one."""
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
        return self


def read(path: Path) -> Plan:
    """Read a plan.

    Raises:
        ConfigError: it is none; the text names every faulty key.
    """
    return load(Plan, path, remedy="name the plan after the command, in a folder that you may enter")
