"""What Linux says of a process, as the measurements read it."""

import os
import subprocess
import threading
import time

from bench.process import cpu_s


def test_what_a_thread_did_is_counted_after_it_has_ended() -> None:
    spent: list[float] = []

    def work() -> None:
        while time.thread_time() < 0.2:
            pass
        spent.append(time.thread_time())

    before = cpu_s(os.getpid())
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert cpu_s(os.getpid()) - before >= spent[0]


def test_of_a_process_that_is_gone_there_is_nothing() -> None:
    with subprocess.Popen(["true"]) as child:
        child.wait()
    assert cpu_s(child.pid) == 0.0
