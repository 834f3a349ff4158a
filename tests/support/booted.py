"""Machines whose systemd runs, on a street of their own: each boots from a layer over a Debian, in systemd-nspawn.

```
 street (a network of its own) ── 10.2.0.9: cameras, and whoever listens to what wants to leave
    ├── eth0 10.2.0.5  head     systemd, root and users of its own; reboots
    └── eth0 10.2.0.6  cabinet
```

Networks, mounts and processes have no names on this machine and end with the process that made them, however it ends;
so two runs side by side do not meet.
"""

import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Self

import pytest

from tests.support.recorder import recorded
from tests.support.waiting import LONG_S, Patience

CAMERAS = "10.2.0.9"
_NETWORK = "10.2.0.0/24"
_BOOT_S = 120.0
_DOWN_S = 120.0
_STEP_S = 0.1
_REBOOT = 133
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")
_CHRONY = "[Unit]\nConditionCapability=\n[Service]\nExecStart=\nExecStart=!/usr/sbin/chronyd $DAEMON_OPTS -x\n"
"""It may not set the clock, which is this machine's, as in any container."""
_BOOT = """
mount --make-rprivate /
mount --bind "$NET" "$FOLDER/net"
find "$FOLDER/work" -path "*/incompat*" -delete
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$FOLDER/upper,workdir=$FOLDER/work,volatile" "$FOLDER/root"
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$NAME"
echo $$ >"/sys/fs/cgroup/$NAME/cgroup.procs"
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
exec unshare --pid --fork --kill-child --mount-proc \\
    systemd-nspawn --directory="$FOLDER/root" --boot --register=no --keep-unit --console=pipe --machine="$NAME" \\
    --hostname="$HOST" --network-namespace-path="$FOLDER/net" --capability=CAP_NET_ADMIN,CAP_BPF --resolv-conf=off \\
    --timezone=off --link-journal=no
"""
"""The host's control groups may be of version 1: systemd gets a tree of version 2, seen from here alone. A namespace of
process ids ends all of it with its first, which nspawn alone does not. Nothing waits for this machine's disk: the layer
goes with the machine, and outlives its power cuts and reboots in this machine's memory. The kernel marks such a layer,
which it would not mount again after a crash of this machine: the mark goes."""


