"""A Debian in namespaces whose only way out is a wire that is recorded. No systemd runs there.

```
 debian_tree.debian() ◀─ layer ─ chroot ── processes, root and users of their own
                                   │ lo
                                   └ out (10.2.0.5, default route) ──veth── wire ── recorder
```
"""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.recorder import recorded
from tests.support.waiting import LONG_S

_ADDRESS = "10.2.0.5"
_LAST_WORDS_S = 0.5


class Room:
    """The root, with processes in it. Ends with everything that was started in it."""

    def __init__(self, root: Path, holder: int) -> None:
        self.root = root
        self._enter = ["nsenter", f"--target={holder}", "--net", "--mount", "--pid"]
        self._net = ["nsenter", f"--net=/proc/{holder}/ns/net"]

    def run(self, script: str, *, timeout_s: float = LONG_S) -> str:
        """A shell script inside, as root; what it said. Fails the test where it fails."""
        command = [*self._enter, "chroot", str(self.root), "/bin/sh", "-euc", script]
        environment = {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout_s, env=environment)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def beside(self, command: Sequence[str | Path]) -> "subprocess.Popen[str]":
        """A process of this machine in the room's network."""
        return subprocess.Popen(
            [*self._net, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )


@contextmanager
def layer(root: Path, folder: Path) -> Iterator[tuple[Path, Callable[[], set[str]]]]:
    """A root over another that stays as it is; with it, what is by now another file, or a folder that was not there."""
    upper, work, over = (folder / name for name in ("upper", "work", "over"))
    for each in (upper, work, over):
        each.mkdir()
    options = f"lowerdir={root},upperdir={upper},workdir={work}"
    mounted = ["mount", "-t", "overlay", "overlay", "-o", options, str(over)]
    if subprocess.run(mounted, check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to mount an overlay here")

    def changed() -> set[str]:
        paths = ((path, path.relative_to(upper)) for path in upper.rglob("*"))
        return {str(name) for path, name in paths if not (path.is_dir() and (root / name).is_dir())}

    try:
        yield over, changed
    finally:
        subprocess.run(["umount", "-l", over], check=True)


@contextmanager
def room(root: Path, *, online: bool = False) -> Iterator[tuple[Room, list[str]]]:
    """Namespaces around a root; with it, line by line, what wanted to leave. `online`: no wire, but our network."""
    if subprocess.run(["unshare", "-n", "-m", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to make namespaces here")
    script = (
        f"mount -t proc proc {root}/proc; mount --rbind /dev {root}/dev; mount -t tmpfs none {root}/dev/shm;"
        f" mount -t tmpfs none {root}/run; mount -t tmpfs none {root}/tmp; chmod 1777 {root}/tmp;"
    )
    wire = (
        "ip link set lo up; ip link add out type veth peer name wire;"
        f" ip link set out arp off; ip addr add {_ADDRESS}/24 dev out;"
        " ip link set wire up; ip link set out up; ip route add default dev out;"
    )
    script += f"{'' if online else wire} echo made; exec sleep infinity"
    alone = [] if online else ["--net"]
    inside = ["unshare", *alone, "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", script]
    holder = subprocess.Popen(inside, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "made\n"
        (child,) = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
        made = Room(root, int(child))
        if online:
            yield made, []
            return
        # What Debian's installer writes, and debootstrap does not.
        (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {socket.gethostname()}\n")
        # Whoever asks for another name asks on the wire, where it is seen.
        (root / "etc/resolv.conf").write_text("nameserver 192.0.2.53\n")
        with recorded(made.beside, "wire", f"{_ADDRESS}/32") as left:
            yield made, left
            time.sleep(_LAST_WORDS_S)
    finally:
        holder.kill()
        holder.communicate(timeout=LONG_S)
