"""The warrant for the centre's key: it names more than control only if provisioning is told so."""

from pathlib import Path

import pytest

from provisioning.contracts.fleet.documents import TASKS, Power, Warrant
from provisioning.home import task_warrant
from provisioning.home.home import Home
from provisioning.signing.documents import SealKey
from tests.support.office import DAY_MS, START_MS, Clock, new_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home", Clock())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "may pause and order parse tasks until"),
        ((Power.START,), "may pause and order parse tasks, begin jobs until"),
        ((Power.START, Power.UPLOAD), "begin jobs, permit uploads from browsers until"),
    ],
)
def test_a_warrant_names_its_powers(home: Home, tmp_path: Path, more: tuple[Power, ...], said: str) -> None:
    key = SealKey.create(tmp_path / "tasks.key")
    out = tmp_path / "tasks.warrant"
    result = task_warrant.give(home, tmp_path / "tasks.pub", out, days=30, more=more)
    payload = out.read_bytes()
    document = home.seal_key.seal.open(payload, addressee=TASKS, newer_than=0)
    assert document.body == Warrant(key=key.seal.key, ends_at_ms=START_MS + 30 * DAY_MS, may=(Power.CONTROL, *more))
    assert (b"may" in payload) == bool(more), "an older agent reads one that names nothing"
    assert result.facts["may"] == [Power.CONTROL, *more]
    assert said in str(result.shown[0])
