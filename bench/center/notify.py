"""`python -m bench.center.notify`: what the outbox costs, and how fast it sends to a receiver on this machine."""

import argparse
import asyncio
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from center.audit.log import Audit
from center.clock import now_ms
from center.database.store import Store
from center.notify.channels.base import Parcel
from center.notify.service import Notifier
from center.retention import Retention, machine_clocks
from provisioning.contracts.config.notify import Notify
from tests.support import notify_world as world
from tests.support.mas_gateway import Gateway
from tests.support.rude_http import Act
from tests.support.waiting import eventually
from tests.support.webhook_receiver import Receiver

IDLE_LOOKS = 500


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.center.notify", description=__doc__)
    parser.add_argument("--messages", type=int, default=500)
    count = parser.parse_args().messages
    with tempfile.TemporaryDirectory(prefix="wayside-bench-") as name, Receiver() as receiver, Gateway() as gateway:
        folder = Path(name)
        config = Notify(
            webhooks=(world.webhook(folder, receiver.url, per_second=1000.0),),
            sms=(world.sms(folder, gateway.url),),
        )
        store = Store(folder / "center.sqlite3")
        store.migrate()
        retention = Retention(folder, machine_clocks(now_ms), newest_ms=lambda: None)
        notifier = Notifier(config, store, Audit(store, now_ms), data_dir=folder, retention=retention, now_ms=now_ms)
        _say("look at an outbox with nothing due, ms", _median_ms(lambda: _nothing(notifier), IDLE_LOOKS))
        posts = [_timed_ms(lambda n=n: notifier.deliver(world.message(n), "desk")) for n in range(count)]  # type: ignore[misc]
        _say("take a message (on the disk at return), ms", statistics.median(posts))
        began = time.monotonic()
        asyncio.run(_drain(notifier, receiver, count))
        _say(f"webhooks to this machine, {count} waiting, a second", count / (time.monotonic() - began))
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        gateway.script.append(Act.HUGE_AFTER)
        parcel = world.parcel_of(notifier.channel("sms"))
        asyncio.run(notifier.channel("sms").deliver(parcel))
        _say(
            "more memory for an answer without end, MiB",
            (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024,
        )
        store.close()


def _nothing(notifier: Notifier) -> None:
    assert not isinstance(notifier.outbox.claim(notifier.channel("desk")), Parcel)


async def _drain(notifier: Notifier, receiver: Receiver, count: int) -> None:
    notifier.start()
    await eventually(lambda: len(receiver.alarms) == count, seen=lambda: len(receiver.alarms))
    await notifier.stop()


def _median_ms(act: Callable[[], object], times: int) -> float:
    return statistics.median(_timed_ms(act) for _ in range(times))


def _timed_ms(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _say(what: str, figure: float) -> None:
    print(f"{what:58} {figure:8.2f}")


if __name__ == "__main__":
    main()
