from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.cause_kind import CauseKind
from ..models.device_state import DeviceState
from ..models.membership import Membership

if TYPE_CHECKING:
    from ..models.configuration_view import ConfigurationView


T = TypeVar("T", bound="AgentView")


@_attrs_define
class AgentView:
    """An agent that has reported, or that the roster names. Fields of heartbeats are None before the first one.

    Attributes:
        agent_id (str):
        cause (str):
        cause_kind (CauseKind): Origin of a cause's text.
        certificate_ends_ms (int | None):
        configuration (ConfigurationView | None):
        disk_free_bytes (int | None): Free space of the disk under the spool; None also where the agent does not report
            it.
        heard_at_ms (int | None):
        membership (Membership | None):
        quarantined (int | None):
        redaction_ms (float | None):
        since_ms (int | None): Time at which it stopped being online.
        site_id (None | str): None, as `membership` is, when the roster does not name the agent.
        software (None | str):
        spool_bytes (int | None):
        spool_messages (int | None):
        state (DeviceState): State of a camera: as its agent reported it, or the reason that the report does not hold.
    """

    agent_id: str
    cause: str
    cause_kind: CauseKind
    certificate_ends_ms: int | None
    configuration: ConfigurationView | None
    disk_free_bytes: int | None
    heard_at_ms: int | None
    membership: Membership | None
    quarantined: int | None
    redaction_ms: float | None
    since_ms: int | None
    site_id: None | str
    software: None | str
    spool_bytes: int | None
    spool_messages: int | None
    state: DeviceState
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.configuration_view import ConfigurationView

        agent_id = self.agent_id

        cause = self.cause

        cause_kind = self.cause_kind.value

        certificate_ends_ms: int | None
        certificate_ends_ms = self.certificate_ends_ms

        configuration: dict[str, Any] | None
        if isinstance(self.configuration, ConfigurationView):
            configuration = self.configuration.to_dict()
        else:
            configuration = self.configuration

        disk_free_bytes: int | None
        disk_free_bytes = self.disk_free_bytes

        heard_at_ms: int | None
        heard_at_ms = self.heard_at_ms

        membership: None | str
        if isinstance(self.membership, Membership):
            membership = self.membership.value
        else:
            membership = self.membership

        quarantined: int | None
        quarantined = self.quarantined

        redaction_ms: float | None
        redaction_ms = self.redaction_ms

        since_ms: int | None
        since_ms = self.since_ms

        site_id: None | str
        site_id = self.site_id

        software: None | str
        software = self.software

        spool_bytes: int | None
        spool_bytes = self.spool_bytes

        spool_messages: int | None
        spool_messages = self.spool_messages

        state = self.state.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "agent_id": agent_id,
                "cause": cause,
                "cause_kind": cause_kind,
                "certificate_ends_ms": certificate_ends_ms,
                "configuration": configuration,
                "disk_free_bytes": disk_free_bytes,
                "heard_at_ms": heard_at_ms,
                "membership": membership,
                "quarantined": quarantined,
                "redaction_ms": redaction_ms,
                "since_ms": since_ms,
                "site_id": site_id,
                "software": software,
                "spool_bytes": spool_bytes,
                "spool_messages": spool_messages,
                "state": state,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.configuration_view import ConfigurationView

        d = dict(src_dict)
        agent_id = d.pop("agent_id")

        cause = d.pop("cause")

        cause_kind = CauseKind(d.pop("cause_kind"))

        def _parse_certificate_ends_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        certificate_ends_ms = _parse_certificate_ends_ms(d.pop("certificate_ends_ms"))

        def _parse_configuration(data: object) -> ConfigurationView | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                configuration_type_0 = ConfigurationView.from_dict(data)

                return configuration_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ConfigurationView | None, data)

        configuration = _parse_configuration(d.pop("configuration"))

        def _parse_disk_free_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        disk_free_bytes = _parse_disk_free_bytes(d.pop("disk_free_bytes"))

        def _parse_heard_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        heard_at_ms = _parse_heard_at_ms(d.pop("heard_at_ms"))

        def _parse_membership(data: object) -> Membership | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                membership_type_0 = Membership(data)

                return membership_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Membership | None, data)

        membership = _parse_membership(d.pop("membership"))

        def _parse_quarantined(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        quarantined = _parse_quarantined(d.pop("quarantined"))

        def _parse_redaction_ms(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        redaction_ms = _parse_redaction_ms(d.pop("redaction_ms"))

        def _parse_since_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        since_ms = _parse_since_ms(d.pop("since_ms"))

        def _parse_site_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        site_id = _parse_site_id(d.pop("site_id"))

        def _parse_software(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        software = _parse_software(d.pop("software"))

        def _parse_spool_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        spool_bytes = _parse_spool_bytes(d.pop("spool_bytes"))

        def _parse_spool_messages(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        spool_messages = _parse_spool_messages(d.pop("spool_messages"))

        state = DeviceState(d.pop("state"))

        _made = class_(
            agent_id=agent_id,
            cause=cause,
            cause_kind=cause_kind,
            certificate_ends_ms=certificate_ends_ms,
            configuration=configuration,
            disk_free_bytes=disk_free_bytes,
            heard_at_ms=heard_at_ms,
            membership=membership,
            quarantined=quarantined,
            redaction_ms=redaction_ms,
            since_ms=since_ms,
            site_id=site_id,
            software=software,
            spool_bytes=spool_bytes,
            spool_messages=spool_messages,
            state=state,
        )

        _made.additional_properties = d
        return _made

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
