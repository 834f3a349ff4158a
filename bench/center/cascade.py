"""`python -m bench.center.cascade [CAMERAS]`: what 10,000 cameras cost a centre with superiors, and how long they wait.

The superiors are `tests.support.superior`, in the same process and on its loop: their work is in the times.
"""

import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from center.access.permissions import CameraKey
from center.cascade.nodes import UpwardCatalog
from provisioning.contracts.config.cascade import Superior
from provisioning.contracts.wire.messages import CameraState, CameraStatus
from tests.center.cascade.ground import OWN, OWN_TOO, Ground
from tests.support.superior import PlatformAbove, query
from tests.support.waiting import eventually

CAMERAS: Final = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
AGENTS: Final = 20
ONE, TWO = "34020000002000000001", "34000000002000000001"


def district(number: int) -> str:
    """Names the district of an agent's cameras."""
    return f"district-{number}"


def filled(folder: Path) -> Ground:
    """A centre with 10,000 cameras of twenty agents, each agent's in a district of its own."""
    ground = Ground(folder)
    each = CAMERAS // AGENTS
    for agent in range(AGENTS):
        ground.heard(f"agent-{agent}")
        keys = [CameraKey(f"agent-{agent}", f"cam-{number}") for number in range(each)]
        for number, key in enumerate(keys):
            ground.devices.changed(
                CameraStatus(
                    agent_id=key.agent_id,
                    camera_id=key.camera_id,
                    name=f"路口{agent}-{number} 东北角",
                    state=CameraState.ONLINE,
                    cause="",
                    since_ms=ground.clock.now_ms,
                )
            )
        ground.districts.create(district(agent), f"辖区{agent}", actor="bench")
        ground.districts.set_cameras(district(agent), keys, actor="bench")
    return ground


def settings(ground: Ground, above: PlatformAbove, edition: str) -> Superior:
    """Configuration of a superior that gets every district."""
    districts = tuple(map(district, range(AGENTS)))
    return ground.superior(above, edition=edition).model_copy(update={"districts": districts})


def say(*cells: object) -> None:
    """Prints a row."""
    sys.stdout.write("| " + " | ".join(map(str, cells)) + " |\n")
    sys.stdout.flush()


async def one(ground: Ground, transport: str, edition: str) -> None:
    """Measures the catalogue, a change of every camera, and the way back after the superior was away."""
    above = PlatformAbove(ONE, OWN, transport)
    async with above, ground.working(settings(ground, above, edition)) as cascade:
        link = cascade.links[0]
        await above.registered()
        began_cpu_s, bytes_before, count_before = time.process_time(), above.bytes_in, above.datagrams_in
        items, took_s = await above.catalog()
        cpu_s = time.process_time() - began_cpu_s
        row = [f"{took_s:.1f} s", f"{cpu_s:.1f} s", above.datagrams_in - count_before]
        say(transport, edition, len(items), *row, f"{(above.bytes_in - bytes_before) / 1e6:.2f} MB", above.longest)
        await above.answer("SUBSCRIBE", query("Catalog", OWN), "Event: Catalog", "Expires: 600")
        link_off(ground)
        began_s, before = time.monotonic(), above.bytes_in
        await cascade.refresh()
        await eventually(lambda: sum(body.count("<Event>OFF") for body in above.bodies) == CAMERAS)
        say(
            "",
            "",
            "all off",
            f"{time.monotonic() - began_s:.1f} s",
            "",
            "",
            f"{(above.bytes_in - before) / 1e6:.2f} MB",
            "",
        )
        link_off(ground, CameraState.ONLINE)
        began_s, registered = time.monotonic(), above.registrations
        await above.stop()
        await asyncio.sleep(1)
        await above.start()
        if transport == "tcp":
            await above.registered(registered + 1)
            say("", "", "back after", f"{time.monotonic() - began_s:.1f} s", "", "", "", "")
        assert link.dropped().total() == 0, link.dropped()


def link_off(ground: Ground, state: CameraState = CameraState.OFFLINE) -> None:
    """Gives every camera this state; the loop may find a part of them at once."""
    for status in ground.devices.statuses().values():
        ground.devices.changed(status.model_copy(update={"state": state}))


async def two(ground: Ground) -> None:
    """Measures two superiors that ask at the same moment."""
    one_above, other = PlatformAbove(ONE, OWN, "udp"), PlatformAbove(TWO, OWN_TOO, "tcp")
    async with one_above, other:
        superiors = settings(ground, one_above, "2016"), settings(ground, other, "2022")
        async with ground.working(*superiors):
            await one_above.registered()
            await other.registered()
            (mine, mine_s), (theirs, theirs_s) = await asyncio.gather(one_above.catalog(), other.catalog())
    say("two at once", "", f"{len(mine)}, {len(theirs)}", f"{mine_s:.1f} s, {theirs_s:.1f} s", "", "", "", "")


async def measured(folder: Path) -> None:
    """Measures everything and prints a table."""
    ground = filled(folder)
    above = PlatformAbove(ONE, OWN)
    above.port = 5060
    for what in ("first read", "read again"):
        began_s = time.monotonic()
        ground.source.read(settings(ground, above, "2016"), UpwardCatalog())
        say(what, "", CAMERAS, f"{time.monotonic() - began_s:.2f} s", "", "", "", "")
    say("transport", "edition", "items", "time", "processor", "messages", "bytes", "longest")
    for transport, edition in (("udp", "2016"), ("udp", "2022"), ("tcp", "2016"), ("tcp", "2022")):
        await one(ground, transport, edition)
    await two(ground)
    say("peak memory", "", "", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB", "", "", "", "")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="wayside-cascade-") as made:
        asyncio.run(measured(Path(made)))
