"""The stages of the chain, in the order in which a picture meets them, and the states a stage can be in."""

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """One of them."""

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
    """What answers questions about the archive."""
    NOTIFY = "notify"
    """Webhooks, mail and SMS gateways."""


class StageState(StrEnum):
    """How a stage is. What nobody has evidence of is unknown, and never green."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


OF_ITS_OWN: Final = frozenset({Stage.DEVICES, Stage.AGENTS, Stage.BROKER, Stage.QUERY})
"""Alarm rules see the faults of these already, each by its own kind (`center.alarms.faults`)."""
