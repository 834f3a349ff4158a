"""Simulated cameras for a bench: gst-rtsp-server in a process of its own."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from provisioning.demo.simulators import rtsp_server

_SYSTEM_PYTHON: Final = "/usr/bin/python3"
"""The only one that sees Debian's `gi`."""


class Served(NamedTuple):
    """Where they are, on loopback."""

    port: int
    pid: int


@contextmanager
def serving(mounts: Mapping[str, Path]) -> Iterator[Served]:
    """Each name plays its footage for ever.

    Raises:
        OSError: the server does not start; its own words are on stderr.
    """
    command = [_SYSTEM_PYTHON, rtsp_server.__file__, "--port", "0"]
    for name, footage in mounts.items():
        command += ["--mount", f"{name}={footage}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise OSError("no cameras: apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi, or see above")
            yield Served(int(json.loads(line)["port"]), process.pid)
        finally:
            process.kill()
