"""Debian's rsyslog as a process of its own: TLS with certificates on both sides, what it parsed in a file."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.support.pki import HOST, Pki
from tests.support.ports import free_port
from tests.support.waiting import LONG_S, until

RSYSLOGD: Final = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin")
_SEPARATOR: Final = "\x1f"
_FIELDS: Final = ("pri", "timereported:::date-rfc3339", "app-name", "msgid", "structured-data", "msg")
_CONFIG: Final = """
global(workDirectory="{folder}" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="{ca}"
  defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
input(type="imtcp" address="{host}" port="{port}")
template(name="parsed" type="string" string="{line}\\n")
action(type="omfile" file="{folder}/messages" template="parsed")
"""


@dataclass(frozen=True)
class SyslogLine:
    """One message as rsyslog parsed it."""

    pri: str
    at: str
    app: str
    msgid: str
    data: str
    text: str


@dataclass(frozen=True)
class Rsyslog:
    """One server that runs."""

    port: int
    messages: Path

    def lines(self) -> list[SyslogLine]:
        """All messages so far; a line that is being written is left out."""
        if not self.messages.exists():
            return []
        whole = self.messages.read_text(encoding="utf-8").splitlines(keepends=True)
        return [SyslogLine(*line.rstrip("\n").split(_SEPARATOR)) for line in whole if line.endswith("\n")]


@contextmanager
def running(folder: Path, pki: Pki) -> Iterator[Rsyslog]:
    """Starts a server whose certificate `pki` issued, and that takes clients of `pki` alone. Skips without rsyslog."""
    if RSYSLOGD is None or not list(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")):
        pytest.skip("rsyslog is not installed: apt-get install rsyslog-gnutls")
    folder.mkdir(parents=True)
    port, own = free_port(), pki.issue("broker")
    config = folder / "rsyslog.conf"
    config.write_text(
        _CONFIG.format(
            folder=folder,
            ca=own.ca_file,
            certificate=own.cert_file,
            key=own.key_file,
            host=HOST,
            port=port,
            line=_SEPARATOR.join(f"%{field}%" for field in _FIELDS),
        )
    )
    command = [RSYSLOGD, "-n", "-f", str(config), "-i", str(folder / "pid")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        until(lambda: _listens(port) or process.poll() is not None, "rsyslog listening")
        assert process.poll() is None, (folder / "log").read_text()
        yield Rsyslog(port, folder / "messages")
    finally:
        process.terminate()
        process.wait(timeout=LONG_S)


def _listens(port: int) -> bool:
    listening = f":{port:04X} 00000000:0000 0A"
    return listening in Path("/proc/net/tcp").read_text(encoding="ascii")
