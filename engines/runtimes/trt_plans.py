"""Keeps plans on disk: each names its model and device, and is used for no others.

A file is one line of magic, the length of a header, the header (JSON), the plan. A plan is a program for one kind of
device: TensorRT runs any plan, so the hash in the header guards against damage, not against an attacker who may write
to the folder.
"""

import hashlib
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engines.atomic_file import write_whole
from engines.backend import Flavour, NodeName, Precision
from engines.errors import BuildFailed, PlanCorrupt, PlanForeign, PlanMissing
from engines.manifest import Name, Sha256
from engines.runtimes.gpu import Gpu

MAGIC = b"wayside-plan 1\n"
LENGTH = struct.Struct("<I")
MAX_HEADER_BYTES = 64 << 10
MAX_PLAN_BYTES = 4 << 30
MAX_PLANS = 1000
"""Most plan files of one model and precision that are considered."""

ANY_GPU = ""
"""`gpu` of a plan that fits every device of its compute capability."""

Positive = Annotated[int, Field(ge=1, le=1 << 16)]
Span = tuple[Positive, Positive, Positive]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Profile(_Strict):
    """The shapes that a plan is made for, each as (least, usual, most): batch, and pixels where the model takes any."""

    batch: Span = (1, 8, 32)
    height: Span | None = None
    width: Span | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        spans = [span for span in (self.batch, self.height, self.width) if span is not None]
        if any(list(span) != sorted(span) for span in spans):
            raise ValueError("a span is least, usual, most, in this order")
        if (self.height is None) != (self.width is None):
            raise ValueError("give spans of height and width, or neither")
        return self


class PlanKey(_Strict):
    """Identity of a plan: model, precision, TensorRT, device and shapes. Two plans with one key are the same."""

    model: Name
    model_sha256: Sha256
    """SHA-256 of the catalog's float32 file, at any precision."""
    precision: Precision
    flavour: Flavour
    flavour_version: Annotated[str, Field(pattern=r"^[0-9][0-9A-Za-z.+-]{0,63}$")]
    sm: Annotated[int, Field(ge=10, le=999)]
    gpu: Annotated[str, Field(max_length=255)] = ANY_GPU
    profile: Profile

    def misfit(self, model_sha256: str, gpu: Gpu, versions: Mapping[Flavour, str]) -> str | None:
        """Return the reason why this plan must not be run here, or None if it may."""
        installed = versions.get(self.flavour)
        if self.model_sha256 != model_sha256:
            return f"built from a model of sha256 {self.model_sha256[:12]}, here it is {model_sha256[:12]}"
        if self.sm != gpu.sm:
            return f"built for compute capability {self.sm / 10:.1f}, {gpu.name} has {gpu.sm / 10:.1f}"
        if self.gpu not in {ANY_GPU, gpu.name}:
            return f"built on {self.gpu}, this is {gpu.name}"
        if self.flavour_version != installed:
            there = "which is not installed" if installed is None else f"installed is {installed}"
            return f"built by {self.flavour} {self.flavour_version}, {there}"
        return None

    def file_name(self) -> str:
        """Name the file for people; programs rely on the header."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]
        gpu = re.sub(r"[^a-z0-9]+", "-", self.gpu.lower()).strip("-")[:40]
        device = f"sm{self.sm}{f'-{gpu}' if gpu else ''}"
        return f"{self.model}.{self.precision}.{device}.{self.flavour}-{self.flavour_version}.{digest}.plan"


class PlanHeader(_Strict):
    """Header of a plan file."""

    key: PlanKey
    graph_sha256: Sha256
    """SHA-256 of the ONNX graph that was compiled, after the change of precision."""
    calibrated_on: Annotated[int, Field(ge=0)] = 0
    """Pictures that INT8 ranges were measured on."""
    excluded: tuple[NodeName, ...] = ()
    plan_bytes: Annotated[int, Field(ge=1, le=MAX_PLAN_BYTES)]
    plan_sha256: Sha256


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: its header, and the bytes of which the header holds the hash."""

    header: PlanHeader
    data: bytes


