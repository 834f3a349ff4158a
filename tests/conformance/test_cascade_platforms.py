"""The centre registers with platforms that were not written for it: the agent's own, and SIPp."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.gb28181.devices.events import Alarmed
from edge_agent.gb28181.sessions.invite import Invitation, SessionEvent
from tests.center.cascade.ground import OFF, ON, OWN, PAUSED, Ground
from tests.support.gb28181_agent import HOST, Agent, password_file, source
from tests.support.gb28181_devices import PLATFORM_ID
from tests.support.ports import free_port
from tests.support.sipp import Sipp
from tests.support.superior import PASSWORD, PlatformAbove
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio
CAMERA = "34020100001320000001"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    made = Ground(tmp_path)
    made.cameras(ON, OFF, PAUSED)
    return made


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    cameras = {"cam": source(OWN, CAMERA, password_file(tmp_path, PASSWORD))}
    with Agent(tmp_path / "agent", cameras) as running:
        yield running


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("edition", ["2016", "2022"])
async def test_the_agents_platform_takes_it_for_a_device_with_channels(
    ground: Ground, agent: Agent, transport: str, edition: str
) -> None:
    above = PlatformAbove(PLATFORM_ID, OWN, transport)
    above.port = agent.port
    async with ground.working(ground.superior(above, edition=edition)) as cascade:
        await eventually(lambda: agent.platform.device(OWN).channels, seen=lambda: agent.platform.device(OWN))
        view = agent.platform.device(OWN)
        channels = {each.name: each.is_online for each in view.channels or () if each.name.startswith("路口")}
        assert channels == {"路口1": True, "路口2": False, "路口3": False}
        assert (view.manufacturer, view.catalog_trouble, view.subscription_trouble) == ("Wayside", "", "")
        ground.cameras(OFF, ON, PAUSED)
        await cascade.refresh()
        await eventually(
            lambda: (
                [each.is_online for each in agent.platform.device(OWN).channels or () if "路口" in each.name]
                == [False, True, False]
            ),
            seen=lambda: agent.platform.device(OWN),
        )
        await eventually(lambda: [each for each in agent.events if isinstance(each, Alarmed)], "the alarm of a fault")
        invitation = Invitation(OWN, CAMERA, "udp", HOST, 61_000)
        agent.platform.call(lambda commands, now: commands.invite(invitation, now))
        ended = await eventually(lambda: [each for each in agent.events if isinstance(each, SessionEvent)])
        assert cascade.links[0].counts["refused", "video"] == 1
        assert "403" in str(ended)
    await eventually(lambda: OWN in agent.went())
    assert agent.went() == {OWN: "unregistered"}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_sipp_finds_our_digest_right_and_its_invite_refused_with_a_reason(
    ground: Ground, tmp_path: Path, transport: str
) -> None:
    above = PlatformAbove(PLATFORM_ID, OWN, transport)
    above.port = free_port()
    keys = ("-key", "own", OWN, "-key", "secret", PASSWORD)
    sipp = Sipp(tmp_path / "sipp", "above", (HOST, 9), *keys, calls=1, transport=f"{transport[0]}1", port=above.port)
    try:
        async with ground.working(ground.superior(above)) as cascade:
            await eventually(lambda: not sipp.is_running, seen=lambda: cascade.links[0].counts)
            assert cascade.links[0].counts["refused", "video"] == 1
        assert sipp.ended() == (1, 0)
    finally:
        sipp.close()
