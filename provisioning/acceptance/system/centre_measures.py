"""Takes the measurements that the centre's API answers. Each answer is read once in a run, and checked for its form."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from provisioning.acceptance.system.centre import CentreClient, unexpected
from provisioning.acceptance.system.contract import ContractRow
from provisioning.acceptance.system.measurement import Bilingual, Measured, NotMeasuredError
from provisioning.acceptance.system.measures import KINDS, Measure
from provisioning.contracts.query.archive import ZONE

SEARCHES: Final = 20
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_PAGE: Final = 50
_ALARMS: Final = 200
_FEWEST_ALARMS: Final = 20
"""A 95th percentile of fewer is the slowest of them, or its neighbour."""
_Value = float | bool
_M = TypeVar("_M", bound=BaseModel)


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Coverage(_Read):
    cameras: int
    online: int | None
    protocols: dict[str, int]
    states: dict[str, int]


class _Day(_Read):
    day: str = Field(pattern=r"^[0-9]{8}$")
    snapshots: int


class _Room(_Read):
    days_left: float | None


class _Collected(_Read):
    days: tuple[_Day, ...] | None
    storage: _Room | None


class _Results(_Read):
    alarms: dict[str, int]
    cases: dict[str, int]
    exports: int
    median_taken_s: float | None


class _Capacity(_Read):
    agents_online: int | None
    nodes_alive: int | None
    gpus: float | None
    pictures_per_s: float | None
    pictures_possible_per_s: float | None
    lag_ms: float | None


class _Wall(_Read):
    coverage: _Coverage
    collected: _Collected
    results: _Results
    capacity: _Capacity
    faults: dict[str, str]


class _Health(_Read):
    status: str


class _Details(_Read):
    audit_heads_signed: bool


class _Stage(_Read):
    stage: str
    state: str


class _Pipeline(_Read):
    stages: tuple[_Stage, ...]


class _Chain(_Read):
    broken: dict[str, Any] | None
    entries: int


class _Rows(_Read):
    items: tuple[dict[str, Any], ...]


class _Times(_Read):
    captured_at_ms: int | None
    decided_at_ms: int


class _Alarm(_Read):
    times: _Times


class _Alarms(_Read):
    items: tuple[_Alarm, ...]


class _Channel(_Read):
    fault: str


class _Channels(_Read):
    channels: tuple[_Channel, ...]


class _Finding(_Read):
    indicator: str
    rate: float | None
    good: int
    bad: int


class _Fleet(_Read):
    findings: tuple[_Finding, ...]


class _Report(_Read):
    fleet: _Fleet


class CentreMeasures:
    """Measurements of one run against one centre."""

    def __init__(
        self, client: CentreClient, now_ms: Callable[[], int], seconds: Callable[[], float] = time.perf_counter
    ) -> None:
        self._client = client
        self._now_ms = now_ms
        self._seconds = seconds
        self._answers: dict[str, Any] = {}
        self.table: Final[Mapping[Measure, Callable[[ContractRow], Measured]]] = {
            Measure.HEALTH_OK: self._health,
            Measure.STAGE_GREEN: self._stage,
            Measure.AUDIT_INTACT: self._audit,
            Measure.AUDIT_SIGNED: lambda row: self._made(
                row, self._read("/health/details", _Details, row).audit_heads_signed
            ),
            Measure.CAMERAS_REGISTERED: self._of_wall(lambda wall: wall.coverage.cameras),
            Measure.CAMERAS_ONLINE: self._of_wall(lambda wall: wall.coverage.online),
            Measure.CAMERAS_OF_KIND: lambda row: self._made(
                row, self._wall(row).coverage.protocols.get(row.of or "", 0)
            ),
            Measure.CAMERAS_IN_STATE: self._in_state,
            Measure.AGENTS_ONLINE: self._of_wall(lambda wall: wall.capacity.agents_online),
            Measure.REDACTION_AVAILABLE: self._redaction,
            Measure.ARCHIVE_YESTERDAY: self._yesterday,
            Measure.ARCHIVE_DAYS: self._oldest,
            Measure.ARCHIVE_OLDEST: self._oldest,
            Measure.ARCHIVE_DAYS_LEFT: self._of_wall(
                lambda wall: None if wall.collected.storage is None else wall.collected.storage.days_left
            ),
            Measure.SNAPSHOTS_RATE: self._of_wall(lambda wall: wall.capacity.pictures_per_s),
            Measure.SNAPSHOTS_POSSIBLE: self._of_wall(lambda wall: wall.capacity.pictures_possible_per_s),
            Measure.PARSING_DELAY: self._of_wall(lambda wall: wall.capacity.lag_ms),
            Measure.SEARCH_FINDS: self._search_finds,
            Measure.SEARCH_P95: self._search_p95,
            Measure.ALARMS_RAISED: self._of_wall(lambda wall: sum(wall.results.alarms.values())),
            Measure.ALARMS_DELAY_P95: self._alarm_delay,
            Measure.ALARMS_RESPONSE: self._of_wall(lambda wall: wall.results.median_taken_s),
            Measure.CASES_KEPT: self._of_wall(lambda wall: sum(wall.results.cases.values())),
            Measure.EVIDENCE_EXPORTS: self._of_wall(lambda wall: wall.results.exports),
            Measure.NOTIFY_CHANNELS: self._channels,
            Measure.ASSESSMENT_RATE: self._rate,
            Measure.CUSTODY_ASTRAY: self._astray,
            Measure.CLUSTER_NODES: self._of_wall(lambda wall: wall.capacity.nodes_alive),
            Measure.CLUSTER_GPUS: self._of_wall(lambda wall: wall.capacity.gpus),
            Measure.TLS_CENTRE: self._tls,
            Measure.TLS_DAYS_LEFT: self._tls_days,
        }

    def _made(self, row: ContractRow, value: _Value, detail: Bilingual | None = None) -> Measured:
        kind = KINDS[row.measure] if row.measure is not None else None
        how = Bilingual("", "") if kind is None else kind.how
        if detail is not None:
            how = Bilingual(f"{how.zh}：{detail.zh}", f"{how.en}: {detail.en}")
        return Measured(value, self._now_ms(), how)

    def _read(
        self,
        path: str,
        model: type[_M],
        row: ContractRow,
        query: tuple[tuple[str, str | int], ...] = (),
        *,
        anew: bool = False,
    ) -> _M:
        scope = "" if row.measure is None else KINDS[row.measure].scope
        key = f"{path}?{query}"
        if anew or key not in self._answers:
            self._answers[key] = self._client.get(path, query, scope=scope)
        try:
            return model.model_validate(self._answers[key])
        except ValidationError as error:
            raise unexpected(path) from error

    def _wall(self, row: ContractRow) -> _Wall:
        return self._read("/wall", _Wall, row)

    def _of_wall(self, figure: Callable[[_Wall], float | None]) -> Callable[[ContractRow], Measured]:
        def measure(row: ContractRow) -> Measured:
            wall = self._wall(row)
            value = figure(wall)
            if value is None:
                silent = ", ".join(sorted(wall.faults))
                raise NotMeasuredError(
                    f"中心没有这个数字：{f'没有应答：{silent}' if silent else '还没有可计的'}",
                    f"the centre has no such figure: {f'no answer: {silent}' if silent else 'nothing to count yet'}",
                )
            return self._made(row, value)

        return measure

    def _health(self, row: ContractRow) -> Measured:
        status = self._read("/health", _Health, row).status
        return self._made(row, status == "ok", Bilingual(status, status))

    def _stage(self, row: ContractRow) -> Measured:
        states = {each.stage: each.state for each in self._read("/pipeline", _Pipeline, row).stages}
        state = states.get(row.of or "")
        if state is None or state in {"unknown", "starting"}:
            known = ", ".join(states)
            raise NotMeasuredError(
                f"中心对环节 {row.of} 没有判断（{state or '没有此环节'}；现有：{known}）",
                f"the centre has no verdict on the stage {row.of} ({state or 'no such stage'}; there are: {known})",
            )
        return self._made(row, state == "green", Bilingual(state, state))

    def _audit(self, row: ContractRow) -> Measured:
        chain = self._read("/audit/verify", _Chain, row)
        return self._made(row, chain.broken is None, Bilingual(f"{chain.entries} 条", f"{chain.entries} entries"))

    def _coverage(self, row: ContractRow) -> _Coverage:
        """Returns the states of cameras as they are now; without the broker, the centre does not know them."""
        coverage = self._wall(row).coverage
        if coverage.online is None or not coverage.cameras:
            raise NotMeasuredError("中心此刻不知道任何摄像机的状态", "the centre knows the state of no camera now")
        return coverage

    def _in_state(self, row: ContractRow) -> Measured:
        coverage, state = self._coverage(row), row.of or ""
        detail = Bilingual(f"{state}，共 {coverage.cameras}", f"{state}, of {coverage.cameras}")
        return self._made(row, coverage.states.get(state, 0), detail)

    def _redaction(self, row: ContractRow) -> Measured:
        coverage = self._coverage(row)
        off = coverage.states.get("redaction_unavailable", 0)
        return self._made(row, off == 0, Bilingual(f"{coverage.cameras} 台中 {off} 台", f"{off} of {coverage.cameras}"))

    def _days(self, row: ContractRow) -> dict[str, int]:
        days = self._wall(row).collected.days
        if days is None:
            raise NotMeasuredError("存储库没有应答", "the archive does not answer")
        return {each.day: each.snapshots for each in days}

    def _yesterday(self, row: ContractRow) -> Measured:
        days, day = self._days(row), f"{self._today() - timedelta(days=1):%Y%m%d}"
        if min(days, default=day) >= day:
            raise NotMeasuredError(
                f"{day} 之前系统没有数据：运行满一整天后再测",
                f"the archive has nothing from before {day}, so that was no whole day: ask tomorrow",
            )
        return self._made(row, days.get(day, 0), Bilingual(day, day))

    def _oldest(self, row: ContractRow) -> Measured:
        days = self._days(row)
        if not days:
            raise NotMeasuredError("库中没有数据", "the archive holds nothing")
        oldest = min(days)
        try:
            age = (self._today() - datetime.strptime(oldest, "%Y%m%d").replace(tzinfo=ZONE)).days
        except ValueError as error:
            raise unexpected("/wall") from error
        return self._made(row, max(0, age), Bilingual(oldest, oldest))

    def _today(self) -> datetime:
        return datetime.fromtimestamp(self._now_ms() / 1000, ZONE)

    def _search_finds(self, row: ContractRow) -> Measured:
        now_ms = self._now_ms()
        span = (("from_ms", now_ms - _DAY_MS), ("to_ms", now_ms), ("limit", 1))
        found = self._read("/observations", _Rows, row, span)
        return self._made(row, bool(found.items))

    def _search_p95(self, row: ContractRow) -> Measured:
        now_ms, took = self._now_ms(), []
        for hour in range(SEARCHES):
            span = (("from_ms", now_ms - (hour + 1) * _HOUR_MS), ("to_ms", now_ms - hour * _HOUR_MS), ("limit", _PAGE))
            began = self._seconds()
            self._read("/observations", _Rows, row, span, anew=True)
            took.append((self._seconds() - began) * 1000)
        return self._made(row, round(percentile(took), 1))

    def _alarm_delay(self, row: ContractRow) -> Measured:
        listed = self._read("/alarms", _Alarms, row, (("limit", _ALARMS),)).items
        delays = [
            each.times.decided_at_ms - each.times.captured_at_ms
            for each in listed
            if each.times.captured_at_ms is not None
        ]
        counted = [float(each) for each in delays if each >= 0]
        if len(counted) < _FEWEST_ALARMS:
            raise NotMeasuredError(
                f"只有 {len(counted)} 条告警有拍摄时间，至少需要 {_FEWEST_ALARMS} 条",
                f"only {len(counted)} alarms have a capture time, and {_FEWEST_ALARMS} at least are needed",
            )
        detail = Bilingual(f"{len(counted)} 条", f"{len(counted)} alarms")
        return self._made(row, percentile(counted), detail)

    def _channels(self, row: ContractRow) -> Measured:
        answer = self._client.get("/notify/channels", scope=KINDS[Measure.NOTIFY_CHANNELS].scope)
        try:
            channels = _Channels.model_validate({"channels": answer}).channels
        except ValidationError as error:
            raise unexpected("/notify/channels") from error
        return self._made(
            row, sum(not each.fault for each in channels), Bilingual(f"共 {len(channels)}", f"of {len(channels)}")
        )

    def _finding(self, row: ContractRow, indicator: str) -> tuple[_Finding, Bilingual]:
        day = f"{self._today() - timedelta(days=1):%Y-%m-%d}"
        report = self._read("/assessment/report", _Report, row, (("period", day),))
        found = {each.indicator: each for each in report.fleet.findings}
        if indicator not in found:
            known = ", ".join(found)
            raise NotMeasuredError(
                f"没有考核指标 {indicator}（现有：{known}）", f"there is no indicator {indicator} (there are: {known})"
            )
        finding = found[indicator]
        if finding.rate is None:
            raise NotMeasuredError(f"{day} 没有 {indicator} 的数据", f"nothing was counted of {indicator} on {day}")
        counted = f"{finding.good} / {finding.good + finding.bad}"
        return finding, Bilingual(f"{day}，{counted}", f"{day}, {counted}")

    def _rate(self, row: ContractRow) -> Measured:
        finding, detail = self._finding(row, row.of or "")
        return self._made(row, round(100 * (finding.rate or 0.0), 2), detail)

    def _astray(self, row: ContractRow) -> Measured:
        finding, detail = self._finding(row, "completeness")
        return self._made(row, finding.bad, detail)

    def _tls(self, row: ContractRow) -> Measured:
        version = self._client.tls().version
        said = Bilingual("没有 TLS", "no TLS") if version is None else Bilingual(version, version)
        return self._made(row, version in {"TLSv1.2", "TLSv1.3"}, said)

    def _tls_days(self, row: ContractRow) -> Measured:
        ends_at = self._client.tls().ends_at
        if ends_at is None:
            raise NotMeasuredError("与中心的连接没有 TLS", "the connection to the centre has no TLS")
        days = (ends_at.timestamp() * 1000 - self._now_ms()) // _DAY_MS
        return self._made(row, max(0.0, days), Bilingual(f"{ends_at:%Y-%m-%d}", f"{ends_at:%Y-%m-%d}"))


def percentile(values: list[float], share: float = 0.95) -> float:
    """Returns the smallest value that this share of the values does not exceed (nearest rank)."""
    return sorted(values)[ceil(share * len(values)) - 1]
