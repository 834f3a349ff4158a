"""The whole way over loopback: covered pictures of the archive go up, and an agent's GA/T 1400 server takes them."""

from pathlib import Path

import pytest

from center.viid_cascade.composing import ObjectKind
from provisioning.contracts.config.viid_cascade import ViidSuperior
from tests.center.viid_cascade.rig import rig, settings
from tests.edge_agent.viid.device import DEVICE, PASSWORD, USER
from tests.edge_agent.viid.serving import SERVER_ID, serving

pytestmark = pytest.mark.anyio


def towards(folder: Path, port: int, pictures: str) -> ViidSuperior:
    """The agent of another site as a superior: it knows the centre by the code of one of its cameras."""
    password = folder / "up.password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    return settings(
        folder,
        f"http://127.0.0.1:{port}",
        superior_id=SERVER_ID,
        device_id=DEVICE,
        username=USER,
        password_file=password,
        pictures=pictures,
    )


@pytest.mark.parametrize("pictures", ["images", "objects"])
async def test_an_agents_server_takes_what_goes_up(pictures: str, tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        async with rig(tmp_path, towards(tmp_path, site.port, pictures)) as it:
            it.commit(12)
            await it.read_and_send()
            sent = it.cascade.figures()["city"]
            assert it.waiting() == 0
            assert not sent.dropped
            assert sent.sent.get(ObjectKind.IMAGES, 0) == (12 if pictures == "images" else 0)
            await it.sender.leave()
        counts = site.counts()
        assert counts["accepted"] == 12  # a scene that comes with each of its objects is one picture
        assert counts.get("refused", 0) == 0
        assert len(site.come_out(12)) == 12
