"""Simulated GB/T 28181 devices beside a test, on an event loop of their own."""

import asyncio
import functools
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from provisioning.demo.simulators.gb28181 import fleet as fleets
from provisioning.demo.simulators.gb28181.counts import Counts
from provisioning.demo.simulators.gb28181.device import SimulatedDevice
from provisioning.demo.simulators.gb28181.device_profile import DeviceProfile, device_ids
from provisioning.demo.simulators.gb28181.fleet import Fleet
from provisioning.demo.simulators.gb28181.footage import Codec, Footage, drawn
from provisioning.demo.simulators.gb28181.moments import Instant
from tests.support.waiting import LONG_S

FIRST_ID = "34020000001180000001"
PLATFORM_ID = "34020000002000000001"
PASSWORD = "Sim-device-1"
T = TypeVar("T")


@functools.cache
def film(codec: Codec = "h264", pictures: int = 50, gop: int = 25) -> Footage:
    """Drawn pictures, encoded once a test run."""
    return drawn(codec, pictures=pictures, gop=gop)


class Devices:
    """A fleet that lives as long as the `with` block; then it vanishes as at a power cut.

    `count` devices of one profile, or what `each` says: a (profile, device id) for every device.
    """

    def __init__(
        self,
        server: tuple[str, int],
        profile: DeviceProfile | None = None,
        *,
        count: int = 1,
        first_id: str = FIRST_ID,
        each: Sequence[tuple[DeviceProfile, str]] | None = None,
        footage: Footage | None = None,
        hosts: Sequence[str] = ("127.0.0.1",),
        sockets: int | None = None,
    ) -> None:
        shared = profile or DeviceProfile(PLATFORM_ID, PASSWORD)
        plan = each or [(shared, device_id) for device_id in device_ids(first_id, count)]
        self.fleet = Fleet(server, plan, footage, hosts=hosts, sockets=sockets)
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name="gb28181 devices", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(LONG_S)
        assert not self._thread.is_alive(), "the devices did not end"
        if error is None and self._errors:
            raise self._errors[0]

    @property
    def counts(self) -> Counts:
        """Sums over all devices, as they grow."""
        return self.fleet.counts

    def ask(self, act: Callable[[SimulatedDevice, Instant], T], number: int = 0) -> T:
        """Have a device do something: `devices.ask(lambda device, now: device.raise_alarm(now))`."""

        async def acted() -> T:
            device = self.fleet.devices[number]
            result = act(device, fleets.now())
            self.fleet.settle(device)
            return result

        return asyncio.run_coroutine_threadsafe(acted(), self._loop).result(LONG_S)

    def leave(self) -> None:
        """All hang up and un-register."""
        asyncio.run_coroutine_threadsafe(self.fleet.leave(), self._loop).result(LONG_S)

    def cut(self) -> None:
        """Every TCP connection of the signalling breaks; the devices come back."""
        self._loop.call_soon_threadsafe(self.fleet.cut)

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self.fleet.run())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # noqa: BLE001 - raised in the test's thread, at the end of the block
            self._errors.append(error)
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
