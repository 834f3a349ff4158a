"""`docs/api.md` as somebody would type it: its commands, one after the other, against a centre that listens.

sh, curl ──loopback──▶ uvicorn ──▶ the whole API behind its guard ──▶ an archive in memory
"""

import asyncio
import json
import os
import re
import shutil
from pathlib import Path

import pytest
import uvicorn

from tests.center.conftest import PASSWORD, USERNAME, World
from tests.center.street import NOW_MS, observation
from tests.support.ports import free_port
from tests.support.waiting import within

pytestmark = [pytest.mark.anyio, pytest.mark.peer]

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
ANSWERS = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


async def typed(folder: Path, environment: dict[str, str]) -> None:
    """All blocks of the page in one shell that stops at the first error."""
    script = "set -eu\n" + "\n".join(COMMANDS)
    shell = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", script, cwd=folder, env=environment, stdout=-1, stderr=-1
    )
    async with within():
        said, wrong = await shell.communicate()
    assert shell.returncode == 0, (said, wrong)


async def test_every_command_of_the_guide_does_what_it_says(world: World, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed (Debian: curl)")
    world.make_account()
    rows = []
    for seed in range(5):
        row, picture = observation("cam-1", NOW_MS - (5 - seed) * 60_000, seed)
        world.archive.add(row, picture)
        rows.append(row)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(world.application(), host="127.0.0.1", port=port, log_level="warning"))
    serving = asyncio.create_task(server.serve())
    folder = tmp_path / "typed"
    folder.mkdir()
    (folder / "login.json").write_text(json.dumps({"username": USERNAME, "password": PASSWORD}))
    scopes = ["camera.view", "observation.search", "observation.view"]
    asked = {"password": PASSWORD, "name": "county board", "days": 90, "scopes": scopes}
    (folder / "new-token.json").write_text(json.dumps(asked))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "CENTER": f"http://127.0.0.1:{port}",
        "FROM_MS": str(NOW_MS - 3_600_000),
    }
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn has nothing else to wait for
            await asyncio.sleep(0.02)
        await typed(folder, environment)
    finally:
        server.should_exit = True
        await serving

    assert (folder / "keys").read_text().split() == [row.snapshot.row_key for row in reversed(rows)]
    for name in ("whole.jpg", "preview.jpg", "machine.jpg"):
        assert (folder / name).read_bytes()[:2] == b"\xff\xd8", name
    assert json.loads((folder / "problem.json").read_text()) == json.loads(ANSWERS[0])
    assert (folder / "curlrc").stat().st_mode & 0o077 == 0
    assert not (folder / "login.json").exists()
