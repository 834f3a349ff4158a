"""The core of GB/T 28181 is every file of its package but a few that are named: a new one is no exception unasked."""

from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELL = {"accounts", "beijing_time", "connections", "platform", "registration_file", "shell"}
"""Files, the calendar, sockets, threads: what the core is told of as bytes, moments and functions."""


def test_every_file_of_the_core_is_under_its_contract() -> None:
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter")
    named = parser["importlinter:contract:gb28181"]["source_modules"].split()
    core = {path.stem for path in (ROOT / "edge_agent/gb28181").glob("*.py")} - SHELL - {"__init__"}
    assert {f"edge_agent.gb28181.{name}" for name in core} == set(named) - {"edge_agent.digest", "edge_agent.lockouts"}
