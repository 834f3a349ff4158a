"""Computes a report from facts and the register, and the hours that stand behind a finding.

`sight` is the cameras whose assessment the caller may see: others are treated as absent.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from center.access.permissions import EVERYWHERE, CameraKey, Scope
from center.assessment import (
    districts,
    formulas,
    maintenance,
    registration_checks,
    report,
    sums,
)
from center.assessment import (
    hour_details as evidence,
)
from center.assessment.formulas import Served
from center.assessment.hour_details import HourEvidence
from center.assessment.indicators import Indicator
from center.assessment.maintenance import MaintenanceWindow
from center.assessment.months import Months
from center.assessment.period import Bucket, Period, Span, length, parse
from center.assessment.profiles import Positions, Profile, profiles
from center.assessment.report import Card, Gap, Judged
from center.assessment.settings import Settings, SettingsBook
from center.assessment.sums import Sums
from center.assessment.tables import GapRecord
from center.audit.log import Audit
from center.clock import NowMs
from center.database.store import Store
from center.errors import UnknownCameraError

FRESH_MS: Final = 30_000
"""Age up to which a page that polls gets the period that was judged before."""
PERIODS: Final = 8


@dataclass(frozen=True, slots=True)
class _Scope:
    """Scope of a pass: cameras, their hours of service, and the hours that are excused."""

    period: Period
    profiles: list[Profile]
    served: dict[CameraKey, Span]
    windows: list[MaintenanceWindow]
    excused: dict[CameraKey, list[Span]]

    def hours(self, key: CameraKey) -> Served:
        """Counts a camera's hours of service, and those of them that are excused."""
        first, end = self.served[key]
        away = length(self.excused.get(key, []))
        return Served(end - first - away, away)


class Assessor:
    """Judges periods. Blocks: call it from a worker thread.

    Raises (all methods):
        BadPeriodError: the text is no period.
        StoreUnavailableError: the database does not work.
    """

    def __init__(self, store: Store, audit: Audit, settings: SettingsBook, positions: Positions, now_ms: NowMs) -> None:
        self._store = store
        self._positions = positions
        self._settings = settings
        self._now_ms = now_ms
        self.months = Months(store, audit, settings, now_ms, self._judge)

    def judged(self, period: str, *, sight: Scope, version: int | None = None) -> Judged:
        """Returns a period as it is published: a closed month as it was then, anything else as it is now.

        Args:
            period: hours of it that have not begun are left out.
            sight: the cameras to report on.
            version: of a closed month; None for its newest.

        Raises:
            UnknownVersionError: the month has no such version.
        """
        result = self.months.published(period, version) or self._judge(period)
        return result.narrowed(sight)

    def _judge(self, period: str) -> Judged:
        """Judges all cameras, by the register and the settings as they are now."""
        settings = self._settings.load()
        with self._store.transaction() as session:
            scope = self._scope(session, period, settings, lambda _profile: True)
            counted = sums.by_camera(session, settings)
            causes = sums.causes(session)
            places = districts.listed(session)
            gaps = _gaps(session, parse(period, zone_h=settings.zone_h))
        regions = {each.name: each.region for each in places}
        outlines = {each.name: each.outline for each in places}
        wrong_places = registration_checks.place_faults(scope.profiles, outlines, settings)
        wrong_codes = registration_checks.code_faults(scope.profiles, regions)
        cards = []
        for profile in scope.profiles:
            key = profile.key
            mine, wrong_place, wrong_code = counted.get(key, Sums()), wrong_places[key], wrong_codes[key]
            served = scope.hours(key)
            tallies = {
                **formulas.tallies(mine, served),
                Indicator.PLACE: formulas.of_fault(wrong_place),
                Indicator.CODE: formulas.of_fault(wrong_code),
            }
            cause_by_indicator = report.causes_of(mine, causes.get(key, {}), wrong_place, wrong_code)
            never = profile.first_hour is None
            if never:
                cause_by_indicator[Indicator.ONLINE] = "never_heard"
            card = report.card(
                profile.title,
                tallies,
                cause_by_indicator,
                settings,
                served=served,
                cameras=1,
                profile=profile,
                never_heard=int(never),
                clock=report.ClockNotes.of(mine, causes.get(key, {})),
            )
            if never or served.counted + served.excused:
                cards.append(card)
        return Judged(report.gathered(scope.period, settings, cards, regions), tuple(scope.windows), tuple(gaps))

    def series(
        self, period: str, bucket: Bucket, *, camera: CameraKey | None, district: str | None, sight: Scope
    ) -> list[Card]:
        """Judges one camera, one district or (both None) the fleet, by hour, day or month, without place and code.

        Uses the register and settings as they are now, also for a closed month: it leads to the hours behind that.

        Raises:
            UnknownCameraError: no agent has reported this camera, or it is out of sight.
        """
        settings = self._settings.load()
        with self._store.transaction() as session:
            scope = self._scope(session, period, settings, _chosen(camera, district, sight))
            _check_found(scope, camera)
            counted = sums.by_bucket(session, settings, scope.period, bucket)
        names = {
            hour: scope.period.named(hour, bucket) for hour in range(scope.period.first_hour, scope.period.end_hour)
        }
        hours: dict[str, list[int]] = {}
        for key, (first, end) in scope.served.items():
            away = {hour for a, b in scope.excused.get(key, []) for hour in range(a, b)}
            for hour in range(first, end):
                counts = hours.setdefault(names[hour], [0, 0])
                counts[hour in away] += 1
        served = {name: Served(*counts) for name, counts in hours.items()}
        return [
            report.card(
                name,
                formulas.tallies(counted.get(name, Sums()), served[name]),
                report.causes_of(counted.get(name, Sums()), {}, None, None),
                settings,
                served=served[name],
                cameras=len(scope.profiles),
            )
            for name in sorted(served)
        ]

    def evidence(
        self, period: str, camera: CameraKey, indicator: Indicator | None, *, after: int, limit: int, sight: Scope
    ) -> tuple[Period, list[HourEvidence]]:
        """Returns the next hours of one camera behind `after`; with an indicator, only those that count against it.

        Raises:
            UnknownCameraError: no agent has reported this camera.
        """
        settings = self._settings.load()
        with self._store.transaction() as session:
            scope = self._scope(session, period, settings, _chosen(camera, None, sight))
            _check_found(scope, camera)
            found = evidence.hours(session, scope.profiles[0], scope.served[camera], scope.windows)
        wanted = [
            each
            for each in found
            if each.hour > after and (indicator is None or evidence.speaks_against(each, indicator, settings))
        ]
        return scope.period, wanted[:limit]

    def _scope(self, session: Session, period: str, settings: Settings, wanted: Callable[[Profile], bool]) -> _Scope:
        full_span = parse(period, zone_h=settings.zone_h)
        span = full_span.until(self._now_ms())
        listed = [profile for profile in profiles(session, self._positions) if wanted(profile)]
        served = {profile.key: profile.hours_in(span.first_hour, span.end_hour) for profile in listed}
        windows = maintenance.in_force(session, span.from_ms, span.to_ms)
        pairs = [(profile, served[profile.key]) for profile in listed]
        excused = maintenance.excused(windows, pairs, span.end_hour)
        sums.begin(session, pairs, excused)
        return _Scope(span, listed, served, windows, excused)


