"""Assembles the list of a channel's recordings from the messages of an answer."""

from dataclasses import dataclass

from edge_agent.gb28181.manscdp.message_types import RecordItem, RecordPart
from edge_agent.gb28181.manscdp.multipart import MAX_ITEMS, AnswerOutcome, Multipart, PartKind
from provisioning.sip.moment import Calendar


@dataclass(frozen=True, slots=True, order=True)
class DeviceRecording:
    """One recording, in Unix milliseconds by the device's clock."""

    started_at_ms: int
    ended_at_ms: int
    channel_id: str
    kind: str = ""
    """time, alarm, manual; empty where the device does not say."""
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Records:
    """The list of recordings as far as it came, by time."""

    recordings: tuple[DeviceRecording, ...]
    announced: int | None
    """Number of recordings that the device claims to have."""
    unreadable: int
    """Items without a beginning before an end, dropped."""
    outcome: AnswerOutcome

    @property
    def resume_at_ms(self) -> int | None:
        """Moment to query from again where the device stopped short, as recorders do at some 300; None: it did not."""
        is_short = self.outcome in {AnswerOutcome.STALLED, AnswerOutcome.TOO_MANY}
        return max(each.ended_at_ms for each in self.recordings) if is_short and self.recordings else None


class RecordAssembly(Multipart[tuple[int, int], DeviceRecording]):
    """One query a channel at a time: devices mix up the answers of two."""

    def __init__(self, sn: int, channel_id: str, calendar: Calendar, asked_s: float) -> None:
        super().__init__(sn, asked_s)
        self._channel_id = channel_id
        self._calendar = calendar

    def receive(self, sn: int | None, part: RecordPart, now_s: float) -> bool:
        """Takes a message; returns False if it is not of this answer."""
        keys = tuple((item.started_at, item.ended_at) for item in part.items)
        taken = self._count_part(sn, part.sum_num, keys, 0, now_s)
        if taken is PartKind.NEW or taken is PartKind.ANEW:
            for item in part.items[: MAX_ITEMS - len(self._items)]:
                self._add(item)
        return taken is not PartKind.FOREIGN

    @property
    def records(self) -> Records | None:
        """The list, once it is over; None before."""
        if self.outcome is None:
            return None
        recordings = tuple(sorted(self._items.values(), key=lambda each: (each.started_at_ms, each.ended_at_ms)))
        return Records(recordings, self.announced, self._unusable, self.outcome)

    def _add(self, item: RecordItem) -> None:
        """Adds a recording under the queried channel: the id in the item is the device's with some."""
        started_at_ms = self._calendar.at_ms(item.started_at)
        ended_at_ms = self._calendar.at_ms(item.ended_at)
        if started_at_ms is None or ended_at_ms is None or ended_at_ms <= started_at_ms:
            self._unusable += 1
            return
        self._items[started_at_ms, ended_at_ms] = DeviceRecording(
            started_at_ms, ended_at_ms, self._channel_id, item.kind, item.size_bytes
        )
