"""Forks a process for each camera from one that has loaded everything and holds nothing: 30 decoders share its memory.

```
agent ─┬─ fork server (numpy, PyAV, OpenCV loaded; no picture, no password)
       │        ├─ camera 1   ends with the fork server, and that with the agent
       │        └─ camera 2
       └─ a channel to each
```

Not `multiprocessing`: its fork server has every child import the program that the agent was started as, command line
and all, and offers no way to do without.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Final

_log = logging.getLogger(__name__)

_READY_S: Final = 60.0
"""Loading takes about a second on an idle machine."""
_END_S: Final = 5.0
_REPLY_BYTES: Final = 32


class ForkError(OSError):
    """No process can be started."""


@dataclass(frozen=True, slots=True)
class Child:
    """A process of one camera. Its holder closes the channel."""

    pid: int
    channel: socket.socket
    """SOCK_SEQPACKET, for the messages of `capture.wire`. The last one is `ProcessEnded`."""


class ForkServer:
    """Starts with the first fork, and again if it should fall. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the fork server; None before the first fork."""
        process = self._process
        return None if process is None else process.pid

    def fork(self) -> Child:
        """Start a process, which waits for its first message.

        Raises:
            ForkError: no process can be started.
        """
        with self._lock:
            if self._process is not None and self._process.poll() is not None:
                _log.error("fork server fell code=%d: another is started", self._process.returncode)
                self._let_go()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                with theirs:
                    control = self._started()
                    socket.send_fds(control, [b"fork"], [theirs.fileno()])
                reply = control.recv(_REPLY_BYTES)
                if not reply:
                    raise ForkError("the fork server is gone")
                return Child(int(reply), ours)
            except OSError as error:
                ours.close()
                self._let_go()
                raise ForkError(f"no process can be started for a camera ({error.strerror or error})") from error

    def kill(self, child: Child) -> None:
        """Kill a process that does not end by itself; harmless to one that has ended.

        Goes through its parent: only there is the process id certain to be the child's.
        """
        with self._lock:
            if self._control is not None:
                try:
                    self._control.send(b"kill %d" % child.pid)
                except OSError:
                    self._let_go()  # and with it every child

    def close(self) -> None:
        """End the fork server with all its children."""
        with self._lock:
            self._let_go()

    def _started(self) -> socket.socket:
        if self._control is not None:
            return self._control
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(_READY_S)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - this very Python and a module of our own
                [sys.executable, "-m", "edge_agent.capture.child", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                # Threads of a library would not live on in a forked process, and make the fork unsafe.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
                # Ctrl-C is for the agent, which ends it in its turn; and where Linux shares the processor among
                # sessions (sched_autogroup), decoders have a share of their own beside the redactor.
                start_new_session=True,
            )
        self._control = ours
        return ours

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if self._control is not None:
            self._control.close()  # the fork server ends at this
            self._control = None
        if process is None:
            return
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
