"""Queries devices for their recordings: a camera's own thread asks, and waits for the answer."""

import threading
from typing import Final

from edge_agent.gb28181.devices.events import RecordsTaken
from edge_agent.gb28181.endpoint import NotThereError
from edge_agent.gb28181.manscdp.multipart import AnswerOutcome
from edge_agent.gb28181.manscdp.records import DeviceRecording, Records
from edge_agent.gb28181.platform import Commands, Signalling
from edge_agent.gb28181.sessions.invite import Span
from provisioning.sip.errors import ProtocolError
from provisioning.sip.moment import Now

_UNANSWERED: Final = (AnswerOutcome.SILENT, AnswerOutcome.REFUSED)


class RecordingLists:
    """Thread-safe. `heard` and `close` are for the platform."""

    def __init__(self, signalling: Signalling, wait_s: float) -> None:
        """`wait_s`: for one answer, beyond the query's own time-out."""
        self._signalling = signalling
        self._wait_s = wait_s
        self._moved = threading.Condition()
        self._asked: dict[int, Records | None] = {}
        self._is_closed = False

    def heard(self, event: RecordsTaken) -> None:
        """Takes an answer. One that no thread waits for is dropped."""
        with self._moved:
            if event.query in self._asked:
                self._asked[event.query] = event.records
                self._moved.notify_all()

    def close(self) -> None:
        """Ends every wait for an answer."""
        with self._moved:
            self._is_closed = True
            self._moved.notify_all()

    def recordings(self, device_id: str, channel_id: str, span: Span) -> tuple[DeviceRecording, ...] | None:
        """Returns a channel's recordings of a span, by time; None where the device does not say.

        Recorders stop at some 300 items: then the query is repeated, from the newest on.

        Raises:
            NotServing: see `Signalling.call`.
            NotThereError: the device is not registered.
        """
        found: dict[tuple[int, int], DeviceRecording] = {}
        at_ms: int | None = span.started_at_ms
        while at_ms is not None:
            records = self._records(device_id, channel_id, Span(at_ms, span.ended_at_ms))
            known = len(found)
            if records is None or records.outcome in _UNANSWERED:
                return tuple(sorted(found.values())) if found else None
            found |= {(each.started_at_ms, each.ended_at_ms): each for each in records.recordings}
            at_ms = records.resume_at_ms if len(found) > known else None
        return tuple(sorted(found.values()))

    def _records(self, device_id: str, channel_id: str, span: Span) -> Records | None:
        """Sends one query; None: there is no answer."""

        def ask(commands: Commands, now: Now) -> int:
            query = commands.query_records(device_id, channel_id, (span.started_at_ms, span.ended_at_ms), now)
            with self._moved:  # here, in the platform's thread: the answer cannot be faster
                self._asked[query] = None
            return query

        try:
            query = self._signalling.call(ask)
        except NotThereError:
            raise
        except ProtocolError:  # so many others wait that this one was not taken
            return None
        with self._moved:
            self._moved.wait_for(lambda: self._is_closed or self._asked[query] is not None, self._wait_s)
            return self._asked.pop(query)
