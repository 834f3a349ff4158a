"""The centre says that retention waits for a person, and a person says that the clock is right."""

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from center.__main__ import app
from center.bootstrap import open_records
from center.retention import Retention
from provisioning.contracts.config.processes import CenterConfig, load
from provisioning.retention.clock import day_text, read_clocks
from provisioning.retention.state import DAY_MS
from tests.center.conftest import World
from tests.support.steady import Machine

pytestmark = pytest.mark.anyio


async def test_a_wrong_clock_is_a_fault_of_the_centres_health(world: World, user: httpx.AsyncClient) -> None:
    assert "retention" not in await world.services.health.parts_away()
    world.set_clock(31 * DAY_MS)
    fault = (await world.services.health.parts_away())["retention"]
    assert "31.0 days ahead of retention time" in fault
    (part,) = [each for each in (await world.services.health.report()).dependencies if each.name == "retention"]
    assert (part.code, "wayside-center retention" in part.remedy) == ("retention_stopped", True)
    world.set_clock(-31 * DAY_MS)
    assert "retention" not in await world.services.health.parts_away()


CONFIG = """
query_token_file = "token"
data_dir = "data"
[broker]
host = "127.0.0.1"
ca_file = "a"
cert_file = "b"
key_file = "c"
"""


def test_a_person_confirms_at_the_command_line_and_it_is_in_the_audit(tmp_path: Path) -> None:
    config = tmp_path / "center.toml"
    config.write_text(CONFIG)

    def types(*words: str) -> Result:
        return CliRunner().invoke(app, ["retention", *words, "--config", str(config)])

    long_ago = Machine(read_clocks().wall_ms - 400 * DAY_MS)
    opened = open_records(load(CenterConfig, config), lambda: long_ago.now().wall_ms)
    for _ in range(3):
        opened.audit.append("ada", "login", {})
    opened.store.close()
    Retention(tmp_path / "data", long_ago.now, newest_ms=lambda: long_ago.true_ms).advance()

    told = types()
    assert (told.exit_code, "400.0 days ahead" in told.output) == (1, True)
    assert "past its time by this clock, entries of the audit: 3" in told.output
    wrong = types("--confirm", day_text(long_ago.true_ms))
    assert (wrong.exit_code, "Set the clock right first" in wrong.output) == (2, True)
    done = types("--confirm", day_text(read_clocks().wall_ms))
    assert (done.exit_code, "stopped: no" in done.output) == (0, True)
    opened = open_records(load(CenterConfig, config))
    try:
        assert opened.retention.fault() is None
        assert "retention.confirm" in {entry.action for entry in opened.audit.page(limit=100)}
        opened.audit_keeper.close_and_prune()
        assert opened.audit_keeper.prune() == 0
    finally:
        opened.store.close()
