"""Adds up facts in the database: one statement a table, whatever the number of cameras and hours.

A pass writes its cameras (`scope`), the excused hours (`excused`) and the growth of each hour's counters (`growth`)
into temporary tables of its connection; later queries join those.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from center.access.permissions import CameraKey
from center.assessment.period import Bucket, Period, Span
from center.assessment.profiles import Profile
from center.assessment.recording.facts import LADDER_S, source_bit
from center.assessment.settings import Settings
from provisioning.contracts.wire.messages import ClockSource


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over any set of hours that are in service and not excused. Minutes, unless the name says otherwise."""

    told: int = 0
    offline: int = 0
    looked: int = 0
    abnormal: int = 0
    pictured: int = 0
    timely: int = 0
    clock_good_hours: int = 0
    clock_bad_hours: int = 0
    picture_hours: int = 0
    missing_hours: int = 0
    """Hours online in which nothing was archived: no picture."""
    clock_rtcp_hours: int = 0
    """From this field on, hours in which this source showed the clock (`ClockSource`)."""
    clock_sip_hours: int = 0
    clock_onvif_hours: int = 0
    clock_picture_hours: int = 0
    clock_pushed_hours: int = 0
    selected: int = 0
    """From this field on, pictures."""
    archived: int = 0
    rejected: int = 0
    dropped: int = 0
    astray: int = 0
    """Selected pictures that no other counter has, or that one has too many."""
    booked_hours: int = 0
    """Hours whose counters can be compared with those before them; 0: the five above are not known."""

    def clock_hours(self) -> dict[ClockSource, int]:
        """Returns the hours of each source that showed the clock in any."""
        hours = {source: int(getattr(self, f"clock_{source.value}_hours")) for source in ClockSource}
        return {source: count for source, count in hours.items() if count}

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, name) + getattr(other, name) for name in _NAMES))


_NAMES: Final = tuple(field.name for field in fields(Sums))
_HOURS: Final = _NAMES[: _NAMES.index("selected")]
_GROWTH: Final = _NAMES[_NAMES.index("selected") : _NAMES.index("booked_hours")]
_COUNTS: Final = ("selected", "archived", "rejected", "dropped", "duplicates", "in_flight")
_COUNTERS: Final = _COUNTS[:-1]
"""Counters that only grow: if one shrank, all of them were reset."""

_TABLES: Final = {
    "assessment_scope": """(agent_id TEXT, camera_id TEXT, district TEXT, first_hour INTEGER, end_hour INTEGER,
        PRIMARY KEY (agent_id, camera_id))""",
    "assessment_excused": """(agent_id TEXT, camera_id TEXT, first_hour INTEGER, end_hour INTEGER,
        PRIMARY KEY (agent_id, camera_id, first_hour))""",
    "assessment_growth": """(agent_id TEXT, camera_id TEXT, hour INTEGER, selected INTEGER, archived INTEGER,
        rejected INTEGER, dropped INTEGER, astray INTEGER, in_flight INTEGER,
        PRIMARY KEY (agent_id, camera_id, hour))""",
}
_LAGGED: Final = ", ".join(f"LAG(b.{name}) OVER w AS old_{name}" for name in _COUNTS)
_BEGAN_ANEW: Final = " OR ".join(f"{name} < old_{name}" for name in _COUNTERS)
_GREW: Final = {name: f"({name} - CASE WHEN {_BEGAN_ANEW} THEN 0 ELSE old_{name} END)" for name in _COUNTS}
_FILL_GROWTH: Final = f"""
INSERT INTO assessment_growth
SELECT agent_id, camera_id, hour, {_GREW["selected"]}, {_GREW["archived"]}, {_GREW["rejected"]}, {_GREW["dropped"]},
  ABS({_GREW["selected"]} - {" - ".join(_GREW[name] for name in _COUNTS if name != "selected")}), in_flight
FROM (
  SELECT b.agent_id, b.camera_id, b.hour, {", ".join(f"b.{name}" for name in _COUNTS)}, {_LAGGED}
  FROM assessment_scope s CROSS JOIN assessment_books b
  WHERE b.agent_id = s.agent_id AND b.camera_id = s.camera_id AND b.hour < s.end_hour
    AND b.hour >= COALESCE((
      SELECT MAX(p.hour) FROM assessment_books p
      WHERE p.agent_id = s.agent_id AND p.camera_id = s.camera_id AND p.hour < s.first_hour
    ), s.first_hour)
  WINDOW w AS (PARTITION BY b.agent_id, b.camera_id ORDER BY b.hour)
) AS lagged
WHERE old_selected IS NOT NULL
"""  # noqa: S608 - names of this file, no value
_NOT_EXCUSED: Final = """NOT EXISTS (
    SELECT 1 FROM assessment_excused x WHERE x.agent_id = {0}.agent_id AND x.camera_id = {0}.camera_id
      AND x.first_hour <= {0}.hour AND {0}.hour < x.end_hour)"""
_IN_SCOPE: Final = """{0}.agent_id = s.agent_id AND {0}.camera_id = s.camera_id
  AND {0}.hour >= s.first_hour AND {0}.hour < s.end_hour"""
_HAS_PICTURE: Final = "(h.pictured_n > 0 OR COALESCE(g.archived, 0) > 0)"
_LACKS_PICTURE: Final = (
    f"NOT {_HAS_PICTURE} AND h.told_n - h.offline_n >= :online AND g.archived = 0 AND g.in_flight = 0"
)
"""The camera was online, its counters are known, none of its pictures is under way, and there is no picture."""


