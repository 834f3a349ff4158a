"""An intake before two writers: one that is away costs its own agents time, and nobody else."""

import asyncio
from pathlib import Path

from ray_cluster.archive.partitions.division import Partitions
from ray_cluster.intake.partitioned import AWAY
from tests.ray_cluster.world import query
from tests.support.two_writers import AGENTS, at_work
from tests.support.waiting import eventually, within

SHARE = 3


def test_a_killed_writer_costs_its_own_agents_time_and_the_others_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with at_work(tmp_path, share=SHARE) as street, within():
            for agent in AGENTS[:4]:
                street.send(agent, range(4))
            await eventually(lambda: all(street.archived(agent) == 4 for agent in AGENTS[:4]))
            places = Partitions(tmp_path).division().agents
            assert places == {"east": 0, "north": 1, "south": 0, "west": 1}

            street.writers[1].kill()
            street.send("west", range(4, 5))
            await eventually(lambda: street.intake.status(street.broker, street.acks).retries > 0)
            for number in range(5, 25):
                street.send("west", range(number, number + 1))
                street.send("east", range(number, number + 1))
            await eventually(lambda: street.archived("east") == 24)
            assert street.archived("west") == 4
            status = street.intake.status(street.broker, street.acks)
            assert status.dropped == {AWAY: 21 - SHARE}
            assert status.in_flight == SHARE
            assert status.received == 16 + 21 + 20

            street.writers[1].start()
            await eventually(lambda: street.archived("west") == 4 + SHARE)
            street.send("west", range(25))  # whatever was not archived, and what was
            await eventually(lambda: street.archived("west") == 25 and street.is_idle)
            street.send("new", range(1))
            await eventually(lambda: street.archived("new") == 1)
        found = query(tmp_path).status()
        assert (found.rows, found.distinct_ids) == (24 + 4 + 4 + 25 + 1, found.rows)

    asyncio.run(story())
