"""SIPp, a SIP load generator that owes nothing to this project: it plays devices by a scenario file."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.gb28181_devices import PLATFORM_ID
from tests.support.ports import free_port
from tests.support.waiting import LONG_S

SCENARIOS = Path(__file__).parents[1] / "scenarios" / "sipp"


class Sipp:
    """One run of one scenario against a server on loopback."""

    def __init__(
        self,
        folder: Path,
        scenario: str,
        server: tuple[str, int],
        *options: str,
        calls: int,
        transport: str = "u1",
        port: int | None = None,
        accounts: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`transport`: u1, t1 one socket for all calls, tn one each. `accounts`: (device id, password) of each call."""
        program = shutil.which("sipp")
        if program is None:
            pytest.skip("sipp is not installed: apt-get install sip-tester")
        folder.mkdir(exist_ok=True)
        if accounts:
            lines = (f"{name};[authentication username={name} password={password}]" for name, password in accounts)
            (folder / "accounts.csv").write_text("SEQUENTIAL\n" + "\n".join(lines) + "\n", encoding="utf-8")
            # Nothing is lost on loopback. What SIPp repeats carries a digest of its own, and is another request.
            options = ("-inf", "accounts.csv", "-nr", *options)
        host, server_port = server
        own = free_port() if port is None else port
        command = [program, f"{host}:{server_port}", "-sf", str(SCENARIOS / f"{scenario}.xml"), *options]
        command += ["-t", transport, "-i", host, "-p", str(own), "-m", str(calls), "-max_socket", "300"]
        command += ["-nostdin", "-timeout", f"{LONG_S:g}s", "-timeout_error"]
        command += ["-key", "platform", PLATFORM_ID, "-key", "realm", PLATFORM_ID[:10]]
        self._log = (folder / "screen").open("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            command, cwd=folder, stdout=self._log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def ended(self) -> tuple[int, int]:
        """Calls that succeeded and that failed, once it has ended, as it should: with exit code 0."""
        try:
            code = self._process.wait(LONG_S)
        finally:
            self.close()
        with self._log as log:
            log.seek(0)
            said = log.read()
        assert code == 0, said
        good, bad = (re.findall(rf"{name} call +\| +\d+ +\| +(\d+)", said)[-1] for name in ("Successful", "Failed"))
        return int(good), int(bad)

    def close(self) -> None:
        """End it, if it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