def _times(condition: str) -> str:
    """Returns the SQL that counts the rows for which a condition holds; unknown counts as false."""
    return f"SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)"


def begin(session: Session, scope: Iterable[tuple[Profile, Span]], excused: Mapping[CameraKey, Sequence[Span]]) -> None:
    """Writes the cameras of the next queries and their excused hours (spans that do not overlap)."""
    for table, columns in _TABLES.items():
        session.execute(text(f"CREATE TEMPORARY TABLE IF NOT EXISTS {table} {columns}"))
        session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - a name of this file
    rows = [
        {"agent": profile.agent_id, "camera": profile.camera_id, "district": profile.district, "first": a, "end": b}
        for profile, (a, b) in scope
        if a < b
    ]
    if rows:
        session.execute(text("INSERT INTO assessment_scope VALUES (:agent, :camera, :district, :first, :end)"), rows)
    spans = [
        {"agent": agent_id, "camera": camera_id, "first": first, "end": end}
        for (agent_id, camera_id), each in excused.items()
        for first, end in each
    ]
    if spans:
        session.execute(text("INSERT INTO assessment_excused VALUES (:agent, :camera, :first, :end)"), spans)
    session.execute(text(_FILL_GROWTH))


def by_camera(session: Session, settings: Settings) -> dict[CameraKey, Sums]:
    """Sums each camera that has facts."""
    found = _grouped(session, settings, "s.agent_id, s.camera_id", {})
    return {CameraKey(key[0], key[1]): sums for key, sums in found.items()}


def by_bucket(session: Session, settings: Settings, period: Period, bucket: Bucket) -> dict[str, Sums]:
    """Sums all cameras in scope together, by hour, day or month as `Period.named` names them."""
    width = {"hour": 1, "day": 24, "month": 24}[bucket]
    found = _grouped(session, settings, "({hour} + :zone) / :width", {"zone": period.zone_h, "width": width})
    result: dict[str, Sums] = {}
    for key, sums in found.items():
        name = period.named(key[0] * width - period.zone_h, bucket)
        result[name] = result.get(name, Sums()) + sums
    return result


def causes(session: Session) -> dict[CameraKey, dict[str, int]]:
    """Sums the minutes of each camera by cause."""
    rows = session.execute(
        text(
            "SELECT c.agent_id, c.camera_id, c.cause, SUM(c.minutes_n) FROM assessment_scope s"  # noqa: S608
            f" CROSS JOIN assessment_causes c WHERE {_IN_SCOPE.format('c')} AND {_NOT_EXCUSED.format('c')}"
            " GROUP BY c.agent_id, c.camera_id, c.cause"
        )
    )
    result: dict[CameraKey, dict[str, int]] = {}
    for agent_id, camera_id, cause, minutes in rows:
        result.setdefault(CameraKey(agent_id, camera_id), {})[cause] = int(minutes)
    return result


def _grouped(session: Session, settings: Settings, group: str, more: dict[str, Any]) -> dict[tuple[Any, ...], Sums]:
    assert settings.timely_s in LADDER_S  # noqa: S101 - it becomes the name of a column
    by = group.format(hour="h.hour")
    width = by.count(",") + 1
    # By ordinal: if a parameter stands twice, PostgreSQL sees two expressions.
    ordinals = ", ".join(str(number + 1) for number in range(width))
    hours = session.execute(
        text(
            f"""
SELECT {by}, SUM(h.told_n), SUM(h.offline_n), SUM(h.looked_n), SUM(h.abnormal_n), SUM(h.pictured_n),
  SUM(h.within_{settings.timely_s}s_n),
  {_times("h.clock_most_ms <= :clock_ms")}, {_times("h.clock_sure_ms > :clock_ms")},
  {_times(_HAS_PICTURE)}, {_times(_LACKS_PICTURE)},
  {", ".join(_times(f"(h.clock_sources & {source_bit(source)}) > 0") for source in ClockSource)}
FROM assessment_scope s CROSS JOIN assessment_hours h
LEFT JOIN assessment_growth g ON g.agent_id = h.agent_id AND g.camera_id = h.camera_id AND g.hour = h.hour
WHERE {_IN_SCOPE.format("h")} AND {_NOT_EXCUSED.format("h")}
GROUP BY {ordinals}"""  # noqa: S608 - a number of four, and names of this file
        ),
        {"clock_ms": settings.clock_ms, "online": settings.online_minutes, **more},
    )
    result = {
        tuple(row[:width]): Sums(**dict(zip(_HOURS, (int(each or 0) for each in row[width:]), strict=True)))
        for row in hours
    }
    by = group.format(hour="g.hour")
    grown = session.execute(
        text(
            f"""
SELECT {by}, {", ".join(f"SUM(g.{name})" for name in _GROWTH)}, COUNT(*)
FROM assessment_scope s CROSS JOIN assessment_growth g
WHERE {_IN_SCOPE.format("g")} AND {_NOT_EXCUSED.format("g")}
GROUP BY {ordinals}"""  # noqa: S608 - names of this file
        ),
        more,
    )
    for row in grown:
        key = tuple(row[:width])
        added = Sums(**dict(zip((*_GROWTH, "booked_hours"), (int(each or 0) for each in row[width:]), strict=True)))
        result[key] = result.get(key, Sums()) + added
    return result
