"""`ray_cluster.query.reader` as the centre sees it, over rows in memory."""

import base64
import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from center.clock import ZONE
from center.search.low_quality import faults
from provisioning.contracts.detectors import ParsersStatus
from provisioning.contracts.query.archive import (
    ArchiveGrowth,
    ArchiveStatus,
    ClusterNodes,
    CommitPage,
    DayRows,
    HoldMark,
    HoldMarks,
    IntakeStatus,
    ObjectRow,
    Observation,
    ObservationPage,
    StorageStatus,
    UpkeepReport,
)
from provisioning.contracts.query.erasure import ErasureAnswer, ErasureRequest
from provisioning.contracts.query.lookalike import LookalikeHit, LookalikePage, LookalikeRequest, MachineRef
from provisioning.contracts.query.search import (
    CameraCount,
    DayPlan,
    MachineCounts,
    SearchPlan,
    TimeBin,
    Wanted,
    WeekHour,
)
from provisioning.contracts.query.standing import StandingAnswer, StandingHit, StandingRequest
from provisioning.contracts.query.zone_counts import ZoneCounts, ZoneSpan
from provisioning.contracts.wire.messages import MachineClass, PictureState
from tests.center.street import NOW_MS, observation

TOKEN: Final = "token-of-the-archive"
Authorization = Annotated[str | None, Header()]
_ASKED: Final = "archive"
"""Key of the archive that is asked, in the scope of a request."""


async def _of(request: Request) -> "FakeArchive":
    archive: FakeArchive = request.scope[_ASKED]
    return archive


This = Annotated["FakeArchive", Depends(_of)]


class Asked(Wanted):
    """What `query` is asked, all of its questions in one."""

    camera_id: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    from_ms: int = 0
    to_ms: int = 2**53
    limit: int = 50
    cursor: str | None = None
    bin_ms: int = 3_600_000


class AskedZones(ZoneSpan):
    """Of the same, about people."""

    camera_id: tuple[str, ...] = ()
    source: tuple[str, ...] = ()


class _Application:
    """An archive as ASGI wants it. It has no `app`: in what is served NiceGUI looks along these, and without end."""

    def __init__(self, archive: "FakeArchive") -> None:
        self._archive = archive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await _routes()({**scope, _ASKED: self._archive}, receive, send)


