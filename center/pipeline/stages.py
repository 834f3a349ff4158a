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
    """Channels and their outbox."""
    CLOCK = "clock"
    """Time servers. From here on third parties, each of which is a stage only where the configuration names one."""
    SIGN_IN = "sign_in"
    MAIL = "mail"
    SMS = "sms"
    WEBHOOKS = "webhooks"
    TIME_STAMPS = "time_stamps"
    """The authority that stamps exports."""
    SUPERIORS = "superiors"
    """Superior platforms to which the centre sends."""
    EVENTS = "events"
    """Receivers of events by MQTT and Kafka."""


class StageState(StrEnum):
    """State of a stage. Without evidence a stage is unknown, and never green."""

    GREEN = "green"
    STARTING = "starting"
    """It has not answered since the centre started, and is given time to."""
    AMBER = "amber"
    RED = "red"
    UNKNOWN = "unknown"


THIRD_PARTIES: Final = (
    Stage.CLOCK,
    Stage.SIGN_IN,
    Stage.MAIL,
    Stage.SMS,
    Stage.WEBHOOKS,
    Stage.TIME_STAMPS,
    Stage.SUPERIORS,
    Stage.EVENTS,
)
"""Stages that no picture passes; a centre that does not use one has no verdict on it."""
