from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.event_receiver_report_dropped import EventReceiverReportDropped
    from ..models.event_receiver_report_sent import EventReceiverReportSent


T = TypeVar("T", bound="EventReceiverReport")


@_attrs_define
class EventReceiverReport:
    """State of one receiver and of what waits for it; counts are since the start of the centre.

    Attributes:
        acknowledged_at_ms (int | None): Time of the last acknowledgement; null: none yet.
        dropped (EventReceiverReportDropped):
        fault (str): Cause for which nothing is sent; empty: there is none.
        oldest_ms (int | None): Time at which the oldest event that waits was queued; null: nothing waits.
        receiver (str):
        sent (EventReceiverReportSent):
        waiting (int): Observations and counts that wait.
        waiting_kept (int): Alarms, camera states and months.
    """

    acknowledged_at_ms: int | None
    dropped: EventReceiverReportDropped
    fault: str
    oldest_ms: int | None
    receiver: str
    sent: EventReceiverReportSent
    waiting: int
    waiting_kept: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        acknowledged_at_ms: int | None
        acknowledged_at_ms = self.acknowledged_at_ms

        dropped = self.dropped.to_dict()

        fault = self.fault

        oldest_ms: int | None
        oldest_ms = self.oldest_ms

        receiver = self.receiver

        sent = self.sent.to_dict()

        waiting = self.waiting

        waiting_kept = self.waiting_kept

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "acknowledged_at_ms": acknowledged_at_ms,
                "dropped": dropped,
                "fault": fault,
                "oldest_ms": oldest_ms,
                "receiver": receiver,
                "sent": sent,
                "waiting": waiting,
                "waiting_kept": waiting_kept,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.event_receiver_report_dropped import EventReceiverReportDropped
        from ..models.event_receiver_report_sent import EventReceiverReportSent

        d = dict(src_dict)

        def _parse_acknowledged_at_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        acknowledged_at_ms = _parse_acknowledged_at_ms(d.pop("acknowledged_at_ms"))

        dropped = EventReceiverReportDropped.from_dict(d.pop("dropped"))

        fault = d.pop("fault")

        def _parse_oldest_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        oldest_ms = _parse_oldest_ms(d.pop("oldest_ms"))

        receiver = d.pop("receiver")

        sent = EventReceiverReportSent.from_dict(d.pop("sent"))

        waiting = d.pop("waiting")

        waiting_kept = d.pop("waiting_kept")

        _made = class_(
            acknowledged_at_ms=acknowledged_at_ms,
            dropped=dropped,
            fault=fault,
            oldest_ms=oldest_ms,
            receiver=receiver,
            sent=sent,
            waiting=waiting,
            waiting_kept=waiting_kept,
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