def require() -> None:
    """Skip the test, by name, where no machine can be booted."""
    absent = [name for name in ("systemd-nspawn", "ip", "unshare", "nsenter", "setpriv") if shutil.which(name) is None]
    if os.geteuid() != 0:
        pytest.skip("booting a machine needs root")
    if absent:
        pytest.skip(f"{', '.join(absent)}: not installed; apt-get install systemd-container iproute2 util-linux")
    if subprocess.run(["unshare", "-n", "-m", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to make namespaces here")


class Street:
    """A network with a bridge, to which machines are wired. Use it as a context."""

    def __enter__(self) -> Self:
        self._held: list[subprocess.Popen[bytes]] = []
        self.net = self._network()
        self.ip("link", "add", "street", "type", "bridge")
        self.ip("addr", "add", f"{CAMERAS}/24", "dev", "street")
        self.ip("link", "set", "street", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._held):
            process.kill()
            process.communicate()

    def ip(self, *words: str) -> None:
        """`ip` in the street's network."""
        subprocess.run(["nsenter", f"--net={self.net}", "ip", *words], check=True, capture_output=True)

    def beside(self, command: Sequence[str | Path]) -> "subprocess.Popen[str]":
        """Start a process of this machine at 10.2.0.9. Whoever starts it ends it."""
        words = [*_DIES_WITH_US, "nsenter", f"--net={self.net}", *map(str, command)]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def recorded(self) -> AbstractContextManager[list[str]]:
        """Lists, once the context ends, line by line what wanted to leave the street."""
        return recorded(self.beside, "street", _NETWORK)

    def wire(self, name: str, address: str) -> Path:
        """Make a network for one machine; it outlives the machine's boots."""
        net = self._network()
        inside = ["nsenter", f"--net={net}", "ip"]
        self.ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", net.parts[2])
        self.ip("link", "set", name, "master", "street", "up")
        for words in (
            ["addr", "add", f"{address}/24", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
            ["route", "add", "default", "via", CAMERAS],  # what wants to leave comes by where it is seen
        ):
            subprocess.run([*inside, *words], check=True, capture_output=True)
        return net

    def _network(self) -> Path:
        script = "ip link set lo up; echo made; exec sleep infinity"
        holder = subprocess.Popen(
            [*_DIES_WITH_US, "unshare", "--net", "sh", "-euc", script], stdout=subprocess.PIPE, start_new_session=True
        )
        self._held.append(holder)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"made\n"
        return Path(f"/proc/{holder.pid}/ns/net")


class Booted:
    """One machine. What is written to it lies in a layer that stays through its boots and goes with it."""

    def __init__(self, name: str, lower: Sequence[Path], folder: Path, net: Path) -> None:
        """`lower`: trees that it is a layer over, the uppermost first."""
        self.name = name
        self._lower = lower
        self._folder = folder
        self._net = net
        self._group = f"wayside-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._log = folder / "console.log"
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._init = 0
        for each in ("upper/etc", "work", "root"):
            (folder / each).mkdir(parents=True)
        (folder / "net").touch()
        self.write("/etc/machine-id", f"{uuid.uuid4().hex}\n")
        self.write("/etc/hostname", f"{name}\n")
        # What Debian's installer writes, and debootstrap does not.
        self.write("/etc/hosts", f"127.0.0.1 localhost\n127.0.1.1 {name}\n")
        self.write("/etc/resolv.conf", "nameserver 192.0.2.53\n")
        self.write("/etc/systemd/system/chrony.service.d/container.conf", _CHRONY)

    def write(self, path: str, content: str | bytes) -> None:
        """Put a file there; only while it is switched off."""
        file = self._upper(path)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def bring(self, file: Path, folder: str) -> None:
        """Copy a file of this machine into a folder there; only while it is switched off."""
        shutil.copy(file, self._upper(f"{folder}/{file.name}"))

    def receive(self, file: Path, folder: str) -> None:
        """Copy a file of this machine into a folder there, while it runs."""
        into = f"/bin/cat >{folder}/{file.name}"
        with file.open("rb") as data:
            subprocess.run([*self._enter, "/bin/sh", "-euc", into], stdin=data, check=True, capture_output=True)

    def boot(self) -> None:
        """Switch it on, and wait until systemd has started what is enabled."""
        environment = {
            "LOWER": ":".join(map(str, self._lower)),
            "FOLDER": str(self._folder),
            "NAME": self._group,
            "HOST": self.name,
            "NET": str(self._net),
            "PATH": _PATH,
        }
        with self._log.open("ab") as log:
            self._nspawn = subprocess.Popen(
                [*_DIES_WITH_US, "unshare", "--mount", "sh", "-euc", _BOOT],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment,
            )  # fmt: skip
        patience = Patience(_BOOT_S)
        while not self._is_up():
            if self._nspawn.poll() is not None:
                self._remove_group()
                pytest.fail(f"{self.name} does not boot: {self._log.read_text(errors='replace')[-2000:]}")
            if patience.is_over():
                pytest.fail(f"{self.name} is not up: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(_STEP_S)

    def run(self, script: str, *, timeout_s: float = LONG_S) -> str:
        """Run a shell script there, as root; returns what it printed. Fails the test where it fails."""
        done = self.tried(script, timeout_s=timeout_s)
        assert done.returncode == 0, f"{self.name}: {script}\n{done.stdout}{done.stderr}\n{self.journal()}"
        return done.stdout

    def tried(self, script: str, *, timeout_s: float = LONG_S) -> "subprocess.CompletedProcess[str]":
        """Run a shell script there, as root, whatever becomes of it."""
        command = [*self._enter, "/bin/sh", "-euc", script]
        environment = {"PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8"}
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout_s, env=environment)

    def journal(self) -> str:
        """The last of what its units said."""
        return self.tried("journalctl --no-pager -o short-monotonic -n 60 -u 'wayside-*' || true").stdout

    def main_pid(self, unit: str) -> int:
        """The main process of a unit, by its number there; 0: none."""
        return int(self.run(f"systemctl show -P MainPID {unit}"))

    def reboot(self) -> None:
        """Ask systemd to reboot, and wait until it is up again."""
        self.tried("systemctl reboot")
        assert self._ended() == _REBOOT
        self.boot()

    def close(self) -> None:
        """End it, however it stands."""
        if self._nspawn is not None:
            self._nspawn.kill()
            self._ended()

    @property
    def _enter(self) -> tuple[str, ...]:
        return ("nsenter", f"--target={self._init}", "--all")

    def _upper(self, path: str) -> Path:
        assert self._nspawn is None
        file = self._folder / "upper" / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def _is_up(self) -> bool:
        """Whether everything that starts at boot has started, or failed."""
        found = self._find_init()
        if found is None:
            return False
        self._init = found
        return self.tried("systemctl is-system-running").stdout.strip() in {"running", "degraded"}

    def _find_init(self) -> int | None:
        """The process that is number 1 of the innermost namespace, two below this machine's."""
        assert self._nspawn is not None
        below = [self._nspawn.pid]
        try:
            for _ in range(2):
                below = [child for each in below for child in _children(each)]
            return next((pid for pid in below if _numbers(pid)[2:] == ["1"]), None)
        except FileNotFoundError:
            return None  # ended meanwhile

    def _ended(self) -> int:
        assert self._nspawn is not None
        try:
            code = self._nspawn.wait(_DOWN_S)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            code = self._nspawn.wait()
        self._nspawn = None
        self._remove_group()
        return code

    def _remove_group(self) -> None:
        """Remove its control groups, whose processes the kernel may still be burying."""
        for tree in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")):
            folder = tree / self._group
            until_s = time.monotonic() + _DOWN_S
            while folder.exists():
                try:
                    for each in (*sorted(folder.rglob("*/"), reverse=True), folder):
                        each.rmdir()
                except OSError:
                    assert time.monotonic() < until_s, f"{folder}: processes are left in it"
                    time.sleep(_STEP_S)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _numbers(pid: int) -> list[str]:
    """Its ids in each namespace, from ours inwards."""
    return Path(f"/proc/{pid}/status").read_text().partition("\nNSpid:")[2].partition("\n")[0].split()


@contextmanager
def machine(street: Street, name: str, address: str, *lower: Path) -> Iterator[Booted]:
    """A machine that is switched off; ended, and its layer removed, with the context."""
    folder = Path(tempfile.mkdtemp(prefix=f"wayside-{name}-"))
    try:
        made = Booted(name, lower, folder, street.wire(name, address))
        try:
            yield made
        finally:
            made.close()
    finally:
        shutil.rmtree(folder)
