"""Stores region codes and outlines of districts, by which the assessment checks cameras."""

import json
from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from center import polygons
from center.access.districts import DistrictRecord, id_of, named
from center.access.permissions import Scope
from center.assessment.errors import DistrictRefusedError, UnknownAssessedDistrictError
from center.assessment.visibility import names_in_sight
from center.audit.log import Audit
from center.database.store import Store
from center.polygons import MAX_POINTS, Point

Degree = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class AssessedDistrict(BaseModel):
    """District of the assessment: name, GB/T 28181 region code, outline."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")
    region: str = Field(default="", pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{8})?$")
    """Digits that the GB/T 28181 codes of its cameras begin with; empty: not checked."""
    outline: tuple[tuple[Degree, Degree], ...] = Field(default=(), max_length=MAX_POINTS + 1)
    """[[longitude, latitude], …] in WGS 84, once around; empty: not checked."""


class AssessedDistricts:
    """Enters and lists region codes and outlines of districts. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
    """

    def __init__(self, store: Store, audit: Audit, before_change: Callable[[], None]) -> None:
        """`before_change` is called before each change, as in `SettingsBook`."""
        self._store = store
        self._audit = audit
        self._before_change = before_change

    def all(self, sight: Scope) -> tuple[AssessedDistrict, ...]:
        """Lists the districts of the cameras in sight, by name."""
        with self._store.transaction() as session:
            mine = None if sight.everywhere else set(session.scalars(names_in_sight(sight)))
            return tuple(each for each in listed(session) if mine is None or each.name in mine)

    def put(self, district: AssessedDistrict, *, actor: str) -> AssessedDistrict:
        """Enters region code and outline of the district of this name, which is created if there is none.

        Raises:
            DistrictRefusedError: the outline crosses itself or encloses no area.
        """
        fault = polygons.outline_fault(district.outline) if district.outline else ""
        if fault:
            raise DistrictRefusedError(district=district.name, fault=fault)
        self._before_change()
        with self._store.transaction() as session:
            # Under the audit's lock, so that of two at once the second finds the record of the first.
            detail = {"district": district.name, "region": district.region, "corners": len(district.outline)}
            self._audit.add(session, actor, "assessment.district", detail)
            record = named(session, district.name)
            if record is None:
                record = DistrictRecord(district_id=id_of(district.name), name=district.name)
                session.add(record)
            record.region = district.region
            record.outline = json.dumps([list(point) for point in polygons.opened(district.outline)])
        return district

    def remove(self, name: str, *, actor: str) -> None:
        """Removes region code and outline; the district stays, its cameras are checked without them.

        Raises:
            UnknownDistrictError: the assessment has no district of this name.
        """
        self._before_change()
        with self._store.transaction() as session:
            self._audit.add(session, actor, "assessment.district_removed", {"district": name})
            record = named(session, name)
            if record is None or record.region is None:
                raise UnknownAssessedDistrictError(district=name)
            record.region = record.outline = None


def listed(session: Session) -> list[AssessedDistrict]:
    """Lists the districts of the assessment, by name."""
    table = DistrictRecord
    known = select(table.name, table.region, table.outline).where(table.region.is_not(None)).order_by(table.name)
    return [
        AssessedDistrict(name=name, region=region or "", outline=_ring(ring or "[]"))
        for name, region, ring in session.execute(known)
    ]


def _ring(text: str) -> tuple[Point, ...]:
    return tuple((longitude, latitude) for longitude, latitude in json.loads(text))
