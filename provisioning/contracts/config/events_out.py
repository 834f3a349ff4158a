"""Section [events_out] of the centre's configuration: receivers of events, by MQTT 5 or through Kafka."""

from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from provisioning.contracts.config.notify import Host, Name, is_loopback
from provisioning.contracts.section import Port, ResolvedPath, Section
from provisioning.contracts.wire import topics

_OWN: Final = topics.PREFIX.partition("/")[0]
"""First level of the topics between agents, cluster and centre."""


class EventKind(StrEnum):
    """Kind of event that a receiver can be given."""

    OBSERVATION = "observation"
    """An archived snapshot with its machines."""
    PEOPLE = "people"
    """Mean and maximum of the people counted at a camera in five minutes."""
    ALARM = "alarm"
    CAMERA_STATE = "camera_state"
    ASSESSMENT = "assessment"
    """A closed month, by fleet, district and camera."""


class EventReceiver(Section):
    """One receiver. Without `kinds`, and without `districts` or `whole_centre`, nothing is sent to it."""

    id: Name
    kinds: tuple[EventKind, ...] = Field(default=(), max_length=len(EventKind))
    districts: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(default=(), max_length=1000)
    """Names of the districts whose cameras it gets, as the register has them."""
    whole_centre: bool = False
    """True: every camera, also of no district, and alarms of the centre itself."""
    plain_text: bool = False
    """True: without TLS. Who listens on the way then reads every event."""
    ca_file: ResolvedPath | None = None
    """Certificates of the trusted authorities; None: the system's."""
    cert_file: ResolvedPath | None = None
    key_file: ResolvedPath | None = None
    username: str | None = Field(default=None, min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")
    password_file: ResolvedPath | None = None
    timeout_s: float = Field(default=15.0, ge=0.1, le=60)
    """Seconds without an acknowledgement after which an attempt has failed."""
    max_waiting: int = Field(default=100_000, ge=1, le=5_000_000)
    """Beyond this number of waiting observations and counts the oldest are dropped as `outbox_full`."""
    give_up_after_h: float = Field(default=24.0, ge=0.01, le=24 * 30)
    """Hours after which an observation or count that waits is dropped as `expired`."""
    max_waiting_kept: int = Field(default=20_000, ge=1, le=1_000_000)
    """The same number for alarms, camera states and months, dropped as `kept_full`."""
    give_up_kept_after_h: float = Field(default=168.0, ge=0.01, le=24 * 90)
    """The same hours for these, dropped as `kept_expired`."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """Hosts that the centre connects to."""
        raise NotImplementedError

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError(f"{self.id}: cert_file and key_file go together")
        if (self.username is None) != (self.password_file is None):
            raise ValueError(f"{self.id}: username and password_file go together")
        if self.plain_text and (self.ca_file is not None or self.cert_file is not None):
            raise ValueError(f"{self.id}: ca_file and cert_file are for TLS, which plain_text switches off")
        if self.plain_text and self.password_file is not None and not all(map(is_loopback, self.hosts)):
            raise ValueError(f"{self.id}: a password would be readable on the way: leave out plain_text")
        return self


class MqttReceiver(EventReceiver):
    """A broker that speaks MQTT 5."""

    host: Host
    port: Port = 8883
    topic_prefix: str = Field(
        default="wayside-events", max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*$"
    )
    home_assistant: str | None = Field(default=None, max_length=100, pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$")
    """Topic prefix of Home Assistant's discovery, by its default `homeassistant`; None: no discovery."""

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host,)

    @model_validator(mode="after")
    def _has_topics_of_its_own(self) -> Self:
        if self.topic_prefix.partition("/")[0] == _OWN:
            raise ValueError(f"{self.id}: topic_prefix: {_OWN}/… are the topics of agents and cluster")
        if self.home_assistant is not None and EventKind.CAMERA_STATE not in self.kinds:
            raise ValueError(f"{self.id}: home_assistant needs camera_state among kinds")
        return self


class KafkaReceiver(EventReceiver):
    """A cluster that speaks Kafka's protocol."""

    servers: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,253}:[1-9][0-9]{0,4}$")], ...] = Field(
        min_length=1, max_length=16
    )
    """Addresses to begin with, `host:port`."""
    topic_prefix: str = Field(default="wayside", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """Mechanism by which `username` and password log in."""

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(each.rpartition(":")[0] for each in self.servers)


class EventsOut(Section):
    """Receivers of events; none: nothing leaves."""

    source: str = Field(default="/wayside", max_length=200, pattern=r"^[A-Za-z0-9/:._~-]+$")
    """`source` of every event, a URI or path that tells this centre from others of the same receiver."""
    mqtt: tuple[MqttReceiver, ...] = Field(default=(), max_length=8)
    kafka: tuple[KafkaReceiver, ...] = Field(default=(), max_length=8)

    @property
    def receivers(self) -> tuple[MqttReceiver | KafkaReceiver, ...]:
        """All receivers, in the file's order."""
        return (*self.mqtt, *self.kafka)

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        ids = [each.id for each in self.receivers]
        if len(set(ids)) != len(ids):
            raise ValueError("events_out: ids must differ")
        return self
