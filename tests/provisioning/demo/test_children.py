"""Ending every process of the demo, whatever they do to escape.

demo ── leader ── child ── (forked twice, own session) ── sleeper
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.demo import process_table
from provisioning.demo.children import Children
from tests.support.waiting import LONG_S, until

ROOT = Path(__file__).resolve().parents[3]

LEADER = """
import os, signal, subprocess, sys, time
note = sys.argv[1]
def remember():
    with open(note, "a") as file:
        print(os.getpid(), file=file)
def escape(change):
    # Fork twice and leave the session, as a daemon does.
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            change()
            remember()
            time.sleep(600)
        os._exit(0)
def deaf():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
escape(lambda: None)
escape(deaf)
child = os.fork()
if child == 0:
    deaf()
    remember()
    time.sleep(600)
    os._exit(0)
mode = sys.argv[2]
if mode in ("deaf", "stubborn"):
    deaf()
if mode == "stubborn":
    signal.signal(signal.SIGTERM, lambda *_: open(note + ".told", "w").close())
remember()
if mode == "dies":
    while len(open(note).read().split()) < 4:
        time.sleep(0.01)
    print("disk on fire", flush=True)
    sys.exit(3)
time.sleep(600)
"""

DEMO = """
import sys
from pathlib import Path
from provisioning.demo.children import ChildDiedError, Children, InterruptedDemoError
directory, leader, note, mode = Path(sys.argv[1]), *sys.argv[2:5]
try:
    with Children(directory) as children:
        grace_s = 900.0 if mode == "stubborn" else 1.0
        children.start("street", [sys.executable, leader, note, mode], remedy="look up", grace_s=grace_s)
        if mode == "fault":
            while len(open(note).read().split()) < 4:
                children.pause(0.01)
            raise ZeroDivisionError
        while True:
            children.pause(60.0)
except InterruptedDemoError:
    sys.exit(130)
except ChildDiedError as error:
    print(error)
    sys.exit(1)
"""


def alive(pid: int) -> bool:
    entry = process_table.read().get(pid)
    return entry is not None and not entry.ended


class Demo:
    def __init__(self, folder: Path, mode: str) -> None:
        self.note = folder / "pids"
        self.note.touch()
        leader, demo = folder / "leader.py", folder / "demo.py"
        leader.write_text(LEADER)
        demo.write_text(DEMO)
        self.process = subprocess.Popen(
            [sys.executable, demo, folder, leader, self.note, mode],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        until(lambda: len(self.pids()) == 4)

    def pids(self) -> list[int]:
        return [int(line) for line in self.note.read_text().split()]

    def finish(self) -> tuple[int, str]:
        said, _ = self.process.communicate(timeout=LONG_S)
        return self.process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("mode", ["obeys", "deaf"])
def test_a_signal_ends_every_descendant(tmp_path: Path, number: signal.Signals, mode: str) -> None:
    demo = Demo(tmp_path, mode)
    assert all(map(alive, demo.pids()))
    demo.process.send_signal(number)
    code, said = demo.finish()
    assert code == 130, said
    assert not any(map(alive, demo.pids()))


def test_a_failure_of_the_demo_itself_ends_every_descendant(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "fault")
    code, said = demo.finish()
    assert code == 1
    assert "ZeroDivisionError" in said
    assert not any(map(alive, demo.pids()))


def test_a_child_that_dies_is_named_with_its_last_words_and_the_rest_is_ended(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "dies")
    code, said = demo.finish()
    assert code == 1
    assert said.startswith("street ended with code 3; look up (log: ")
    assert "    disk on fire" in said
    assert not any(map(alive, demo.pids()))


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "stubborn")
    demo.process.send_signal(signal.SIGINT)
    until((tmp_path / "pids.told").exists, "the leader is asked to end")
    demo.process.send_signal(signal.SIGINT)
    until(lambda: demo.process.poll() is not None, "its end")  # the grace is longer
    assert demo.finish()[0] == 130
    assert not any(map(alive, demo.pids()))


def test_killing_the_demo_ends_the_leader_and_the_next_demo_ends_the_rest(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "obeys")
    first = demo.pids()
    demo.process.kill()
    demo.finish()
    sessions = process_table.read()
    leaders = [pid for pid in first if pid in sessions and sessions[pid].session == pid]
    until(lambda: not any(map(alive, leaders)))
    demo.note.unlink()
    successor = Demo(tmp_path, "obeys")
    until(lambda: not any(map(alive, first)))
    successor.process.terminate()
    assert successor.finish()[0] == 130
    assert not any(map(alive, successor.pids()))


def test_what_ran_before_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as before:
        with Children(tmp_path) as children:
            started = children.start("street", ["sleep", "60"], remedy="look up")
        assert not alive(started.process.pid)
        assert alive(before.pid)
        before.kill()


def test_memory_of_a_process_is_weighed() -> None:
    weight = process_table.weigh([os.getpid(), 2**22 + 1])
    assert weight.processes == 1
    assert 5_000_000 < weight.pss_bytes <= weight.rss_bytes


ERRANDS = """
import sys
from pathlib import Path
from provisioning.demo.children import ChildDiedError, Children
with Children(Path(sys.argv[1])) as children:
    children.start("street", [sys.executable, "-c", "import time; time.sleep(600)"], remedy="look up")
    for name, code in (("good", 0), ("bad", 3)):
        words = f"import sys; print('{name} words', flush=True); sys.exit({code})"
        errand = children.start(name, [sys.executable, "-c", words], remedy="see its log", is_errand=True)
        try:
            while not children.has_ended(errand):
                children.pause(0.1)
            print(name, "succeeded")
        except ChildDiedError as error:
            print("failed:", error)
    children.pause(0.1)
    print("the street goes on")
"""


def test_an_errand_may_end_and_one_that_fails_is_named_while_the_others_go_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ERRANDS, tmp_path],
        capture_output=True,
        text=True,
        check=True,
        timeout=LONG_S,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    said = done.stdout.splitlines()
    assert said[0] == "good succeeded"
    assert said[1].startswith("failed: bad ended with code 3; see its log")
    assert "    bad words" in said
    assert said[-1] == "the street goes on"
