"""Configuration of the cluster's machines, a TOML file each, in the manner of `config.processes`."""

import configparser
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from provisioning.contracts.config.processes import Broker, read_secret
from provisioning.contracts.errors import ConfigError
from provisioning.contracts.query.archive import DEFAULT_DAY_OFFSET_MINUTES, MOST_PARTITIONS
from provisioning.contracts.section import ORIGIN_PATTERN, Port, ResolvedPath, Section


class NodeRole(StrEnum):
    """Role of a machine in the cluster: places deployments. In a small cluster one machine has all roles."""

    BUSINESS = "business"
    """Intake, beside the broker; and the centre, which is no part of the cluster."""
    PARSE = "parse"
    """Parser and canary: on machines with the processors, or the GPUs."""
    ARCHIVE = "archive"
    """The archiver, the embedder and the queries, with one more machine on standby."""
    STORAGE = "storage"
    """The machine with the archive directory's disks."""


class IntakeStage(StrEnum):
    """Stage behind the intake, which runs in a process of its own or in the intake's."""

    PARSER = "parser"
    CANARY = "canary"
    EMBEDDER = "embedder"
    ARCHIVER = "archiver"


class Node(Section):
    """This machine's part in a cluster of `wayside-cluster up`. The rest of the file is the same on every machine."""

    state_dir: ResolvedPath
    """Holds the state that the head restores after a crash, and the replica counts that were set with `scale`."""
    roles: tuple[NodeRole, ...] = Field(default=tuple(NodeRole), min_length=1)
    head_address: str | None = None
    """Address of the head, which the other machines connect to; None: this machine is the head."""
    parser_slots: int = Field(default=2, ge=1, le=256)
    """Room for replicas of the parser on this machine, with the role `parse`."""
    gpus: int = Field(default=0, ge=0, le=64)
    writers: tuple[Annotated[int, Field(ge=0, lt=MOST_PARTITIONS)], ...] | None = Field(default=None, min_length=1)
    """Partitions whose writers may run on this machine, with the role `archive`; None: all."""
    first_port: int = Field(default=6400, ge=1024, le=65000)
    """First of seven ports: node manager, object manager, Ray's agents and client server (docs/network.md)."""
    worker_ports: tuple[Port, Port] = (10002, 10999)
    """First and last port for processes that Ray starts here, one for each."""

    @model_validator(mode="after")
    def _ports_apart(self) -> Self:
        low, high = self.worker_ports
        if not low + 20 <= high:
            raise ValueError("worker_ports: give at least twenty, the lower one first")
        if self.first_port < high and low < self.first_port + 7:
            raise ValueError("first_port and worker_ports overlap")
        return self


_SHAPES: Final = {
    "endpoint": (
        ORIGIN_PATTERN,
        "looks like https://10.2.0.20:9000, with nothing after the port; http for 127.0.0.1 alone",
    ),
    "bucket": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "3 to 63 small letters, digits, hyphens and dots"),
    "prefix": (
        r"[A-Za-z0-9][\w-]*(/[A-Za-z0-9][\w-]*)*",
        "looks like town/archive: letters, digits, hyphens; no / at its ends",
    ),
}


class PackStore(Section):
    """An S3-compatible store in which the pictures of an archive lie, in packs (docs/archive.md)."""

    endpoint: str
    bucket: str
    prefix: str
    """Beginning of all keys; of one archive alone."""
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,64}$")
    credentials_file: ResolvedPath
    """Access key in the format of AWS's `credentials`, under `[default]`; mode 0600."""
    ca_file: ResolvedPath | None = None
    """Authority of the endpoint's certificate; None: the public ones."""

    @field_validator("endpoint", "bucket", "prefix")
    @classmethod
    def _in_shape(cls, value: str, info: ValidationInfo) -> str:
        pattern, example = _SHAPES[str(info.field_name)]
        if len(value) > 280 or re.fullmatch(pattern, value) is None:
            raise ValueError(example)
        return value

    def of_partition(self, number: int) -> Self:
        """Return the place of the packs of a partition, which is an archive of its own."""
        return self.model_copy(update={"prefix": f"{self.prefix}/partitions/{number}"}) if number else self


def read_store_key(path: Path) -> tuple[str, str]:
    """Returns id and secret of the access key in a `credentials_file`.

    Raises:
        ConfigError: the file cannot be read, others may read it, or it has no key.
    """
    text, parser = read_secret(path), configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
        return parser["default"]["aws_access_key_id"], parser["default"]["aws_secret_access_key"]
    except (configparser.Error, KeyError):
        # Without its cause: the parser's text quotes the line that it did not understand.
        raise ConfigError(
            f"{path}: needs [default] with aws_access_key_id and aws_secret_access_key, a line each"
        ) from None


