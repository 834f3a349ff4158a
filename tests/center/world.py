"""The world around a centre: an archive that answers like `ray_cluster.query`, and a line to speak into."""

import base64
import json
import threading
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

from fastapi import FastAPI, Header, HTTPException, Query, Response
from fastapi.responses import JSONResponse

from center.broker import Receiver
from provisioning.contracts import codec
from provisioning.contracts.archive import ArchiveStatus, CommitPage, HoldMark, HoldMarks, Observation, ObservationPage
from provisioning.contracts.config import Broker
from provisioning.contracts.documents import (
    CENTER,
    Configuration,
    Configured,
    Document,
    Membership,
    Roster,
    RosterEntry,
    Verdict,
)
from provisioning.contracts.messages import (
    CameraState,
    CameraStatus,
    Heartbeat,
    HopTimes,
    Ledger,
    Machine,
    MachineClass,
    Observed,
    ObservedItem,
    PictureState,
)
from provisioning.seal import SealKey
from tests.center.street import AGENT, NOW_MS, observation

TOKEN: Final = "token-of-the-archive"
Authorization = Annotated[str | None, Header()]


class FakeArchive:
    """`ray_cluster.query` as the centre sees it, over rows in memory."""

    def __init__(self) -> None:
        self.rows: list[Observation] = []
        self.jpegs: dict[str, bytes] = {}
        self.holds: dict[str, tuple[HoldMark, ...]] = {}
        self.asked: list[str] = []
        self.answer: Callable[[], Response] | None = None
        """Answers everything in place of the archive, to play a fault."""
        self.knows_sources = True
        """False: like one of before, which takes no notice of the parameter."""
        self.app = self._routes()

    def add(self, row: Observation, jpeg: bytes) -> Observation:
        """Archive one more."""
        self.rows.append(row)
        self.rows.sort(key=lambda item: (item.snapshot.captured_at_ms, item.snapshot.row_key), reverse=True)
        if row.snapshot.picture is PictureState.KEPT:
            self.jpegs[row.snapshot.row_key] = jpeg
        return row

    def fill(self, count: int, *, cameras: Sequence[str] = ("cam-1", "cam-2"), newest_ms: int = NOW_MS) -> None:
        """Archive `count` rows, one every 40 s, the cameras taking turns."""
        for number in range(count):
            self.add(*observation(cameras[number % len(cameras)], newest_ms - number * 40_000, number))

    def _routes(self) -> FastAPI:
        app = FastAPI()
        for path, handler in (
            ("/health", self._health),
            ("/status", self._status),
            ("/observations", self._observations),
            ("/commits", self._commits),
            ("/observations/{row_key}", self._one),
            ("/observations/{row_key}/picture", self._picture),
            ("/observations/{row_key}/holds", self._holds),
        ):
            app.get(path, response_model=None)(handler)
        return app

    def _enter(self, path: str, authorization: str | None) -> Response | None:
        self.asked.append(path)
        if authorization != f"Bearer {TOKEN}":
            raise HTTPException(401)
        return self.answer() if self.answer is not None else None

    def _health(self) -> Response | dict[str, str]:
        return self.answer() if self.answer is not None else {"status": "ok"}

    def _status(self, authorization: Authorization = None) -> Response | ArchiveStatus:
        rows = len(self.rows)
        return self._enter("/status", authorization) or ArchiveStatus(
            days=("20261124",),
            rows=rows,
            distinct_ids=rows,
            objects=0,
            leaks=0,
            last_commit_seq=max(map(_commit_seq, self.rows), default=0),
        )

    def _observations(
        self,
        authorization: Authorization = None,
        from_ms: int = 0,
        to_ms: int = 2**53,
        camera_id: Annotated[list[str] | None, Query()] = None,
        source: Annotated[list[str] | None, Query()] = None,
        cls: Annotated[list[MachineClass] | None, Query()] = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Response | ObservationPage:
        if (fault := self._enter("/observations", authorization)) is not None:
            return fault
        wanted = [
            row
            for row in self.rows
            if from_ms <= row.snapshot.captured_at_ms < to_ms
            and (not camera_id or row.snapshot.camera_id in camera_id)
            and (not source or not self.knows_sources or f"{row.snapshot.agent_id}/{row.snapshot.camera_id}" in source)
            and (not cls or set(cls) & set(row.snapshot.classes))
        ]
        return _page(wanted, limit, cursor)

    def _commits(self, after: int = 0, limit: int = 50, authorization: Authorization = None) -> Response | CommitPage:
        if (fault := self._enter("/commits", authorization)) is not None:
            return fault
        rows = sorted((row for row in self.rows if row.snapshot.commit_seq > after), key=_commit_seq)[:limit]
        return CommitPage(items=tuple(rows), last_commit_seq=_commit_seq(rows[-1]) if rows else after)

    def _one(self, row_key: str, authorization: Authorization = None) -> Response | Observation:
        if (fault := self._enter("/observations/one", authorization)) is not None:
            return fault
        for row in self.rows:
            if row.snapshot.row_key == row_key:
                return row
        return _said(404, "unknown_observation")

    def _holds(self, row_key: str, authorization: Authorization = None) -> Response | HoldMarks:
        return self._enter("/observations/holds", authorization) or HoldMarks(holds=self.holds.get(row_key, ()))

    def _picture(self, row_key: str, authorization: Authorization = None) -> Response:
        if (fault := self._enter("/observations/picture", authorization)) is not None:
            return fault
        if row_key not in self.jpegs:
            return _said(404, "picture_withheld")
        return Response(self.jpegs[row_key], media_type="image/jpeg")


def _commit_seq(row: Observation) -> int:
    return row.snapshot.commit_seq


def _said(status: int, kind: str) -> JSONResponse:
    """An error in the words of `query`."""
    return JSONResponse({"error": kind, "detail": "x"}, status)


def _page(rows: list[Observation], limit: int, cursor: str | None) -> ObservationPage:
    start = 0
    if cursor is not None:
        keys = [row.snapshot.row_key for row in rows]
        try:
            last = base64.urlsafe_b64decode(cursor).decode(errors="replace")
        except ValueError:
            last = ""
        if last not in keys:
            raise HTTPException(422)
        start = keys.index(last) + 1
    items = tuple(rows[start : start + limit])
    more = len(rows) > start + limit
    next_cursor = base64.urlsafe_b64encode(items[-1].snapshot.row_key.encode()).decode() if more else None
    return ObservationPage(items=items, next_cursor=next_cursor)


class OpenLine:
    """A broker link that a test speaks into."""

    def __init__(self) -> None:
        self.receiver: Receiver | None = None
        self.cause: str | None = None
        self.stopped = False
        self.asked_again = 0

    def start(self, receiver: Receiver) -> None:
        self.receiver = receiver
        receiver.link(up=True)

    def stop(self) -> None:
        self.stopped = True

    def fault(self) -> str | None:
        return self.cause

    def ask_again(self) -> None:
        self.asked_again += 1


class Noted:
    """Watches hints and keeps them, for tests that raise no alarm."""

    def __init__(self) -> None:
        self.hints: list[Observed] = []

    def observed(self, observed: Observed) -> None:
        self.hints.append(observed)


class TypedLine:
    """A broker link that reads JSON lines from a stream, for a centre in a process of its own."""

    def __init__(self, _config: Broker, _ended: Callable[[], None], *, lines: Any) -> None:
        self._lines = lines
        self._cause: str | None = None

    def start(self, receiver: Receiver) -> None:
        receiver.link(up=True)
        threading.Thread(target=self._pump, args=(receiver,), daemon=True).start()

    def stop(self) -> None:
        """The reader dies with the process."""

    def fault(self) -> str | None:
        return self._cause

    def ask_again(self) -> None:
        """Nothing is retained here."""

    def _pump(self, receiver: Receiver) -> None:
        for line in self._lines:
            said = json.loads(line)
            if "fault" in said:
                self._cause = said["fault"]
                receiver.link(up=self._cause is None)
            else:
                receiver.deliver(said["topic"], base64.b64decode(said["payload"]))


def observed(row: Observation) -> Observed:
    """The hint that this row was committed."""
    snapshot = row.snapshot
    return Observed(
        agent_id=snapshot.agent_id,
        commit_seq=snapshot.commit_seq,
        items=(
            ObservedItem(
                observation_id=snapshot.observation_id,
                camera_id=snapshot.camera_id,
                captured_at_ms=snapshot.captured_at_ms,
                picture=snapshot.picture,
                machines=tuple(
                    Machine(cls=machine.cls, score=machine.score, box=machine.box) for machine in row.machines
                ),
                people=snapshot.people,
                width=snapshot.width,
                height=snapshot.height,
                clock=snapshot.clock,
                times=HopTimes(received_at_ms=snapshot.received_at_ms, committed_at_ms=snapshot.committed_at_ms),
                followed=snapshot.followed,
            ),
        ),
    )


def camera_status(
    camera_id: str, *, state: CameraState = CameraState.ONLINE, cause: str = "", name: str = ""
) -> CameraStatus:
    """What an agent says of a camera."""
    return CameraStatus(
        agent_id=AGENT, camera_id=camera_id, name=name, state=state, cause=cause, since_ms=NOW_MS - 3_600_000
    )


def heartbeat(*, sent_at_ms: int = NOW_MS) -> Heartbeat:
    """What an agent says of itself."""
    ledger = Ledger(selected=9, spooled=9, archived=7, rejected=0, dropped={}, in_flight=2)
    return Heartbeat(
        agent_id=AGENT,
        sent_at_ms=sent_at_ms,
        started_at_ms=NOW_MS - 7_200_000,
        software="0.1.0",
        ledger=ledger,
        cameras={"cam-1": ledger},
        spool_bytes=3_400_000,
        spool_messages=12,
        quarantined=0,
        resent=1,
        redaction_ms=141.5,
    )


def member(
    membership: Membership, agent_id: str = AGENT, *, since_ms: int = NOW_MS - 60_000, ends_ms: int | None = None
) -> RosterEntry:
    """What a roster says of an agent."""
    return RosterEntry(
        agent_id=agent_id,
        site_id="station-street",
        membership=membership,
        since_ms=since_ms,
        certificate_ends_ms=ends_ms,
    )


def roster(key: SealKey, number: int, *members: RosterEntry) -> bytes:
    """A roster as provisioning publishes it."""
    return sealed(key, number, Roster(agents=members))


def sealed(key: SealKey, number: int, body: Roster | Configuration, *, addressee: str = CENTER) -> bytes:
    """Any document, signed."""
    document = Document(addressee=addressee, number=number, issued_at_ms=NOW_MS, body=body)
    return codec.encode(key.sign(document))


def configured(number: int = 4, verdict: Verdict = Verdict.APPLIED, *, cause: str = "") -> Configured:
    """What an agent says of the configuration it was sent."""
    return Configured(agent_id=AGENT, number=number, verdict=verdict, cause=cause, active=number, at_ms=NOW_MS - 5_000)
