"""A protocol that is woken at its next deadline, in a real event loop and beside a real socket."""

import asyncio
import socket
import time

import pytest

from provisioning.net.next_timer import NextTimer
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
SENT = 30


class Woken:
    """Notes each waking, and what had been read by then."""

    def __init__(self) -> None:
        self.read: list[bytes] = []
        self.read_by_then: list[int] = []
        self.timer = NextTimer(lambda: self.read_by_then.append(len(self.read)), time.monotonic)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, woken: Woken) -> None:
        self._woken = woken

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        self._woken.read.append(data)


async def test_the_earliest_moment_wakes_and_the_later_one_is_set_anew() -> None:
    woken, now_s = Woken(), time.monotonic()
    woken.timer.set(now_s + 3600)
    woken.timer.set(now_s)
    woken.timer.set(now_s + 1800)
    woken.timer.set(None)
    await eventually(lambda: woken.read_by_then)
    woken.timer.set(time.monotonic())
    await eventually(lambda: len(woken.read_by_then) == 2)


async def test_a_cancelled_one_wakes_nobody_and_can_be_set_again() -> None:
    woken = Woken()
    woken.timer.set(time.monotonic())
    woken.timer.cancel()
    await asyncio.sleep(0.05)
    assert not woken.read_by_then
    woken.timer.set(time.monotonic())
    await eventually(lambda: woken.read_by_then)


async def test_what_came_while_the_process_stood_still_is_read_before_it_judges() -> None:
    woken = Woken()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Datagrams(woken), local_addr=("127.0.0.1", 0)
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        woken.timer.set(time.monotonic() + 0.01)
        for number in range(SENT):
            peer.sendto(b"%d" % number, transport.get_extra_info("sockname"))
        time.sleep(1.0)  # noqa: ASYNC251 - the loop stands still for twice as long as counts as late
        await eventually(lambda: woken.read_by_then)
    transport.close()
    assert woken.read_by_then == [SENT]
