from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.condition import Condition

if TYPE_CHECKING:
    from ..models.dependency import Dependency
    from ..models.event_receiver_report import EventReceiverReport
    from ..models.loop_report import LoopReport
    from ..models.malformed_count import MalformedCount
    from ..models.revoked_count import RevokedCount
    from ..models.roster_report import RosterReport
    from ..models.set_aside_count import SetAsideCount
    from ..models.syslog_report import SyslogReport


T = TypeVar("T", bound="HealthReport")


@_attrs_define
class HealthReport:
    """The report with all causes. `checked_at_ms` is the time at which the dependencies were checked.

    Attributes:
        audit_fault (str): The reason that days are not closed now; empty: they are.
        audit_heads_signed (bool): False: `audit_key_file` is not set, and a writer of the database can forge the whole
            audit.
        audit_syslog (None | SyslogReport): As of the last check; null: no server is set, or the database does not
            answer.
        checked_at_ms (int):
        dependencies (list[Dependency]):
        device_records_unreadable (int):
        device_states_not_stored (int):
        events_out (list[EventReceiverReport]): Receivers of events, and what waits for each; as of the check.
        facts_set_aside (list[SetAsideCount]):
        loops (list[LoopReport]): The state of each background loop.
        malformed (list[MalformedCount]):
        messages_received (int):
        observed_dropped_oldest (int):
        observed_received (int):
        pages_open (int):
        revoked (list[RevokedCount]):
        roster (RosterReport): The roster by which agents count as revoked. Without a key no roster is trusted: a
            setting and no fault.
        status (Condition): Condition of the centre, or of one dependency.
    """

    audit_fault: str
    audit_heads_signed: bool
    audit_syslog: None | SyslogReport
    checked_at_ms: int
    dependencies: list[Dependency]
    device_records_unreadable: int
    device_states_not_stored: int
    events_out: list[EventReceiverReport]
    facts_set_aside: list[SetAsideCount]
    loops: list[LoopReport]
    malformed: list[MalformedCount]
    messages_received: int
    observed_dropped_oldest: int
    observed_received: int
    pages_open: int
    revoked: list[RevokedCount]
    roster: RosterReport
    status: Condition
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.syslog_report import SyslogReport

        audit_fault = self.audit_fault

        audit_heads_signed = self.audit_heads_signed

        audit_syslog: dict[str, Any] | None
        if isinstance(self.audit_syslog, SyslogReport):
            audit_syslog = self.audit_syslog.to_dict()
        else:
            audit_syslog = self.audit_syslog

        checked_at_ms = self.checked_at_ms

        dependencies = []
        for dependencies_item_data in self.dependencies:
            dependencies_item = dependencies_item_data.to_dict()
            dependencies.append(dependencies_item)

        device_records_unreadable = self.device_records_unreadable

        device_states_not_stored = self.device_states_not_stored

        events_out = []
        for events_out_item_data in self.events_out:
            events_out_item = events_out_item_data.to_dict()
            events_out.append(events_out_item)

        facts_set_aside = []
        for facts_set_aside_item_data in self.facts_set_aside:
            facts_set_aside_item = facts_set_aside_item_data.to_dict()
            facts_set_aside.append(facts_set_aside_item)

        loops = []
        for loops_item_data in self.loops:
            loops_item = loops_item_data.to_dict()
            loops.append(loops_item)

        malformed = []
        for malformed_item_data in self.malformed:
            malformed_item = malformed_item_data.to_dict()
            malformed.append(malformed_item)

        messages_received = self.messages_received

        observed_dropped_oldest = self.observed_dropped_oldest

        observed_received = self.observed_received

        pages_open = self.pages_open

        revoked = []
        for revoked_item_data in self.revoked:
            revoked_item = revoked_item_data.to_dict()
            revoked.append(revoked_item)

        roster = self.roster.to_dict()

        status = self.status.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "audit_fault": audit_fault,
                "audit_heads_signed": audit_heads_signed,
                "audit_syslog": audit_syslog,
                "checked_at_ms": checked_at_ms,
                "dependencies": dependencies,
                "device_records_unreadable": device_records_unreadable,
                "device_states_not_stored": device_states_not_stored,
                "events_out": events_out,
                "facts_set_aside": facts_set_aside,
                "loops": loops,
                "malformed": malformed,
                "messages_received": messages_received,
                "observed_dropped_oldest": observed_dropped_oldest,
                "observed_received": observed_received,
                "pages_open": pages_open,
                "revoked": revoked,
                "roster": roster,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.dependency import Dependency
        from ..models.event_receiver_report import EventReceiverReport
        from ..models.loop_report import LoopReport
        from ..models.malformed_count import MalformedCount
        from ..models.revoked_count import RevokedCount
        from ..models.roster_report import RosterReport
        from ..models.set_aside_count import SetAsideCount
        from ..models.syslog_report import SyslogReport

        d = dict(src_dict)
        audit_fault = d.pop("audit_fault")

        audit_heads_signed = d.pop("audit_heads_signed")

        def _parse_audit_syslog(data: object) -> None | SyslogReport:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                audit_syslog_type_0 = SyslogReport.from_dict(data)

                return audit_syslog_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SyslogReport, data)

        audit_syslog = _parse_audit_syslog(d.pop("audit_syslog"))

        checked_at_ms = d.pop("checked_at_ms")

        dependencies = []
        _dependencies = d.pop("dependencies")
        for dependencies_item_data in _dependencies:
            dependencies_item = Dependency.from_dict(dependencies_item_data)

            dependencies.append(dependencies_item)

        device_records_unreadable = d.pop("device_records_unreadable")

        device_states_not_stored = d.pop("device_states_not_stored")

        events_out = []
        _events_out = d.pop("events_out")
        for events_out_item_data in _events_out:
            events_out_item = EventReceiverReport.from_dict(events_out_item_data)

            events_out.append(events_out_item)

        facts_set_aside = []
        _facts_set_aside = d.pop("facts_set_aside")
        for facts_set_aside_item_data in _facts_set_aside:
            facts_set_aside_item = SetAsideCount.from_dict(facts_set_aside_item_data)

            facts_set_aside.append(facts_set_aside_item)

        loops = []
        _loops = d.pop("loops")
        for loops_item_data in _loops:
            loops_item = LoopReport.from_dict(loops_item_data)

            loops.append(loops_item)

        malformed = []
        _malformed = d.pop("malformed")
        for malformed_item_data in _malformed:
            malformed_item = MalformedCount.from_dict(malformed_item_data)

            malformed.append(malformed_item)

        messages_received = d.pop("messages_received")

        observed_dropped_oldest = d.pop("observed_dropped_oldest")

        observed_received = d.pop("observed_received")

        pages_open = d.pop("pages_open")

        revoked = []
        _revoked = d.pop("revoked")
        for revoked_item_data in _revoked:
            revoked_item = RevokedCount.from_dict(revoked_item_data)

            revoked.append(revoked_item)

        roster = RosterReport.from_dict(d.pop("roster"))

        status = Condition(d.pop("status"))

        _made = class_(
            audit_fault=audit_fault,
            audit_heads_signed=audit_heads_signed,
            audit_syslog=audit_syslog,
            checked_at_ms=checked_at_ms,
            dependencies=dependencies,
            device_records_unreadable=device_records_unreadable,
            device_states_not_stored=device_states_not_stored,
            events_out=events_out,
            facts_set_aside=facts_set_aside,
            loops=loops,
            malformed=malformed,
            messages_received=messages_received,
            observed_dropped_oldest=observed_dropped_oldest,
            observed_received=observed_received,
            pages_open=pages_open,
            revoked=revoked,
            roster=roster,
            status=status,
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