def sealed(
    key: PlanKey, data: bytes, *, graph_sha256: str, calibrated_on: int = 0, excluded: tuple[str, ...] = ()
) -> Plan:
    """Add the header to the bytes of a builder."""
    header = PlanHeader(
        key=key,
        graph_sha256=graph_sha256,
        calibrated_on=calibrated_on,
        excluded=excluded,
        plan_bytes=len(data),
        plan_sha256=hashlib.sha256(data).hexdigest(),
    )
    return Plan(header, data)


class PlanStore:
    """Stores plans in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, plan: Plan) -> Path:
        """Write a plan atomically; one of the same key is replaced. Raises BuildFailed."""
        target = self.folder / plan.header.key.file_name()
        head = plan.header.model_dump_json().encode()
        keep(plan.header.key.model, target, (MAGIC, LENGTH.pack(len(head)), head, plan.data))
        return target

    def choose(
        self, name: str, model_sha256: str, precision: Precision, gpu: Gpu, versions: Mapping[Flavour, str]
    ) -> Path:
        """Choose the plan for this machine: TensorRT's before TensorRT-RTX's, then the one with the largest batch.

        Raises PlanMissing, PlanCorrupt, and PlanForeign if all plans are for another model, device or TensorRT.
        """
        files = sorted(self.folder.glob(f"{name}.{precision}.*.plan"))[:MAX_PLANS]
        fitting: list[tuple[bool, int, Path]] = []
        refused: tuple[Path, str] | None = None
        for file in files:
            key = header_of(file).key
            if (key.model, key.precision) != (name, precision):
                raise PlanCorrupt(file, f"its name does not fit what it holds, {key.model} at {key.precision}")
            reason = key.misfit(model_sha256, gpu, versions)
            if reason is None:
                fitting.append((key.flavour is Flavour.TENSORRT, key.profile.batch[2], file))
            else:
                refused = (file, reason)
        if fitting:
            return max(fitting)[2]
        if refused is not None:
            raise PlanForeign(name, *refused)
        raise PlanMissing(name, precision, self.folder)


def keep(name: str, file: Path, parts: Iterable[bytes]) -> None:
    """Write a file that was built of a model. Raises BuildFailed."""
    try:
        write_whole(file, parts)
    except OSError as error:
        raise BuildFailed(
            name, f"{file} cannot be written ({error.strerror})", "choose another --models-dir"
        ) from error


def header_of(file: Path) -> PlanHeader:
    """Read the header of a plan file alone. Raises PlanCorrupt."""
    return _read(file, with_data=False).header


def read_plan(file: Path) -> Plan:
    """Read a whole plan and check its hash. Raises PlanCorrupt."""
    return _read(file, with_data=True)


def _read(file: Path, *, with_data: bool) -> Plan:
    try:
        with file.open("rb") as stream:
            if stream.read(len(MAGIC)) != MAGIC:
                raise PlanCorrupt(file, "it does not begin as one")
            size = stream.read(LENGTH.size)
            if len(size) < LENGTH.size:
                raise PlanCorrupt(file, "cut off in its header")
            (length,) = LENGTH.unpack(size)
            if length > MAX_HEADER_BYTES:
                raise PlanCorrupt(file, f"a header of {length} bytes")
            text = stream.read(length)
            if len(text) < length:
                raise PlanCorrupt(file, "cut off in its header")
            header = _header(file, text)
            if not with_data:
                return Plan(header, b"")
            data = stream.read(header.plan_bytes + 1)
    except OSError as error:
        raise PlanCorrupt(file, f"unreadable ({error.strerror})") from error
    if len(data) != header.plan_bytes:
        more = "more" if len(data) > header.plan_bytes else "fewer"
        raise PlanCorrupt(file, f"{more} bytes than the {header.plan_bytes} of its header")
    if hashlib.sha256(data).hexdigest() != header.plan_sha256:
        raise PlanCorrupt(file, "its bytes do not have the hash of its header")
    return Plan(header, data)


def _header(file: Path, text: bytes) -> PlanHeader:
    try:
        return PlanHeader.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise PlanCorrupt(file, f"header: {path or 'JSON'}: {first['msg']}") from error