class Recent:
    """Caches judged periods for pages that poll, once for all of them. Blocks: call it from a worker thread."""

    def __init__(self, assessor: Assessor, now_ms: NowMs) -> None:
        self._assessor = assessor
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[int, Judged]] = OrderedDict()

    def judged(self, period: str, sight: Scope) -> Judged:
        """Returns one period, judged for the cameras in sight.

        Raises:
            BadPeriodError: the text is no period.
            StoreUnavailableError: the database does not work.
        """
        with self._lock:
            at_ms, result = self._kept.get(period, (None, None))
            if at_ms is None or result is None or not 0 <= self._now_ms() - at_ms < FRESH_MS:
                result = self._assessor.judged(period, sight=EVERYWHERE)
                self._kept[period] = (self._now_ms(), result)
                self._kept.move_to_end(period)
                while len(self._kept) > PERIODS:
                    self._kept.popitem(last=False)
        return result.narrowed(sight)


def _chosen(camera: CameraKey | None, district: str | None, sight: Scope) -> Callable[[Profile], bool]:
    def wanted(profile: Profile) -> bool:
        named = (camera is None or profile.key == camera) and (district is None or profile.district == district)
        return named and sight.holds(*profile.key)

    return wanted


def _gaps(session: Session, span: Period) -> list[Gap]:
    table = GapRecord
    records = session.scalars(
        select(table).where(table.from_ms < span.to_ms, table.to_ms > span.from_ms).order_by(table.from_ms, table.cause)
    )
    return [Gap(each.from_ms, each.to_ms, each.cause) for each in records]


def _check_found(scope: _Scope, camera: CameraKey | None) -> None:
    if camera is not None and not scope.profiles:
        raise UnknownCameraError(camera_id=camera[1])
