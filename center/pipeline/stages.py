"""The stages of the chain, in the order in which a picture meets them, and the states a stage can be in."""

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Stage of the chain, in the order in which a picture meets it."""

    DEVICES = "devices"
    PLATFORMS = "platforms"
    """Recorders and platforms that register with an agent and bring the cameras behind them."""
    AGENTS = "agents"
    BROKER = "broker"
    INTAKE = "intake"
    PARSE = "parse"
    ARCHIVE = "archive"
    STORAGE = "storage"
    QUERY = "query"
    """The service that answers queries of the archive."""
    NOTIFY = "notify"
    """Webhooks, mail and SMS gateways."""


class StageState(StrEnum):
    """State of a stage. Without evidence a stage is unknown, and never green."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


OF_ITS_OWN: Final = frozenset({Stage.DEVICES, Stage.AGENTS, Stage.BROKER, Stage.QUERY})
"""Stages whose faults alarm rules have from another source (`center.alarms.faults`)."""