class ClusterConfig(Section):
    """Configuration of `wayside-cluster run`, and with [node] of `wayside-cluster up`."""

    broker: Broker
    models_dir: ResolvedPath
    archive_dir: ResolvedPath
    pack_store: PackStore | None = None
    """None: packs lie in `archive_dir`, as everything else of the archive does."""
    node: Node | None = None
    node_address: str = "127.0.0.2"
    """Ray replaces 127.0.0.1 by the host's address but keeps this one, and so all traffic on loopback (measured)."""
    gcs_port: Port = 6399
    dashboard_port: Port = 8265
    dashboard: bool = True
    """Ray's own dashboard; half a dozen processes and 500 MB on the head. `wayside-cluster status` does without."""
    query_host: str = "127.0.0.1"
    query_port: Port = 8100
    auth_token_file: ResolvedPath
    """Ray's own token; written with mode 0600 when absent."""
    query_token_file: ResolvedPath
    """Bearer token that the centre must show to `query`; written with mode 0600 when absent."""
    metrics_dir: ResolvedPath | None = None
    """Directory where each replica writes the loopback port of its metrics (`file_sd_configs`). None: no metrics."""
    object_store_mb: int = Field(default=200, ge=80)
    parser_model: str = "nanodet-g-416"
    parser_threshold: float = Field(default=0.4, gt=0, lt=1)
    parser_replicas: int = Field(default=1, ge=1)
    parser_replicas_max: int | None = Field(default=None, ge=1)
    """If set, the number of replicas follows what the intakes hold, from `parser_replicas` up to this."""
    parser_gpus: float = Field(default=0.0, ge=0)
    """Share of a GPU for one replica: 0.25 puts four on each."""
    detectors_file: ResolvedPath | None = None
    """Assigns detectors to cameras (docs/detectors.md); followed while the cluster runs. None: `parser_model`."""
    detectors_in_memory: int = Field(default=4, ge=1, le=64)
    """Detectors in one parser replica; the least recently used is dropped, and loaded again when needed."""
    parser_batch: int = Field(default=8, ge=1, le=64)
    parser_batch_wait_ms: float = Field(default=20.0, ge=0)
    embedder_model: str = "efficientnet-lite0"
    """Another model, or another number in its manifest, makes vectors that do not compare with older ones."""
    embedder_replicas: int = Field(default=1, ge=1, le=256)
    embedder_gpus: float = Field(default=0.0, ge=0)
    embedder_batch: int = Field(default=8, ge=1, le=64)
    """Pictures, whose machines go through the network together."""
    embedder_batch_wait_ms: float = Field(default=5.0, ge=0)
    canary_share: float = Field(default=0.03, ge=0, le=1)
    """Share of a proven agent's pictures that the canary inspects and the parser searches again."""
    canary_proof: int = Field(default=200, ge=1, le=1_000_000)
    """Pictures in a row without a face after which an agent is proven: until then all are inspected. Each intake keeps
    the proofs of its own, from its start on."""
    canary_threshold: float = Field(default=0.35, gt=0, lt=1)
    intake_replicas: int = Field(default=1, ge=1, le=64)
    """They share the snapshots that arrive; one carries more than two cores can parse (docs/cluster.md)."""
    with_intake: tuple[IntakeStage, ...] | None = None
    """Stages in the intake's own process, which spares the calls between processes (docs/cluster.md). Its machine needs
    their roles. Unset: none."""
    receive_maximum: int = Field(default=256, ge=8, le=1024)
    """Unacknowledged messages that the broker sends to one intake at a time: the bound of everything behind it. 64 of
    them are parsed at a time; of the others some wait in their lanes and some for their commit."""
    live_s: float = Field(default=60.0, ge=1)
    """Seconds after capture while a snapshot is live. Older ones wait behind, with an eighth of the work at least."""
    archive_writers: int = Field(default=1, ge=1, le=MOST_PARTITIONS)
    """Writers of the archive, each with a partition of the agents (docs/archive.md). It only grows."""
    flush_rows: int = Field(default=200, ge=1)
    flush_ms: int = Field(default=200, ge=1)
    retention_days: int = Field(default=30, ge=1)
    day_offset_minutes: int = Field(default=DEFAULT_DAY_OFFSET_MINUTES, ge=-720, le=840)

    @property
    def composed(self) -> frozenset[IntakeStage]:
        """Stages that run in the intake's process."""
        return frozenset(self.with_intake or ())

    @property
    def _in_several(self) -> dict[IntakeStage, str]:
        """Stages that cannot be one with the intake, and the keys by which there are several of them or of it."""
        writers, intakes = ("archive_writers", self.archive_writers), ("intake_replicas", self.intake_replicas)
        keys = {
            IntakeStage.ARCHIVER: writers if self.archive_writers > 1 else intakes,
            IntakeStage.PARSER: ("parser_replicas", self.parser_replicas_max or self.parser_replicas),
            IntakeStage.EMBEDDER: ("embedder_replicas", self.embedder_replicas),
        }
        return {stage: key for stage, (key, replicas) in keys.items() if replicas > 1}

    @field_validator("archive_dir", mode="before")
    @classmethod
    def _a_directory(cls, value: object) -> object:
        if "://" in str(value):
            raise ValueError(
                "a directory; [pack_store] names an S3-compatible store for the pictures (docs/archive.md)"
            )
        return value

    @model_validator(mode="after")
    def _ports_apart(self) -> Self:
        own = {"gcs_port": self.gcs_port, "dashboard_port": self.dashboard_port, "query_port": self.query_port}
        if len(set(own.values())) < len(own):
            raise ValueError(f"{', '.join(own)}: give each a port of its own")
        if self.node is not None:
            low, high = self.node.worker_ports
            for name, port in own.items():
                if low <= port <= high or self.node.first_port <= port < self.node.first_port + 7:
                    raise ValueError(f"{name}: {port} is one of first_port's seven or of worker_ports in [node]")
        return self

    def writer_resources(self, numbers: tuple[int, ...] | None = None) -> dict[str, float]:
        """Return the resources that place the writers of these partitions; None: of all. One writer needs none."""
        every = range(self.archive_writers) if self.archive_writers > 1 else ()
        return {f"writer_{number}": 1.0 for number in every if numbers is None or number in numbers}

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.parser_replicas_max is not None and self.parser_replicas_max < self.parser_replicas:
            raise ValueError("parser_replicas_max is below parser_replicas")
        return self

    @model_validator(mode="after")
    def _stages_fit(self) -> Self:
        for stage, key in self._in_several.items():
            if stage in (self.with_intake or ()):
                raise ValueError(f"with_intake: leave {stage.value} out, or set {key} to 1")
        return self
