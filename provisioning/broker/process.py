"""Runs Mosquitto as a process and signals changed revocation lists and certificates. Dead, it is started again.

Measured on 2.0.21: SIGHUP makes it read certificate and lists again for later connections; connected clients stay. So a
list that was only written anew is a SIGHUP, but a certificate newly revoked is a restart: all clients connect again,
which the revoked one cannot. Messages under way are sent again (docs/flow.md).
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from cryptography import x509

from provisioning import logging_setup
from provisioning.broker import config as broker
from provisioning.broker import mosquitto
from provisioning.broker.config import ListenAddress, Listeners
from provisioning.broker.mosquitto import PROGRAM, Mosquitto
from provisioning.errors import AuthorityError, BrokerError
from provisioning.files import durable
from provisioning.home.home import Home
from provisioning.pki import revocation_list
from provisioning.pki.authority import Authority, load_key, public_bytes
from provisioning.pki.expiry import ExpiryLog
from provisioning.pki.identities import BROKER, Identities

_log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
DEATHS: Final = 5
WITHIN_S: Final = 60.0
"""This many deaths within this many seconds are no accident."""
_FIRST_WAIT_S: Final = 0.25
_START_S: Final = 10.0
_STOP_S: Final = 10.0
"""Mosquitto writes its data folder when it ends."""
_STEP_S: Final = 0.01
_LAST_LINES: Final = 8
FULL: Final = 0.95
"""Share of `broker.MEMORY_LIMIT`, compared with Mosquitto's memory as the kernel counts it."""
FULL_LOOKS: Final = 10
EMPTIED_EVERY_S: Final = 600.0
_ENDS_WITH_US: Final = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(1, 15, 0, 0, 0) != 0:
    sys.exit(f"prctl PR_SET_PDEATHSIG: {os.strerror(ctypes.get_errno())}")
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
"""Asks for a SIGTERM when the parent ends, then becomes the program. `setpriv --pdeathsig` calls capset(2) too, which a
unit's sandbox refuses."""


class _Died(Exception):
    """Mosquitto does not run; the text says why."""


def directory(home: Home) -> Path:
    """Returns the folder of the broker's files in a home."""
    return home.directory / "broker"


def listeners(home: Home) -> Listeners:
    """Returns the listeners of a home's broker."""
    config = home.config
    return Listeners(
        ListenAddress(config.listen, config.agents_port),
        ListenAddress(config.services_listen, config.services_port),
        config.account,
    )


def run(home: Home, announce: Callable[[str], None]) -> int:
    """Runs the broker of a home until SIGTERM or SIGINT; announces `ready` once both ports accept. Main thread only.

    Raises:
        BrokerError: Mosquitto is not installed, or does not stay alive.
    """
    stop = threading.Event()
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        BrokerProcess(directory(home), listeners(home), home.identities).watch(stop, announce)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def own_certificate(identities: Identities) -> x509.Certificate:
    """Returns the broker's certificate.

    Raises:
        AuthorityError: it or its key cannot be read, or they do not fit: then Mosquitto could serve no client.
    """
    certificate, own = identities.certificate(BROKER), identities.identity(BROKER)
    if public_bytes(load_key(own.key_file).public_key()) != public_bytes(certificate.public_key()):
        raise AuthorityError(f"{own.key_file} does not belong to {own.cert_file}; issue the broker's certificate again")
    return certificate


