"""Reads the state of a machine: files, units, sockets, disks, clock, versions. Changes nothing."""

import ctypes
import hashlib
import json
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
from itertools import product
from pathlib import Path
from typing import Final

_LISTENS: Final = {"tcp": "0A", "udp": "07"}
_SOCKET: Final = re.compile(r"socket:\[([0-9]+)\]")
_UNIT: Final = re.compile(r"/([^/]+\.service)(?:/|$)", re.MULTILINE)
_SLOT: Final = re.compile(r"/opt/wayside/([ab])/")
_CLUSTER: Final = "/opt/wayside/bin/wayside-cluster"
_STORE_S: Final = 60
"""Time for a program that tries the store: its imports take seconds, the request eleven at most."""
_TIMEX_BYTES: Final = 512
"""More than any kernel's `struct timex`."""
_TIME_ERROR: Final = 5
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Debian's full path: some users' paths lack root's tools."""


@dataclass(frozen=True, slots=True)
class SeenFile:
    """Mode, owner and hash of a file. `sha256` is None if it cannot be read."""

    mode: int
    owner: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that accepts connections or datagrams."""

    protocol: str
    address: str
    port: int
    unit: str = ""
    """The systemd service of the process that holds it; empty if there is none, or this user may not see it."""

    @property
    def is_reachable(self) -> bool:
        """True if another machine could reach it without a firewall."""
        return not ip_address(self.address).is_loopback


class ServerMachine:
    """The machine below `root`: / itself, or a folder prepared for one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.is_whole = root == Path("/")
        """True for /: sockets, units and clock are a machine's, not a folder's."""

    def read(self, path: str) -> bytes:
        """Reads a file.

        Raises:
            OSError: it cannot be read.
        """
        return self._at(path).read_bytes()

    def file(self, path: str) -> SeenFile | None:
        """Returns mode, owner and hash of a file; None without one."""
        try:
            found = self._at(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        owner = _user(found.st_uid)
        try:
            digest = hashlib.sha256(self._at(path).read_bytes()).hexdigest()
        except OSError:
            digest = None
        return SeenFile(stat.S_IMODE(found.st_mode), owner, digest)

    def has_systemd(self) -> bool:
        """True if systemd runs here and can be asked for units."""
        return self.is_whole and Path("/run/systemd/system").is_dir()

    def unit(self, name: str) -> tuple[str, str]:
        """Returns systemd's words for a unit: enabled or not, active or not."""
        return tuple(self._output("systemctl", f"is-{what}", name) for what in ("enabled", "active"))  # type: ignore[return-value]

    def packages(self) -> dict[str, str] | None:
        """Returns Debian's packages, name to version; None on another system."""
        admin = self._at("/var/lib/dpkg")
        if not admin.is_dir():
            return None
        listing = self._output(
            "dpkg-query", f"--admindir={admin}", "-W", "-f", "${db:Status-Abbrev}\t${Package}\t${Version}\n"
        )
        lines = (line.split("\t") for line in listing.splitlines())
        return {parts[1]: parts[2] for parts in lines if len(parts) == 3 and parts[0].startswith("ii")}

    def version(self) -> str | None:
        """Returns the version of Wayside in use; None without one."""
        try:
            return self.read("/opt/wayside/current/version").decode().strip()
        except OSError:
            return None

    def running_version(self, unit: str) -> str | None:
        """Returns the version that the main process of `unit` was started from; None if it does not run.

        An empty text: from files that are gone, as after an upgrade that did not restart it.
        """
        number = self._output("systemctl", "show", "--property", "MainPID", "--value", unit)
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
        """Returns whether the table `inet wayside` is loaded; None if this user may not ask."""
        if shutil.which("nft", path=_PATH) is None:
            return False
        if os.geteuid() != 0:
            return None
        return bool(self._output("nft", "list", "table", "inet", "wayside"))

    def store_fault(self, key: str, configuration: str) -> str | None:
        """Tries the object store of the pictures as the user whose file the key is.

        Returns the fault, empty if the store answers; None if this user may not try it.
        """
        seen = self.file(key)
        if seen is None:
            return None
        own = _user(os.geteuid())
        if own not in {seen.owner, "root"}:
            return None
        as_user = () if own == seen.owner else ("runuser", "-u", seen.owner, "--")
        program, stated = self._at(_CLUSTER), self._at(configuration)
        try:
            done = subprocess.run(  # noqa: S603 - ours
                (*as_user, str(program), "store", "--config", str(stated), "--json"),
                capture_output=True,
                text=True,
                check=False,
                timeout=_STORE_S,
                env={**os.environ, "PATH": _PATH},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"cannot be tried: {program} store: {error}"
        try:
            return str(json.loads(done.stdout)["fault"])
        except (ValueError, KeyError):
            return f"cannot be tried: {(done.stderr or done.stdout).strip()[-300:] or f'exit code {done.returncode}'}"

    def free_bytes(self, path: str) -> int | None:
        """Returns the free bytes under a folder; None without the folder."""
        try:
            return shutil.disk_usage(self._at(path)).free
        except OSError:
            return None

    @staticmethod
    def listeners() -> list[Listener]:
        """Lists the listening sockets of this network namespace; each with its service, if this user may see it.

        A socket without a service that is closed by now is left out: its process may have ended while it was sought.
        """
        found = list(_listeners())
        units = services_of({inode for _, inode in found})
        open_still = {inode for _, inode in _listeners()}
        return [
            replace(listener, unit=units.get(inode, ""))
            for listener, inode in found
            if inode in units or inode in open_still
        ]

    @staticmethod
    def is_synchronised() -> bool | None:
        """Returns the kernel's word for its clock; None if it gives none."""
        libc = ctypes.CDLL(None, use_errno=True)
        state = libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
        return None if state < 0 else bool(state != _TIME_ERROR)

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    @staticmethod
    def _output(*words: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - ours
                words, capture_output=True, text=True, check=False, timeout=30, env={**os.environ, "PATH": _PATH}
            )
        except FileNotFoundError:
            return ""
        return done.stdout.strip()


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def services_of(inodes: set[str], proc: Path = Path("/proc")) -> dict[str, str]:
    """Returns the systemd services that hold the sockets of these inodes, by inode. `proc` is a mounted procfs.

    Only root sees other users' processes. What is closed, or ends, meanwhile is left out and hides nothing else.
    """
    found: dict[str, str] = {}
    for process in proc.glob("[0-9]*"):
        held = set(_sockets(process / "fd")) & inodes
        try:
            unit = _UNIT.search((process / "cgroup").read_text(encoding="utf-8")) if held else None
        except OSError:
            continue  # it has ended
        if unit is not None:
            found.update(dict.fromkeys(held, unit[1]))
    return found


def _sockets(descriptors: Path) -> Iterator[str]:
    """Yields the inodes of a process's sockets."""
    try:
        names = list(descriptors.iterdir())
    except OSError:
        return  # it has ended, or is another user's
    for name in names:
        try:
            match = _SOCKET.fullmatch(str(name.readlink()))
        except OSError:
            continue  # closed since it was listed
        if match is not None:
            yield match[1]


def _listeners() -> Iterator[tuple[Listener, str]]:
    """Yields each listener with the inode of its socket."""
    for protocol, family in product(_LISTENS, ("", "6")):
        try:
            lines = Path(f"/proc/net/{protocol}{family}").read_text(encoding="ascii").splitlines()[1:]
        except FileNotFoundError:
            continue  # a kernel without this family
        for line in lines:
            _, local, remote, state, *_, inode = line.split()[:10]
            address, _, port = local.partition(":")
            if state == _LISTENS[protocol] and remote.endswith(":0000"):
                yield Listener(protocol, _address(address), int(port, 16)), inode


def _address(text: str) -> str:
    """Parses an address: the kernel writes 32-bit words, each in the machine's own order."""
    raw = b"".join(struct.pack("=I", int(text[at : at + 8], 16)) for at in range(0, len(text), 8))
    found = ip_address(socket.inet_ntop(socket.AF_INET6 if len(raw) > 4 else socket.AF_INET, raw))
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
