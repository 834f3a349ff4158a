"""Parses answers about a server's hardware: `/proc`, `lsblk`, `ip`, `nvidia-smi`. Pure; each answer is bounded."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final, TypeVar

from pydantic import Field, ValidationError

from provisioning.contracts.section import Section

MAX_CHARACTERS: Final = 4 * 1024 * 1024
"""Characters of one answer that are read; a longer one is refused. 1,024 processors have 1.5 million."""
MAX_ENTRIES: Final = 512
_NAME: Final = 120
_MAX: Final = 2**60
_ARRAY: Final = re.compile(
    r"(md[\w-]{1,32}) : (active|inactive)\b(?: \([a-z-]+\))?(?: (raid\d+|linear))? ?(.*)", re.ASCII
)
_MEMBERS: Final = re.compile(r"\[(\d{1,4})/(\d{1,4})\] \[([U_]+)\]", re.ASCII)


_T = TypeVar("_T", bound=Section)


class HardwareError(ValueError):
    """An answer about hardware is not in the form that it should have."""


class Cpu(Section):
    """Processors of a server."""

    model: str
    sockets: int = Field(ge=1, le=_MAX)
    cores: int = Field(ge=1, le=_MAX)
    threads: int = Field(ge=1, le=_MAX)


class DiskDrive(Section):
    """A whole disk, also one of a RAID controller, which shows its array as one disk."""

    name: str
    model: str = ""
    bytes: int = Field(ge=1, le=_MAX)
    rotates: bool | None = None
    transport: str = ""


class DiskArray(Section):
    """An array of the kernel (md). `intact`: all its members are in it."""

    name: str
    level: str = ""
    members: int = Field(ge=0, le=_MAX)
    intact: bool


class NetworkPort(Section):
    """A physical port. `mbit_s` is None without a link."""

    name: str
    up: bool
    mbit_s: int | None = Field(default=None, ge=1, le=_MAX)


class Gpu(Section):
    """A GPU of NVIDIA."""

    model: str
    memory_mib: int = Field(ge=1, le=_MAX)


def parse_cpu(text: str) -> Cpu:
    """Parses `/proc/cpuinfo`. Where a processor names no core, as on ARM, each is counted as one of one socket.

    Raises:
        HardwareError: it names no processor, or is too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise HardwareError(f"over {MAX_CHARACTERS >> 20} Mi characters")
    model, threads, cores = "", 0, set()
    for block in text.split("\n\n"):
        facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in block.splitlines())}
        if "processor" not in facts:
            continue
        threads += 1
        model = model or facts.get("model name", "")
        cores.add((facts.get("physical id", "0"), facts.get("core id", f"processor {threads}")))
    if not threads:
        raise HardwareError("no processor in it")
    sockets = {socket for socket, _ in cores}
    return Cpu(model=_shown(model), sockets=len(sockets), cores=len(cores), threads=threads)


def parse_memory(meminfo: str, block_bytes: str, blocks: int) -> int:
    """Computes the bytes of memory: of the online blocks, or where the kernel has none, `MemTotal` of `/proc/meminfo`.

    `MemTotal` lacks what the kernel and the firmware keep for themselves: a server with 128 GiB has 125 there.

    Raises:
        HardwareError: neither is there.
    """
    if re.fullmatch(r"[0-9a-f]{1,12}", block_bytes, re.ASCII) and 0 < blocks <= _MAX >> 48:
        return int(block_bytes, 16) * blocks
    found = re.search(r"^MemTotal:\s{1,20}(\d{1,15}) kB", meminfo[:MAX_CHARACTERS], re.MULTILINE | re.ASCII)
    if found is None or int(found[1]) == 0:
        raise HardwareError("no MemTotal in it")
    return int(found[1]) * 1024


