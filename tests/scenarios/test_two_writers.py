"""Two writers of one archive under load, one of them killed again and again: the other goes on, and nothing is lost.

```
four senders ─▶ Mosquitto ─▶ intake ─┬─▶ archiver   ✗ -9 ─▶ archive/
                                     └─▶ archiver-1      ─▶ archive/partitions/1/
```

Parser and canary are stubs: pictures are not what is tried here.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from ray_cluster.archive.partitions.division import Partitions
from tests.ray_cluster.world import query, snapshot
from tests.support.custodian import Custodian
from tests.support.nodes import Machines
from tests.support.premises import Site
from tests.support.two_writers import AGENTS, Street, at_work
from tests.support.waiting import eventually, until

pytestmark = [pytest.mark.losses, pytest.mark.timeout(900)]

BACK_S = 15.0
"""Longest time that the death of a writer may cost its own agents."""
GAP_S = 3.0
"""Longest time without a commit that it may cost others: two cores do everything here."""


@pytest.fixture
def machines(site: Site) -> Iterator[Machines]:
    two = Machines(site, {2: ["business", "parse"], 3: ["archive", "storage"]}, flush_ms=100, archive_writers=2)
    yield two
    two.close()


@pytest.mark.peer
@pytest.mark.ray
@pytest.mark.network
def test_a_writer_that_is_killed_twenty_times_costs_its_own_agents_seconds_and_others_nothing(
    site: Site, machines: Machines
) -> None:
    site.exchange.start()
    machines.start_all(300)
    senders = [Custodian(site.exchange.section(agent), agent, rate=6.0) for agent in AGENTS[:4]]
    for sender in senders:
        sender.start()
    try:
        for sender in senders:
            _archived(sender, 0.0, 20, "at first")
        places = Partitions(site.root / "archive").division().agents
        killed = [sender for sender in senders if places[sender.agent] == 1]
        others = [sender for sender in senders if places[sender.agent] == 0]
        assert len(killed) == len(others) == 2
        for number in range(20):
            began_s = time.monotonic()
            machines.kill_replica("archiver-1")
            for sender in killed:
                _archived(sender, began_s + 0.5, 10, f"after kill {number}")
            back_s = max(sender.silence_s(began_s) for sender in killed)
            gap_s = max(sender.silence_s(began_s) for sender in others)
            sys.stdout.write(f"kill {number}: back within {back_s:.1f} s, the others' longest gap {gap_s:.1f} s\n")
            sys.stdout.flush()
            assert back_s <= BACK_S
            assert gap_s <= GAP_S
        for sender in senders:
            sender.stop()
        for sender in senders:
            _all_acknowledged(sender)
        status = site.query(machines.configs[machines.head], "/status")
    finally:
        for sender in senders:
            sender.close()
    made = sum(sender.made for sender in senders)
    sys.stdout.write(f"{made} sent, {status['rows']} rows, {status['distinct_ids']} distinct\n")
    assert (status["rows"], status["distinct_ids"]) == (made, made)


def _archived(sender: Custodian, since_s: float, count: int, when: str) -> None:
    until(lambda: sender.acked_since(since_s) >= count, f"{sender.agent} is archived {when}", patience_s=120)


def _all_acknowledged(sender: Custodian) -> None:
    until(lambda: not sender.waiting, f"all of {sender.agent} is acknowledged", patience_s=90)


def test_the_same_without_ray_and_without_a_broker(tmp_path: Path) -> None:
    asyncio.run(kill_again_and_again(tmp_path, 20))


async def kill_again_and_again(directory: Path, kills: int) -> None:
    numbers = dict.fromkeys(AGENTS[:4], 0)
    making = asyncio.Event()
    making.set()

    async def send(street: Street, agent: str) -> None:
        """As an agent does: 20 a second, 32 unanswered at most, and again after a second."""
        sent: dict[int, float] = {}
        keys: dict[int, str] = {}
        while True:
            now_s = time.monotonic()
            done = street.broker.archived_s.get(agent, {})
            sent = {number: at_s for number, at_s in sent.items() if keys[number] not in done}
            if making.is_set() and len(sent) < 32:
                number = numbers[agent]
                numbers[agent] += 1
                keys[number] = snapshot(number, agent=agent).observation_id
                sent[number] = 0.0
            for number, at_s in sent.items():
                if now_s - at_s > 1.0:
                    sent[number] = now_s
                    street.send(agent, range(number, number + 1))
            await asyncio.sleep(0.05)

    async with at_work(directory, share=32) as street:
        work = [asyncio.create_task(send(street, agent)) for agent in AGENTS[:4]]
        await eventually(lambda: all(street.archived(agent) > 20 for agent in AGENTS[:4]))
        places = Partitions(directory).division().agents
        killed = [agent for agent in AGENTS[:4] if places[agent] == 1]
        others = [agent for agent in AGENTS[:4] if places[agent] == 0]
        for number in range(kills):
            began_s = time.monotonic()
            street.writers[1].kill()
            await asyncio.sleep(0.5)
            street.writers[1].start()
            await _again(street, killed, began_s + 0.5)
            back_s, gap_s = (max(_silence_s(street, agent, began_s) for agent in of) for of in (killed, others))
            sys.stdout.write(f"kill {number}: back within {back_s:.1f} s, the others' longest gap {gap_s:.1f} s\n")
            sys.stdout.flush()
            assert back_s <= BACK_S
            assert gap_s <= GAP_S
        making.clear()
        await eventually(lambda: all(street.archived(agent) == count for agent, count in numbers.items()))
        for task in work:
            task.cancel()
    status = query(directory).status()
    made = sum(numbers.values())
    sys.stdout.write(f"{made} sent, {status.rows} rows, {status.distinct_ids} distinct\n")
    assert (status.rows, status.distinct_ids) == (made, made)


async def _again(street: Street, agents: Sequence[str], since_s: float) -> None:
    """Waits until each of these agents has had six acknowledgements since."""
    await eventually(
        lambda: all(sum(at > since_s for at in street.broker.archived_s[agent].values()) > 5 for agent in agents)
    )


def _silence_s(street: Street, agent: str, since_s: float) -> float:
    moments = [
        since_s,
        *sorted(at for at in street.broker.archived_s[agent].values() if at > since_s),
        time.monotonic(),
    ]
    return max(later - earlier for earlier, later in pairwise(moments))
