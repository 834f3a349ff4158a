"""What is seen of a machine: files, units, sockets, disks, clock, versions. Reads, and changes nothing."""

import ctypes
import hashlib
import os
import pwd
import re
import shutil
import socket
import stat
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Final

_LISTENS: Final = {"tcp": "0A", "udp": "07"}
_SOCKET: Final = re.compile(r"socket:\[([0-9]+)\]")
_UNIT: Final = re.compile(r"/([^/]+\.service)(?:/|$)", re.MULTILINE)
_SLOT: Final = re.compile(r"/opt/wayside/([ab])/")
_TIMEX_BYTES: Final = 512
"""More than any kernel's `struct timex`."""
_TIME_ERROR: Final = 5
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Debian's: root's tools are not in everybody's."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """`sha256` is None where it cannot be read."""

    mode: int
    owner: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that waits for whoever comes."""

    protocol: str
    address: str
    port: int
    unit: str = ""
    """The systemd service of the process that holds it; empty where that is none, or is not told to this user."""

    @property
    def is_reachable(self) -> bool:
        """From another machine, but for the firewall."""
        return not ip_address(self.address).is_loopback


class Machine:
    """The machine below `root`: / itself, or a folder that is to be one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.is_whole = root == Path("/")
        """Sockets, units and clock are this machine's, not a folder's."""

    def read(self, path: str) -> bytes:
        """Raises OSError."""
        return self._at(path).read_bytes()

    def file(self, path: str) -> SeenFile | None:
        """None where there is none."""
        try:
            found = self._at(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            owner = pwd.getpwuid(found.st_uid).pw_name
        except KeyError:
            owner = str(found.st_uid)
        try:
            digest = hashlib.sha256(self._at(path).read_bytes()).hexdigest()
        except OSError:
            digest = None
        return SeenFile(stat.S_IMODE(found.st_mode), owner, digest)

    def has_systemd(self) -> bool:
        """Whether units can be asked after."""
        return self.is_whole and Path("/run/systemd/system").is_dir()

    def unit(self, name: str) -> tuple[str, str]:
        """As systemd says: enabled or what else, active or what else."""
        return tuple(self._said("systemctl", f"is-{what}", name) for what in ("enabled", "active"))  # type: ignore[return-value]

    def packages(self) -> dict[str, str] | None:
        """Debian's, name to version; None where this is no Debian."""
        admin = self._at("/var/lib/dpkg")
        if not admin.is_dir():
            return None
        said = self._said(
            "dpkg-query", f"--admindir={admin}", "-W", "-f", "${db:Status-Abbrev}\t${Package}\t${Version}\n"
        )
        lines = (line.split("\t") for line in said.splitlines())
        return {parts[1]: parts[2] for parts in lines if len(parts) == 3 and parts[0].startswith("ii")}

    def version(self) -> str | None:
        """Of the Wayside that is in use."""
        try:
            return self.read("/opt/wayside/current/version").decode().strip()
        except OSError:
            return None

    def running_version(self, unit: str) -> str | None:
        """Return the version that the main process of `unit` was started from; None where it does not run.

        An empty text: from files that are gone, as after an upgrade that did not restart it.
        """
        number = self._said("systemctl", "show", "--property", "MainPID", "--value", unit)
        try:
            command = Path(f"/proc/{int(number or 0)}/cmdline").read_bytes().decode(errors="replace")
        except (OSError, ValueError):
            return None
        slot = _SLOT.search(command)
        if slot is None:
            return None
        try:
            return self.read(f"/opt/wayside/{slot[1]}/version").decode().strip()
        except OSError:
            return ""

    def has_firewall(self) -> bool | None:
        """Return whether the table `inet wayside` is loaded; None where this user may not ask."""
        if shutil.which("nft", path=_PATH) is None:
            return False
        if os.geteuid() != 0:
            return None
        return bool(self._said("nft", "list", "table", "inet", "wayside"))

    def free_bytes(self, path: str) -> int | None:
        """None where the folder is not there."""
        try:
            return shutil.disk_usage(self._at(path)).free
        except OSError:
            return None

    @staticmethod
    def listeners() -> list[Listener]:
        """Of this network namespace; each with its service, as far as this user is told."""
        found = [each for protocol in _LISTENS for family in ("", "6") for each in _listeners(protocol, family)]
        units = _units({inode for _, inode in found})
        return [replace(listener, unit=units.get(inode, "")) for listener, inode in found]

    @staticmethod
    def is_synchronised() -> bool | None:
        """As the kernel says of its clock; None where it does not say."""
        libc = ctypes.CDLL(None, use_errno=True)
        state = libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
        return None if state < 0 else bool(state != _TIME_ERROR)

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    @staticmethod
    def _said(*words: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - ours
                words, capture_output=True, text=True, check=False, timeout=30, env={**os.environ, "PATH": _PATH}
            )
        except FileNotFoundError:
            return ""
        return done.stdout.strip()


def _listeners(protocol: str, family: str) -> Iterator[tuple[Listener, str]]:
    """Each with the inode of its socket."""
    try:
        lines = Path(f"/proc/net/{protocol}{family}").read_text(encoding="ascii").splitlines()[1:]
    except FileNotFoundError:
        return  # a kernel without this family
    for line in lines:
        _, local, remote, state, *_, inode = line.split()[:10]
        address, _, port = local.partition(":")
        if state == _LISTENS[protocol] and remote.endswith(":0000"):
            yield Listener(protocol, _address(address), int(port, 16)), inode


def _units(inodes: set[str]) -> dict[str, str]:
    """By inode of a socket: the service of a process that holds it. Of others' processes root alone is told."""
    found: dict[str, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = [str(each.readlink()) for each in (process / "fd").iterdir()]
            held = {match[1] for link in links if (match := _SOCKET.fullmatch(link)) is not None} & inodes
            unit = _UNIT.search((process / "cgroup").read_text(encoding="utf-8")) if held else None
        except OSError:
            continue  # it has ended, or is somebody else's
        if unit is not None:
            found.update(dict.fromkeys(held, unit[1]))
    return found


def _address(text: str) -> str:
    """The kernel writes 32-bit words, each in the machine's own order."""
    raw = b"".join(struct.pack("=I", int(text[at : at + 8], 16)) for at in range(0, len(text), 8))
    found = ip_address(socket.inet_ntop(socket.AF_INET6 if len(raw) > 4 else socket.AF_INET, raw))
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