def parse_disks(text: str) -> tuple[DiskDrive, ...]:
    """Parses `lsblk --json --bytes`: whole disks with a size, without those that memory or a file makes.

    Raises:
        HardwareError: it is not what `lsblk` prints.
    """
    disks = []
    for each in _entries(_json(text), "blockdevices"):
        name, size = each.get("name"), _number(each.get("size"))
        if each.get("type") != "disk" or not size or re.match(r"(zram|ram|loop|nbd)\d", str(name)):
            continue
        fields = {
            "name": _shown(name),
            "model": _shown(each.get("model")),
            "bytes": size,
            "rotates": {"1": True, "0": False, "True": True, "False": False}.get(str(each.get("rota"))),
            "transport": _shown(each.get("tran")),
        }
        disks.append(_made(DiskDrive, fields))
    return tuple(disks)


def parse_arrays(text: str) -> tuple[DiskArray, ...]:
    """Parses `/proc/mdstat`. An array that is not active, or lacks a member, is not intact."""
    arrays: list[DiskArray] = []
    lines = [*text[:MAX_CHARACTERS].splitlines(), ""]
    for line, after in pairwise(lines):
        found = _ARRAY.match(line)
        if found is None:
            continue
        state = _MEMBERS.search(after)
        members = len(re.findall(r"\w+\[\d+\]", found[4]))
        is_whole = "(F)" not in found[4] if state is None else state[1] == state[2] and "_" not in state[3]
        fields = {
            "name": found[1],
            "level": found[3] or "",
            "members": members,
            "intact": found[2] == "active" and is_whole,
        }
        arrays.append(_made(DiskArray, fields))
    return tuple(arrays[:MAX_ENTRIES])


def parse_ports(text: str, speeds: Mapping[str, int | None]) -> tuple[NetworkPort, ...]:
    """Parses `ip -j link`. `speeds`: Mbit/s by name of each physical port; None without a link.

    Raises:
        HardwareError: it is not what `ip` prints.
    """
    ports = []
    for each in _entries({"links": _json(text)}, "links"):
        name = each.get("ifname")
        if isinstance(name, str) and name in speeds:
            speed = speeds[name]
            fields = {"name": _shown(name), "up": each.get("operstate") == "UP", "mbit_s": speed or None}
            ports.append(_made(NetworkPort, fields))
    return tuple(ports)


def parse_gpus(text: str) -> tuple[Gpu, ...]:
    """Parses `nvidia-smi --query-gpu=name,memory.total --format=csv,noheader,nounits`.

    Raises:
        HardwareError: a line is none of these.
    """
    gpus = []
    for words in csv.reader(text[:MAX_CHARACTERS].splitlines()[:MAX_ENTRIES]):
        if not words:
            continue
        memory = _number(words[1].strip()) if len(words) == 2 else None
        if not memory:
            raise HardwareError(f"this is no GPU: {_shown(','.join(words))!r}")
        gpus.append(_made(Gpu, {"model": _shown(words[0]), "memory_mib": memory}))
    return tuple(gpus)


def _json(text: str) -> Any:
    if len(text) > MAX_CHARACTERS:
        raise HardwareError(f"over {MAX_CHARACTERS >> 20} Mi characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HardwareError("is no JSON") from error


def _entries(table: Any, key: str) -> Iterator[Mapping[str, Any]]:
    listed = table.get(key) if isinstance(table, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_ENTRIES:
        raise HardwareError(f"has no list {key!r} of at most {MAX_ENTRIES}")
    for each in listed:
        if not isinstance(each, dict):
            raise HardwareError(f"{key!r} has an entry that is no object")
        yield each


def _made(kind: type[_T], fields: Mapping[str, object]) -> _T:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise HardwareError(f"a {kind.__name__} out of bounds") from error


def _number(value: object) -> int | None:
    """Reads a whole number; older versions of `lsblk` write them as texts."""
    text = str(value)
    return int(text) if isinstance(value, int | str) and re.fullmatch(r"\d{1,18}", text, re.ASCII) else None


def _shown(value: object) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(each for each in text if each.isprintable())[:_NAME]
