from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.kind import Kind

if TYPE_CHECKING:
    from ..models.channel_view_messages import ChannelViewMessages
    from ..models.quota_view import QuotaView
    from ..models.rate_view import RateView
    from ..models.recipient_view import RecipientView


T = TypeVar("T", bound="ChannelView")


@_attrs_define
class ChannelView:
    """One channel with its rate, quota and counts.

    Attributes:
        fault (str): Cause for which nothing is sent at all; empty if the channel works.
        id (str):
        kind (Kind): Kind of a channel.
        messages (ChannelViewMessages): Messages in the outbox by state.
        quota (None | QuotaView):
        rate (RateView): Present rate of a channel, parts a second.
        recipients (list[RecipientView]):
        replies_dropped (int):
        reports (int):
        reports_unreadable (int):
        suspended_since_ms (int | None): Time since which complaints suspend the channel; null if none do.
    """

    fault: str
    id: str
    kind: Kind
    messages: ChannelViewMessages
    quota: None | QuotaView
    rate: RateView
    recipients: list[RecipientView]
    replies_dropped: int
    reports: int
    reports_unreadable: int
    suspended_since_ms: int | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.quota_view import QuotaView

        fault = self.fault

        id = self.id

        kind = self.kind.value

        messages = self.messages.to_dict()

        quota: dict[str, Any] | None
        if isinstance(self.quota, QuotaView):
            quota = self.quota.to_dict()
        else:
            quota = self.quota

        rate = self.rate.to_dict()

        recipients = []
        for recipients_item_data in self.recipients:
            recipients_item = recipients_item_data.to_dict()
            recipients.append(recipients_item)

        replies_dropped = self.replies_dropped

        reports = self.reports

        reports_unreadable = self.reports_unreadable

        suspended_since_ms: int | None
        suspended_since_ms = self.suspended_since_ms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "fault": fault,
                "id": id,
                "kind": kind,
                "messages": messages,
                "quota": quota,
                "rate": rate,
                "recipients": recipients,
                "replies_dropped": replies_dropped,
                "reports": reports,
                "reports_unreadable": reports_unreadable,
                "suspended_since_ms": suspended_since_ms,
            }
        )

        return field_dict

    @classmethod
    def from_dict(class_, src_dict: Mapping[str, Any]) -> Self:
        from ..models.channel_view_messages import ChannelViewMessages
        from ..models.quota_view import QuotaView
        from ..models.rate_view import RateView
        from ..models.recipient_view import RecipientView

        d = dict(src_dict)
        fault = d.pop("fault")

        id = d.pop("id")

        kind = Kind(d.pop("kind"))

        messages = ChannelViewMessages.from_dict(d.pop("messages"))

        def _parse_quota(data: object) -> None | QuotaView:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                quota_type_0 = QuotaView.from_dict(data)

                return quota_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QuotaView, data)

        quota = _parse_quota(d.pop("quota"))

        rate = RateView.from_dict(d.pop("rate"))

        recipients = []
        _recipients = d.pop("recipients")
        for recipients_item_data in _recipients:
            recipients_item = RecipientView.from_dict(recipients_item_data)

            recipients.append(recipients_item)

        replies_dropped = d.pop("replies_dropped")

        reports = d.pop("reports")

        reports_unreadable = d.pop("reports_unreadable")

        def _parse_suspended_since_ms(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        suspended_since_ms = _parse_suspended_since_ms(d.pop("suspended_since_ms"))

        _made = class_(
            fault=fault,
            id=id,
            kind=kind,
            messages=messages,
            quota=quota,
            rate=rate,
            recipients=recipients,
            replies_dropped=replies_dropped,
            reports=reports,
            reports_unreadable=reports_unreadable,
            suspended_since_ms=suspended_since_ms,
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
