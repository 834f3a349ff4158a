"""A Debian of its own: a debootstrap folder, in namespaces whose only way out is a wire that somebody listens on.

```
 chroot ROOT ── processes, root and users of their own
    │ lo
    └ out (10.2.0.5, default route) ──veth── wire ── recorder: every packet that wants to go somewhere
```
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.waiting import LONG_S

ADDRESS = "10.2.0.5"
CAMERAS = "10.2.0.9"
PACKAGES = "python3,python3-venv,openssl,mosquitto,systemd,util-linux,ca-certificates"
_RECORDER = """
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind(("wire", 0))
print("listening", flush=True)
while True:
    data, who = wire.recvfrom(65535)
    kind, body = data[12:14], data[14:]
    if kind == b"\\x08\\x00":
        asked = body[40:80] if body[22:24] == b"\\x00\\x35" else b""
        print("ip", body[9], socket.inet_ntoa(body[16:20]), body[20:24].hex(), asked, flush=True)
    elif kind == b"\\x86\\xdd" and body[6] not in (0, 58):
        print("ip6", body[6], socket.inet_ntop(socket.AF_INET6, body[24:40]), body[40:44].hex(), flush=True)
"""
"""ICMPv6 and hop-by-hop are the kernel's own talk of neighbours; ARP is off."""
_SYSTEMCTL = """\
#!/usr/bin/python3
# In the place of systemd, which does not run here: `enable --now` starts what the installed unit says, as its user.
import glob, os, shlex, subprocess, sys
assert sys.argv[1:3] == ["enable", "--now"], sys.argv
for name in sys.argv[3:]:
    file = f"/etc/systemd/system/{name}.service"
    text = [line for each in (file, *sorted(glob.glob(f"{file}.d/*.conf"))) for line in open(each).read().splitlines()]
    lines = [line.split("=", 1) for line in text if "=" in line and line[0] != "#"]
    unit = {key.strip(): value.strip().replace("%S", "/var/lib") for key, value in lines}
    user = unit["User"]
    for key, parent in (("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run"), ("CacheDirectory", "/var/cache")):
        if key in unit:
            subprocess.run(["install", "-d", "-m", unit.get(key + "Mode", "755"), "-o", user, "-g", user,
                            f"{parent}/{unit[key]}"], check=True)
    again = f"while :; do {unit['ExecStart']}; sleep {unit.get('RestartSec', '1')}; done"
    environment = dict(part.split("=", 1) for part in shlex.split(unit.get("Environment", "")))
    with open(f"/var/log/{name}.log", "ab") as log:
        subprocess.Popen(["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", "sh", "-c",
                          again], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/",
                         env=environment | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": f"/var/lib/{name}"})
"""


def debootstrap(folder: Path) -> Path:
    """A Debian like this machine's, from the mirror that its apt knows. Skips the test where there is none."""
    program = shutil.which("debootstrap", path="/usr/sbin:/sbin:/usr/bin")
    if program is None or os.geteuid() != 0:
        pytest.skip("debootstrap is not installed, or this is not root: apt-get install debootstrap")
    targets = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages"]
    said = subprocess.run(targets, capture_output=True, text=True, check=True).stdout.splitlines()
    mirrors = [line.split() for line in said if line.startswith("http")]
    if not mirrors:
        pytest.skip("apt knows no Debian mirror here")
    mirror, codename = mirrors[0]
    command = [program, "--variant=minbase", f"--include={PACKAGES}", codename, str(folder), mirror]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG_S)
    if done.returncode != 0:
        pytest.skip(f"debootstrap: {done.stdout[-300:]}")
    return folder


class Room:
    """The root, with processes in it. Ends with everything that was started in it."""

    def __init__(self, root: Path, holder: int) -> None:
        self.root = root
        self._enter = ["nsenter", f"--target={holder}", "--net", "--mount", "--pid"]
        self._net = ["nsenter", f"--net=/proc/{holder}/ns/net"]

    def run(self, script: str, *, timeout_s: float = 300) -> str:
        """A shell script inside, as root; what it said. Fails the test where it fails."""
        command = [*self._enter, "chroot", str(self.root), "/bin/sh", "-euc", script]
        environment = {"PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout_s, env=environment)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}\n{self.logs()}"
        return done.stdout

    def beside(self, command: Sequence[str | Path]) -> "subprocess.Popen[str]":
        """A process of this machine in the room's network."""
        return subprocess.Popen(
            [*self._net, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def logs(self) -> str:
        """The last of what each service said."""
        return "\n".join(
            f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}"
            for log in (self.root / "var/log").glob("wayside-*.log")
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
        f" ip link set out arp off; ip addr add {ADDRESS}/24 dev out; ip addr add {CAMERAS}/24 dev out;"
        " ip link set wire up; ip link set out up; ip route add default dev out;"
    )
    script += f"{'' if online else wire} echo made; exec sleep infinity"
    alone = [] if online else ["--net"]
    inside = ["unshare", *alone, "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", script]
    holder = subprocess.Popen(inside, stdout=subprocess.PIPE, text=True)
    recorder = None
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "made\n"
        (child,) = Path(f"/proc/{holder.pid}/task/{holder.pid}/children").read_text().split()
        made = Room(root, int(child))
        if online:
            yield made, []
            return
        recorder = made.beside([sys.executable, "-c", _RECORDER])
        assert recorder.stdout is not None
        assert recorder.stdout.readline() == "listening\n"
        systemctl = root / "usr/local/sbin/systemctl"
        systemctl.write_text(_SYSTEMCTL)
        systemctl.chmod(0o755)
        # What Debian's installer writes, and debootstrap does not.
        (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {socket.gethostname()}\n")
        # Whoever asks for another name asks on the wire, where it is seen.
        (root / "etc/resolv.conf").write_text("nameserver 192.0.2.53\n")
        left: list[str] = []
        yield made, left
        time.sleep(0.5)
        recorder.send_signal(signal.SIGTERM)
        left += recorder.stdout.read().splitlines()
    finally:
        for process in (recorder, holder):
            if process is not None:
                process.kill()
                process.communicate(timeout=LONG_S)
