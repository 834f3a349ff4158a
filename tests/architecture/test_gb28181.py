"""The core of GB/T 28181 is all of its package but a few files that are named: a new one is no exception unasked."""

from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELL = {"beijing_time", "connections", "platform", "registration_file", "shell", "signalling"}
"""Files, the calendar, sockets, threads: the core is given bytes, moments and functions."""


def test_all_of_the_core_is_under_its_contract() -> None:
    parser = ConfigParser()
    parser.read(ROOT / ".importlinter")
    named = parser["importlinter:contract:gb28181"]["source_modules"].split()
    here = {path.stem for path in (ROOT / "edge_agent/gb28181").iterdir() if path.suffix == ".py" or path.is_dir()}
    core = {f"edge_agent.gb28181.{name}" for name in here - SHELL - {"__init__", "__pycache__"}}
    assert core == {name for name in named if name.startswith("edge_agent.gb28181.")}
