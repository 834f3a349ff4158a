"""Asks chrony, Debian's own: a time server for its time, without setting a clock, and the daemon for its state."""

import asyncio
import re
import shutil
from contextlib import suppress
from typing import Final

from center.errors import marked
from center.pipeline.causes import CLOCK_UNSYNCHRONISED, NTP_AWAY, Cause
from center.pipeline.probes import NO_ANSWER, ClockOffset, ProbeFault

CHRONYD, CHRONYC = "chronyd", "chronyc"
NOT_INSTALLED: Final = marked("chrony is not installed on this machine")
NOT_RUNNING: Final = marked("chronyd is not running")
NO_SOURCE: Final = marked("chrony follows no time server")
_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"
_WRONG_BY: Final = re.compile(r"System clock wrong by (-?[0-9.]+) seconds")
_UNSYNCHRONISED: Final = "Not synchronised"


async def offset(host: str, *, timeout_s: float, port: int = 123) -> ClockOffset:
    """Asks a time server once.

    Raises:
        ProbeFault: it gives no time within `timeout_s`, or chrony is not installed.
    """
    # -Q sets nothing and needs no rights. It takes no file, so what chrony itself follows is not asked.
    server = f"server {host} port {port} iburst maxsamples 1"
    text = await _output(NTP_AWAY, CHRONYD, "-Q", "-t", str(max(1, int(timeout_s))), server)
    found = _WRONG_BY.search(text)
    if found is None:
        raise ProbeFault(NTP_AWAY, NO_ANSWER)
    return ClockOffset(abs(float(found[1])))


async def follows(*arguments: str) -> None:
    """Asks this machine's chronyd if it is synchronised; `arguments` say where it is, if not at its usual place.

    Raises:
        ProbeFault: it is not, or does not run.
    """
    text = await _output(CLOCK_UNSYNCHRONISED, CHRONYC, *arguments, "-c", "-n", "tracking")
    state = text.strip().rpartition("\n")[2].split(",")
    if len(state) < 2:
        raise ProbeFault(CLOCK_UNSYNCHRONISED, NOT_RUNNING)
    if state[-1] == _UNSYNCHRONISED:
        raise ProbeFault(CLOCK_UNSYNCHRONISED, NO_SOURCE)


async def _output(cause: Cause, program: str, *arguments: str) -> str:
    path = shutil.which(program, path=_PATH)
    if path is None:
        raise ProbeFault(cause, NOT_INSTALLED)
    process = await asyncio.create_subprocess_exec(
        path,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):  # it has ended
            process.kill()
    return output.decode(errors="replace")
