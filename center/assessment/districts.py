"""Districts: a name, the digits that codes there begin with, an outline. Each may lack the last two."""

import json
from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from center.access import Scope
from center.assessment import outline
from center.assessment.errors import DistrictRefusedError, UnknownDistrictError
from center.assessment.outline import MAX_POINTS, Point
from center.assessment.sight import names_in_sight
from center.assessment.tables import DistrictRecord
from center.audit import Audit
from center.store import Store

Degree = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class District(BaseModel):
    """One district."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")
    region: str = Field(default="", pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{8})?$")
    """What the GB/T 28181 codes of its cameras begin with; empty: not checked."""
    outline: tuple[tuple[Degree, Degree], ...] = Field(default=(), max_length=MAX_POINTS + 1)
    """[[longitude, latitude], …] in WGS 84, once around; empty: not checked."""


class Districts:
    """All of them. Blocks: call it from a worker thread.

    Raises (all methods):
        StoreUnavailableError: the database does not work; nothing was changed.
    """

    def __init__(self, store: Store, audit: Audit, before_change: Callable[[], None]) -> None:
        """`before_change`: as of `SettingsBook`."""
        self._store = store
        self._audit = audit
        self._before_change = before_change

    def all(self, sight: Scope) -> tuple[District, ...]:
        """By name, those of the cameras in sight."""
        with self._store.transaction() as session:
            mine = None if sight.everywhere else set(session.scalars(names_in_sight(sight)))
            return tuple(each for each in listed(session) if mine is None or each.name in mine)

    def put(self, district: District, *, actor: str) -> District:
        """Enter one, or change the one of this name.

        Raises:
            DistrictRefusedError: its outline crosses itself or is none.
        """
        fault = outline.fault(district.outline) if district.outline else ""
        if fault:
            raise DistrictRefusedError(district=district.name, fault=fault)
        self._before_change()
        with self._store.transaction() as session:
            session.merge(
                DistrictRecord(
                    name=district.name,
                    region=district.region,
                    outline=json.dumps([list(point) for point in outline.opened(district.outline)]),
                )
            )
            detail = {"district": district.name, "region": district.region, "corners": len(district.outline)}
            self._audit.add(session, actor, "assessment.district", detail)
        return district

    def remove(self, name: str, *, actor: str) -> None:
        """Forget one; its cameras keep its name, and their codes and places are checked without it.

        Raises:
            UnknownDistrictError: there is none.
        """
        self._before_change()
        with self._store.transaction() as session:
            if session.get(DistrictRecord, name) is None:
                raise UnknownDistrictError(district=name)
            session.execute(delete(DistrictRecord).where(DistrictRecord.name == name))
            self._audit.add(session, actor, "assessment.district_removed", {"district": name})


def listed(session: Session) -> list[District]:
    """All of them, by name."""
    records = session.scalars(select(DistrictRecord).order_by(DistrictRecord.name))
    return [District(name=each.name, region=each.region, outline=_ring(each.outline)) for each in records]


def _ring(text: str) -> tuple[Point, ...]:
    return tuple((longitude, latitude) for longitude, latitude in json.loads(text))
