"""Takes the inventory of this server's hardware for `wayside-provision inventory`. Changes nothing."""

import os
import platform
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field

from provisioning.contracts.section import Section
from provisioning.errors import AcceptanceError
from provisioning.files import durable
from provisioning.output import CommandResult, table
from provisioning.servers import hardware
from provisioning.servers.hardware import Cpu, DiskArray, DiskDrive, Gpu, HardwareError, NetworkPort

KIND: Final = "wayside-inventory 1"
SERVER: Final = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"
"""Pattern of a server's name, as in `county.toml`."""
MAX_BYTES: Final = 1024 * 1024
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LSBLK: Final = ("lsblk", "--json", "--bytes", "--nodeps", "--output", "NAME,TYPE,SIZE,MODEL,ROTA,TRAN")
_NVIDIA: Final = ("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
_PATIENCE_S: Final = 30
_NO_SPEED: Final = frozenset({-1, 0, 0xFFFF, 0xFFFFFFFF})
"""Speeds that a driver gives for *unknown*."""
_T = TypeVar("_T")
_Entries = Annotated[tuple[_T, ...] | None, Field(max_length=hardware.MAX_ENTRIES)]


class Inventory(Section):
    """Hardware of one server at one time. None: it could not be read, for the cause in `unread`."""

    kind: Literal["wayside-inventory 1"] = KIND
    server: str = Field(pattern=SERVER)
    host: str = Field(max_length=300)
    taken_at_ms: int = Field(ge=0, le=2**53)
    product: str = Field(default="", max_length=300)
    """Maker's name of the machine (DMI)."""
    system: str = Field(default="", max_length=300)
    cpu: Cpu | None = None
    memory_bytes: int | None = Field(default=None, ge=1, le=2**60)
    disks: _Entries[DiskDrive] = None
    arrays: _Entries[DiskArray] = None
    ports: _Entries[NetworkPort] = None
    gpus: _Entries[Gpu] = None
    unread: dict[str, Annotated[str, Field(max_length=300)]] = Field(default_factory=dict, max_length=10)
    """Cause of each field that is None."""


class HardwareReader:
    """Reads the hardware below `root`, / itself or a folder prepared for one, and by programs of Debian."""

    def __init__(self, root: Path = Path("/"), programs: str = _PATH) -> None:
        self._root = root
        self._programs = programs
        self._unread: dict[str, str] = {}

    def take(self, server: str, now_ms: int) -> Inventory:
        """Takes the inventory. A part that cannot be read is named with its cause, and the others stay.

        Raises:
            AcceptanceError: the server's name is invalid.
        """
        if not re.fullmatch(SERVER, server, re.ASCII):
            raise AcceptanceError(
                f"server {server[:40]!r}: give the name that the contract has: up to 32 of a-z, 0-9, '-'"
            )
        self._unread = {}
        return Inventory(
            server=server,
            host=platform.node()[:300],
            taken_at_ms=now_ms,
            product=" ".join(self._line(f"sys/class/dmi/id/{each}") for each in ("sys_vendor", "product_name")).strip(),
            system=f"{platform.system()} {platform.release()} {platform.machine()}"[:300],
            cpu=self._read("cpu", lambda: hardware.parse_cpu(self._text("proc/cpuinfo"))),
            memory_bytes=self._read("memory", self._memory),
            disks=self._read("disks", lambda: hardware.parse_disks(self._output(*_LSBLK))),
            arrays=self._read("arrays", self._arrays),
            ports=self._read("ports", lambda: hardware.parse_ports(self._output("ip", "-j", "link"), self._speeds())),
            gpus=self._read("gpus", self._gpus),
            unread=self._unread,
        )

    def _read(self, field: str, read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except (OSError, HardwareError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._unread[field] = why[:300]
            return None

    def _memory(self) -> int:
        folder = self._root / "sys/devices/system/memory"
        blocks = [each for each in folder.glob("memory[0-9]*") if self._line(str(each / "online")) == "1"]
        return hardware.parse_memory(
            self._text("proc/meminfo"), self._line(str(folder / "block_size_bytes")), len(blocks)
        )

    def _arrays(self) -> tuple[DiskArray, ...]:
        """A kernel without the md driver has no such file, and no array."""
        try:
            return hardware.parse_arrays(self._text("proc/mdstat"))
        except FileNotFoundError:
            return ()

    def _gpus(self) -> tuple[Gpu, ...]:
        """Without a device of NVIDIA on the PCI bus there is none, also where the driver is missing."""
        vendors = (self._root / "sys/bus/pci/devices").glob("*/vendor")
        if not any(self._line(str(each)) == "0x10de" for each in vendors):
            return ()
        return hardware.parse_gpus(self._output(*_NVIDIA))

    def _speeds(self) -> dict[str, int | None]:
        speeds: dict[str, int | None] = {}
        for port in (self._root / "sys/class/net").glob("*"):
            if (port / "device").exists():
                word = self._line(str(port / "speed"))
                speed = int(word) if word.removeprefix("-").isdecimal() and len(word) < 12 else 0
                speeds[port.name] = None if speed in _NO_SPEED else speed
        return speeds

    def _text(self, name: str) -> str:
        with (self._root / name).open(encoding="utf-8", errors="replace") as opened:
            return opened.read(hardware.MAX_CHARACTERS + 1)

    def _line(self, name: str) -> str:
        """Reads one line that may be missing: empty then."""
        try:
            with (self._root / name).open(encoding="utf-8", errors="replace") as opened:
                return opened.readline(200).strip()
        except OSError:
            return ""

    def _output(self, *words: str) -> str:
        environment = {**os.environ, "PATH": self._programs, "LC_ALL": "C"}
        try:
            done = subprocess.run(  # noqa: S603 - ours
                words, capture_output=True, check=False, timeout=_PATIENCE_S, env=environment
            )
        except FileNotFoundError as error:
            raise HardwareError(f"{words[0]} is not installed") from error
        except subprocess.TimeoutExpired as error:
            raise HardwareError(f"{words[0]} did not end in {_PATIENCE_S} s") from error
        if done.returncode:
            raise HardwareError(f"{words[0]}: {done.stderr.decode(errors='replace').strip()[:200] or done.returncode}")
        return done.stdout[: 4 * hardware.MAX_CHARACTERS].decode(errors="replace")


def show(server: str, out: Path | None) -> CommandResult:
    """Takes the inventory of this server and writes it. Exit code 1: a part could not be read.

    Raises:
        AcceptanceError: the server's name is invalid, or the file cannot be written.
    """
    made = HardwareReader().take(server, time.time_ns() // 1_000_000)
    if out is not None:
        try:
            durable.write(out, made.model_dump_json(indent=1).encode() + b"\n", mode=durable.PUBLIC)
        except OSError as error:
            raise AcceptanceError(f"{out}: cannot be written ({error.strerror})") from error
    unread = [f"{field}: not read: {why}" for field, why in made.unread.items()]
    return CommandResult(made.model_dump(), [table(("part", made.server), lines(made)), *unread], 1 if unread else 0)


def lines(made: Inventory) -> list[tuple[str, str]]:
    """Describes an inventory, a line a part; those that were not read are left out."""
    listed = [("machine", made.product), ("system", made.system)]
    if made.cpu is not None:
        cpu = made.cpu
        listed.append(("cpu", f"{cpu.sockets} × {cpu.model}: {cpu.cores} cores, {cpu.threads} threads"))
    if made.memory_bytes is not None:
        listed.append(("memory", f"{made.memory_bytes / 2**30:.1f} GiB"))
    for disk in made.disks or ():
        kind = {True: "rotates", False: "solid state", None: ""}[disk.rotates]
        words = [f"{disk.bytes / 1e12:.2f} TB", disk.model, disk.transport, kind]
        listed.append((f"disk {disk.name}", ", ".join(word for word in words if word)))
    listed += [
        (f"array {each.name}", f"{each.level} of {each.members}: {'intact' if each.intact else 'NOT INTACT'}")
        for each in made.arrays or ()
    ]
    listed += [
        (f"port {each.name}", f"{each.mbit_s} Mbit/s" if each.mbit_s else "speed unknown" if each.up else "no link")
        for each in made.ports or ()
    ]
    listed += [("gpu", f"{each.model}, {each.memory_mib / 1024:.1f} GiB") for each in made.gpus or ()]
    return [(part, text) for part, text in listed if text]