class FakeArchive:
    """`ray_cluster.query.reader` as the centre sees it, over rows in memory."""

    def __init__(self) -> None:
        self.rows: list[Observation] = []
        self.further: list[list[Observation]] = []
        """Rows of the partitions 1, 2 …, for commits alone."""
        self.jpegs: dict[str, bytes] = {}
        self.holds: dict[str, tuple[HoldMark, ...]] = {}
        self.asked: list[str] = []
        self.answer: Callable[[], Response] | None = None
        """Answers everything in place of the archive, to play a fault."""
        self.intake: IntakeStatus | None = None
        """None: no intake answers."""
        self.parsers = ParsersStatus(parsers=())
        self.storage = StorageStatus(free_bytes=10**12, total_bytes=2 * 10**12)
        self.nodes: ClusterNodes | None = ClusterNodes(nodes=())
        """None: the head does not answer."""
        self.knows_sources = True
        """False: like one of before, which takes no notice of the parameter."""
        self.looks: dict[tuple[str, int], float] = {}
        """How a machine looks, as one number: two are as alike as their numbers are near. Without one: no vector."""
        self.likened: list[LookalikeRequest] = []
        self.compared: list[StandingRequest] = []
        self.erased: list[ErasureRequest] = []
        self.zones = ZoneCounts(zones=(), told_to_ms=0, rows_read=0)
        """What it would say of all cameras."""
        self.zoned: list[AskedZones] = []

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

    @property
    def app(self) -> ASGIApp:
        """The application that a server serves."""
        return _Application(self)

    def _enter(self, path: str, authorization: str | None) -> Response | None:
        self.asked.append(path)
        if authorization != f"Bearer {TOKEN}":
            raise HTTPException(401)
        return self.answer() if self.answer is not None else None

    def _health(self: This) -> Response | dict[str, str]:
        self.asked.append("/health")
        return self.answer() if self.answer is not None else {"status": "ok"}

    def _status(self: This, authorization: Authorization = None) -> Response | ArchiveStatus:
        rows = len(self.rows)
        return self._enter("/status", authorization) or ArchiveStatus(
            days=("20261124",),
            rows=rows,
            distinct_ids=rows,
            objects=0,
            leaks=0,
            last_commit_seq=max(map(_commit_seq, self.rows), default=0),
        )

    def _upkeep(self: This, authorization: Authorization = None) -> Response | UpkeepReport:
        return self._enter("/upkeep", authorization) or UpkeepReport()

    def _intake(self: This, authorization: Authorization = None) -> Response | IntakeStatus:
        return self._enter("/intake", authorization) or self.intake or _said(503, "unavailable")

    def _detectors(self: This, authorization: Authorization = None) -> Response | ParsersStatus:
        return self._enter("/detectors", authorization) or self.parsers

    def _storage(self: This, authorization: Authorization = None) -> Response | StorageStatus:
        return self._enter("/storage", authorization) or self.storage

    def _growth(self: This, authorization: Authorization = None) -> Response | ArchiveGrowth:
        days: dict[str, list[Observation]] = defaultdict(list)
        for row in self.rows:
            days[datetime.fromtimestamp(row.snapshot.captured_at_ms / 1000, ZONE).strftime("%Y%m%d")].append(row)
        counted = tuple(
            DayRows(day=day, snapshots=len(rows), machines=sum(len(row.machines) for row in rows))
            for day, rows in sorted(days.items())
        )
        return self._enter("/growth", authorization) or ArchiveGrowth(days=counted)

    def _nodes(self: This, authorization: Authorization = None) -> Response | ClusterNodes:
        return self._enter("/nodes", authorization) or self.nodes or _said(503, "unavailable")

    def _observations(
        self: This, asked: Annotated[Asked, Query()], authorization: Authorization = None
    ) -> Response | ObservationPage:
        fault = self._enter("/observations", authorization)
        return fault or _page(self._wanted(asked), asked.limit, asked.cursor)

    def _counts(
        self: This, asked: Annotated[Asked, Query()], authorization: Authorization = None
    ) -> Response | MachineCounts:
        if (fault := self._enter("/counts", authorization)) is not None:
            return fault
        seen = [
            (row.snapshot, machine.cls)
            for row in self._wanted(asked)
            for machine in row.machines
            if fits(machine, asked)
        ]
        bins: dict[int, Counter[MachineClass]] = defaultdict(Counter)
        cameras: dict[tuple[str, str], Counter[MachineClass]] = defaultdict(Counter)
        week: dict[tuple[int, int], Counter[MachineClass]] = defaultdict(Counter)
        for snapshot, cls in seen:
            moment = datetime.fromtimestamp(snapshot.captured_at_ms / 1000, ZONE)
            week[moment.weekday(), moment.hour][cls] += 1
            number = (snapshot.captured_at_ms - asked.from_ms) // asked.bin_ms
            bins[asked.from_ms + number * asked.bin_ms][cls] += 1
            cameras[snapshot.agent_id, snapshot.camera_id][cls] += 1
        return MachineCounts(
            machines=len(seen),
            bins=tuple(TimeBin(from_ms=at, machines=of) for at, of in sorted(bins.items())),
            week=tuple(
                WeekHour(weekday=weekday, hour=hour, machines=of) for (weekday, hour), of in sorted(week.items())
            ),
            cameras=tuple(CameraCount(agent_id=a, camera_id=c, machines=of) for (a, c), of in sorted(cameras.items())),
            rows_read=len(seen),
        )

    def _zones(
        self: This, asked: Annotated[AskedZones, Query()], authorization: Authorization = None
    ) -> Response | ZoneCounts:
        if (fault := self._enter("/zones", authorization)) is not None:
            return fault
        self.zoned.append(asked)
        named = tuple(each for each in self.zones.zones if f"{each.agent_id}/{each.camera_id}" in asked.source)
        return self.zones.model_copy(update={"zones": named}) if asked.source and self.knows_sources else self.zones

    def _plan(
        self: This, asked: Annotated[Asked, Query()], authorization: Authorization = None
    ) -> Response | SearchPlan:
        if (fault := self._enter("/plan", authorization)) is not None:
            return fault
        matching = len(self._wanted(asked))
        table = "objects" if asked.of_machine else "snapshots"
        day = DayPlan(day="20261124", table=table, rows=len(self.rows), matching=matching, indexes=("camera_id",))
        return SearchPlan(days=(day,))

    def _wanted(self, asked: Asked) -> list[Observation]:
        return [
            row
            for row in self.rows
            if asked.from_ms <= row.snapshot.captured_at_ms < asked.to_ms
            and (not asked.camera_id or row.snapshot.camera_id in asked.camera_id)
            and (
                not asked.source
                or not self.knows_sources
                or f"{row.snapshot.agent_id}/{row.snapshot.camera_id}" in asked.source
            )
            and (asked.sharpness_below is None or row.snapshot.quality.sharpness < asked.sharpness_below)
            and (not asked.low_quality or any(faults(row.snapshot.quality)))
            and (not (asked.of_machine or asked.cls) or any(fits(machine, asked) for machine in row.machines))
        ]

    def _commits(
        self: This, after: int = 0, limit: int = 50, partition: int = 0, authorization: Authorization = None
    ) -> Response | CommitPage:
        if (fault := self._enter("/commits", authorization)) is not None:
            return fault
        of = self.further[partition - 1] if partition else self.rows
        rows = sorted((row for row in of if row.snapshot.commit_seq > after), key=_commit_seq)[:limit]
        last = _commit_seq(rows[-1]) if rows else after
        return CommitPage(items=tuple(rows), last_commit_seq=last, partitions=1 + len(self.further))

    def _one(self: This, row_key: str, authorization: Authorization = None) -> Response | Observation:
        if (fault := self._enter("/observations/one", authorization)) is not None:
            return fault
        for row in self.rows:
            if row.snapshot.row_key == row_key:
                return row
        return _said(404, "unknown_observation")

    def _holds(self: This, row_key: str, authorization: Authorization = None) -> Response | HoldMarks:
        return self._enter("/observations/holds", authorization) or HoldMarks(holds=self.holds.get(row_key, ()))

    async def _lookalikes(self: This, asking: Request, authorization: Authorization = None) -> Response:
        if (fault := self._enter("/lookalikes", authorization)) is not None:
            return fault
        request = LookalikeRequest.model_validate_json(await asking.body())
        self.likened.append(request)
        asked = [self.looks.get((machine.row_key, machine.index)) for machine in request.machines]
        if None in asked:
            return _said(422, "no_vector")
        hits = []
        for row in self.rows:
            for machine in row.machines:
                look = self.looks.get((machine.row_key, machine.index))
                fits = request.from_ms <= machine.captured_at_ms < request.to_ms
                fits = fits and f"{row.snapshot.agent_id}/{machine.camera_id}" in request.sources
                fits = fits and (not request.classes or machine.cls in request.classes)
                fits = fits and (not request.colours or machine.colour in request.colours)
                if look is not None and fits:
                    alike = max(1.0 - abs(look - number) for number in asked if number is not None)
                    hits.append(LookalikeHit(machine=machine, similarity=alike))
        hits.sort(key=lambda hit: -hit.similarity)
        pages = [
            LookalikePage(hits=tuple(hits[: request.limit]), days_done=done, days=2, final=done == 2) for done in (1, 2)
        ]
        return Response("".join(f"{page.model_dump_json()}\n" for page in pages), media_type="application/x-ndjson")

    async def _standing(self: This, asking: Request, authorization: Authorization = None) -> Response | StandingAnswer:
        if (fault := self._enter("/standing", authorization)) is not None:
            return fault
        request = StandingRequest.model_validate_json(await asking.body())
        self.compared.append(request)
        machines = {key: row.machines for row in self.rows if (key := row.snapshot.row_key) in request.row_keys}
        hits = []
        for case in request.cases:
            asked = [self.looks[each.row_key, each.index] for each in case.machines]
            for key in (request.row_keys[row] for row in case.rows):
                for machine in machines.get(key, ()):
                    look = self.looks.get((key, machine.index))
                    alike = -1.0 if look is None else max(1.0 - abs(look - number) for number in asked)
                    if alike >= case.at_least and machine.cls in case.classes:
                        ref = MachineRef(row_key=key, index=machine.index)
                        hits.append(StandingHit(case=case.case, machine=ref, similarity=alike))
        return StandingAnswer(hits=tuple(hits))

    async def _erasures(self: This, asking: Request, authorization: Authorization = None) -> Response | ErasureAnswer:
        if (fault := self._enter("/erasures", authorization)) is not None:
            return fault
        request = ErasureRequest.model_validate_json(await asking.body())
        row = next((row for row in self.rows if row.snapshot.row_key == request.row_key), None)
        if row is None:
            return _said(404, "unknown_observation")
        if row.snapshot.signature is None:
            return _said(409, "not_brought")
        if self.holds.get(request.row_key):
            return _said(409, "picture_held")
        self.erased.append(request)
        again = self.jpegs.pop(request.row_key, None) is None
        return ErasureAnswer(row_key=request.row_key, machines=len(row.machines), again=again)

    def _picture(self: This, row_key: str, authorization: Authorization = None) -> Response:
        if (fault := self._enter("/observations/picture", authorization)) is not None:
            return fault
        if row_key not in self.jpegs:
            return _said(404, "picture_withheld")
        return Response(self.jpegs[row_key], media_type="image/jpeg")


