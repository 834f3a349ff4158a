"""Pytest plugin: which worker runs what, and what happens when one of them is killed, or all have to end.

xdist replaces a killed worker and hands its file on, the test that killed it first. Where the others have been told
to end, a file can stay behind that nobody takes, and the run waits for it for ever. Here a killed worker ends the run.
"""

import faulthandler
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.support.waiting import Patience

ALONE = ("tests/e2e/", "tests/scenarios/test_cabinet", "tests/scenarios/test_kill", "tests/scenarios/test_parser_swap")
LONG = (
    "tests/deploy/test_booted",
    "tests/deploy/test_update_booted",
    "tests/center/api/test_schema",
    "tests/scenarios/test_packets",
    "tests/scenarios/test_upgrade_over_the_move",
    "tests/provisioning/demo/test_showing",
    "tests/deploy/test_install",
    "tests/scenarios/test_head_over_the_move",
    "tests/edge_agent/redactor/test_redact_faces",
)
_STACKS_S = 10.0
"""For the stacks of a worker that does not come to write them, as one that waits for a disk."""
_STOPPED = {"T", "t", "Z"}
"""States of a process that runs no more."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """A worker takes file by file; what drives a whole cluster or a browser goes to one of them."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", maxsplit=1)[0]
        return "alone" if path.startswith(ALONE) else path

    def running(self) -> Mapping[WorkerController, str]:
        """The test that each worker has begun and not ended."""
        return {
            node: test
            for node, files in self.assigned_work.items()
            for test in [next((test for tests in files.values() for test, done in tests.items() if not done), None)]
            if test is not None
        }


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest group first and then the longest files, so that none of them ends last.

    pytest-randomly has shuffled before this.
    """
    items.sort(key=lambda item: (not item.nodeid.startswith(ALONE), not item.nodeid.startswith(LONG)))


def pytest_testnodedown(node: WorkerController, error: object) -> None:
    """Ends the run when a worker ended by itself, and fails the test that it ran."""
    if not error:
        return
    session = node.config.pluginmanager.getplugin("dsession")
    running = dict(session.sched.running())
    test = running.pop(node, None)
    if test is not None:
        session.handle_crashitem(test, node)
    ends(f"worker {node.gateway.id} ended while it ran {test or 'no test'} ({error})", running)


def pytest_configure(config: pytest.Config) -> None:
    """A worker writes its stacks when it is asked; the others end at SIGTERM, and say what was running."""
    if hasattr(config, "workerinput"):
        faulthandler.register(signal.SIGUSR1, file=os.fdopen(os.dup(2), "w"))
        return

    def end(_: int, __: FrameType | None) -> None:
        session = config.pluginmanager.getplugin("dsession")
        if session is None:
            faulthandler.dump_traceback(file=os.dup(2))
            pytest.exit(f"ended from outside while it ran {os.environ.get('PYTEST_CURRENT_TEST', 'no test')}", 1)
        ends("ended from outside", {} if session.sched is None else session.sched.running())

    signal.signal(signal.SIGTERM, end)


def _will_hear(pid: int) -> bool:
    """Returns True while SIGUSR1 waits for a process that runs: busy machines end it before it writes its stacks."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False
    told = dict(line.split(":", 1) for line in status.splitlines())
    if told["State"].split()[0] in _STOPPED:
        return False
    return any(int(told[name], 16) & 1 << signal.SIGUSR1 - 1 for name in ("SigPnd", "ShdPnd"))


def ends(why: str, running: Mapping[WorkerController, str]) -> NoReturn:
    """Ends the run with exit code 1, what was running, and the stacks of those who still can tell."""
    asked = [node.gateway._rinfo().pid for node in running]
    for pid in asked:
        os.kill(pid, signal.SIGUSR1)
    patience = Patience(_STACKS_S)
    while any(_will_hear(pid) for pid in asked) and not patience.is_over():
        time.sleep(0.02)
    pytest.exit("\n".join([why, *(f"  {node.gateway.id} ran {test}" for node, test in running.items())]), 1)