def resident_bytes(pid: int | None) -> int:
    """Returns a process's resident memory; 0 after its end."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


class BrokerProcess:
    """One Mosquitto. It dies with the thread that calls `watch`, even after a crash."""

    def __init__(
        self, directory: Path, listeners: Listeners, identities: Identities, *, log: BinaryIO | None = None
    ) -> None:
        """Mosquitto's own lines go to `log`, by default to stderr."""
        self._directory = directory
        self._listeners = listeners
        self._identities = identities
        self._sink = log or sys.stderr.buffer
        self._is_plain = log is not None or not logging_setup.is_journal()
        self._lists = {
            identities.agents: directory / broker.AGENTS_CRL,
            identities.services: directory / broker.SERVICES_CRL,
        }
        self._cert_file = identities.identity(BROKER).cert_file
        self._seen: dict[Path, tuple[int, int, int] | None] = {}
        self._refused: dict[Path, str] = {}
        self._ends = ExpiryLog()
        self._rendered_for: Mosquitto | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pump: threading.Thread | None = None
        self._output: deque[bytes] = deque(maxlen=_LAST_LINES)
        self._full_looks = 0
        self._emptied_at_s: float | None = None

    @property
    def pid(self) -> int | None:
        """Mosquitto's process id, while it exists."""
        return None if self._process is None else self._process.pid

    def watch(self, stop: threading.Event, announce: Callable[[str], None]) -> None:
        """Renders, starts, and checks once a second until `stop`.

        Raises:
            BrokerError: Mosquitto is not installed, its folder cannot be written, no revocation list is good enough to
                start with, or it died five times within a minute.
        """
        self._command()
        self._first_lists()
        deaths: deque[float] = deque()
        ready = False
        try:
            while not stop.is_set():
                try:
                    self._start()
                    if not ready:
                        ready = True
                        announce("ready")
                    while not stop.wait(LOOK_EVERY_S):
                        self._check()
                except _Died as death:
                    deaths.append(time.monotonic())
                    while deaths[0] < deaths[-1] - WITHIN_S:
                        deaths.popleft()
                    if len(deaths) == DEATHS:
                        raise BrokerError(f"{death}\n{self._remedy()}") from death
                    wait_s = _FIRST_WAIT_S * 2 ** (len(deaths) - 1)
                    self._end()
                    self._set_damaged_data_aside()
                    _log.error("%s\nstarted again in %.2f s", death, wait_s)
                    stop.wait(wait_s)
        finally:
            self._end()

    # --- what has changed

    def _check(self) -> None:
        if self._process is None or self._process.poll() is not None:
            raise _Died(self._obituary())
        changed, revoked = self._take_certificate(), 0
        for authority, copy in self._lists.items():
            if self._is_new(authority.crl_file):
                taken = self._take_list(authority, copy)
                changed |= taken is not None
                revoked += len(taken or ())
        if revoked:
            began_s = time.monotonic()
            self._end()
            self._start()
            took_ms = (time.monotonic() - began_s) * 1000
            _log.warning("restarted certificates newly revoked=%d ms=%.0f: everybody connects again", revoked, took_ms)
        elif changed:
            self._process.send_signal(signal.SIGHUP)
            _log.info("told to reload its certificate and revocation lists, for connections from now on")
        self._ends.log_changes()
        self._look_at_memory()

    def _look_at_memory(self) -> None:
        """Restarts Mosquitto empty if it stays full: clients may find no memory left to clear its content."""
        is_full = resident_bytes(self.pid) >= FULL * broker.MEMORY_LIMIT
        self._full_looks = self._full_looks + 1 if is_full else 0
        now_s = time.monotonic()
        is_due = self._emptied_at_s is None or now_s - self._emptied_at_s >= EMPTIED_EVERY_S
        if self._full_looks < FULL_LOOKS or not is_due:
            return
        self._emptied_at_s, self._full_looks = now_s, 0
        self._end()
        (self._directory / broker.DATA / "mosquitto.db").unlink(missing_ok=True)
        self._start()
        _log.error(
            "restarted empty after %d s at the memory limit of %d MiB: whoever connects publishes his states again. If"
            " it comes again, `out of memory` in this log names who sends too much: wayside-provision revoke",
            FULL_LOOKS * LOOK_EVERY_S,
            broker.MEMORY_LIMIT // 1024**2,
        )

    def _is_new(self, path: Path) -> bool:
        """True for a file that changed since the last call; it is always replaced as a whole."""
        try:
            stat = path.stat()
            now = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        except OSError:
            now = None  # the next reader reports it
        if path in self._seen and self._seen[path] == now:
            return False
        self._seen[path] = now
        return True

    def _take_list(self, authority: Authority, copy: Path) -> frozenset[int] | None:
        """Returns the newly revoked serials of a list; None if Mosquitto has to keep its present list."""
        try:
            newly = revocation_list.take(authority, copy)
            ends_at = revocation_list.read(copy, authority).ends_at
        except (AuthorityError, OSError) as error:
            self._seen.pop(authority.crl_file, None)  # tried again at the next look: a disk may only be full
            if self._refused.get(authority.crl_file) != str(error):
                self._refused[authority.crl_file] = str(error)
                _log.error("revocation is NOT effective, the broker goes on with the list it has: %s", error)
            return None
        self._refused.pop(authority.crl_file, None)
        self._ends.set(f"revocation list {copy.name}", ends_at)
        return newly

    def _first_lists(self) -> None:
        """Copies the newest lists before the first start, or keeps those of the last run."""
        for authority, copy in self._lists.items():
            self._is_new(authority.crl_file)
            if self._take_list(authority, copy) is None:
                try:
                    ends_at = revocation_list.read(copy, authority).ends_at
                except AuthorityError as error:
                    raise BrokerError(
                        f"no revocation list of {authority.ca_file} can be used, and Mosquitto must not run without:"
                        f" write it anew ({error})"
                    ) from error
                self._ends.set(f"revocation list {copy.name}", ends_at)
        self._take_certificate()

    def _take_certificate(self) -> bool:
        if not self._is_new(self._cert_file):
            return False
        try:
            certificate = own_certificate(self._identities)
        except AuthorityError as error:
            _log.error("the broker's certificate is not taken, it goes on with the one it has: %s", error)
            return False
        self._ends.set("the broker's certificate", certificate.not_valid_after_utc)
        return True

    # --- the process

    def _command(self) -> list[str]:
        """Returns the command that starts the Mosquitto installed now, for which the configuration is rendered.

        Each start asks: an update may have put another release in the place of the one that ran.
        """
        program = mosquitto.installed()
        account = self._listeners.account
        if os.geteuid() == 0 and account != "root":
            # Mosquitto would become that account by itself, and then could not read at SIGHUP what it read as root.
            raise BrokerError(
                f"the broker is to run as {account}, so run this as {account} (systemd: User={account}), who must own"
                f" {self._directory} and everything in the home"
            )
        if program != self._rendered_for:
            broker.write_configuration(self._directory, self._listeners, self._identities, program)
            self._rendered_for = program
        guard = [sys.executable, "-I", "-S", "-c", _ENDS_WITH_US, str(os.getpid())]
        return [*guard, str(program.path), "-c", str(self._directory / broker.CONFIGURATION)]

    def _start(self) -> None:
        """Starts Mosquitto and waits until both ports accept."""
        command = self._command()
        for address in self._addresses():
            if (why := address.why_taken()) is not None:
                raise _Died(f"{PROGRAM} cannot listen on {address}: {why}")
        self._output.clear()
        # Of a session of its own: Ctrl-C is for us, and we end it.
        self._process = subprocess.Popen(  # noqa: S603 - built above, nothing of it is input
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stderr is not None  # noqa: S101 - for the type checker
        self._pump = threading.Thread(
            target=self._copy, args=(self._process.stderr,), name="mosquitto log", daemon=True
        )
        self._pump.start()
        until_s = time.monotonic() + _START_S
        while not all(address.accepts() for address in self._addresses()):
            if self._process.poll() is not None:
                raise _Died(self._obituary())
            if time.monotonic() > until_s:
                raise _Died(f"{PROGRAM} runs but does not listen after {_START_S:g} s{self._last_words()}")
            time.sleep(_STEP_S)

    def _copy(self, lines: BinaryIO) -> None:
        with lines:
            for line in lines:
                self._output.append(line)
                shown = line if self._is_plain else logging_setup.prioritized(line.decode(errors="replace")).encode()
                try:
                    self._sink.write(shown)
                    self._sink.flush()
                except (OSError, ValueError):
                    continue  # the log has no reader any more; Mosquitto must not stop at a full pipe for that

    def _end(self) -> None:
        """Ends Mosquitto if it runs, and reads its log to the last line."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._pump is not None:
            self._pump.join(_STOP_S)
        self._process = self._pump = None

    def _set_damaged_data_aside(self) -> None:
        """Moves an unreadable data file away, which keeps Mosquitto from starting; its content is published again."""
        file = self._directory / broker.DATA / "mosquitto.db"
        if any(b"Couldn't open database" in line for line in self._output) and file.exists():
            durable.move(file, file.with_suffix(".damaged"))
            _log.error("%s cannot be read and was set aside; whoever connects publishes his states again", file)

    def _addresses(self) -> tuple[ListenAddress, ListenAddress]:
        return (self._listeners.agents, self._listeners.services)

    def _obituary(self) -> str:
        code = 0 if self._process is None else self._process.wait()
        if self._pump is not None:
            self._pump.join(_STOP_S)
        how = f"ended with code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"
        return f"{PROGRAM} {how}{self._last_words()}"

    def _last_words(self) -> str:
        output = [line.decode(errors="replace").rstrip() for line in self._output]
        return "".join(f"\n    {line}" for line in output) or ", without a word"

    def _remedy(self) -> str:
        ports = " and ".join(map(str, self._addresses()))
        return (
            f"that was the {DEATHS}th death within {WITHIN_S:g} s, so it is not tried again. Does another process hold"
            f" {ports} (ss -ltnp), or was {self._directory} changed? See: wayside-provision broker check"
        )