@functools.cache
def _routes() -> FastAPI:
    """Makes the routes once a process, for all archives: those of one are a third of what a centre takes to set up."""
    app = FastAPI()
    for path, handler in (
        ("/health", FakeArchive._health),
        ("/status", FakeArchive._status),
        ("/upkeep", FakeArchive._upkeep),
        ("/intake", FakeArchive._intake),
        ("/detectors", FakeArchive._detectors),
        ("/storage", FakeArchive._storage),
        ("/growth", FakeArchive._growth),
        ("/nodes", FakeArchive._nodes),
        ("/observations", FakeArchive._observations),
        ("/counts", FakeArchive._counts),
        ("/zones", FakeArchive._zones),
        ("/plan", FakeArchive._plan),
        ("/commits", FakeArchive._commits),
        ("/observations/{row_key}", FakeArchive._one),
        ("/observations/{row_key}/picture", FakeArchive._picture),
        ("/observations/{row_key}/holds", FakeArchive._holds),
    ):
        app.get(path, response_model=None)(handler)
    app.post("/lookalikes", response_model=None)(FakeArchive._lookalikes)
    app.post("/standing", response_model=None)(FakeArchive._standing)
    app.post("/erasures", response_model=None)(FakeArchive._erasures)
    return app


def fits(machine: ObjectRow, wanted: Wanted) -> bool:
    """Whether a machine is of the class, colour and size that are asked for; other filters are not played."""
    side = min(machine.box.x1 - machine.box.x0, machine.box.y1 - machine.box.y0)
    return (
        (not wanted.cls or machine.cls in wanted.cls)
        and (not wanted.colour or machine.colour in wanted.colour)
        and (wanted.min_side_px is None or side >= wanted.min_side_px)
        and (wanted.max_side_px is None or side <= wanted.max_side_px)
    )


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
