"""The installed Mosquitto is asked for its release, and found with the plugin that holds the rights, or refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from provisioning.broker import mosquitto
from provisioning.broker.mosquitto import Mosquitto
from provisioning.errors import BrokerError
from tests.support import mosquittos

HELP = "\n\nmosquitto is an MQTT v5.0/v3.1.1/v3.1 broker."
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """A program that says this of itself, and a plugin at this place."""

    def install(said: str, code: int = 0, plugin: str = "") -> Path:
        program = tmp_path / "sbin/mosquitto"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\ncat <<END\n{said}\nEND\nexit {code}\n")
        program.chmod(0o755)
        if plugin:
            (tmp_path / plugin).parent.mkdir(parents=True)
            (tmp_path / plugin).touch()
        return program

    return install


def test_a_release_before_plugins_reads_access_files_itself(install: Install) -> None:
    program = install(f"mosquitto version 2.0.21{HELP}", 3)
    assert mosquitto.inspect(program) == Mosquitto(program, "2.0.21", None)


@pytest.mark.parametrize(
    "place",
    ["lib", "lib64", "lib/mosquitto", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu/mosquitto"],
)
@pytest.mark.parametrize("version", ["2.1.2", "3.0.0rc1"])
def test_the_plugin_is_found_where_upstream_and_distributions_put_it(
    install: Install, tmp_path: Path, version: str, place: str
) -> None:
    plugin = f"{place}/mosquitto_acl_file.so"
    program = install(f"mosquitto version {version}{HELP}", 0, plugin)
    assert mosquitto.inspect(program) == Mosquitto(program, version, tmp_path / plugin)


def test_without_its_plugin_nobodys_rights_could_be_held(install: Install, tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=rf"mosquitto_acl_file\.so.* is nowhere below {tmp_path}/lib"):
        mosquitto.inspect(install(f"mosquitto version 2.1.2{HELP}"))


@pytest.mark.parametrize("said", ["mosquitto: error while loading shared libraries", "", "Usage: mosquitto"])
def test_a_program_that_names_no_release_is_quoted(install: Install, said: str) -> None:
    with pytest.raises(BrokerError, match=rf"begins with '{said}' and names no release"):
        mosquitto.inspect(install(said, 127))


@pytest.mark.peer
def test_the_installed_one_says_what_it_is() -> None:
    found = mosquittos.installed()
    assert (found.acl_plugin is None) == found.version.startswith("2.0.")
