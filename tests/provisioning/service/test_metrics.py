"""Provisioning's door for Prometheus: on loopback, complete, and without the name of an agent."""

import socket
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from provisioning.errors import HomeError
from provisioning.home.home import Home
from provisioning.net.metrics import LOOPBACK
from provisioning.service.metrics import open_door
from tests.support.office import DAY_MS, Clock, enrol, new_home
from tests.support.ports import free_port
from tests.support.telling import provisioning_home
from tests.support.waiting import LONG_S


class Figures(dict[tuple[str, frozenset[str]], float]):
    """Values by name and labels' values, whose order the text does not keep."""

    def of(self, name: str, *labels: str) -> float:
        return self[name, frozenset(labels)]


def scrape(home: Home) -> tuple[str, Figures]:
    assert home.config.metrics_port is not None
    with open_door(home):
        connection = HTTPConnection(LOOPBACK, home.config.metrics_port, timeout=LONG_S)
        try:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            assert answer.status == 200
            text = answer.read().decode()
        finally:
            connection.close()
    return text, Figures(
        ((sample.name.removeprefix("wayside_provisioning_"), frozenset(sample.labels.values())), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )


def test_it_tells_of_the_rollout_of_newcomers_and_of_what_ends(tmp_path: Path) -> None:
    home = provisioning_home(tmp_path / "home", free_port())
    text, found = scrape(home)
    assert found.of("agents", "pending") == 1
    assert (found.of("agents", "enrolled"), found.of("agents", "revoked")) == (2, 1)
    assert (found.of("certificates", "90"), found.of("certificates", "30"), found.of("certificates", "more")) == (
        2,
        0,
        0,
    )
    one = ("1", "software")
    assert found.of("rollout_phase", *one, "stopping") == 1
    assert found.of("rollout_phase", *one, "running") == 0
    assert (found.of("rollout_agents", *one, "failed"), found.of("rollout_agents", *one, "pending")) == (1, 1)
    assert (found.of("rollout_stopped", *one, "error_rate"), found.of("rollout_stopped", *one, "operator")) == (1, 0)
    assert found.of("rollout_changed_timestamp_seconds", *one) == home.now_ms() / 1000
    for name in ("broker", "authority_agents", "revocation_list_of_agents"):
        assert found.of("expires_timestamp_seconds", name) > home.now_ms() / 1000, name
    for secret in ("gate", "yard", "late", "10.0.0.5", "stolen"):
        assert secret not in text


def test_certificates_are_counted_by_the_days_they_have_left(tmp_path: Path) -> None:
    clock = Clock()
    home = new_home(tmp_path / "home", clock)
    home.config = home.config.model_copy(update={"metrics_port": free_port()})
    enrol(home, "first")
    clock.now_ms += 85 * DAY_MS
    enrol(home, "second")
    _, found = scrape(home)
    assert (found.of("certificates", "7"), found.of("certificates", "more")) == (1, 1)
    assert not any(name.startswith("rollout") for name, _ in found)
    clock.now_ms += 10 * DAY_MS
    assert scrape(home)[1].of("certificates", "0") == 1


def test_a_port_that_is_taken_is_said_and_without_one_nobody_answers(tmp_path: Path) -> None:
    home = new_home(tmp_path / "home")
    with open_door(home):
        pass
    with socket.create_server((LOOPBACK, 0)) as taken:
        home.config = home.config.model_copy(update={"metrics_port": taken.getsockname()[1]})
        with pytest.raises(HomeError, match="metrics_port"), open_door(home):
            pass
